import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from './adapter/guarded-input';
import { VisionEventWork } from './adapter/vision-event-work';
import type { VisionEventProperties } from './properties';

export = function (RED: NodeAPI): void {
  function VisionEvent(this: Node, config: VisionEventProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = new VisionEventWork(RED, this, config);
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

  RED.nodes.registerType('vision-event', VisionEvent);
};
