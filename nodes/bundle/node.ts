import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/register-node';
import type * as Upload from './upload';
import type * as Write from './write';
import { visionEventBundleDefaults } from '../shared/properties';

const upload = () => require('./upload') as typeof Upload;
const write = () => require('./write') as typeof Write;

export = function (RED: NodeAPI): void {
  registerNode(RED, 'roboflow-vision-event-bundle', visionEventBundleDefaults, (node, properties) =>
    properties.action === 'upload'
      ? new (upload().UploadBundlesWork)(RED, node, properties)
      : new (write().WriteBundleWork)(RED, node, properties),
  );
};
