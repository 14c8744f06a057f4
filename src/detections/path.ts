import { isObject, own } from './values';

/** One step of a path: into a key, to a position, or to all elements (`[]`) or values (`*`). */
export type PathStep = { key: string } | { index: number } | { each: 'element' | 'value' };

/** Names through which JavaScript objects can be bent; no detector uses them. */
const REFUSED_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads a path such as `a.b`, `a[0].b`, `[].results[]` or `predictions.*`; the empty path is the value itself.
 *
 * @returns the steps, or a sentence that says what is wrong
 */
export function parsePath(path: string): PathStep[] | string {
  if (path === '') return [];
  const steps: PathStep[] = [];
  for (const [position, segment] of path.split('.').entries()) {
    const match = /^([^[\]]*)((?:\[\d*\])*)$/.exec(segment);
    const name = match?.[1] ?? '';
    const brackets = match?.[2] ?? '';
    if (!match || (name === '' && (brackets === '' || position > 0))) return `"${path}" is not a path`;
    if (REFUSED_NAMES.has(name)) return `"${name}" may not stand in a path`;
    if (name === '*') steps.push({ each: 'value' });
    else if (name !== '') steps.push({ key: name });
    for (const [, digits] of brackets.matchAll(/\[(\d*)\]/g)) {
      steps.push(digits ? { index: Number(digits) } : { each: 'element' });
    }
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
  /** values on the way that lack the rest of the path */
  without?: readonly unknown[];
}

/**
 * The rows at a list path. An object where a list stands is a list of one.
 *
 * @returns undefined when there is no list at the path, also when no element on the way has the rest of the path
 */
export function findRows(payload: unknown, steps: readonly PathStep[]): FoundRows | undefined {
  const firstEach = steps.findIndex((step) => 'each' in step);
  const base = follow(payload, firstEach < 0 ? steps : steps.slice(0, firstEach));
  if (firstEach < 0)
    return Array.isArray(base) ? { rows: base } : isObject(base) ? { rows: [base] } : undefined;
  if (typeof base !== 'object' || base === null) return undefined;

  let rows: unknown[] = [base];
  let keys: string[] | undefined;
  const without: unknown[] = [];
  for (const step of steps.slice(firstEach)) {
    const next: unknown[] = [];
    const nextKeys: string[] = [];
    rows.forEach((row, index) => {
      const found = children(row, step);
      if (!found) without.push(row);
      for (const [key, value] of found ?? []) {
        next.push(value);
        nextKeys.push(key ?? keys?.[index] ?? '');
      }
    });
    rows = next;
    if (keys || ('each' in step && step.each === 'value')) keys = nextKeys;
  }
  return rows.length === 0 && without.length > 0 ? undefined : { rows, keys, without };
}

/** What a step leads to, with the key of a `*`; undefined when it leads nowhere. */
function children(value: unknown, step: PathStep): [string | undefined, unknown][] | undefined {
  if (!('each' in step)) {
    const child = follow(value, [step]);
    return child === undefined ? undefined : [[undefined, child]];
  }
  if (step.each === 'value')
    return typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
  if (Array.isArray(value)) return value.map((element: unknown) => [undefined, element]);
  return isObject(value) ? [[undefined, value]] : undefined;
}
