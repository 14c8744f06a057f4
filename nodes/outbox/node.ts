import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import { OutboxWork } from './work';
import { visionEventOutboxDefaults } from '../shared/properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-outbox',
    visionEventOutboxDefaults,
    (node, properties) => new OutboxWork(RED, node, properties),
  );
};
