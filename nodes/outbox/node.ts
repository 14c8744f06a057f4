import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import type * as Work from './work';
import { visionEventOutboxDefaults } from '../shared/properties';

const work = () => require('./work') as typeof Work;

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-outbox',
    visionEventOutboxDefaults,
    (node, properties) => new (work().OutboxWork)(RED, node, properties),
  );
};
