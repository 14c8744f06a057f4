import type { Node, NodeMessageInFlow } from 'node-red';
import { toFlowError, type FlowError } from './flow-error';

export type FlowMessage = NodeMessageInFlow & Record<string, unknown>;
export type Send = (message: unknown) => void;

/**
 * Registers the one input handler of a node. Node-RED never awaits a handler, and a rejected one ends the whole
 * process, so everything is caught here, and `done` is called exactly once: without an error after the handler
 * resolved, with a `FlowError` after it threw. `onError` sees the error before `done`, to set a status.
 */
export function onInput(
  node: Node,
  handle: (message: FlowMessage, send: Send) => Promise<void>,
  onError: (error: FlowError, message: FlowMessage) => void,
): void {
  const finish = (message: FlowMessage, done: (error?: Error) => void, error?: FlowError): void => {
    try {
      if (error?.statusCode !== undefined) message['statusCode'] = error.statusCode;
      if (error) onError(error, message);
      done(error);
    } catch (reason) {
      node.warn(`Fault after the message was handled: ${String(reason)}`);
    }
  };
  node.on('input', (message, send, done) => {
    // No async function: in a burst thousands of messages wait here, and the frame of each would wait with them.
    const fail = (reason: unknown) => finish(message, done, toFlowError(reason));
    try {
      handle(message, send as Send).then(() => finish(message, done), fail);
    } catch (reason) {
      fail(reason);
    }
  });
}
