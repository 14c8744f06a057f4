import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { OutboxWork } from './adapter/outbox-work';
import type { VisionEventOutboxProperties } from './properties';

export = function (RED: NodeAPI): void {
  registerNode<VisionEventOutboxProperties>(
    RED,
    'vision-event-outbox',
    (node, properties) => new OutboxWork(RED, node, properties),
  );
};
