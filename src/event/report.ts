import { isDate } from './timestamp';
import { MAX_REPORTED_DEPTH, MAX_REPORTED_ENTRIES, MAX_REPORTED_TEXT_LENGTH } from './limits';

/**
 * A value fit for a report: a copy that is small and safe to serialise, whatever the value is. Long texts and lists are
 * cut and say so, deep objects are cut, cycles end, what cannot be read or written as JSON is described.
 */
export function shorten(value: unknown, depth = MAX_REPORTED_DEPTH): unknown {
  switch (typeof value) {
    case 'string':
      return shortenText(value);
    case 'bigint':
    case 'symbol':
    case 'function':
      return `[${typeof value}]`;
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : shortenObject(value, depth);
    default:
      return value;
  }
}

/** Cuts a text for a report and says how long it was. */
export function shortenText(text: string): string {
  if (text.length <= MAX_REPORTED_TEXT_LENGTH) return text;
  return `${cutText(text, MAX_REPORTED_TEXT_LENGTH)}… (${text.length} characters)`;
}

/** The first characters of a text, never half of one that takes two UTF-16 units. */
export function cutText(text: string, length: number): string {
  const cut = text.slice(0, length);
  return /[\uD800-\uDBFF]$/.test(cut) && text.length > length ? cut.slice(0, -1) : cut;
}

function shortenObject(value: object, depth: number): unknown {
  try {
    if (Array.isArray(value)) return shortenList(value, depth);
    if (isDate(value)) return String(value);
    if (depth === 0) return '{…}';
    return shortenFields(value as Record<string, unknown>, depth);
  } catch {
    // A getter or a proxy that throws.
    return '[unreadable]';
  }
}

function shortenList(list: unknown[], depth: number): unknown {
  if (depth === 0) return `[${list.length} entries]`;
  const shown = list.slice(0, MAX_REPORTED_ENTRIES).map((entry) => shorten(entry, depth - 1));
  if (list.length > shown.length) shown.push(`… (${list.length} entries)`);
  return shown;
}

function shortenFields(value: Record<string, unknown>, depth: number): unknown {
  const shown: [string, unknown][] = [];
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue;
    if (shown.length === MAX_REPORTED_ENTRIES) {
      shown.push(['…', 'more']);
      break;
    }
    shown.push([shortenText(name), shorten(value[name], depth - 1)]);
  }
  // fromEntries defines the fields, so that one called `__proto__` stays a field.
  return Object.fromEntries(shown);
}
