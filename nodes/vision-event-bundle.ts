import type { NodeAPI } from 'node-red';
import { registerNode } from './adapter/register-node';
import { UploadBundlesWork } from './adapter/upload-bundles-work';
import { WriteBundleWork } from './adapter/write-bundle-work';
import { visionEventBundleDefaults } from './properties';

export = function (RED: NodeAPI): void {
  registerNode(RED, 'vision-event-bundle', visionEventBundleDefaults, (node, properties) =>
    properties.action === 'upload'
      ? new UploadBundlesWork(RED, node, properties)
      : new WriteBundleWork(RED, node, properties),
  );
};
