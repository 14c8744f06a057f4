import type { EventWarning } from '../event/types';

/** A picture that waits beside its event until it is uploaded. */
export interface OutboxPicture {
  role: 'output' | 'input';
  /** media type by the bytes, such as `image/jpeg` */
  mediaType: string;
  /** file name sent with the upload */
  name: string;
  bytes: Uint8Array;
}

/** What a caller hands over: the event's exact JSON text, and the pictures it still has to get a `sourceId` for. */
export interface OutboxRecord {
  eventId: string;
  useCaseId: string;
  /** the event as JSON; `images[0]` gets `sourceId` / `inputSourceId` from the uploads when it is sent */
  body: string;
  pictures: OutboxPicture[];
}

/** A picture as the sender sees it: bytes are read on demand, the `sourceId` is known once it was uploaded. */
export interface StoredPicture {
  role: 'output' | 'input';
  mediaType: string;
  name: string;
  size: number;
  sourceId?: string;
  /** Rejects with an `OutboxDamage` when the file is missing or its checksum is wrong. */
  read(): Promise<Uint8Array>;
}

/** One leased event. `id` is the outbox's own, unique per append: two appends with one `eventId` are two events. */
export interface StoredEvent {
  id: string;
  eventId: string;
  useCaseId: string;
  body: string;
  pictures: StoredPicture[];
  /** wall clock at `append`, ms; for display and age only */
  acceptedAt: number;
  /** failed attempts so far, since this process started */
  attempts: number;
}

export interface Lease {
  events: StoredEvent[];
}

export interface Settlement {
  /** accepted by the target */
  acked: string[];
  /** back into the queue, not due before `at` (ms of the outbox's monotonic clock) */
  retry: { id: string; at: number; why: string }[];
  /** refused for good: moved to the dead letters */
  dead: { id: string; code: string; statusCode?: number; why: string }[];
}

export interface OutboxStats {
  events: number;
  bytes: number;
  leased: number;
  dead: number;
  deadBytes: number;
  /** ms since the oldest waiting event was accepted, undefined when empty or when the clock ran backwards */
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
  events: number;
  corrupt: number;
  quarantined: string[];
  orphanPictures: number;
  tornTails: number;
}

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

export type OutboxErrorCode = 'OUTBOX_FULL' | 'OUTBOX_IO';

/** A durable queue of events: at least once, oldest due first, never two leases with one event id at the same time. */
export interface Outbox {
  /** Locks, replays, quarantines, sweeps. */
  open(): Promise<RecoveryReport>;
  /** Resolves only when every record is durable; rejects with an `OutboxError`. */
  append(records: OutboxRecord[]): Promise<void>;
  /**
   * The oldest due events of ONE use case, up to the given numbers (at least one event whatever its size), or undefined.
   * Strict order per event id: an event whose id has an older one waiting or leased is not handed out.
   * `newest` leases the youngest due events instead, so that live events pass a backlog.
   */
  lease(max: { events: number; bytes: number; newest?: boolean }): Lease | undefined;
  settle(lease: Lease, outcome: Settlement): Promise<void>;
  /** Durable note that a picture was uploaded, so that a retry does not upload it again. */
  markUploaded(id: string, role: 'output' | 'input', sourceId: string): Promise<void>;
  /** Ms of the monotonic clock when the next waiting event falls due; undefined when none waits. */
  nextDueAt(): number | undefined;
  stats(): OutboxStats;
  /** Called after each durable append, so that the sender can wake up. */
  onAppended(listener: () => void): void;
  deadLetters: {
    list(limit?: number): Promise<DeadLetter[]>;
    /** Puts them back into the queue; all when no ids are given. Returns how many. */
    retry(ids?: string[]): Promise<number>;
    discard(ids?: string[]): Promise<number>;
  };
  /** Idempotent. Flushes what was appended, gives the lock back; leases stay queued. */
  close(deadlineMs: number): Promise<void>;
}

export interface DeliveredEvent {
  eventId: string;
  statusCode: number;
  attempts: number;
  ageMs: number;
  warnings: EventWarning[];
}
