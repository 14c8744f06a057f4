/**
 * The texts below a node: which one, its colour and shape. Its words are in the catalogues of the workspace node
 * (nodes/workspace/locales), `status`; which belongs to which error code says status-key.ts.
 */
import type { NodeAPI, NodeStatus } from 'node-red';
import type { SenderState } from '../../src/delivery/sender/types';
import { cutText } from '../../src/event/report';
import type { EventWarning } from '../../src/event/types';
import type { DeliveryState } from '../workspace/delivery';
import type { VisionEventUseCaseProperties } from './properties';
import type { FlowError } from './flow-error';
import { STATUS_CATALOGUE, statusKeyOf } from './status-key';

/** Failures that only a person can fix. */
const OPERATOR_CODES: ReadonlySet<string> = new Set(['UNAUTHORIZED', 'PAYMENT_REQUIRED', 'NOT_CONFIGURED']);

type DoneWhat = 'sent' | 'built' | 'delivered' | 'queued' | 'uploaded' | 'written';

/** Leaves room for what is wrong with it. */
const LONGEST_FIELD = 14;
/** No status is longer: the canvas shows them between the nodes. */
export const MAX_STATUS_LENGTH = 30;

/** What is wrong with a field, in two words: texts of the catalogue by the end of the API's type of warning. */
const WARNING_TEXTS: Record<string, string> = {
  required: 'missing',
  only: 'not-allowed',
  unknown: 'unknown',
  max: 'too-much',
  min: 'too-little',
  empty: 'too-little',
};

/**
 * The statuses of the contract, with texts from the message catalogue. A text without values travels as its key, as
 * those of Node-RED's own nodes do: each editor shows it in its language.
 */
export class StatusTexts {
  constructor(private readonly RED: NodeAPI) {}

  sending(): NodeStatus {
    return { fill: 'blue', shape: 'dot', text: keyOf('sending') };
  }

  /** @param detections of the last event, where it has any */
  done(what: DoneWhat, count: number, detections?: number): NodeStatus {
    const fill = what === 'queued' ? 'blue' : 'green';
    const text = this.text(what, { count });
    if (detections === undefined) return { fill, shape: 'dot', text };
    const found = this.text(detections === 1 ? 'oneDetection' : 'detections', { count: detections });
    return { fill, shape: 'dot', text: joined(text, found) ?? text };
  }

  /** How far a long run is. */
  progress(done: number, total: number): NodeStatus {
    return { fill: 'blue', shape: 'dot', text: this.text('progress', { done, total }) };
  }

  /** How many events a query has read; `doubtful` when it ended with a warning. */
  eventsRead(count: number, state: 'reading' | 'read' | 'doubtful'): NodeStatus {
    const fill = ({ reading: 'blue', read: 'green', doubtful: 'yellow' } as const)[state];
    return { fill, shape: 'dot', text: this.text(count === 1 ? 'oneEvent' : 'events', { count }) };
  }

  /** A query waits before it asks for the same page again. */
  retryReading(seconds: number, count: number): NodeStatus {
    return { fill: 'yellow', shape: 'ring', text: this.text('retryReading', { seconds, count }) };
  }

  /** What an action on use cases came to; `count` where there is one to tell. */
  useCaseDone(action: VisionEventUseCaseProperties['action'], count: number): NodeStatus {
    return { fill: 'green', shape: 'dot', text: this.text(`useCase.${action}`, { count }) };
  }

  /** A query was stopped by `msg.reset`. */
  stopped(count: number): NodeStatus {
    return { fill: 'grey', shape: 'ring', text: this.text('stopped', { count }) };
  }

  /** Names the field of the first one. */
  warnings(count: number, first?: Pick<EventWarning, 'type' | 'path'>): NodeStatus {
    const all = this.text(count === 1 ? 'oneWarning' : 'warnings', { count });
    const named = first?.path ? this.warning(first) : undefined;
    const text = named === undefined ? all : (count > 1 && joined(named, all)) || named;
    return { fill: 'yellow', shape: 'dot', text };
  }

  private warning({ type, path }: Pick<EventWarning, 'type' | 'path'>): string {
    const key = WARNING_TEXTS[type.slice(type.lastIndexOf('.') + 1)] ?? 'not-valid';
    const field = path.slice(path.lastIndexOf('.') + 1);
    return this.text(`warning.${key}`, { field: cutText(field, LONGEST_FIELD) });
  }

  /** The event left without some detections of the payload. */
  partlyRead(found: number, leftOut: number): NodeStatus {
    const text = this.text(found === 1 ? 'oneRead' : 'partlyRead', { found, count: leftOut });
    return { fill: 'yellow', shape: 'dot', text };
  }

  /** The event left, but its boxes may lie elsewhere in its picture. */
  misplaced(): NodeStatus {
    return { fill: 'yellow', shape: 'dot', text: keyOf('misplaced') };
  }

  /** Some of many events could not be sent. */
  someFailed(count: number): NodeStatus {
    return { fill: 'yellow', shape: 'dot', text: this.text('someFailed', { count }) };
  }

  /** How many things are in the scene. */
  things(count: number): NodeStatus {
    return count > 0 ? { fill: 'blue', shape: 'dot', text: this.text('scene.things', { count }) } : {};
  }

  /** The same, with what happened last; that alone where both would be too long. */
  moment(
    things: number,
    { kind, class: name = '', count = 0 }: { kind: string; class?: string; count?: number },
  ): NodeStatus {
    const what = this.text(`scene.${kind}`, { class: cutText(name, LONGEST_FIELD), count });
    const text = joined(this.text('scene.things', { count: things }), what) ?? what;
    return { fill: 'green', shape: 'dot', text };
  }

  /** A frame older than the last one was left out. */
  lateFrame(): NodeStatus {
    return { fill: 'yellow', shape: 'dot', text: this.text('scene.late') };
  }

  /** Each frame comes after everything in the last one counts as gone. */
  seldomFrames(): NodeStatus {
    return { fill: 'yellow', shape: 'dot', text: this.text('scene.seldom') };
  }

  throttled(): NodeStatus {
    return { fill: 'grey', shape: 'ring', text: keyOf('throttled') };
  }

  /** An event of a node that sends at once waits in the outbox, with so many others. */
  queued(outbox: Pick<SenderState, 'events'> | undefined): NodeStatus {
    return this.done('queued', Math.max(outbox?.events ?? 0, 1));
  }

  /** What the outbox of the workspace does, for every node that uses it. */
  delivery(state: DeliveryState): NodeStatus {
    const { deadLetters, dropped } = state;
    const status = this.deliveryState(state);
    if (deadLetters === 0 && dropped === 0) return status;
    const { fill = 'yellow', shape = 'dot' } = status;
    let { text = '' } = status;
    if (deadLetters > 0) {
      const refused = this.text('refused', { count: deadLetters });
      // What is wrong now comes first; the refused ones wait.
      text = joined(text, refused) ?? (state.state === 'idle' ? refused : text);
    }
    if (dropped > 0) {
      // What was given up must not be overlooked, whatever else goes on.
      const lost = this.text('dropped', { count: dropped });
      text = joined(text, lost) ?? lost;
    }
    return { fill: fill === 'green' ? 'yellow' : fill, shape, text };
  }

  private deliveryState(state: SenderState): NodeStatus {
    const kept = state.events;
    switch (state.state) {
      case 'idle':
        return state.delivered > 0 ? this.done('delivered', state.delivered) : {};
      case 'delivering':
        return this.done('queued', kept);
      case 'paused':
        return { fill: 'grey', shape: 'ring', text: this.text('paused', { count: kept }) };
      case 'waiting':
        return this.waiting(state);
    }
  }

  private waiting({ events, lastError, nextAttemptMs = 0 }: SenderState): NodeStatus {
    if (lastError && OPERATOR_CODES.has(lastError.code)) {
      const reason = this.reasonOf(lastError);
      return { fill: 'red', shape: 'ring', text: this.text('kept', { reason, count: events }) };
    }
    const seconds = Math.ceil(nextAttemptMs / 1000);
    // Nothing is left to wait for: the attempt is under way, and may take as long as the timeout.
    const text =
      seconds > 0 ? this.text('retry', { seconds, count: events }) : this.text('retryNow', { count: events });
    if (lastError?.code !== 'REJECTED') return { fill: 'yellow', shape: 'ring', text };
    // No link has to come back: it is these events that are refused.
    const reason = this.reasonOf(lastError);
    const again = seconds > 0 ? this.text('retryIn', { seconds }) : '';
    const kept = this.text('kept', { reason, count: events });
    return { fill: 'yellow', shape: 'ring', text: (again && joined(reason, again)) || kept };
  }

  private reasonOf({ code, statusCode }: { code: string; statusCode?: number }): string {
    return statusCode === undefined ? this.text(code) : `${statusCode} ${this.text(code)}`;
  }

  error(error: FlowError): NodeStatus {
    return { fill: 'red', shape: 'ring', text: this.errorText(error) };
  }

  private errorText({ short, code, statusCode }: FlowError): string {
    if (short) return short.values ? this.text(short.key, short.values) : keyOf(short.key);
    return statusCode === undefined
      ? STATUS_CATALOGUE + statusKeyOf(code)
      : this.reasonOf({ code, statusCode });
  }

  private text(key: string, values: Record<string, unknown> = {}): string {
    return this.RED._(keyOf(key), values as Record<string, string>);
  }
}

/** With the namespace, as the editor looks texts up by the node that shows them. */
function keyOf(key: string): string {
  return `${STATUS_CATALOGUE}status.${key}`;
}

/** Both texts in one status, undefined when they do not fit; the first may be empty. */
function joined(text: string, more: string): string | undefined {
  const both = text === '' ? more : `${text} · ${more}`;
  return both.length <= MAX_STATUS_LENGTH ? both : undefined;
}
