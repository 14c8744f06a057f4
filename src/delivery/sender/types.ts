import type { DeliveredEvent } from '../outbox/outbox';
import type { RetryCause } from './retry-policy';
import type { EventWarning } from '../../event/types';

/** What went wrong last. */
export interface SenderError {
  code: string;
  statusCode?: number;
  message: string;
  /** when it happened: wall clock, ms since 1970 */
  at: number;
}

/** `waiting`: for a better moment, after a failure · `paused`: until `resume` · `idle`: nothing waits. */
export const SENDER_STATES = ['idle', 'delivering', 'waiting', 'paused'] as const;
/** See `SENDER_STATES`. */
export type SenderStateName = (typeof SENDER_STATES)[number];

/**
 * Whether requests pass. `closed`: they do · `backing-off`: the target failed and is tried again by itself, after a
 * wait · `open`: someone has to fix key, billing or address, and only a probe passes now and then
 */
export const BREAKER_STATES = ['closed', 'backing-off', 'open'] as const;
/** See `BREAKER_STATES`. */
export type BreakerState = (typeof BREAKER_STATES)[number];

/** What a sender does, and has done since it started. */
export interface SenderState {
  state: SenderStateName;
  breaker: BreakerState;
  /** events and bytes in the outbox */
  events: number;
  bytes: number;
  oldestAgeMs?: number;
  /** given up since the outbox was opened, because it was full */
  dropped: number;
  /** since this sender started: */
  delivered: number;
  refused: number;
  /** requests that failed or were refused */
  retries: number;
  retriesByCause: Record<RetryCause, number>;
  /** events that the target took, but never named in the reply to a batch, or that it may have stored twice */
  doubtful: number;
  /** requests under way */
  inFlight: number;
  /** ms from now, while the state is `waiting` */
  nextAttemptMs?: number;
  lastError?: SenderError;
  /** use cases of which every event is refused at present */
  rejecting: string[];
}

/** An event that was refused for the first time: it is kept, and tried again. */
export interface SuspectedEvent {
  eventId: string;
  error: SenderError;
  /** ms from now */
  retryInMs: number;
}

/** What ends up in the dead letters. */
export interface RefusedEvent {
  eventId: string;
  /** the event as it was stored */
  event: unknown;
  code: string;
  statusCode?: number;
  message: string;
}

/**
 * Told once when an outage begins and once when it ends.
 * `unreachable`: retried by itself · `operator`: someone has to fix key, billing or address ·
 * `rejecting`: the target refuses every event of one use case
 */
export interface OutageNotice {
  phase: 'begin' | 'end';
  kind: 'unreachable' | 'operator' | 'rejecting';
  useCaseId?: string;
  /** what began it */
  error: SenderError;
  /** events in the outbox now */
  events: number;
  /** failed requests so far */
  attempts: number;
  /** 0 at the beginning */
  durationMs: number;
}

/** Who wants to hear what. A listener that throws stops nothing; its error shows in the state. */
export interface SenderListeners {
  /** after their acknowledgement was handed to the outbox; `batchWarnings` could not be told apart by event */
  delivered(events: DeliveredEvent[], batchWarnings: EventWarning[], useCaseId: string): void;
  /** after their refusal was handed to the outbox, which keeps them as dead letters */
  refused(events: RefusedEvent[], useCaseId: string): void;
  /** an event was refused for the first time */
  suspected(event: SuspectedEvent): void;
  /** whenever something in the state may have changed: throttle before showing it */
  state(state: SenderState): void;
  /** an outage began or ended */
  outage(notice: OutageNotice): void;
}
