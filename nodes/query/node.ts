import type { NodeAPI } from 'node-red';
import type * as Work from './work';
import { registerNode } from '../shared/register-node';
import { visionEventQueryDefaults } from '../shared/properties';

const work = () => require('./work') as typeof Work;

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-query',
    visionEventQueryDefaults,
    (node, properties) => new (work().QueryWork)(RED, node, properties),
  );
};
