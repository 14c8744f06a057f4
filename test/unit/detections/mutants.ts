/**
 * Payloads with one thing wrong: what a detector sends after an update, a broken proxy or a wrongly chosen property.
 */

export interface Mutant {
  /** what was done */
  what: 'rename' | 'drop' | 'wrap' | 'unwrap' | 'null' | 'error body' | 'other payload';
  /** where, as keys and positions joined by dots */
  path: string;
  payload: unknown;
  /** what stands at the path now, in words */
  now: string;
}

/** What servers answer instead of detections. */
export const ERROR_BODIES: readonly unknown[] = [
  { error: 'quota exceeded' },
  { error: { code: 429, message: 'quota exceeded', status: 'RESOURCE_EXHAUSTED' } },
  { success: false, message: 'quota exceeded' },
  { message: 'quota exceeded', code: 'E42' },
  { detail: 'quota exceeded', status: 429 },
  { type: 'about:blank', title: 'quota exceeded', status: 429, instance: '/v1' },
  'quota exceeded',
];

/** Names under which something else could stand: far from every format, and other spellings of the same. */
function otherNames(key: string): string[] {
  const snake = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  const camel = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const capital = key.charAt(0).toUpperCase() + key.slice(1);
  return [...new Set([`${key}2`, snake, camel, capital])].filter((name) => name !== key);
}

/** Every mutant of a payload, but for another payload in its place. */
export function* mutantsOf(payload: unknown): Generator<Mutant> {
  for (const { what, now, value } of replacementsOf(payload)) yield { what, path: '', payload: value, now };
  yield* mutantsInside(payload, '', (changed) => changed);
}

function* mutantsInside(
  value: unknown,
  path: string,
  putBack: (changed: unknown) => unknown,
): Generator<Mutant> {
  if (Array.isArray(value)) yield* mutantsOfList(value, path, putBack);
  else if (typeof value === 'object' && value !== null)
    yield* mutantsOfObject(value as Record<string, unknown>, path, putBack);
}

function* mutantsOfList(
  list: readonly unknown[],
  path: string,
  putBack: (changed: unknown) => unknown,
): Generator<Mutant> {
  for (const [index, element] of list.entries()) {
    const at = path === '' ? String(index) : `${path}.${index}`;
    const put = (changed: unknown) => putBack(replaced(list, index, changed));
    yield { what: 'drop', path: at, payload: putBack(without(list, index)), now: 'nothing' };
    for (const { what, now, value } of replacementsOf(element))
      yield { what, path: at, payload: put(value), now };
    yield* mutantsInside(element, at, put);
  }
}

function* mutantsOfObject(
  object: Readonly<Record<string, unknown>>,
  path: string,
  putBack: (changed: unknown) => unknown,
): Generator<Mutant> {
  const entries = Object.entries(object);
  for (const [index, [key, value]] of entries.entries()) {
    const at = path === '' ? key : `${path}.${key}`;
    const put = (changed: unknown) => putBack({ ...object, [key]: changed });
    for (const name of otherNames(key)) {
      const renamed = Object.fromEntries(replaced(entries, index, [name, value]));
      yield { what: 'rename', path: at, payload: putBack(renamed), now: name };
    }
    yield {
      what: 'drop',
      path: at,
      payload: putBack(Object.fromEntries(without(entries, index))),
      now: 'nothing',
    };
    for (const { what, now, value: other } of replacementsOf(value))
      yield { what, path: at, payload: put(other), now };
    yield* mutantsInside(value, at, put);
  }
}

function* replacementsOf(value: unknown): Generator<{ what: Mutant['what']; now: string; value: unknown }> {
  yield { what: 'null', now: 'null', value: null };
  yield { what: 'wrap', now: 'in a list', value: [value] };
  yield { what: 'wrap', now: 'in an object', value: { value } };
  yield { what: 'wrap', now: 'in an object of data', value: { data: value } };
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value).slice(0, 3))
      yield { what: 'unwrap', now: `only its ${key}`, value: inner };
    yield { what: 'unwrap', now: 'only its values', value: Object.values(value) };
  }
  for (const [index, body] of ERROR_BODIES.entries())
    yield { what: 'error body', now: `error body ${index}`, value: body };
}

function replaced<Element>(list: readonly Element[], index: number, by: Element): Element[] {
  return list.map((element, at) => (at === index ? by : element));
}

function without<Element>(list: readonly Element[], index: number): Element[] {
  return list.filter((_, at) => at !== index);
}
