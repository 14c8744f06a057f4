import { ApiError } from './errors';

export { isObject, type JsonObject } from '../json-object';

/** A list as it is, nothing as an empty one, a single thing as a list of one. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** The JSON text of a value; a text is taken as JSON already. @throws ApiError `REJECTED` for a value that has none */
export function jsonText(value: object | string): string {
  if (typeof value === 'string') return value;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // it contains itself, or a value such as a BigInt
  }
  if (text === undefined) {
    throw new ApiError(
      'REJECTED',
      'This cannot be written as JSON: it is nothing, contains itself, or holds a BigInt.',
    );
  }
  return text;
}
