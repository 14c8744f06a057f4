import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from './adapter/guarded-input';
import { SendEventsWork } from './adapter/send-events-work';
import type { VisionEventSendProperties } from './properties';

export = function (RED: NodeAPI): void {
  function VisionEventSend(this: Node, config: VisionEventSendProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = new SendEventsWork(RED, this, config);
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

  RED.nodes.registerType('vision-event-send', VisionEventSend);
};
