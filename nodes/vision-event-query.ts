import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from './adapter/guarded-input';
import { QueryWork } from './adapter/query-work';
import type { VisionEventQueryProperties } from './properties';

export = function (RED: NodeAPI): void {
  function VisionEventQuery(this: Node, config: VisionEventQueryProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = new QueryWork(RED, this, config);
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

  RED.nodes.registerType('vision-event-query', VisionEventQuery);
};
