import { describe } from './describe';
import { DetectionError } from './detection-error';
import { ADAPTERS } from './formats';
import { refuseFailure } from './nothing-found';
import type { Adapter } from './reading';
import type { DetectionSettings } from './types';
import { isObject } from '../json-object';
import { isList } from './values';
import type { JsonObject } from './values';

/** Rows beyond these are not looked at to explain why nothing matched; recognition itself looks at all. */
const ROWS_TO_EXPLAIN = 200;

/**
 * The one format whose signature the payload has, or `any-empty` for an empty list that any detector could have sent.
 *
 * @throws DetectionError `ambiguous-format`, `error-payload`, `detector-reported-error`, `unknown-format`
 */
export function recognise(payload: unknown, settings?: DetectionSettings): Adapter | 'any-empty' {
  if (isEmptyList(payload)) return 'any-empty';
  const hits = matching(payload, settings);
  const [only] = hits;
  if (only && hits.length === 1) return only;
  if (hits.length > 1) {
    const names = hits.map(({ id }) => id);
    throw new DetectionError(
      'ambiguous-format',
      `Choose one under "Format" (format): the payload fits several formats: ${names.join(', ')}.`,
      names,
    );
  }
  throw whyNothingMatched(payload);
}

const WITH_ANY_KEY = ADAPTERS.filter(({ keys }) => keys === 'any');
const BY_KEY = new Map<string, Adapter[]>();
for (const adapter of ADAPTERS) {
  if (adapter.keys === 'any') continue;
  for (const key of adapter.keys) BY_KEY.set(key, [...(BY_KEY.get(key) ?? []), adapter]);
}

/**
 * Every format whose signature the payload has. Only those are looked at that share a key with it, or with its first
 * row.
 */
function matching(payload: unknown, settings?: DetectionSettings): Adapter[] {
  const hits: Adapter[] = [];
  for (const adapter of WITH_ANY_KEY) if (adapter.matches(payload, settings)) hits.push(adapter);
  const keyed = isList(payload) ? payload[0] : payload;
  if (!isObject(keyed)) return hits;
  const looked: Adapter[] = [];
  for (const key in keyed) {
    const sharing = BY_KEY.get(key);
    if (!sharing) continue;
    for (const adapter of sharing) {
      if (looked.includes(adapter)) continue;
      looked.push(adapter);
      if (adapter.matches(payload, settings)) hits.push(adapter);
    }
  }
  return hits;
}

/** `[]`, or `{detections: []}` with nothing beside but numbers, such as a sequence number. */
function isEmptyList(payload: unknown): boolean {
  if (isList(payload)) return payload.length === 0;
  if (!isObject(payload) || !Object.hasOwn(payload, 'detections')) return false;
  const { detections, ...others } = payload;
  if (!isList(detections) || detections.length > 0) return false;
  return Object.values(others).every((value) => typeof value === 'number');
}

/** @throws DetectionError `error-payload`, `detector-reported-error` when the payload is an error of the detector */
function whyNothingMatched(payload: unknown): DetectionError {
  refuseFailure(payload);
  const mixed = isList(payload) ? mixedOrAmbiguousRows(payload) : undefined;
  return mixed ?? ambiguousRowsInside(payload) ?? unknown(payload);
}

function mixedOrAmbiguousRows(rows: readonly unknown[]): DetectionError | undefined {
  const formats = new Set<string>();
  for (const row of rows.slice(0, ROWS_TO_EXPLAIN))
    formats.add(
      matching([row])
        .map(({ id }) => id)
        .join(' or '),
    );
  const names = [...formats].filter((name) => name !== '');
  if (names.length > 0) {
    return new DetectionError(
      'ambiguous-format',
      `Choose one under "Format" (format), or split the rows before: they have different shapes (alone, some are ${names.join(', some ')}).`,
      names,
    );
  }
  return ambiguousRow(rows[0]);
}

function ambiguousRowsInside(payload: unknown): DetectionError | undefined {
  const single = ambiguousRow(payload);
  if (single) return single;
  if (!isObject(payload)) return undefined;
  for (const rows of Object.values(payload)) {
    const found = isList(rows) ? ambiguousRow(rows[0]) : undefined;
    if (found) return found;
  }
  return undefined;
}

function ambiguousRow(row: unknown): DetectionError | undefined {
  if (!isObject(row)) return undefined;
  if (['x', 'y', 'width', 'height'].every((key) => key in row)) {
    return ambiguous(
      'x, y, width, height',
      ['center', 'corner'],
      'x and y may be the middle of the box or its upper left corner',
    );
  }
  const { bbox } = row as JsonObject & { bbox?: unknown };
  if (isList(bbox) && bbox.length === 4) {
    return ambiguous(
      'bbox of four numbers',
      ['corner', 'corners'],
      'the last two may be width and height or the second corner',
    );
  }
  if (isObject(bbox) && 'x' in bbox && 'width' in bbox) {
    return ambiguous(
      'bbox with x, y, width, height',
      ['center', 'corner'],
      'x and y may be the middle of the box or its upper left corner',
    );
  }
  return undefined;
}

function ambiguous(what: string, candidates: string[], why: string): DetectionError {
  return new DetectionError(
    'ambiguous-format',
    `Choose one under "Format" (format), or "Custom mapping" with the box convention ${candidates.join(' or ')}: the rows have ${what}, and ${why}.`,
    candidates,
  );
}

function unknown(payload: unknown): DetectionError {
  return new DetectionError(
    'unknown-format',
    isObject(payload) || isList(payload)
      ? `Choose a preset under "Format" (format), or "Custom mapping": no known detector sends this: ${describe(payload)}.`
      : `Check the property under "Detections" (detections), and what the node before this one sends: ${describe(payload)} is where the detections should be.`,
  );
}
