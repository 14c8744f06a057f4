import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { VisionEventWork } from './adapter/vision-event-work';
import { visionEventDefaults } from './properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'vision-event',
    visionEventDefaults,
    (node, properties) => new VisionEventWork(RED, node, properties),
  );
};
