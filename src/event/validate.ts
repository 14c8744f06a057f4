/**
 * Eager validation, before anything is sent: what the API would refuse, what it would complain of in its `warnings`,
 * and what it would keep.
 *
 * Source of the rules: "Create a Vision Event"; of the warnings' shape: its section "Validation and Warnings". Names of
 * broken rules are those of Joi, all errors of a value are named (as Joi does with `abortEarly: false` and without
 * conversion).
 */
import {
  MAX_EXAMINED_ENTRIES,
  MAX_LISTED_WARNINGS,
  MAX_METADATA_DECIMALS,
  MAX_METADATA_KEYS,
  MAX_METADATA_KEY_LENGTH,
  MAX_METADATA_TEXT_LENGTH,
  METADATA_KEY_PATTERN,
} from './limits';
import { isObject, own, type Fields } from './fields';
import { decimalsOf } from './numbers';
import { shorten, shortenText } from './report';
import { compareNames, rulesFor, type Field, type ListRule, type ObjectRule, type Rule } from './rules';
import { strictErrors, type StrictOptions } from './strict-fields';
import type { EventWarning, FieldError, SendableEvent, VisionEvent } from './types';

/** What `validate` found, told apart by `ok`. */
export type Validation<Event = unknown> = SendableValidation<Event> | RefusedValidation;

/** What both outcomes have. */
export interface Findings {
  /** errors in the four strict fields: the API would answer 400 and store nothing */
  errors: FieldError[];
  /** every other error, ordered by path; at most 200 are listed */
  warnings: EventWarning[];
  /** how many there are in truth */
  warningCount: number;
}

/** The API would take the event, with `warnings` when there are any. */
export interface SendableValidation<Event = unknown> extends Findings {
  ok: true;
  /** the event that was given, now known to be sendable */
  event: Event & SendableEvent;
  errors: [];
  /**
   * What the API would keep: the event itself when it is valid (not a copy), else a copy without what would be lost.
   * `eventData` with an error is kept empty, every other field with an error anywhere in it not at all.
   */
  asStored: VisionEvent;
}

/** The API would answer 400 and store nothing; `errors` says why. */
export interface RefusedValidation extends Findings {
  ok: false;
  event?: undefined;
  asStored: undefined;
}

/**
 * Validates an event as the API will see it, that is: as its JSON text. Values that JSON does not know (NaN, a Date, a
 * function) count as values of the wrong type. Never throws: what cannot be read at all is refused like any other
 * event.
 *
 * Source of the rules: "Create a Vision Event".
 *
 * @param event anything; never changed
 * @param now ms since 1970, for the window that a timestamp must lie in (one year ago to tomorrow); the window is not
 * looked at when `now` is before this version was built, for then the clock is wrong
 */
export function validate<Event>(event: Event, now = Date.now(), options?: StrictOptions): Validation<Event> {
  try {
    if (!isObject(event)) return unusable(event, 'is not an object');
    const errors = strictErrors(event, now, options);
    const found = new WarningCollector();
    found.inObject(rulesFor(own(event, 'eventType')), event);
    const { warnings, count: warningCount } = found;
    if (errors.length > 0) return { ok: false, errors, warnings, warningCount, asStored: undefined };
    // No errors: each of the four fields has the type that `SendableEvent` says.
    const sendable = event as Event & SendableEvent;
    // And what is left without the invalid fields has the types of all the others.
    const asStored = storedPart(event, found.invalidFields) as unknown as VisionEvent;
    return { ok: true, event: sendable, errors: [], warnings, warningCount, asStored };
  } catch {
    // Only a getter or a proxy that throws leads here. Such a thing cannot be written as JSON either.
    return unusable(event, 'cannot be read: one of its properties throws an error');
  }
}

function unusable(event: unknown, what: string): RefusedValidation {
  const message = `The event ${what}. Hand over one object with eventId, eventType, useCaseId, timestamp and eventData.`;
  const error = { path: '', message, type: 'object.base', value: shorten(event) };
  return { ok: false, errors: [error], warnings: [], warningCount: 0, asStored: undefined };
}

/**
 * "Validation and Warnings": invalid eventData is stored as `{}`. What is said of the rest:
 * docs/decisions/what-the-api-keeps.md.
 */
function storedPart(event: Fields, invalidFields: ReadonlySet<string>): Fields {
  if (invalidFields.size === 0) return event;
  const stored = { ...event };
  for (const name of invalidFields) delete stored[name];
  if (invalidFields.has('eventData')) stored.eventData = {};
  return stored;
}

const UNKNOWN: Rule = { kind: 'unknown' };

/** Walks an event along its rules, in the order of paths, and collects what is wrong. */
class WarningCollector {
  readonly warnings: EventWarning[] = [];
  count = 0;
  /** the event's own fields that have an error somewhere */
  readonly invalidFields = new Set<string>();
  readonly #path: (string | number)[] = [];
  #entriesLeft = MAX_EXAMINED_ENTRIES;

  inObject(rule: ObjectRule, fields: Fields): void {
    for (const field of fieldsToCheck(rule, fields)) {
      const value = own(fields, field.name);
      if (value !== undefined) this.#inValue(field.rule, value, field.name);
      else if (field.required && field.rule.kind !== 'strict') {
        this.#add('any.required', field.name, null);
      }
    }
  }

  #inValue(rule: Rule, value: unknown, name: string | number): void {
    switch (rule.kind) {
      case 'number':
        if (typeof value !== 'number' || !Number.isFinite(value)) {
          return this.#add('number.base', name, value);
        }
        if (rule.integer && !Number.isInteger(value)) this.#add('number.integer', name, value);
        if (rule.min !== undefined && value < rule.min) this.#add('number.min', name, value);
        if (rule.max !== undefined && value > rule.max) this.#add('number.max', name, value);
        return;
      case 'text':
        if (typeof value !== 'string') return this.#add('string.base', name, value);
        if (value === '') return this.#add('string.empty', name, value);
        if (rule.max !== undefined && value.length > rule.max) this.#add('string.max', name, value);
        if (rule.pattern && !rule.pattern.test(value)) this.#add('string.pattern.base', name, value);
        return;
      case 'choice':
        if (typeof value !== 'string' || !rule.among.includes(value)) this.#add('any.only', name, value);
        return;
      case 'flag':
        if (typeof value !== 'boolean') this.#add('boolean.base', name, value);
        return;
      case 'list':
        return this.#inList(rule, value, name);
      case 'object':
        if (!isObject(value)) return this.#add('object.base', name, value);
        this.#path.push(name);
        this.inObject(rule, value);
        this.#path.pop();
        return;
      case 'metadata':
        return this.#inMetadata(value, name);
      case 'anyObject':
        if (!isObject(value)) this.#add('object.base', name, value);
        return;
      case 'unknown':
        return this.#add('object.unknown', name, value);
      case 'strict':
        return;
    }
  }

  #inList(rule: ListRule, list: unknown, name: string | number): void {
    if (!Array.isArray(list)) return this.#add('array.base', name, list);
    const size = list.length;
    if (rule.min !== undefined && size < rule.min) this.#add('array.min', name, list);
    if (rule.max !== undefined && size > rule.max) this.#add('array.max', name, list);
    if (rule.length !== undefined && size !== rule.length) this.#add('array.length', name, list);
    this.#path.push(name);
    for (let position = 0; position < size && this.#entriesLeft > 0; position += 1) {
      this.#entriesLeft -= 1;
      // JSON writes a hole in a list as null.
      this.#inValue(rule.of, (list as unknown[])[position] ?? null, position);
    }
    this.#path.pop();
  }

  /** "Custom Metadata". */
  #inMetadata(metadata: unknown, name: string | number): void {
    if (!isObject(metadata)) return this.#add('object.base', name, metadata);
    const keys = Object.keys(metadata).filter((key) => metadata[key] !== undefined);
    if (keys.length > MAX_METADATA_KEYS) this.#add('object.max', name, metadata);
    const invalid = keys.filter((key) => metadataErrors(key, metadata[key]) !== NO_ERRORS);
    this.#path.push(name);
    for (const key of invalid.sort(compareNames)) {
      for (const type of metadataErrors(key, metadata[key])) this.#add(type, key, metadata[key]);
    }
    this.#path.pop();
  }

  #add(type: string, name: string | number, value: unknown): void {
    this.count += 1;
    this.invalidFields.add(String(this.#path[0] ?? name));
    if (this.warnings.length === MAX_LISTED_WARNINGS) return;
    const path = [...this.#path, typeof name === 'string' ? shortenText(name) : name].join('.');
    this.warnings.push({ type, path, value: shorten(value), valueType: typeof value });
  }
}

const NO_ERRORS: readonly string[] = [];

/** "Custom Metadata": what is wrong with one entry. */
function metadataErrors(key: string, value: unknown): readonly string[] {
  if (key.length > MAX_METADATA_KEY_LENGTH || !METADATA_KEY_PATTERN.test(key)) return ['object.unknown'];
  if (typeof value === 'string') {
    if (value === '') return ['string.empty'];
    return value.length > MAX_METADATA_TEXT_LENGTH ? ['string.max'] : NO_ERRORS;
  }
  if (typeof value === 'number' && Number.isFinite(value)) {
    return decimalsOf(value) > MAX_METADATA_DECIMALS ? ['number.precision'] : NO_ERRORS;
  }
  return typeof value === 'boolean' ? NO_ERRORS : ['alternatives.types'];
}

/** The fields of a rule and, in their places, those that the API does not know. */
function fieldsToCheck(rule: ObjectRule, fields: Fields): readonly Field[] {
  let unknown: Field[] | undefined;
  for (const name in fields) {
    if (rule.byName.has(name) || own(fields, name) === undefined) continue;
    (unknown ??= []).push({ name, rule: UNKNOWN, required: false });
  }
  if (!unknown) return rule.fields;
  return [...rule.fields, ...unknown].sort((a, b) => compareNames(a.name, b.name));
}
