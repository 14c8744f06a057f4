import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import { UploadPictureWork } from './work';
import { visionEventImageDefaults } from '../shared/properties';

export = function (RED: NodeAPI): void {
  registerNode(
    RED,
    'roboflow-vision-event-image',
    visionEventImageDefaults,
    (node, properties) => new UploadPictureWork(RED, node, properties),
  );
};
