import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from './adapter/guarded-input';
import { OutboxWork } from './adapter/outbox-work';
import type { VisionEventOutboxProperties } from './properties';

export = function (RED: NodeAPI): void {
  function VisionEventOutbox(this: Node, config: VisionEventOutboxProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = new OutboxWork(RED, this, config);
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

  RED.nodes.registerType('vision-event-outbox', VisionEventOutbox);
};
