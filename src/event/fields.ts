/** Reading unknown values as objects with fields, as JSON sees them. */
export type Fields = Record<string, unknown>;

/** Whether JSON writes it as an object. What brings its own `toJSON`, such as a Date, becomes something else. */
export function isObject(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return typeof (value as Fields).toJSON !== 'function';
}

/** A field as JSON sees it: inherited ones are none. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
