/**
 * The limits and policies of the outbox on disk, in one place. docs/store-and-forward.md explains them to operators.
 */

import { DEFAULT_MAX_MEGABYTES } from '../defaults';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * A chunk is at most one API batch (docs of "Create Vision Events in batch"): a delivered batch is a deleted file, for
 * which a full disk has room.
 */
export const CHUNK_MAX_EVENTS = 100;
export const CHUNK_MAX_BODY_BYTES = MIB;

/** Empty lines written ahead: overwriting them spares the file system a change of the file's size at each flush. */
export const CHUNK_PADDING_BYTES = 16 * KIB;

/** When wall clock and monotonic clock moved apart by more than this, the wall clock was set, or the machine slept. */
export const CLOCK_SET_MS = 2_000;

/** An open chunk that was not written to for this long is sealed before the next write, which goes into a new one. */
export const OPEN_CHUNK_IDLE_MS = 60_000;
/**
 * What another process may just be beginning, should the lock have failed, is left alone at a start: a chunk that may
 * still grow and a picture that no line names, when they were touched less than this ago. Far more than
 * `OPEN_CHUNK_IDLE_MS` and the longest write, so that nobody writes to what is older. They go at the first start after
 * that.
 */
export const LEFT_ALONE_MS = 10 * 60_000;

/** A lease looks at no more chunks than this behind its first event, so that it stays cheap whatever the backlog. */
export const LEASE_MAX_CHUNKS = 16;

export const DEFAULT_MAX_BYTES = DEFAULT_MAX_MEGABYTES * MIB;

/** The free-space floor: 64 MiB or 5 % of the disk, whichever is more, but never more than 1 GiB. */
export const FREE_SPACE_FLOOR_BYTES = 64 * MIB;
export const FREE_SPACE_FLOOR_SHARE = 0.05;
export const FREE_SPACE_FLOOR_MOST_BYTES = 1024 * MIB;
/** Free space is asked for again after so much time or so many bytes. */
export const FREE_SPACE_CHECK_MS = 2_000;
export const FREE_SPACE_CHECK_BYTES = 4 * MIB;

/** Kept in reserve, so that "these are done" can still be written to a full disk. */
export const BALLAST_BYTES = 4 * MIB;

/** An event whose picture was given up waits this long when the disk does not take that. */
export const UNWRITTEN_SHED_RETRY_MS = 5_000;

export const DEAD_MAX_BYTES = 256 * MIB;
/** A refused event that cannot be put with the dead letters waits this long before it is tried again. */
export const DEAD_RETRY_MS = 15 * 60_000;

/** An operator hears of a filling outbox at these percentages; again only after it fell ten points below. */
export const FILL_NOTICE_PERCENTS = [70, 90] as const;
export const FILL_NOTICE_HYSTERESIS_PERCENT = 10;

/** How long `open` waits for another owner of the folder to let go (a redeploy overlaps with the old flow). */
export const LOCK_WAIT_MS = 18_000;
export const LOCK_POLL_MS = 250;
/** An owner that does not prove itself in this time may be another program at its socket's address. */
export const LOCK_ANSWER_MS = 1_000;
/** Heartbeat for owners that share the folder but not the kernel (containers on one volume). */
export const HEARTBEAT_MS = 5_000;
export const HEARTBEAT_STALE_MS = 15_000;

/** So many pictures are written at the same time; more would only queue up in front of one disk. */
export const PICTURE_WRITES_AT_ONCE = 4;

/** How often a clock that may be wrong is looked at while events wait whose time depends on it. */
export const CLOCK_LOOK_MS = 10_000;

// ----- the outbox in PostgreSQL

/** A worker tells the database this often that it lives, and that it still has its leases. */
export const LEASE_BEAT_MS = 5_000;
/** What a request that nobody hears of any more may take to land. Younger versions of its event wait so long. */
export const LATE_LANDING_MS = 30_000;
/** A lease lives so many heartbeats longer than a request and its late landing take together. */
export const LEASE_SPARE_BEATS = 3;
/** The totals of the queue are asked for this often; other workers change them. */
export const TOTALS_REFRESH_MS = 1_000;
/** A statement that takes longer is given up with its connection; pictures are allowed more. */
export const STATEMENT_MS = 4_000;
export const PICTURE_BYTES_PER_MS = 1_000;
/** An append is repeated for so long while the database does not answer. */
export const APPEND_REPEAT_MS = 5_000;
export const REPEAT_WAIT_MS = 250;
/** One transaction takes the appends of one moment, up to these. */
export const GROUP_MAX_EVENTS = 500;
export const GROUP_MAX_BYTES = 16 * MIB;
/** An append whose answer was lost is known for so long; one that was spilled, and moved, for longer. */
export const STORED_KEY_MS = 6 * 60 * 60_000;
export const MOVED_KEY_MS = 30 * 24 * 60 * 60_000;
export const PRUNE_MS = 10 * 60_000;
/** A picture is read in slices, so that a large one does not fill the memory twice. */
export const PICTURE_SLICE_BYTES = MIB;
/** One for the appends, two for the rest. */
export const CONNECTIONS_PER_WORKER = 3;
/** While the database is away, it is tried again this often. */
export const SPILL_REOPEN_MS = 5_000;

/**
 * An outbox folder below the one to adopt from is abandoned when its lock is free and nothing was written to it for so
 * long.
 */
export const ADOPT_AFTER_MS = 5 * 60_000;
/** Abandoned folders are looked for this often. */
export const ADOPT_LOOK_MS = 60_000;
