import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import { registerTryRoutes } from './try-event';
import { VisionEventWork } from './work';
import { visionEventDefaults } from '../shared/properties';

export = function (RED: NodeAPI): void {
  registerTryRoutes(RED);
  registerNode(
    RED,
    'roboflow-vision-event',
    visionEventDefaults,
    (node, properties) => new VisionEventWork(RED, node, properties),
  );
};
