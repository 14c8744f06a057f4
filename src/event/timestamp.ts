/** Reading and writing the time of an event. The API takes ISO 8601 text; we always write it in UTC, with Z. */

const ISO_TIMESTAMP =
  /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** `Thu, 15 Jan 2026 10:30:00 GMT`, as HTTP headers and mail have it (RFC 1123), with a zone in any case. */
const RFC_1123 =
  /^(?:(?:mon|tue|wed|thu|fri|sat|sun), )?(\d{1,2}) (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) (\d{4}) \d{2}:\d{2}(?::\d{2})? (?:gmt|utc?|z|[+-]\d{4})$/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * The unit of an epoch by its size: each holds from its number on. That number is March 1973 in its own unit and the
 * year 5138 in the unit before, so no time that the API accepts can be mistaken.
 */
const EPOCH_UNITS = [
  { unit: 'nanoseconds', from: 1e17, toMilliseconds: nanosecondsToMilliseconds },
  { unit: 'microseconds', from: 1e14, toMilliseconds: (epoch: number) => epoch / 1e3 },
  { unit: 'milliseconds', from: 1e11, toMilliseconds: (epoch: number) => epoch },
  { unit: 'seconds', from: 0, toMilliseconds: (epoch: number) => epoch * 1000 },
] as const;

/** As a number an epoch in nanoseconds is exact to 256 of them only, which must not cost a millisecond. */
function nanosecondsToMilliseconds(epoch: number): number {
  return Math.floor(Math.round(epoch / 1e3) / 1e3);
}

const EPOCH_DIGITS = /^\d{9,19}(?:\.\d+)?$/;

/**
 * The moment of an ISO 8601 text in epoch milliseconds, or undefined when it is not one. Without a zone it is read as
 * the device's local time.
 */
export function parseIsoTimestamp(text: string): number | undefined {
  if (!ISO_TIMESTAMP.test(text) || !isDayOfCalendar(text)) return undefined;
  const moment = Date.parse(inPlainIso(text));
  return Number.isNaN(moment) ? undefined : moment;
}

/** Date.parse takes 30 February for 2 March. */
function isDayOfCalendar(text: string): boolean {
  return isDayOfMonth(Number(text.slice(8, 10)), Number(text.slice(5, 7)), Number(text.slice(0, 4)));
}

function isDayOfMonth(day: number, month: number, year: number): boolean {
  return day <= 28 || new Date(Date.UTC(year, month, 0)).getUTCDate() >= day;
}

function parseRfc1123(text: string): number | undefined {
  const [, day, month, year] = RFC_1123.exec(text) ?? [];
  if (!month || !isDayOfMonth(Number(day), MONTHS.indexOf(month.toLowerCase()) + 1, Number(year)))
    return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}

/** Date.parse reads neither the decimal comma nor the short zones that ISO 8601 allows. */
function inPlainIso(text: string): string {
  const withPoint = text.includes(',') ? text.replace(',', '.') : text;
  if (text.endsWith('Z')) return withPoint;
  return withPoint.replace(/(T.*[+-]\d{2})$/, '$1:00').replace(/(T.*[+-]\d{2})(\d{2})$/, '$1:$2');
}

export function isIsoTimestamp(text: string): boolean {
  return parseIsoTimestamp(text) !== undefined;
}

/**
 * Writes a moment as ISO 8601 with Z: from ISO 8601 text (also with a space in place of the T), RFC 1123 text, a Date,
 * an epoch in seconds, milliseconds, microseconds or nanoseconds (a number or its digits). Undefined when the value is
 * none of them.
 */
export function toIsoTimestamp(value: unknown): string | undefined {
  const moment = momentOf(value);
  if (moment === undefined) return undefined;
  const date = new Date(moment);
  // toISOString throws for an invalid date and writes years outside 0000-9999 in a form that other readers refuse.
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString() : undefined;
}

/** The form of a time that few senders use, for reports: what was taken for what must be seen. */
export function unusualTimeForm(value: unknown): 'rfc-1123' | 'microseconds' | 'nanoseconds' | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  if (RFC_1123.test(text)) return 'rfc-1123';
  const epoch = EPOCH_DIGITS.test(text) ? Number(text) : value;
  if (typeof epoch !== 'number' || toIsoTimestamp(epoch) === undefined) return undefined;
  const { unit } = unitOfEpoch(epoch);
  return unit === 'microseconds' || unit === 'nanoseconds' ? unit : undefined;
}

/** Also for a Date made in a function node: it comes from another realm, where `instanceof` says no. */
export function isDate(value: unknown): value is Date {
  if (typeof value !== 'object') return false;
  try {
    Date.prototype.getTime.call(value);
    return true;
  } catch {
    return false;
  }
}

function momentOf(value: unknown): number | undefined {
  if (isDate(value)) return Date.prototype.getTime.call(value);
  if (typeof value === 'number') return epochToMilliseconds(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (EPOCH_DIGITS.test(text)) return epochToMilliseconds(Number(text));
  return parseRfc1123(text) ?? parseIsoTimestamp(text.replace(/^(\d{4}-\d{2}-\d{2}) +(?=\d)/, '$1T'));
}

function epochToMilliseconds(epoch: number): number {
  return unitOfEpoch(epoch).toMilliseconds(epoch);
}

function unitOfEpoch(epoch: number) {
  return EPOCH_UNITS.find(({ from }) => Math.abs(epoch) >= from) ?? EPOCH_UNITS[3];
}
