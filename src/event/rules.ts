/**
 * The rules of "Create a Vision Event", as `validate` and `repair` walk them. They are read from `rules-table.ts`,
 * which the build derives from the schemas of `model.ts`: a rule is changed there.
 */
import { fitAlertType } from './allowed-characters';
import { EVENT_DATA_TABLE, EVENT_TABLE } from './rules-table';
import { EVENT_TYPES, STRICT_FIELDS, type EventType } from './types';

export interface TextRule {
  kind: 'text';
  max?: number;
  pattern?: RegExp;
  /** makes a text fit the pattern and the length; undefined when nothing would be left of it */
  fit?: (text: string) => string | undefined;
}

export type LeafRule =
  | TextRule
  | { kind: 'choice'; among: readonly string[] }
  | { kind: 'number'; integer?: boolean; min?: number; max?: number; clamp?: boolean }
  | { kind: 'flag' };

export interface ListRule {
  kind: 'list';
  of: Rule;
  min?: number;
  max?: number;
  length?: number;
}

export interface ObjectRule {
  kind: 'object';
  /** sorted by name, which is the order of reports */
  fields: readonly Field[];
  /** the same by name */
  byName: ReadonlyMap<string, Field>;
}

/**
 * `metadata`: any key that fits, values of three types. `anyObject`: an object whose fields are not known. `strict`:
 * checked on its own, never a warning. `unknown`: not a field of the API.
 */
export type Rule =
  LeafRule | ListRule | ObjectRule | { kind: 'metadata' | 'anyObject' | 'strict' | 'unknown' };

export interface Field {
  name: string;
  rule: Rule;
  required: boolean;
}

/** What JSON Schema cannot say of a field. */
export interface SchemaHints {
  /** a whole number */
  type?: 'integer';
  /** a number beyond its limits is repaired to the nearest one within */
  clamp?: true;
  /** how a text is made to fit its pattern */
  fit?: keyof typeof FITS;
  /** checked by rules of its own */
  rule?: 'metadata';
}

/** The part of JSON Schema in which the table is written. */
export interface FieldSchema extends Omit<SchemaHints, 'type'> {
  type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  enum?: readonly string[];
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  items?: FieldSchema;
  /** a list of exactly these; they are all alike */
  prefixItems?: readonly [FieldSchema, ...FieldSchema[]];
  minItems?: number;
  maxItems?: number;
  properties?: Readonly<Record<string, FieldSchema>>;
  required?: readonly string[];
}

const FITS = { alertType: fitAlertType };

function ruleOf(schema: FieldSchema): Rule {
  if (schema.rule) return { kind: schema.rule };
  switch (schema.type) {
    case 'string':
      return schema.enum ? { kind: 'choice', among: schema.enum } : textRule(schema);
    case 'number':
    case 'integer': {
      const { type, minimum: min, maximum: max, clamp } = schema;
      return { kind: 'number', integer: type === 'integer', min, max, clamp };
    }
    case 'boolean':
      return { kind: 'flag' };
    case 'array':
      return listRule(schema);
    case 'object':
      return schema.properties ? objectRule(schema) : { kind: 'anyObject' };
  }
}

function textRule({ maxLength: max, pattern, fit }: FieldSchema): TextRule {
  return {
    kind: 'text',
    max,
    ...(pattern !== undefined && { pattern: new RegExp(pattern) }),
    ...(fit && { fit: FITS[fit] }),
  };
}

function listRule({ items, prefixItems, minItems: min, maxItems: max }: FieldSchema): ListRule {
  if (prefixItems) return { kind: 'list', of: ruleOf(prefixItems[0]), length: prefixItems.length };
  return { kind: 'list', of: items ? ruleOf(items) : { kind: 'unknown' }, min, max };
}

function objectRule({ properties = {}, required = [] }: FieldSchema): ObjectRule {
  return object(
    Object.entries(properties).map(([name, schema]) => ({
      name,
      rule: ruleOf(schema),
      required: required.includes(name),
    })),
  );
}

function object(unsorted: readonly Field[]): ObjectRule {
  const fields = [...unsorted].sort((a, b) => compareNames(a.name, b.name));
  return { kind: 'object', fields, byName: new Map(fields.map((field) => [field.name, field])) };
}

/** The rule of the entries of a list in an object. */
function entriesOf({ byName }: ObjectRule, name: string): ObjectRule {
  const rule = byName.get(name)?.rule;
  if (rule?.kind !== 'list' || rule.of.kind !== 'object') throw new Error(`${name} is not a list of objects`);
  return rule.of;
}

/** The order of names in a report: numbers by their size, before everything else; the rest by code units. */
export function compareNames(a: string, b: string): number {
  const aIsNumber = /^\d+$/.test(a);
  const bIsNumber = /^\d+$/.test(b);
  if (aIsNumber && bIsNumber && Number(a) !== Number(b)) return Number(a) - Number(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** "Request Body Parameters", without the `eventData` of a type. */
const EVENT_RULE = objectRule(EVENT_TABLE);

/** "Image Objects". */
export const IMAGE_RULE = entriesOf(EVENT_RULE, 'images');

/** "Event Data Schemas". */
export const EVENT_DATA_RULES: Readonly<Record<EventType, ObjectRule>> = {
  quality_check: objectRule(EVENT_DATA_TABLE.quality_check),
  inventory_count: objectRule(EVENT_DATA_TABLE.inventory_count),
  safety_alert: objectRule(EVENT_DATA_TABLE.safety_alert),
  custom: objectRule(EVENT_DATA_TABLE.custom),
  operator_feedback: objectRule(EVENT_DATA_TABLE.operator_feedback),
};

/** The rules of an event with the `eventData` of one type. The four strict fields are checked apart. */
function eventRule(eventData: Rule): ObjectRule {
  const rules = new Map<string, Rule>([['eventData', eventData]]);
  for (const name of STRICT_FIELDS) rules.set(name, { kind: 'strict' });
  return object(EVENT_RULE.fields.map((field) => ({ ...field, rule: rules.get(field.name) ?? field.rule })));
}

const EVENT_RULES = new Map<unknown, ObjectRule>(
  EVENT_TYPES.map((type) => [type, eventRule(EVENT_DATA_RULES[type])]),
);
const UNKNOWN_TYPE_RULE = eventRule({ kind: 'anyObject' });

/**
 * The event type that a text means, forgiving case and white space (`Quality_Check`). A name written so is still an
 * error.
 */
export function recogniseEventType(value: unknown): EventType | undefined {
  if (typeof value !== 'string') return undefined;
  const name = value.trim().toLowerCase();
  return EVENT_TYPES.find((type) => type === name);
}

/** The rules of an event of this type; of an unknown type, `eventData` is only asked to be an object. */
export function rulesFor(eventType: unknown): ObjectRule {
  return EVENT_RULES.get(eventType) ?? EVENT_RULES.get(recogniseEventType(eventType)) ?? UNKNOWN_TYPE_RULE;
}
