/**
 * Every number that is a limit or a policy of the REST client, in one place. Milliseconds and bytes unless a name says
 * otherwise.
 */

/** Whole request, from its start to the last byte of the reply; Roboflow's own workflow block waits as long. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Node.js turns longer timers into timers of 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Connections one workspace holds open at most. */
export const MAX_CONNECTIONS = 8;

/** Requests that may wait for a connection; the next one fails with `BUSY`. */
export const MAX_WAITING = 1_000;

/**
 * An idle connection is closed after this time. Routers and firewalls forget idle connections without a word, and a
 * request written into such a connection would hang until its deadline.
 */
export const IDLE_CONNECTION_MS = 15_000;

export const MAX_REPLY_BYTES = 1024 * 1024;

/** A page of events with many detections is larger than any other reply: a thousand events of 16 KiB. */
export const MAX_QUERY_REPLY_BYTES = 16 * 1024 * 1024;

/** Levels of a reply that are read; an event with all it can hold has seven. */
export const MAX_REPLY_DEPTH = 32;

/** Warnings, and deprecations, that are taken over from one reply; the true number of warnings is counted beside. */
export const MAX_REPLY_WARNINGS = 1_000;

/** What is kept of a warning's value and of a deprecation: characters of JSON text, and levels. */
export const MAX_NOTED_LENGTH = 1024;
export const MAX_NOTED_DEPTH = 4;

/** Longest `Retry-After` that is obeyed. */
export const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** The slowest link an upload must still get through: its deadline grows by a second for every so many bytes. */
export const UPLOAD_BYTES_PER_SECOND = 32 * 1024;
export const MAX_UPLOAD_TIMEOUT_MS = 300_000;

/** "Upload a Vision Event Bundle": limit of the raw (compressed) body; exactly this many bytes still pass. */
export const MAX_BUNDLE_BYTES = 25 * 1024 * 1024;

/** "Batch Create Vision Events" */
export const MAX_BATCH_EVENTS = 100;

/** "Delete Events" */
export const MAX_DELETE_IDS = 1_000;

/** An uploaded picture's `sourceId` is used again for the same bytes within this time. */
export const UPLOAD_REUSE_MINUTES = 10;
export const MAX_REMEMBERED_UPLOADS = 1_000;

/** Characters of the server's own text that are taken over into an error message. */
export const MAX_SERVER_TEXT = 300;

/** Entries of the server's list of errors that are read for it. */
export const MAX_SERVER_ERRORS = 20;

/** "Create a Use Case": 1 to 256 characters, trimmed. */
export const MAX_USE_CASE_NAME_LENGTH = 256;
