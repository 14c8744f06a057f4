import type { NodeAPI } from 'node-red';
import { visionEventSceneDefaults } from '../shared/properties';
import { registerNode } from '../shared/register-node';
import { registerSceneRoutes } from './routes';
import { SceneWork } from './work';

export = function (RED: NodeAPI): void {
  registerSceneRoutes(RED);
  registerNode(
    RED,
    'roboflow-vision-event-scene',
    visionEventSceneDefaults,
    (node, properties) => new SceneWork(RED, node, properties),
  );
};
