import type { Node, NodeMessageInFlow } from 'node-red';
import { FlowError, readable, textOf, toFlowError } from './flow-error';
import { copyMessage } from './last-messages';

export type FlowMessage = NodeMessageInFlow & Record<string, unknown>;
export type Send = (message: unknown) => void;

/**
 * Registers the one input handler of a node. Node-RED never awaits a handler, and a rejected one ends the whole
 * process, so everything is caught here, and `done` is called exactly once: without an error after the handler
 * resolved, with a `FlowError` after it threw. `onError` sees the error before `done`, to set a status.
 *
 * Node-RED copies the message for Catch and Complete nodes, and throws where it cannot: a getter that throws, a value nested
 * thousands of levels deep. The error then reaches the Catch node with what is left of the message.
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
      done(error && readable(error));
    } catch (reason) {
      tellCatchNodes(node, error ?? notHandedOn(reason), message);
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

function notHandedOn(reason: unknown): FlowError {
  return new FlowError(
    'UNEXPECTED',
    `The message was handled, but no Complete node could get a copy of it: ${textOf(reason)}`,
  );
}

/** With what of the message can be copied; with its id alone when Node-RED cannot even take that. */
function tellCatchNodes(node: Node, error: FlowError, message: FlowMessage): void {
  const { _msgid } = message;
  try {
    node.error(readable(error), { ...copyMessage(message).message, _msgid });
  } catch {
    node.error(readable(error), { _msgid });
  }
}
