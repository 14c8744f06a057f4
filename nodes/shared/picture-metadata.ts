import { repair } from '../../src/event/repair';
import type { Repaired, MetadataValue } from '../../src/event/types';
import { validate } from '../../src/event/validate';
import { PictureError } from '../../src/images/picture';

/** A row of own values, evaluated. */
export interface MetadataValueRow {
  key: string;
  value: unknown;
}

/**
 * Rows over the values of an object. What is empty is left out, as of an event's own values.
 *
 * @param subject where the object comes from, as the error text begins
 * @throws PictureError when it is not an object
 */
export function mergedMetadata(
  rows: readonly MetadataValueRow[],
  base: unknown,
  subject: string,
): Record<string, unknown> {
  if (base !== undefined && (typeof base !== 'object' || base === null || Array.isArray(base))) {
    throw new PictureError(`${subject} must give an object of names and values.`);
  }
  const isFilled = (value: unknown) => value !== undefined && value !== null && value !== '';
  const values = new Map(Object.entries(base ?? {}).filter(([, value]) => isFilled(value)));
  for (const { key, value } of rows) if (isFilled(value)) values.set(key, value);
  return Object.fromEntries(values);
}

/**
 * The metadata of a picture, undefined when there is none. Its rules are those of an event's custom metadata ("Upload a
 * Vision Event Image"); a wrong value would fail the upload, so it is found here.
 *
 * @throws PictureError
 */
export function checkedMetadata(values: Record<string, unknown>): Record<string, MetadataValue> | undefined {
  if (Object.keys(values).length === 0) return undefined;
  const isAboutMetadata = ({ path }: { path: string }) => path.startsWith(METADATA);
  const error = validate({ [METADATA]: values }, Date.now()).warnings.find(isAboutMetadata);
  if (!error) return values as Record<string, MetadataValue>;
  const key = keyOf(error.path);
  throw new PictureError(
    `The metadata of the picture breaks the API's rule ${error.type}${key ? ` in "${key}"` : ''}. ` +
      'Names: letters, digits, spaces, _ and -, at most 100 characters. Values: text, numbers or booleans; at most 100 of them.',
  );
}

/**
 * What can be repaired of a picture's metadata, repaired as an event's custom metadata is. Paths begin with
 * `pictureMetadata`.
 */
export function repairedMetadata(values: Record<string, unknown>): {
  values: Record<string, unknown>;
  repaired: Repaired[];
} {
  const { event, repaired } = repair({ [METADATA]: values });
  return {
    values: event[METADATA],
    repaired: repaired.map((one) => ({ ...one, path: `pictureMetadata.${keyOf(one.path)}` })),
  };
}

const METADATA = 'customMetadata';

const keyOf = (path: string) => path.slice(METADATA.length + 1);
