import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import { registerTryRoutes } from './routes';
import type * as Work from './work';
import { visionEventDefaults } from '../shared/properties';

const work = () => require('./work') as typeof Work;

export = function (RED: NodeAPI): void {
  registerTryRoutes(RED);
  registerNode(
    RED,
    'roboflow-vision-event',
    visionEventDefaults,
    (node, properties) => new (work().VisionEventWork)(RED, node, properties),
  );
};
