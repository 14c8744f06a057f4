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
  node.on('input', (message, send, done) => {
    const flowMessage = message as FlowMessage;
    Promise.resolve()
      .then(() => handle(flowMessage, (sent) => send(sent as FlowMessage)))
      .then(
        () => undefined,
        (reason: unknown) => {
          const error = toFlowError(reason);
          if (error.statusCode !== undefined) flowMessage['statusCode'] = error.statusCode;
          onError(error, flowMessage);
          return error;
        },
      )
      .then((error) => done(error))
      .catch((reason: unknown) => node.warn(`Fault after the message was handled: ${String(reason)}`));
  });
}
