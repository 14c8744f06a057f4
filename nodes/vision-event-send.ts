import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { SendEventsWork } from './adapter/send-events-work';
import type { VisionEventSendProperties } from './properties';

export = function (RED: NodeAPI): void {
  registerNode<VisionEventSendProperties>(
    RED,
    'vision-event-send',
    (node, properties) => new SendEventsWork(RED, node, properties),
  );
};
