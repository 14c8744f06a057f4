import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput, type FlowMessage, type Send } from './guarded-input';
import type { FlowError } from './flow-error';

/** What a node does; the rest is the same for all. */
export interface NodeWork {
  handle(message: FlowMessage, send: Send): Promise<void>;
  /** sets the status; the error itself goes to the Catch node, with the message */
  showError(error: FlowError, message: FlowMessage): void;
  /** idempotent, and quick: nothing is drained */
  close(): void;
}

/**
 * Registers a node type whose nodes take messages: one guarded input, one close.
 *
 * @param defaults what the properties mean that a flow lacks: one of an older release, or one that no dialog has saved yet
 */
export function registerNode<Properties extends object>(
  RED: NodeAPI,
  type: string,
  defaults: Properties,
  makeWork: (node: Node, properties: Properties) => NodeWork,
): void {
  function construct(this: Node, config: Properties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = makeWork(this, { ...defaults, ...config });
    onInput(
      this,
      (message, send) => work.handle(message, send),
      (error, message) => work.showError(error, message),
    );
    this.on('close', (_removed: boolean, done: () => void) => {
      work.close();
      done();
    });
  }
  RED.nodes.registerType(type, construct);
}
