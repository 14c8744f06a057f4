import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import { UploadBundlesWork } from './upload';
import { WriteBundleWork } from './write';
import { visionEventBundleDefaults } from '../shared/properties';

export = function (RED: NodeAPI): void {
  registerNode(RED, 'roboflow-vision-event-bundle', visionEventBundleDefaults, (node, properties) =>
    properties.action === 'upload'
      ? new UploadBundlesWork(RED, node, properties)
      : new WriteBundleWork(RED, node, properties),
  );
};
