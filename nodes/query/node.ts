import type { NodeAPI } from 'node-red';
import { QueryWork } from './work';
import { registerNode } from '../shared/register-node';
import { visionEventQueryDefaults } from '../shared/properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-query',
    visionEventQueryDefaults,
    (node, properties) => new QueryWork(RED, node, properties),
  );
};
