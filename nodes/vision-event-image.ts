import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { UploadImageWork } from './adapter/upload-image-work';
import { visionEventImageDefaults } from './properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'vision-event-image',
    visionEventImageDefaults,
    (node, properties) => new UploadImageWork(RED, node, properties),
  );
};
