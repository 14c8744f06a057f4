import { MAX_RETRY_AFTER_MS } from './limits';

/**
 * Reads a `Retry-After` header: seconds or an HTTP date. A date is measured against the server's own `Date` header when
 * there is one: the clock of an edge device may be wrong.
 * @returns ms from now, 0 to 15 min; undefined when the header is missing or makes no sense
 */
export function parseRetryAfter(value: unknown, serverDate: unknown, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^\d{1,12}(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000);
  // Only what looks like a date: Date.parse makes a year of nearly anything.
  if (!/^[A-Za-z]{3,9},? .*\d{2}:\d{2}/.test(text)) return undefined;
  const until = Date.parse(text);
  if (Number.isNaN(until)) return undefined;
  const serverNow = typeof serverDate === 'string' ? Date.parse(serverDate) : NaN;
  return bounded(until - (Number.isNaN(serverNow) ? nowMs : serverNow));
}

function bounded(ms: number): number {
  return Math.min(Math.max(0, Math.round(ms)), MAX_RETRY_AFTER_MS);
}
