import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { UploadImageWork } from './adapter/upload-image-work';
import type { VisionEventImageProperties } from './properties';

export = function (RED: NodeAPI): void {
  registerNode<VisionEventImageProperties>(
    RED,
    'vision-event-image',
    (node, properties) => new UploadImageWork(RED, node, properties),
  );
};
