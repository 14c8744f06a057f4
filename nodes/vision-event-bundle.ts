import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from './adapter/guarded-input';
import { UploadBundlesWork } from './adapter/upload-bundles-work';
import { WriteBundleWork } from './adapter/write-bundle-work';
import type { VisionEventBundleProperties } from './properties';

export = function (RED: NodeAPI): void {
  function VisionEventBundle(this: Node, config: VisionEventBundleProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const Work = config.action === 'upload' ? UploadBundlesWork : WriteBundleWork;
    const work = new Work(RED, this, config);
    onInput(
      this,
      (message, send) => work.handle(message, send),
      (error) => work.showError(error),
    );
    this.on('close', (_removed: boolean, done: () => void) => {
      work.close();
      done();
    });
  }

  RED.nodes.registerType('vision-event-bundle', VisionEventBundle);
};
