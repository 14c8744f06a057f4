import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import { SendEventsWork } from './work';
import { visionEventSendDefaults } from '../shared/properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-send',
    visionEventSendDefaults,
    (node, properties) => new SendEventsWork(RED, node, properties),
  );
};
