/**
 * Repairs an event without inventing data: everything that is done here follows from the value itself. What cannot be
 * repaired stays, and stays a warning; fields that the rules do not know stay too, for the API grows and may know them
 * by now.
 *
 * Laws (held by property tests): repairing twice is repairing once; a repaired event has never more warnings than
 * before; the given event is not changed.
 */
import { ANNOTATION_LISTS } from './derive';
import { isObject, own, type Fields } from './fields';
import { fitMetadataKey } from './allowed-characters';
import {
  MAX_ANNOTATIONS,
  MAX_EXAMINED_ENTRIES,
  MAX_IDENTIFIER_LENGTH,
  MAX_LISTED_REPAIRS,
  MAX_METADATA_DECIMALS,
  MAX_METADATA_KEY_LENGTH,
  MAX_METADATA_TEXT_LENGTH,
  METADATA_KEY_PATTERN,
  MIN_KEYPOINTS,
  MIN_POLYGON_POINTS,
} from './limits';
import { roundTo } from './numbers';
import { cutText, shorten, shortenText } from './report';
import {
  EVENT_DATA_RULES,
  IMAGE_RULE,
  recogniseEventType,
  rulesFor,
  type LeafRule,
  type ObjectRule,
  type Rule,
  type TextRule,
} from './rules';
import { isIsoTimestamp, toIsoTimestamp } from './timestamp';
import type { Repaired } from './types';

/** What `repair` did. */
export interface Repair<Event> {
  /** the repaired event; the very one that was given when there was nothing to repair */
  event: Event;
  /** what was repaired, paths by the positions in the event that was given; at most 200 are listed */
  repaired: Repaired[];
  /** how many there are in truth */
  repairedCount: number;
}

/** Repairs what it can. Never throws, never changes what it is given; unchanged parts are shared with the original. */
export function repair<Event>(event: Event): Repair<Event> {
  const repairer = new Repairer();
  try {
    const after = isObject(event) ? (repairer.event(event) as Event) : event;
    return { event: after, repaired: repairer.repaired, repairedCount: repairer.count };
  } catch {
    // Only a getter or a proxy that throws leads here: nothing is repaired then, and validation says that the event
    // cannot be read.
    return { event, repaired: [], repairedCount: 0 };
  }
}

/** In place of a value: the field is to be left out. */
const LEFT_OUT = Symbol('left out');

class Repairer {
  readonly repaired: Repaired[] = [];
  count = 0;
  readonly #path: (string | number)[] = [];
  #entriesLeft = MAX_EXAMINED_ENTRIES;

  event(event: Fields): Fields {
    const strict = this.#fields(event, repairStrictField);
    const repaired = this.#object(rulesFor(own(strict, 'eventType')), strict);
    return this.#missingEventData(repaired);
  }

  /**
   * An empty object holds no data: it is what the API stores for a missing one. Where a type asks for fields, that
   * would only be another error.
   */
  #missingEventData(event: Fields): Fields {
    const given = own(event, 'eventData');
    const type = recogniseEventType(own(event, 'eventType'));
    if ((given !== undefined && given !== null) || !type) return event;
    if (EVENT_DATA_RULES[type].fields.some((field) => field.required)) return event;
    this.#note('eventData', given, {});
    return { ...event, eventData: {} };
  }

  #object(rule: ObjectRule, fields: Fields): Fields {
    return this.#fields(fields, (name, value) => {
      const field = rule.byName.get(name);
      if (!field) return value;
      if (!field.required && (value === null || value === '')) return LEFT_OUT;
      return this.#value(field.rule, value, name, field.required);
    });
  }

  #value(rule: Rule, value: unknown, name: string | number, required: boolean): unknown {
    switch (rule.kind) {
      case 'list':
        return isList(value) ? this.#inside(name, () => this.#list(rule.of, value)) : value;
      case 'object':
        if (!isObject(value)) return value;
        return this.#inside(name, () => {
          const repaired = this.#object(rule, value);
          return rule === IMAGE_RULE ? this.#annotations(repaired) : repaired;
        });
      case 'metadata':
        return isObject(value) ? this.#inside(name, () => this.#metadata(value)) : value;
      case 'text':
      case 'choice':
      case 'number':
      case 'flag': {
        const repaired = repairLeaf(rule, value);
        return repaired === '' && !required ? LEFT_OUT : repaired;
      }
      default:
        return value;
    }
  }

  #list(rule: Rule, list: readonly unknown[]): readonly unknown[] {
    let repaired: unknown[] | undefined;
    for (let position = 0; position < list.length && this.#entriesLeft > 0; position += 1) {
      this.#entriesLeft -= 1;
      const before = list[position];
      const after = this.#value(rule, before, position, true);
      if (Object.is(after, before)) continue;
      this.#noteLeaf(position, before, after);
      (repaired ??= [...list])[position] = after;
    }
    return repaired ?? list;
  }

  /** Repairs each field; a copy when one of them changed. */
  #fields(fields: Fields, repairField: (name: string, value: unknown) => unknown): Fields {
    let repaired: Map<string, unknown> | undefined;
    for (const [name, before] of Object.entries(fields)) {
      const after = repairField(name, before);
      if (Object.is(after, before)) continue;
      repaired ??= new Map(Object.entries(fields));
      if (after === LEFT_OUT) repaired.delete(name);
      else repaired.set(name, after);
      this.#noteLeaf(name, before, after);
    }
    // fromEntries defines the fields, so that one called `__proto__` stays a field.
    return repaired ? Object.fromEntries(repaired) : fields;
  }

  /** "Custom Metadata". Two keys are never merged into one: the later of two that would become equal stays as it is. */
  #metadata(metadata: Fields): Fields {
    const values = this.#fields(metadata, (_key, value) => repairMetadataValue(value));
    const taken = new Set(Object.keys(values));
    let renamed = false;
    const entries = Object.entries(values).map(([key, value]): [string, unknown] => {
      const fitting = isFittingKey(key) ? key : fitMetadataKey(key);
      if (fitting === undefined || fitting === key || taken.has(fitting)) return [key, value];
      taken.add(fitting);
      renamed = true;
      this.#note(key, key, fitting);
      return [fitting, value];
    });
    return renamed ? Object.fromEntries(entries) : values;
  }

  /** "Image Objects": what its list cannot take becomes a box, then each list keeps its most confident entries. */
  #annotations(image: Fields): Fields {
    let repaired = this.#demote(image, 'instanceSegmentations', 'points', MIN_POLYGON_POINTS);
    repaired = this.#demote(repaired, 'keypoints', 'keypoints', MIN_KEYPOINTS);
    for (const name of ANNOTATION_LISTS) {
      const list = own(repaired, name);
      if (!isList(list) || list.length <= MAX_ANNOTATIONS) continue;
      this.#note(name, `${list.length} entries`, `the ${MAX_ANNOTATIONS} most confident`);
      repaired = { ...repaired, [name]: mostConfident(list) };
    }
    return repaired;
  }

  /**
   * A polygon with too few points, or a pose without keypoints, is a plain detection: it moves to `objectDetections`.
   */
  #demote(image: Fields, listName: string, shapeName: string, least: number): Fields {
    const list = own(image, listName);
    const boxes = own(image, 'objectDetections') ?? [];
    if (!isList(list) || !isList(boxes)) return image;
    const isTooSmall = (entry: unknown): entry is Fields =>
      isObject(entry) && hasFewerThan(least, own(entry, shapeName));
    const demoted = list.filter(isTooSmall).map((entry) => without(entry, shapeName));
    if (demoted.length === 0) return image;
    this.#noteDemoted(list, listName, isTooSmall, demoted);
    const rest = list.filter((entry) => !isTooSmall(entry));
    const repaired: Fields = {
      ...image,
      [listName]: rest,
      objectDetections: [...boxes, ...demoted],
    };
    return rest.length > 0 ? repaired : without(repaired, listName);
  }

  #noteDemoted(
    list: unknown[],
    listName: string,
    isDemoted: (entry: unknown) => boolean,
    boxes: Fields[],
  ): void {
    let next = 0;
    for (const [position, entry] of list.entries()) {
      if (isDemoted(entry)) this.#inside(listName, () => this.#note(position, entry, boxes[next++]));
    }
  }

  #inside<Result>(name: string | number, work: () => Result): Result {
    this.#path.push(name);
    const result = work();
    this.#path.pop();
    return result;
  }

  /** Notes a change of a value itself; changes inside an object or a list have been noted there. */
  #noteLeaf(name: string | number, before: unknown, after: unknown): void {
    const isContainer = typeof after === 'object' && after !== null;
    if (!isContainer) this.#note(name, before, after);
  }

  #note(name: string | number, from: unknown, to: unknown): void {
    this.count += 1;
    if (this.repaired.length === MAX_LISTED_REPAIRS) return;
    const path = [...this.#path, name]
      .map((part) => (typeof part === 'string' ? shortenText(part) : part))
      .join('.');
    const entry = { path, from: shorten(from) };
    this.repaired.push(to === LEFT_OUT ? entry : { ...entry, to: shorten(to) });
  }
}

/** A list that can be worked through; a longer one (a hostile one) stays as it is. */
function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length <= MAX_EXAMINED_ENTRIES;
}

function without(fields: Fields, name: string): Fields {
  const rest = { ...fields };
  delete rest[name];
  return rest;
}

function hasFewerThan(least: number, shape: unknown): boolean {
  return shape === undefined || shape === null || (Array.isArray(shape) && shape.length < least);
}

/** The strict fields: what they mean is kept, so an id is never cut (it would name something else). */
function repairStrictField(name: string, value: unknown): unknown {
  switch (name) {
    case 'eventType':
      return recogniseEventType(value) ?? value;
    case 'timestamp':
      return typeof value === 'string' && isIsoTimestamp(value) ? value : (toIsoTimestamp(value) ?? value);
    case 'useCaseId': {
      const text = numberToText(value);
      return typeof text === 'string' && text.length > MAX_IDENTIFIER_LENGTH ? text.trim() : text;
    }
    case 'eventId':
      return numberToText(value);
    default:
      return value;
  }
}

function repairLeaf(rule: LeafRule, value: unknown): unknown {
  switch (rule.kind) {
    case 'text':
      return repairText(rule, numberToText(value));
    case 'choice': {
      if (typeof value !== 'string') return value;
      const choice = value.trim().toLowerCase();
      return rule.among.includes(choice) ? choice : value;
    }
    case 'number':
      return repairNumber(rule, textToNumber(value));
    case 'flag':
      return textToFlag(value);
  }
}

function repairText({ max, pattern, fit }: TextRule, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const isTooLong = max !== undefined && value.length > max;
  if (fit) return isTooLong || !pattern?.test(value) ? (fit(value) ?? value) : value;
  return isTooLong ? cutText(value.trim(), max) : value;
}

function repairNumber(rule: LeafRule & { kind: 'number' }, value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value;
  // `+ 0` turns the -0 that rounding a small negative number gives into 0.
  const whole = rule.integer ? Math.round(value) + 0 : value;
  if (!rule.clamp) return whole;
  return Math.min(Math.max(whole, rule.min ?? -Infinity), rule.max ?? Infinity);
}

function repairMetadataValue(value: unknown): unknown {
  if (value === null || value === '') return LEFT_OUT;
  if (typeof value === 'number' && Number.isFinite(value)) return roundTo(MAX_METADATA_DECIMALS, value);
  const repaired = repairText({ kind: 'text', max: MAX_METADATA_TEXT_LENGTH }, value);
  return repaired === '' ? LEFT_OUT : repaired;
}

function isFittingKey(key: string): boolean {
  return key.length <= MAX_METADATA_KEY_LENGTH && METADATA_KEY_PATTERN.test(key);
}

function numberToText(value: unknown): unknown {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
}

const DECIMAL_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function textToNumber(value: unknown): unknown {
  if (typeof value !== 'string' || !DECIMAL_NUMBER.test(value.trim())) return value;
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

function textToFlag(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim().toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : value;
}

/** The most confident entries in their original order; ties go to the first. */
function mostConfident(list: readonly unknown[]): unknown[] {
  const confidenceOf = (entry: unknown) => {
    const confidence = isObject(entry) ? own(entry, 'confidence') : undefined;
    return typeof confidence === 'number' && !Number.isNaN(confidence) ? confidence : -Infinity;
  };
  return list
    .map((entry, position) => ({ entry, position, confidence: confidenceOf(entry) }))
    .sort((a, b) => (a.confidence === b.confidence ? a.position - b.position : b.confidence - a.confidence))
    .slice(0, MAX_ANNOTATIONS)
    .sort((a, b) => a.position - b.position)
    .map(({ entry }) => entry);
}
