import { debuglog } from 'node:util';

/**
 * For maintainers: `NODE_DEBUG=vision-events` writes the life of each request and each lease to standard error. Never a
 * key, a header or an event. Ask `debug.enabled` before a text is made: most of the time nobody listens.
 */
export const debug = debuglog('vision-events');
