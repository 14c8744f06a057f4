import { isObject } from '../json-object';

/** What a value is, in few words and without its contents: they may be personal, or a picture. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    const [first] = value as unknown[];
    return value.length === 0
      ? 'an empty list'
      : `a list of ${value.length}, the first is ${isObject(first) ? describe(first) : nameOfType(first)}`;
  }
  if (!isObject(value)) return nameOfType(value);
  const keys = Object.keys(value);
  const shown = keys.slice(0, 12).map((key) => short(key, 30));
  if (keys.length === 0) return 'an empty object';
  const called = keys.length === 1 ? 'the property' : 'the properties';
  return `an object with ${called} ${shown.join(', ')}${keys.length > shown.length ? ', …' : ''}`;
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** A text cut to a length, for messages. */
export function short(text: string, length = 120): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
