/** The times that a query starts and ends at, as people write them. */
import { toIsoTimestamp } from '../event/timestamp';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const MS_PER_UNIT: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

const RELATIVE = /^-(\d+(?:\.\d+)?) ?([smhdw])$/;

/**
 * The time of a query as ISO 8601 with Z: from ISO 8601 text, a Date, an epoch in milliseconds or seconds, or a time
 * before now such as `-30m`, `-1h`, `-7d` (s, m, h, d, w). Undefined when the value is none of these.
 *
 * @param now epoch milliseconds that relative times count from
 */
export function readQueryTime(value: unknown, now: number): string | undefined {
  const relative = typeof value === 'string' ? RELATIVE.exec(value.trim()) : null;
  return toIsoTimestamp(relative ? now - Number(relative[1]) * (MS_PER_UNIT[relative[2]!] ?? NaN) : value);
}
