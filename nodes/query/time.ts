import { toIsoTimestamp } from '../../src/event/timestamp';
import { wrongInput } from '../shared/text-input';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MS_PER_UNIT: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

const RELATIVE = /^-(\d+(?:\.\d+)?) ?([smhdw])$/;

/**
 * The time that a query starts or ends at, as ISO 8601 with Z: from ISO 8601 text, a Date, an epoch in milliseconds or seconds,
 * or a time before now such as `-30m`, `-1h`, `-7d` (s, m, h, d, w). Undefined when the value is empty.
 *
 * @param now epoch milliseconds that relative times count from
 * @throws FlowError `EVENT_INVALID` when the value is none of these
 */
export function queryTime(field: string, value: unknown, now: number): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const relative = typeof value === 'string' ? RELATIVE.exec(value.trim()) : null;
  const moment = relative ? now - Number(relative[1]) * (MS_PER_UNIT[relative[2]!] ?? NaN) : value;
  const text = toIsoTimestamp(moment);
  if (text !== undefined) return text;
  throw wrongInput(
    field,
    `The field "${field}" holds no time. Use ISO 8601 (2026-11-23T06:00:00Z), a Date, epoch milliseconds, ` +
      'or a time before now such as -30m, -1h or -7d.',
  );
}

/** The oldest moment, in epoch milliseconds, that a workspace with so many days of look-back answers for. */
export function lookbackStart(lookbackDays: number, now: number): number {
  return now - lookbackDays * DAY;
}
