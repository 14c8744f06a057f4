/**
 * The rules of "Create a Vision Event" as plain data. `validate` walks them to find faults, `repair` walks them to mend, so that the two
 * never disagree about a field.
 */
import { fitAlertType } from './fit';
import {
  ALERT_TYPE_PATTERN,
  FEEDBACKS,
  MAX_ALERT_TYPE_LENGTH,
  MAX_ANNOTATIONS,
  MAX_CONFIDENCE,
  MAX_DISPLAY_IMAGE_POSITION,
  MAX_IDENTIFIER_LENGTH,
  MAX_IMAGES,
  MAX_LONG_TEXT_LENGTH,
  MAX_SHORT_TEXT_LENGTH,
  MAX_WORKFLOW_VERSION_LENGTH,
  MIN_CONFIDENCE,
  MIN_KEYPOINTS,
  MIN_POLYGON_POINTS,
  RESULTS,
  SEVERITIES,
} from './limits';
import { EVENT_TYPES, type EventType } from './types';

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
 * `metadata`: any key that fits, values of three types. `anyObject`: an object whose fields are not known. `strict`: checked on its own,
 * never a warning. `unknown`: not a field of the API.
 */
export type Rule =
  LeafRule | ListRule | ObjectRule | { kind: 'metadata' | 'anyObject' | 'strict' | 'unknown' };

export interface Field {
  name: string;
  rule: Rule;
  required: boolean;
}

const text = (max?: number): TextRule => ({ kind: 'text', max });
const alertType: TextRule = {
  kind: 'text',
  max: MAX_ALERT_TYPE_LENGTH,
  pattern: ALERT_TYPE_PATTERN,
  fit: fitAlertType,
};
const choice = (among: readonly string[]): LeafRule => ({ kind: 'choice', among });
const number: LeafRule = { kind: 'number' };
const flag: LeafRule = { kind: 'flag' };

function object(required: Record<string, Rule>, optional: Record<string, Rule>): ObjectRule {
  const fields = [
    ...Object.entries(required).map(([name, rule]) => ({ name, rule, required: true })),
    ...Object.entries(optional).map(([name, rule]) => ({ name, rule, required: false })),
  ].sort((a, b) => compareNames(a.name, b.name));
  return { kind: 'object', fields, byName: new Map(fields.map((field) => [field.name, field])) };
}

/** The order of names in a report: numbers by their size, before everything else; the rest by code units. */
export function compareNames(a: string, b: string): number {
  const aIsNumber = /^\d+$/.test(a);
  const bIsNumber = /^\d+$/.test(b);
  if (aIsNumber && bIsNumber && Number(a) !== Number(b)) return Number(a) - Number(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const confidence: LeafRule = {
  kind: 'number',
  min: MIN_CONFIDENCE,
  max: MAX_CONFIDENCE,
  clamp: true,
};
const box = { class: text(), x: number, y: number, width: number, height: number, confidence };
const point: ListRule = { kind: 'list', of: number, length: 2 };
const keypoint = object({ id: number, x: number, y: number }, { occluded: flag });

/** "Image Objects": the four annotation lists, by their name in an image entry. */
export const ANNOTATION_RULES = {
  objectDetections: object(box, {}),
  classifications: object({ class: box.class, confidence }, {}),
  instanceSegmentations: object({ ...box, points: { kind: 'list', of: point, min: MIN_POLYGON_POINTS } }, {}),
  keypoints: object({ ...box, keypoints: { kind: 'list', of: keypoint, min: MIN_KEYPOINTS } }, {}),
};

const annotations = (of: ObjectRule): ListRule => ({ kind: 'list', of, max: MAX_ANNOTATIONS });

/** "Image Objects". */
export const IMAGE_RULE = object(
  {},
  {
    label: text(),
    sourceId: text(),
    inputSourceId: text(),
    objectDetections: annotations(ANNOTATION_RULES.objectDetections),
    classifications: annotations(ANNOTATION_RULES.classifications),
    instanceSegmentations: annotations(ANNOTATION_RULES.instanceSegmentations),
    keypoints: annotations(ANNOTATION_RULES.keypoints),
  },
);

const externalId = text(MAX_SHORT_TEXT_LENGTH);

/** "Event Data Schemas". */
export const EVENT_DATA_RULES: Readonly<Record<EventType, ObjectRule>> = {
  quality_check: object({}, { result: choice(RESULTS), externalId }),
  inventory_count: object(
    {},
    {
      location: text(MAX_SHORT_TEXT_LENGTH),
      itemCount: { kind: 'number', integer: true, min: 0 },
      itemType: text(MAX_SHORT_TEXT_LENGTH),
      externalId,
    },
  ),
  safety_alert: object(
    {},
    {
      alertType,
      severity: choice(SEVERITIES),
      description: text(MAX_LONG_TEXT_LENGTH),
      externalId,
    },
  ),
  custom: object({}, { value: text(MAX_LONG_TEXT_LENGTH), externalId }),
  operator_feedback: object({ relatedEventId: text(), feedback: choice(FEEDBACKS) }, {}),
};

/** "Request Body Parameters" with the `eventData` of one type. The four strict fields are checked apart. */
function eventRule(eventData: Rule): ObjectRule {
  const strict: Rule = { kind: 'strict' };
  return object(
    { eventId: strict, eventType: strict, useCaseId: strict, timestamp: strict, eventData },
    {
      deviceId: text(MAX_IDENTIFIER_LENGTH),
      streamId: text(MAX_IDENTIFIER_LENGTH),
      workflowId: text(MAX_IDENTIFIER_LENGTH),
      workflowVersion: text(MAX_WORKFLOW_VERSION_LENGTH),
      images: { kind: 'list', of: IMAGE_RULE, max: MAX_IMAGES },
      // The page says "number"; a position in a list is a whole one.
      displayImagePosition: {
        kind: 'number',
        integer: true,
        min: 0,
        max: MAX_DISPLAY_IMAGE_POSITION,
      },
      customMetadata: { kind: 'metadata' },
      // The note of an operator's feedback stands beside eventData (page "Operator Feedback").
      comment: text(),
    },
  );
}

const EVENT_RULES = new Map<unknown, ObjectRule>(
  EVENT_TYPES.map((type) => [type, eventRule(EVENT_DATA_RULES[type])]),
);
const UNKNOWN_TYPE_RULE = eventRule({ kind: 'anyObject' });

/** The event type that a text means, forgiving case and white space (`Quality_Check`). A name written so is still an error. */
export function recogniseEventType(value: unknown): EventType | undefined {
  if (typeof value !== 'string') return undefined;
  const name = value.trim().toLowerCase();
  return EVENT_TYPES.find((type) => type === name);
}

/** The rules of an event of this type; of an unknown type, `eventData` is only asked to be an object. */
export function rulesFor(eventType: unknown): ObjectRule {
  return EVENT_RULES.get(eventType) ?? EVENT_RULES.get(recogniseEventType(eventType)) ?? UNKNOWN_TYPE_RULE;
}
