import { DAY, readQueryTime } from '../../src/api/query-time';
import { wrongInput } from '../shared/text-input';

/**
 * The time that a query starts or ends at, as ISO 8601 with Z: see `readQueryTime`. Undefined when the value is empty.
 *
 * @param now epoch milliseconds that relative times count from
 * @throws FlowError `EVENT_INVALID` when the value is no time
 */
export function queryTime(field: string, value: unknown, now: number): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const text = readQueryTime(value, now);
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
