/**
 * What a sender and an outbox do unless they are told otherwise. The dialog of the workspace begins with the same, so
 * this file is nothing but numbers: the editor loads it, and Node-RED at every start.
 */
import { MAX_BATCH_EVENTS } from '../api/limits';

/** events in one request */
export const DEFAULT_BATCH_SIZE = MAX_BATCH_EVENTS;
/** an event waits at most so long for others to share its request */
export const DEFAULT_LINGER_MS = 1000;

/** what an outbox holds */
export const DEFAULT_MAX_EVENTS = 100_000;
export const DEFAULT_MAX_MEGABYTES = 1024;
