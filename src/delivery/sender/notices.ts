import type { Outbox } from '../outbox/outbox';
import type { SendFailure } from '../../api/target';
import type { Outcome } from './outcome';
import { RETRY_CAUSES, RETRY_POLICY, causeOf, type HostHealth, type RetryCause } from './retry-policy';
import type { SenderClock } from './clock';
import type { OutageNotice, SenderError, SenderListeners, SenderState } from './types';
import type { RejectionChange } from './memory';

/** An error text in the state is at most this long; what a server answers is shown, not stored. */
const LONGEST_MESSAGE = 200;

interface Outage {
  kind: OutageNotice['kind'];
  since: number;
  error: SenderError;
  attempts: number;
}

export interface NoticesDeps {
  outbox: Pick<Outbox, 'stats'>;
  clock: SenderClock;
  listeners?: Partial<SenderListeners>;
  /** made only when somebody listens */
  state: () => SenderState;
}

type Counts = Pick<SenderState, 'delivered' | 'refused' | 'retries' | 'doubtful' | 'retriesByCause'>;

/**
 * What people are told of a sender: its counts, its last error, outages and rejected use cases as they begin and end.
 */
export class Notices {
  private readonly listeners: { [E in keyof SenderListeners]: Set<SenderListeners[E]> } = {
    delivered: new Set(),
    refused: new Set(),
    suspected: new Set(),
    state: new Set(),
    outage: new Set(),
  };
  private readonly counts: Counts = {
    delivered: 0,
    refused: 0,
    retries: 0,
    doubtful: 0,
    retriesByCause: Object.fromEntries(RETRY_CAUSES.map((cause) => [cause, 0])) as Record<RetryCause, number>,
  };
  private lastError?: SenderError;
  private outage?: Outage;
  private failedSinceSuccess = 0;
  /** by use case */
  private readonly rejections = new Map<string, Outage>();

  constructor(private readonly deps: NoticesDeps) {
    const { listeners = {} } = deps;
    for (const event of Object.keys(this.listeners) as (keyof SenderListeners)[]) {
      const listener = listeners[event];
      if (listener) this.on(event, listener);
    }
  }

  /** @returns removes the listener */
  on<E extends keyof SenderListeners>(event: E, listener: SenderListeners[E]): () => void {
    this.listeners[event].add(listener);
    return () => this.listeners[event].delete(listener);
  }

  /** For the state of the sender. */
  soFar(): Counts & Pick<SenderState, 'lastError'> {
    const { delivered, refused, retries, doubtful, retriesByCause } = this.counts;
    const { lastError } = this;
    return { delivered, refused, retries, doubtful, retriesByCause: { ...retriesByCause }, lastError };
  }

  noteError(error: unknown): void {
    this.lastError = this.errorOf(error);
  }

  /** A lease was delivered whole: what went wrong before is over. */
  allIsWell(): void {
    this.lastError = undefined;
  }

  /** Whenever something in the state may have changed. */
  tellState(): void {
    if (this.listeners.state.size === 0) return;
    const state = this.deps.state();
    this.tell('state', (listener) => listener(state));
  }

  /** What became of a lease was handed to the outbox. @param useCaseId of all its events */
  leaseEnded({ delivered, refused, doubtful, batchWarnings }: Outcome, useCaseId: string): void {
    this.counts.delivered += delivered.length;
    this.counts.refused += refused.length;
    this.counts.doubtful += doubtful;
    if (delivered.length > 0)
      this.tell('delivered', (listener) => listener(delivered, batchWarnings, useCaseId));
    if (refused.length > 0) this.tell('refused', (listener) => listener(refused, useCaseId));
    this.tellState();
  }

  /** An event was refused for the first time, alone in its request. */
  suspected(eventId: string, failure: SendFailure, retryAt: number): void {
    const error = this.errorOf(failure);
    const retryInMs = retryAt - this.deps.clock.monotonic();
    this.tell('suspected', (listener) => listener({ eventId, error, retryInMs }));
  }

  // ----- outages

  get hasOutage(): boolean {
    return this.outage !== undefined;
  }

  requestFailed(failure: SendFailure): void {
    this.counts.retries++;
    this.counts.retriesByCause[causeOf(failure)]++;
    this.noteError(failure);
  }

  /** @param host its health after the failure */
  hostFailed(host: HostHealth, failure: SendFailure): void {
    this.failedSinceSuccess++;
    if (this.outage) {
      this.outage.attempts++;
      return;
    }
    const needsOperator = host.breaker !== undefined;
    if (!needsOperator && host.failures < RETRY_POLICY.outageAfter) return;
    this.outage = {
      kind: needsOperator ? 'operator' : 'unreachable',
      since: host.failingSince ?? this.deps.clock.monotonic(),
      error: this.errorOf(failure),
      attempts: this.failedSinceSuccess,
    };
    this.tellOutage('begin', this.outage);
  }

  /** The host works again, or still. */
  hostAnswered(): void {
    this.failedSinceSuccess = 0;
    if (!this.outage) return;
    const ended = this.outage;
    this.outage = undefined;
    this.tellOutage('end', ended);
  }

  /** Called for each single refusal too (`change` is undefined), so that the final notice can give the count. */
  rejectionChanged(useCaseId: string, change: RejectionChange, failure?: SendFailure): void {
    const known = this.rejections.get(useCaseId);
    if (known && failure) known.attempts++;
    if (change === 'begin' && failure) {
      const since = this.deps.clock.monotonic();
      const rejection: Outage = { kind: 'rejecting', since, error: this.errorOf(failure), attempts: 1 };
      this.rejections.set(useCaseId, rejection);
      this.tellOutage('begin', rejection, useCaseId);
    } else if (change === 'end' && known) {
      this.rejections.delete(useCaseId);
      this.tellOutage('end', known, useCaseId);
    }
  }

  private tellOutage(phase: OutageNotice['phase'], outage: Outage, useCaseId?: string): void {
    const notice: OutageNotice = {
      phase,
      kind: outage.kind,
      useCaseId,
      error: outage.error,
      events: this.deps.outbox.stats().events,
      attempts: outage.attempts,
      durationMs: phase === 'begin' ? 0 : this.deps.clock.monotonic() - outage.since,
    };
    this.tell('outage', (listener) => listener(notice));
  }

  /** A listener that throws must not stop the delivery. */
  private tell<E extends keyof SenderListeners>(
    event: E,
    call: (listener: SenderListeners[E]) => void,
  ): void {
    for (const listener of [...this.listeners[event]]) {
      try {
        call(listener);
      } catch (error) {
        this.noteError(error);
      }
    }
  }

  private errorOf(error: unknown): SenderError {
    const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
    const message = error instanceof Error ? error.message : String(error);
    return {
      code: typeof code === 'string' ? code : 'UNEXPECTED',
      statusCode: typeof statusCode === 'number' ? statusCode : undefined,
      message: message.slice(0, LONGEST_MESSAGE),
      at: this.deps.clock.now(),
    };
  }
}
