import type { NodeAPI, NodeStatus } from 'node-red';
import type { SenderState } from '../../src/delivery/sender/types';
import type { VisionEventUseCaseProperties } from './properties';
import type { FlowError } from './flow-error';

/** The texts of all nodes' statuses are in one catalogue, that of the workspace. */
const CATALOGUE = '@vision-events/node-red-roboflow/roboflow-vision-event-workspace:status.';

/** Failures that only a person can fix. */
const OPERATOR_CODES: ReadonlySet<string> = new Set(['UNAUTHORIZED', 'PAYMENT_REQUIRED', 'NOT_CONFIGURED']);

/** The statuses of the contract, with texts from the message catalogue. */
export class StatusTexts {
  constructor(private readonly RED: NodeAPI) {}

  sending(): NodeStatus {
    return { fill: 'blue', shape: 'dot', text: this.text('sending') };
  }

  /** `detail` is shown behind the number, such as the recognised format and its count. */
  done(what: 'sent' | 'built' | 'queued' | 'uploaded' | 'written', count: number, detail = ''): NodeStatus {
    const fill = what === 'queued' ? 'blue' : 'green';
    return { fill, shape: 'dot', text: this.text(what, { count }) + (detail && ` · ${detail}`) };
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

  warnings(count: number): NodeStatus {
    return {
      fill: 'yellow',
      shape: 'dot',
      text: this.text(count === 1 ? 'oneWarning' : 'warnings', { count }),
    };
  }

  /** The event left without some detections of the payload; other warnings stand behind. */
  partlyRead(found: number, leftOut: number, warnings: number): NodeStatus {
    const text = this.text(found === 1 ? 'oneRead' : 'partlyRead', { found, count: leftOut });
    const more = warnings > 0 ? ` · ${this.warnings(warnings).text}` : '';
    return { fill: 'yellow', shape: 'dot', text: text + more };
  }

  /** Some of many events could not be sent. */
  someFailed(count: number): NodeStatus {
    return { fill: 'yellow', shape: 'dot', text: this.text('someFailed', { count }) };
  }

  throttled(): NodeStatus {
    return { fill: 'grey', shape: 'ring', text: this.text('throttled') };
  }

  /** An event of a node that sends at once waits in the outbox, with so many others. */
  queued(outbox: Pick<SenderState, 'events'> | undefined): NodeStatus {
    return this.done('queued', Math.max(outbox?.events ?? 0, 1));
  }

  /** What the outbox of the workspace does, for every node that uses it. */
  delivery(state: SenderState): NodeStatus {
    const status = this.deliveryState(state);
    // What was given up must not be overlooked, whatever else goes on.
    const dropped = state.dropped > 0 ? this.text('dropped', { count: state.dropped }) : '';
    if (!dropped) return status;
    if (!status.text) return { fill: 'yellow', shape: 'dot', text: dropped };
    return { ...status, text: `${status.text} · ${dropped}` };
  }

  private deliveryState(state: SenderState): NodeStatus {
    const kept = state.events;
    switch (state.state) {
      case 'idle':
        return state.delivered > 0 ? this.done('sent', state.delivered) : {};
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
    // No link has to come back: it is these events that are refused.
    const refusal = lastError?.code === 'REJECTED' ? `${this.reasonOf(lastError)} · ` : '';
    return { fill: 'yellow', shape: 'ring', text: refusal + text };
  }

  private reasonOf({ code, statusCode }: { code: string; statusCode?: number }): string {
    return statusCode === undefined ? this.text(code) : `${statusCode} ${this.text(code)}`;
  }

  error(error: FlowError): NodeStatus {
    return { fill: 'red', shape: 'ring', text: this.errorText(error) };
  }

  private errorText(error: FlowError): string {
    if (error.short) return this.text(error.short.key, error.short.values);
    if (error.code.startsWith('DETECTIONS_')) {
      return this.text('DETECTIONS', {
        code: error.code.slice('DETECTIONS_'.length).toLowerCase().replace(/_/g, ' '),
      });
    }
    return this.reasonOf(error);
  }

  private text(key: string, values: Record<string, unknown> = {}): string {
    return this.RED._(CATALOGUE + key, values as Record<string, string>);
  }
}
