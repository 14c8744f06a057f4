import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from './adapter/guarded-input';
import { UseCaseWork } from './adapter/use-case-work';
import type { VisionEventUseCaseProperties } from './properties';

export = function (RED: NodeAPI): void {
  function VisionEventUseCase(this: Node, config: VisionEventUseCaseProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = new UseCaseWork(RED, this, config);
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

  RED.nodes.registerType('vision-event-use-case', VisionEventUseCase);
};
