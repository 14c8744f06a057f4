import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { SendEventsWork } from './adapter/send-events-work';
import { visionEventSendDefaults } from './properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'vision-event-send',
    visionEventSendDefaults,
    (node, properties) => new SendEventsWork(RED, node, properties),
  );
};
