import type { NodeAPI } from 'node-red';
import { visionEventSceneDefaults } from '../shared/properties';
import { registerNode } from '../shared/register-node';
import { registerSceneRoutes } from './routes';
import type * as Work from './work';

const work = () => require('./work') as typeof Work;

export = function (RED: NodeAPI): void {
  registerSceneRoutes(RED);
  registerNode(
    RED,
    'roboflow-vision-event-scene',
    visionEventSceneDefaults,
    (node, properties) => new (work().SceneWork)(RED, node, properties),
  );
};
