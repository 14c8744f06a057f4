import { isObject } from '../json-object';
import { isList, isText, own } from './values';

/** One step of a path: into a key, to a position, or to all elements (`[]`) or values (`*`). */
export type PathStep = { key: string } | { index: number } | { each: 'element' | 'value' };

/** Names through which JavaScript objects can be bent; no detector uses them. */
const REFUSED_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

const NAME = /[^.[\]]+/y;
const NAME_AFTER_DOT = /\.([^.[\]]+)/y;
/** `[3]`, `[]`, and a key in quotes, which may hold anything else: `["a.b"]`, `['a.b']`. */
const BRACKETS = /\[(?:(\d*)|"([^"]*)"|'([^']*)')\]/y;

/**
 * Reads a path such as `a.b`, `a[0].b`, `[].results[]`, `predictions.*` or `a["key.with.dots"]`; the empty path is the
 * value itself.
 *
 * @returns the steps, or a sentence that says what is wrong
 */
export function parsePath(path: string): PathStep[] | string {
  const steps: PathStep[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(path);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (at < path.length) {
    const isFirst = at === 0;
    const brackets = take(BRACKETS);
    const name = brackets
      ? (brackets[2] ?? brackets[3])
      : isFirst
        ? take(NAME)?.[0]
        : take(NAME_AFTER_DOT)?.[1];
    if (name === undefined && !brackets) return `"${path}" is not a path`;
    if (name === undefined) steps.push(brackets?.[1] ? { index: Number(brackets[1]) } : { each: 'element' });
    else if (REFUSED_NAMES.has(name)) return `"${name}" may not stand in a path`;
    else steps.push(name === '*' && !brackets ? { each: 'value' } : { key: name });
  }
  return steps;
}

/** Follows a path without `[]` and `*`; undefined when a part is missing. */
export function follow(value: unknown, steps: readonly PathStep[]): unknown {
  let current = value;
  for (const step of steps) {
    if ('each' in step) return undefined;
    current = own(current, 'key' in step ? step.key : step.index);
    if (current === undefined) return undefined;
  }
  return current;
}

export interface FoundRows {
  rows: readonly unknown[];
  /** for each row the key of the last `*`, where the path has one */
  keys?: readonly string[];
  /** what the row at a position lies in, from the element of the list around it out to the payload */
  outerOf: (index: number) => readonly unknown[];
  /** values on the way that lack the rest of the path */
  without?: readonly unknown[];
}

/**
 * The rows at a list path. An object where a list stands is a list of one. A text on the way, or in place of a row,
 * that holds a JSON list or object is read as such.
 *
 * @param skippedKeys keys that `*` does not take
 * @returns undefined when there is no list at the path, also when no element on the way has the rest of the path
 */
export function findRows(
  payload: unknown,
  steps: readonly PathStep[],
  skippedKeys: readonly string[] = [],
): FoundRows | undefined {
  const firstEach = steps.findIndex((step) => 'each' in step);
  const base = followOpened(payload, firstEach < 0 ? steps : steps.slice(0, firstEach));
  if (typeof base !== 'object' || base === null) return undefined;
  if (firstEach >= 0)
    return findDeepRows({ value: base, element: payload, outer: [] }, steps.slice(firstEach), skippedKeys);
  const rows: readonly unknown[] = isList(base) ? base : [base];
  return { rows: rows.some(isText) ? rows.map(opened) : rows, outerOf: () => [payload] };
}

/** A value on the way to the rows. */
interface Place {
  value: unknown;
  /** the element of the innermost list on the way so far */
  element: unknown;
  /** what that element lies in */
  outer: readonly unknown[];
  key?: string;
}

function findDeepRows(
  base: Place,
  steps: readonly PathStep[],
  skippedKeys: readonly string[],
): FoundRows | undefined {
  let places = [base];
  const without: unknown[] = [];
  for (const step of steps) {
    const next: Place[] = [];
    for (const place of places) {
      const found = enter(place, step, skippedKeys);
      if (!found) without.push(place.value);
      else for (const inner of found) next.push(inner);
    }
    places = next;
  }
  if (places.length === 0 && without.length > 0) return undefined;
  const hasKeys = steps.some((step) => 'each' in step && step.each === 'value');
  return {
    rows: places.map(({ value }) => opened(value)),
    keys: hasKeys ? places.map(({ key }) => key ?? '') : undefined,
    outerOf: (index) => {
      const { value, element, outer } = places[index] ?? base;
      return value === element ? outer : [element, ...outer];
    },
    without,
  };
}

/** The places that a step leads to; undefined when it leads nowhere. */
function enter(place: Place, step: PathStep, skippedKeys: readonly string[]): Place[] | undefined {
  const value = opened(place.value);
  if (!('each' in step)) {
    const inner = follow(value, [step]);
    return inner === undefined ? undefined : [{ ...place, value: inner }];
  }
  const outer = [place.element, ...place.outer];
  const element = (inner: unknown, key = place.key): Place => ({ value: inner, element: inner, outer, key });
  if (step.each === 'element') {
    if (isList(value)) return value.map((inner: unknown) => element(inner));
    return isObject(value) ? [{ ...place, value }] : undefined;
  }
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).filter(([key]) => !skippedKeys.includes(key));
  return entries.map(([key, inner]) => element(inner, key));
}

function followOpened(value: unknown, steps: readonly PathStep[]): unknown {
  let current = opened(value);
  for (const step of steps) current = opened(follow(current, [step]));
  return current;
}

/** Some detectors print each row, or each picture's list, as JSON text of its own. Any other text stays what it is. */
function opened(value: unknown): unknown {
  if (!isText(value) || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
