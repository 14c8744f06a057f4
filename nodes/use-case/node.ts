import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import { UseCaseWork } from './work';
import { visionEventUseCaseDefaults } from '../shared/properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-use-case',
    visionEventUseCaseDefaults,
    (node, properties) => new UseCaseWork(RED, node, properties),
  );
};
