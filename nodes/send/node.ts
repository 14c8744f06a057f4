import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import type * as Work from './work';
import { visionEventSendDefaults } from '../shared/properties';

const work = () => require('./work') as typeof Work;

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-send',
    visionEventSendDefaults,
    (node, properties) => new (work().SendEventsWork)(RED, node, properties),
  );
};
