import { DEFAULT_BATCH_SIZE, DEFAULT_LINGER_MS } from '../defaults';
import { LATE_LANDING_MS } from '../outbox/limits';

/** How a sender packs, paces and repeats. */
export interface SenderSettings {
  /** events in one request, at most `MAX_BATCH_EVENTS` */
  batchSize: number;
  /** bytes of the events in one request */
  batchBytes: number;
  /** an event waits at most this long for others to share its request, ms */
  lingerMs: number;
  /** batches under way at the same time; each uploads its pictures one after the other */
  concurrency: number;
  /** while a backlog drains after an outage */
  requestsPerSecond: number;
  /** while a backlog drains after an outage */
  bytesPerSecond: number;
  /**
   * how long a request whose answer was lost may still land at the target, ms; a newer version of its event waits so
   * long
   */
  lateLandingMs: number;
}

/** The settings of a sender that is told nothing else. */
export const DEFAULT_SENDER_SETTINGS: SenderSettings = {
  batchSize: DEFAULT_BATCH_SIZE,
  batchBytes: 1024 * 1024,
  lingerMs: DEFAULT_LINGER_MS,
  concurrency: 2,
  requestsPerSecond: 20,
  bytesPerSecond: 1024 * 1024,
  lateLandingMs: LATE_LANDING_MS,
};
