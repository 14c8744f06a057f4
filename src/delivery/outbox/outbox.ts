import { uptime } from 'node:os';
import type { PicturePlace } from '../../event/picture-place';
import type { EventWarning, MetadataValue } from '../../event/types';
import type { ClockSetting } from '../clock-watch';

/** A picture that waits beside its event until it is uploaded. */
export interface OutboxPicture extends PicturePlace {
  /** media type by the bytes, such as `image/jpeg` */
  mediaType: string;
  /** file name sent with the upload */
  name: string;
  /** sent with the upload */
  metadata?: Record<string, MetadataValue>;
  bytes: Uint8Array;
}

/** What a caller hands over: the event's exact JSON text, and the pictures it still has to get a `sourceId` for. */
export interface OutboxRecord {
  eventId: string;
  useCaseId: string;
  /** the event as JSON; its `images` get `sourceId` / `inputSourceId` from the uploads when it is sent */
  body: string;
  pictures: OutboxPicture[];
  /**
   * The clock by which the event's `timestamp` says "now", while that may turn out to be wrong. Once the clock is set,
   * the time is put right, unless the event was leased before: from then on its bytes are fixed.
   */
  clock?: ClockSetting;
}

/** A picture as the sender sees it: bytes are read on demand, the `sourceId` is known once it was uploaded. */
export interface StoredPicture extends PicturePlace {
  mediaType: string;
  name: string;
  metadata?: Record<string, MetadataValue>;
  size: number;
  sourceId?: string;
  /** Rejects with an `OutboxDamage` when the file is missing or its checksum is wrong. */
  read(): Promise<Uint8Array>;
}

/**
 * One leased event. `id` is the outbox's own, unique per append: two appends with one `eventId` are two events. Ids
 * sort in the order of the appends.
 */
export interface StoredEvent {
  id: string;
  eventId: string;
  useCaseId: string;
  body: string;
  /** UTF-8 bytes of `body` */
  bodyBytes: number;
  pictures: StoredPicture[];
  /** time of `append` by the wall clock as it is now, ms; for display and age only */
  acceptedAt: number;
  /** failed attempts so far: of the outbox on disk since this process started, else of all workers */
  attempts: number;
  /** an earlier request for this very event may still land for so long, ms; others sent it */
  mayLandMs?: number;
  /** what its senders so far found wrong with it */
  trouble?: EventTrouble;
}

/**
 * What went wrong with one event, for whoever sends it next: several workers take turns, and none should begin anew.
 * Times are ms ago, since no clock is shared.
 */
export interface EventTrouble {
  failedAttempts: number;
  /** batch replies that left it out */
  missingReplies: number;
  /** it may be stored although no good answer came */
  mayBeStored: boolean;
  /** it was refused alone in its request */
  refusedAloneMsAgo?: number;
}

/** How much is handed out at most. */
export interface LeaseSize {
  events: number;
  /** of bodies, not of pictures */
  bytes: number;
  /** the youngest due events, not the oldest */
  newest?: boolean;
  /** from so many events on, the outbox may leave others to the next lease where that saves it work; else `events` */
  enough?: number;
}

/** Events that were handed out, until `settle` says what became of them. */
export interface Lease {
  events: StoredEvent[];
  /**
   * To be asked before each request. False when others may have the events, or could have them before a request that
   * begins now ends: nothing more is sent then, and what is left is given back.
   */
  isHeld(): boolean;
  /**
   * Aborts before others can have the events: a request under way is called off. Missing where nobody else can have
   * them.
   */
  readonly lost?: AbortSignal;
}

/** What became of the events of a lease, by their ids. */
export interface Settlement {
  /** accepted by the target */
  acked: string[];
  /** back into the queue, not due before `at` (ms of the outbox's monotonic clock) */
  retry: { id: string; at: number; why: string }[];
  /** refused for good: moved to the dead letters */
  dead: { id: string; code: string; statusCode?: number; why: string }[];
  /**
   * What whoever sends next has to know, whatever becomes of the event. `mayLandMs`: a request whose answer was lost
   * may still land for so long; younger versions of the event are not handed out before that.
   */
  notes?: { id: string; mayLandMs?: number; trouble?: EventTrouble }[];
}

/** What waits, and what became of the rest since the outbox was opened. */
export interface OutboxStats {
  events: number;
  bytes: number;
  leased: number;
  dead: number;
  deadBytes: number;
  /**
   * ms since the oldest waiting event was accepted, whether the clock was set since then or not; undefined when empty,
   * or when it was accepted before the start by a clock that was ahead
   */
  oldestAgeMs?: number;
  appended: number;
  acked: number;
  rejectedFull: number;
  dropped: number;
  shedPictures: number;
  corrupt: number;
  maxEvents: number;
  maxBytes: number;
  freeBytes?: number;
}

/** What opening found. */
export interface RecoveryReport {
  /** nobody had an outbox here before */
  isNew: boolean;
  events: number;
  corrupt: number;
  quarantined: string[];
  orphanPictures: number;
  tornTails: number;
  /** the kind of file system that it lies on, when that does not outlive the container or the machine */
  forgets?: 'overlay' | 'tmpfs' | 'ramfs';
}

/** A refused event, kept until somebody retries or discards it. */
export interface DeadLetter {
  id: string;
  eventId: string;
  code: string;
  statusCode?: number;
  why: string;
  /** wall clock, ms */
  diedAt: number;
  event: unknown;
}

/**
 * `OUTBOX_FULL`: a limit is reached, try again later · `OUTBOX_IO`: the disk or the database failed, or the outbox is
 * closed.
 */
export type OutboxErrorCode = 'OUTBOX_FULL' | 'OUTBOX_IO';

/** Why the outbox refused. The text tells an operator what happened and which setting or folder fixes it. */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';

  constructor(
    readonly code: OutboxErrorCode,
    message: string,
    /** the database does not answer at this moment; what was to be written may be stored all the same */
    readonly mayPass = false,
  ) {
    super(message);
  }
}

/** A stored picture is missing or is no longer what was stored. The event belongs to the dead letters, with `code`. */
export class OutboxDamage extends Error {
  override readonly name = 'OutboxDamage';
  readonly code = 'PICTURE_DAMAGED';
}

/** The clocks that delivery needs. Tests pass their own. */
export interface Clock {
  /** wall clock, ms since 1970: for display and age only, it may jump (a gateway boots in 1970) */
  now(): number;
  /** monotonic clock, ms since any fixed moment: for waits and due times */
  monotonic(): number;
  /** ms since the machine started, its sleep included, to a second; without it, no machine is taken to sleep */
  sinceBoot?(): number;
}

/** The clocks of this machine. */
export const systemClock: Required<Clock> = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sinceBoot: () => uptime() * 1000,
};

/** A moment on both clocks: the monotonic one stands still while a machine sleeps, the other one may be set. */
export interface Moment {
  now: number;
  monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/** The refused events of an outbox. Orders are carried out one by one. */
export interface DeadLetters {
  /** Oldest first; 100 of them unless `limit` says otherwise. */
  list(limit?: number): Promise<DeadLetter[]>;
  /** The outbox's own ids of the refused events that have one of these event ids. */
  idsOf(eventIds: string[]): Promise<string[]>;
  /** Puts them back into the queue; all when no ids are given. Returns how many. */
  retry(ids?: string[]): Promise<number>;
  /** Deletes them for good, with their pictures; all when no ids are given. Returns how many. */
  discard(ids?: string[]): Promise<number>;
}

/** A Node-RED that delivers from a shared queue, or lately did. */
export interface OutboxWorker {
  /** that asks */
  isThis: boolean;
  name: string;
  host: string;
  /** of this package */
  version: string;
  /** events that it has just now */
  leased: number;
  /** since it started, and in the last minute */
  delivered: number;
  perMinute: number;
  seenMsAgo: number;
  /** events that wait on its disk until the database takes them */
  spilled: number;
  /** of the database */
  lastError?: string;
  /** why its last request to the target failed, until one is answered well */
  lastDeliveryError?: { code: string; message: string; msAgo: number };
}

/**
 * What all workers of a shared queue keep to: one pace, one `Retry-After`, one pause. A worker hears of what the others
 * said up to a second late. While the database does not answer, each keeps its own pace.
 */
export interface SharedPace {
  /** somebody paused all workers */
  readonly isPaused: boolean;
  /** Rejects with an `OutboxError` when the others cannot be told. */
  setPaused(isPaused: boolean): Promise<void>;
  /** ms until the target may be asked again, by what it told any worker */
  closedForMs(): number;
  /** ms since the backlog of an outage began to be drained; undefined when none is */
  dampedForMs(): number | undefined;
  /** Nobody asks the target for so long, ms. */
  close(ms: number): void;
  /** From now on, requests are spaced. */
  beginDrain(): void;
  /** The backlog is gone: requests need no spacing any more. */
  endDrain(): void;
  /**
   * Takes the next turn of all workers, which are so many ms apart.
   *
   * @returns ms until it comes; undefined when nobody knows
   */
  takeTurn(spacingMs: number): Promise<number | undefined>;
}

/** A durable queue of events: at least once, oldest due first, never two leases with one event id at the same time. */
export interface Outbox {
  /** Locks, replays, quarantines, sweeps. */
  open(): Promise<RecoveryReport>;
  /** Resolves only when every record is durable; rejects with an `OutboxError`. */
  append(records: OutboxRecord[]): Promise<void>;
  /**
   * The oldest due events of ONE use case, up to the given numbers (at least one event whatever its size), or
   * undefined. Strict order per event id: an event whose id has an older one waiting or leased is not handed out.
   * `newest` leases the youngest due events instead, so that live events pass a backlog. It is asynchronous because the
   * bodies are read from disk or database; leases may be asked for at the same time. Rejects with an `OutboxError` once
   * it is closed.
   */
  lease(max: LeaseSize): Promise<Lease | undefined>;
  /**
   * Resolves when the outcome is durable. An event of the lease that the outcome does not name returns to the queue,
   * due at once and without a failed attempt counted: so a lease is given back by an empty outcome.
   * When it rejects (`OUTBOX_IO`), the outcome is still in force in this process; after a crash the events come back.
   */
  settle(lease: Lease, outcome: Settlement): Promise<void>;
  /**
   * Durable note that a picture was uploaded, so that a retry does not upload it again. When it rejects, the `sourceId`
   * is not in force: a later lease does not have it.
   */
  markUploaded(id: string, place: PicturePlace, sourceId: string): Promise<void>;
  /**
   * Durable note that the event is about to be sent together with its pictures: the target may have them from now on,
   * so they are not given up for want of room. When it rejects, that holds until this process ends.
   */
  markSent(id: string): Promise<void>;
  /** Whether an event with this event id waits or is leased; asynchronous where others may have stored it. */
  holds(eventId: string): boolean | Promise<boolean>;
  /**
   * Ms of the monotonic clock when the next waiting event falls due (in the past when it is due already);
   * undefined when none waits. An event held back behind an older one with its id does not count.
   */
  nextDueAt(): number | undefined;
  /** What waits, and what became of the rest since `open`. */
  stats(): OutboxStats;
  /** Called after each durable append, so that the sender can wake up. */
  onAppended(listener: () => void): void;
  readonly deadLetters: DeadLetters;
  /** Where other workers deliver from the same queue. */
  readonly pace?: SharedPace;
  /** All of them, where there may be others. */
  workers?(): Promise<OutboxWorker[]>;
  /** Idempotent. Flushes what was appended, gives the lock back; leases stay queued. */
  close(deadlineMs: number): Promise<void>;
}

/** An event that the target took. */
export interface DeliveredEvent {
  eventId: string;
  statusCode: number;
  attempts: number;
  ageMs: number;
  warnings: EventWarning[];
  /** the target gives ids of its own, and an earlier answer was lost: the event may be stored twice */
  mayBeTwice?: true;
}
