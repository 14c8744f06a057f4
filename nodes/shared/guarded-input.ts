import type { Node, NodeMessageInFlow } from 'node-red';
import type { Place } from '../../src/delivery/arrival-order';
import type { Work, WorkLimit } from '../../src/work-limit';
import { FlowError, readable, textOf, toFlowError } from './flow-error';
import { copyMessage } from './last-messages';

export type FlowMessage = NodeMessageInFlow & Record<string, unknown>;
export type Send = (message: unknown) => void;

/**
 * What has to be known of a message as soon as it arrives, since context and clock move on while it waits for its turn.
 */
export interface Arrival {
  /** resolves once all of it is known; missing: it is known already */
  late?: PromiseLike<void>;
  /** lets so many messages go on at the same time; missing: all of them */
  limit?: WorkLimit;
  /** among the messages with versions of the same event; missing: there are no others */
  place?: Place;
}

/** How a node works on its messages. */
export interface InputWork<Known extends Arrival> {
  /** missing: nothing has to be known, and no message waits */
  arrive?(message: FlowMessage): Known;
  handle(message: FlowMessage, send: Send, known: Known): Promise<void>;
  /** sees the error before `done`, to set a status */
  onError(error: FlowError, message: FlowMessage): void;
}

/**
 * Registers the one input handler of a node. Node-RED never awaits a handler, and a rejected one ends the whole
 * process, so everything is caught here, and `done` is called exactly once: without an error after the handler
 * resolved, with a `FlowError` after it threw.
 *
 * Node-RED copies the message for Catch and Complete nodes, and throws where it cannot: a getter that throws, a value
 * nested thousands of levels deep. The error then reaches the Catch node with what is left of the message.
 */
export function onInput<Known extends Arrival>(node: Node, work: InputWork<Known>): void {
  node.on('input', (message, send, done) => {
    new MessageWork(node, work, message, send as Send, done).start();
  });
}

/**
 * One message from its arrival to `done`: the one place where it waits for its turn. In a burst of 20,000 most memory
 * is what waits (wanted: at most 60 MB), so it waits as this one object, without promises, closures or the frame of an
 * async function.
 */
class MessageWork<Known extends Arrival> implements Work {
  private known: Known | undefined;

  constructor(
    private readonly node: Node,
    private readonly work: InputWork<Known>,
    private readonly message: FlowMessage,
    private readonly send: Send,
    private readonly done: (error?: Error) => void,
  ) {}

  start(): void {
    if (!this.work.arrive) return void this.begin();
    try {
      this.known = this.work.arrive(this.message);
    } catch (error) {
      this.forgetReport();
      return this.end(toFlowError(error));
    }
    const { late } = this.known;
    if (!late) return this.enter();
    late.then(
      () => this.enter(),
      (error: unknown) => {
        this.forgetReport();
        this.end(toFlowError(error));
      },
    );
  }

  begin(): Promise<void> {
    return this.handled().then(
      () => this.end(),
      (error: unknown) => this.end(toFlowError(error)),
    );
  }

  refuse(error: Error): void {
    this.end(toFlowError(error));
  }

  private enter(): void {
    this.forgetReport();
    const { limit, place } = this.known ?? {};
    if (limit) limit.enter(this, place?.turn);
    else void this.begin();
  }

  /** That of an earlier node was there to be read; of this event it says nothing. */
  private forgetReport(): void {
    if (this.message['visionEvent'] !== undefined) this.message['visionEvent'] = undefined;
  }

  private handled(): Promise<void> {
    try {
      return this.work.handle(this.message, this.send, this.known as Known);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error);
    }
  }

  private end(error?: FlowError): void {
    const { message, work, node } = this;
    this.known?.place?.leave();
    try {
      if (error?.statusCode !== undefined) message['statusCode'] = error.statusCode;
      if (error) work.onError(error, message);
      this.done(error && readable(error));
    } catch (reason) {
      tellCatchNodes(node, error ?? notHandedOn(reason), message);
    }
  }
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
