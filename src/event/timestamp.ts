/** Reading and writing the time of an event. The API takes ISO 8601 text; we always write it in UTC, with Z. */

const ISO_TIMESTAMP =
  /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * Numbers below it are seconds, numbers from it on are milliseconds. As milliseconds it is March 1973, as seconds the year 5138: no time
 * that the API accepts can be mistaken.
 */
const SMALLEST_MILLISECONDS = 1e11;

/** The moment of an ISO 8601 text in epoch milliseconds, or undefined when it is not one. Without a zone it is read as the device's local time. */
export function parseIsoTimestamp(text: string): number | undefined {
  if (!ISO_TIMESTAMP.test(text) || !isDayOfCalendar(text)) return undefined;
  const moment = Date.parse(inPlainIso(text));
  return Number.isNaN(moment) ? undefined : moment;
}

/** Date.parse takes 30 February for 2 March. */
function isDayOfCalendar(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return (
    day <= 28 || new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate() >= day
  );
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
 * Writes a moment as ISO 8601 with Z: from ISO 8601 text (also with a space in place of the T), a Date, an epoch in milliseconds or seconds
 * (a number or its digits). Undefined when the value is none of them.
 */
export function toIsoTimestamp(value: unknown): string | undefined {
  const moment = momentOf(value);
  if (moment === undefined) return undefined;
  const date = new Date(moment);
  // toISOString throws for an invalid date and writes years outside 0000-9999 in a form that other readers refuse.
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString() : undefined;
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
  if (/^\d{9,14}(?:\.\d+)?$/.test(text)) return epochToMilliseconds(Number(text));
  return parseIsoTimestamp(text.replace(/^(\d{4}-\d{2}-\d{2}) +(?=\d)/, '$1T'));
}

function epochToMilliseconds(epoch: number): number {
  return Math.abs(epoch) < SMALLEST_MILLISECONDS ? epoch * 1000 : epoch;
}
