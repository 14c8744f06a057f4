import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { VisionEventWork } from './adapter/vision-event-work';
import type { VisionEventProperties } from './properties';

export = function (RED: NodeAPI): void {
  registerNode<VisionEventProperties>(
    RED,
    'vision-event',
    (node, properties) => new VisionEventWork(RED, node, properties),
  );
};
