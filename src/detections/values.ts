import { MAX_LIST_LENGTH } from '../event/long-lists';
import { isObject, type JsonObject } from '../json-object';
import { DetectionError } from './detection-error';

/** Reading values that somebody else made: own properties only, nothing assumed about their types. */
export type { JsonObject };

/**
 * A list short enough to be walked. No detector sends a longer one, but code can make one of 4,294,967,295 entries of
 * which none is there: whoever walks it holds everything else for minutes. So every list of a payload is asked for
 * here.
 *
 * @throws DetectionError `unknown-format` when it is too long
 */
export function isList(value: unknown): value is unknown[] {
  if (!Array.isArray(value)) return false;
  if (value.length > MAX_LIST_LENGTH) throw tooLong();
  return true;
}

function tooLong(): DetectionError {
  return new DetectionError(
    'unknown-format',
    `A list in the payload is too long: more than ${MAX_LIST_LENGTH.toLocaleString('en')} entries. Decode a raw tensor before this node, and hand over the detections only.`,
  );
}

export function has(value: unknown, key: string): value is JsonObject {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

/** The own property `key`, or undefined: an inherited one (`constructor`, a polluted prototype) does not count. */
export function own(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as JsonObject)[key]
    : undefined;
}

export function ownObject(value: unknown, key: string): JsonObject | undefined {
  const inner = own(value, key);
  return isObject(inner) ? inner : undefined;
}

export function ownArray(value: unknown, key: string): readonly unknown[] | undefined {
  const inner = own(value, key);
  return isList(inner) ? inner : undefined;
}

/**
 * The list under `key`; undefined when there is none. Whatever else stands there is a list of one, so that it is read
 * as a row or counted as one that could not be read, and never takes its place in silence.
 */
export function ownRows(value: unknown, key: string): readonly unknown[] | undefined {
  const inner = own(value, key);
  if (inner === undefined || inner === null) return undefined;
  return isList(inner) ? inner : [inner];
}

/** Text that says something: not empty, not only blanks. */
export function isText(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0) return false;
  return value.charCodeAt(0) > SPACE || value.trim() !== '';
}

/** Texts nearly always start with a visible character: then there is nothing to trim. */
const SPACE = 32;

/**
 * A finite number, from a number or from text (`"346.0"`: values that went through a template or a CSV file); else NaN.
 */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : NaN;
  if (typeof value !== 'string' || value.trim() === '') return NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : NaN;
}

/** An absent value: an empty text counts as absent, as CSV files have it; null is a value that is not a number. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}

/** A picture's size when both numbers are usable: above 0, at most 65535 pixels. */
export function toSize(width: unknown, height: unknown): { width: number; height: number } | undefined {
  const size = { width: toNumber(width), height: toNumber(height) };
  return isPixelCount(size.width) && isPixelCount(size.height) ? size : undefined;
}

/** JPEG and WebP end at 16 bits; beyond that a "size" is a mistake. */
const LARGEST_PICTURE_SIDE = 65535;

function isPixelCount(value: number): boolean {
  return value > 0 && value <= LARGEST_PICTURE_SIDE;
}

/** Every element passes, and there is at least one: a signature must hold for all rows, not for the first. */
export function everyRow(rows: unknown, test: (row: JsonObject) => boolean): boolean {
  if (!isList(rows) || rows.length === 0) return false;
  for (let index = 0; index < rows.length; index++) {
    const row: unknown = rows[index];
    if (!isObject(row) || !test(row)) return false;
  }
  return true;
}

/**
 * At least one element passes: enough where the envelope around the rows tells the format, so that an odd row costs no
 * other.
 */
export function someRow(rows: unknown, test: (row: JsonObject) => boolean): boolean {
  return isList(rows) && rows.some((row: unknown) => isObject(row) && test(row));
}

/** The object has that many keys: with the presence of each checked before, it has them and no other. */
export function hasKeyCount(row: JsonObject, count: number): boolean {
  let seen = 0;
  for (const _key in row) if (++seen > count) return false;
  return seen === count;
}

/** A list of texts that all pass; it may be empty. */
export function everyText(values: unknown, test: (text: string) => boolean): boolean {
  return isList(values) && values.every((value: unknown) => typeof value === 'string' && test(value));
}
