import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput, type Arrival, type FlowMessage, type InputWork, type Send } from './guarded-input';
import type { FlowError } from './flow-error';

/** What a node does; the rest is the same for all. */
export interface NodeWork<Known extends Arrival = Arrival> {
  /** only of a node whose messages wait for their turn */
  arrive?(message: FlowMessage): Known;
  handle(message: FlowMessage, send: Send, known: Known): Promise<void>;
  /** sets the status; the error itself goes to the Catch node, with the message */
  showError(error: FlowError, message: FlowMessage): void;
  /** idempotent, and quick: nothing is drained */
  close(): void;
}

/**
 * Registers a node type whose nodes take messages: one guarded input, one close.
 *
 * @param defaults what the properties mean that a flow lacks: one of an older release, or one that no dialog has saved
 * yet
 */
export function registerNode<Properties extends object, Known extends Arrival = Arrival>(
  RED: NodeAPI,
  type: string,
  defaults: Properties,
  makeWork: (node: Node, properties: Properties) => NodeWork<Known>,
): void {
  function construct(this: Node, config: Properties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const work = makeWork(this, { ...defaults, ...config });
    const input: InputWork<Known> = {
      handle: (message, send, known) => work.handle(message, send, known),
      onError: (error, message) => work.showError(error, message),
    };
    if (work.arrive) input.arrive = (message) => work.arrive!(message);
    onInput(this, input);
    this.on('close', (_removed: boolean, done: () => void) => {
      work.close();
      done();
    });
  }
  RED.nodes.registerType(type, construct);
}
