import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { OutboxWork } from './adapter/outbox-work';
import { visionEventOutboxDefaults } from './properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'vision-event-outbox',
    visionEventOutboxDefaults,
    (node, properties) => new OutboxWork(RED, node, properties),
  );
};
