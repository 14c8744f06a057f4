import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from './adapter/guarded-input';
import { UploadImageWork } from './adapter/upload-image-work';
import type { VisionEventImageProperties } from './properties';

export = function (RED: NodeAPI): void {
  function VisionEventImage(this: Node, config: VisionEventImageProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = new UploadImageWork(RED, this, config);
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

  RED.nodes.registerType('vision-event-image', VisionEventImage);
};
