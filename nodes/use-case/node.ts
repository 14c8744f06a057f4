import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import type * as Work from './work';
import { visionEventUseCaseDefaults } from '../shared/properties';

const work = () => require('./work') as typeof Work;

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-use-case',
    visionEventUseCaseDefaults,
    (node, properties) => new (work().UseCaseWork)(RED, node, properties),
  );
};
