import Joi from 'joi';

/**
 * The simulator's own reading of the API's page "Create a Vision Event", written in Joi because the API's documented
 * warnings carry Joi's rule names. It shares nothing with `src/event` on purpose: the two check each other.
 */

/** One entry of `warnings` in an answer ("Validation and Warnings"). */
export interface ApiWarning {
  type: string;
  path: string;
  value: unknown;
  valueType: string;
}

export type JsonObject = Record<string, unknown>;

const MAX_ID_LENGTH = 256;
const MAX_ANNOTATIONS = 1000;
const MS_PER_DAY = 24 * 60 * 60 * 1000;

export const EVENT_TYPES = [
  'quality_check',
  'inventory_count',
  'safety_alert',
  'custom',
  'operator_feedback',
];

/** Only these four are "strictly validated"; everything else is eager. */
const strictSchema = Joi.object({
  eventId: Joi.string().required(),
  eventType: Joi.string()
    .valid(...EVENT_TYPES)
    .required(),
  useCaseId: Joi.string().max(MAX_ID_LENGTH).required(),
  timestamp: Joi.string().isoDate().required(),
}).unknown(true);

export const number = () => Joi.number().unsafe();
const externalId = Joi.string().max(1000);

/** "Event Data Schemas" */
export const eventDataSchemas: Record<string, Joi.ObjectSchema> = {
  quality_check: Joi.object({ result: Joi.valid('pass', 'fail'), externalId }),
  inventory_count: Joi.object({
    location: Joi.string().max(1000),
    itemCount: number().integer().min(0),
    itemType: Joi.string().max(1000),
    externalId,
  }),
  safety_alert: Joi.object({
    alertType: Joi.string()
      .max(256)
      .pattern(/^[a-zA-Z0-9_-]+$/),
    severity: Joi.valid('low', 'medium', 'high'),
    description: Joi.string().max(10000),
    externalId,
  }),
  custom: Joi.object({ value: Joi.string().max(10000), externalId }),
  operator_feedback: Joi.object({
    relatedEventId: Joi.string().required(),
    feedback: Joi.valid('correct', 'incorrect', 'inconclusive').required(),
  }),
};

const confidence = number().min(0).max(1).required();
const box = {
  class: Joi.string().required(),
  x: number().required(),
  y: number().required(),
  width: number().required(),
  height: number().required(),
  confidence,
};
const point = Joi.array().items(number()).length(2);
const keypoint = Joi.object({
  id: number().required(),
  x: number().required(),
  y: number().required(),
  occluded: Joi.boolean(),
});
const annotations = (item: Joi.PartialSchemaMap) => Joi.array().items(Joi.object(item)).max(MAX_ANNOTATIONS);

/** "Image Objects": the four lists */
export const annotationLists = {
  objectDetections: annotations(box),
  classifications: annotations({ class: Joi.string().required(), confidence }),
  instanceSegmentations: annotations({ ...box, points: Joi.array().items(point).min(3).required() }),
  keypoints: annotations({ ...box, keypoints: Joi.array().items(keypoint).min(1).required() }),
};

const image = Joi.object({
  label: Joi.string(),
  sourceId: Joi.string(),
  inputSourceId: Joi.string(),
  ...annotationLists,
});

/** "Custom Metadata"; the same limits hold for the metadata of an uploaded picture. */
export const metadataSchema = Joi.object()
  .pattern(
    Joi.string()
      .pattern(/^[a-zA-Z0-9_ -]+$/)
      .max(100),
    Joi.alternatives(Joi.string().max(1000), number().precision(6), Joi.boolean()),
  )
  .max(100);

/** "Optional fields"; `comment` is the note of an operator_feedback event. */
const eagerFields = {
  eventId: Joi.any(),
  eventType: Joi.any(),
  useCaseId: Joi.any(),
  timestamp: Joi.any(),
  deviceId: Joi.string().max(MAX_ID_LENGTH),
  streamId: Joi.string().max(MAX_ID_LENGTH),
  workflowId: Joi.string().max(MAX_ID_LENGTH),
  workflowVersion: Joi.string().max(64),
  images: Joi.array().items(image).max(1000),
  displayImagePosition: number().integer().min(0).max(999),
  customMetadata: metadataSchema,
  comment: Joi.string(),
};

const eagerSchemas = Object.fromEntries(
  Object.entries(eventDataSchemas).map(([eventType, eventData]) => [
    eventType,
    Joi.object({ ...eagerFields, eventData: eventData.required() }),
  ]),
);

export const JOI_OPTIONS: Joi.ValidationOptions = {
  convert: false,
  errors: { wrap: { label: false } },
};

/**
 * What the API answers 400 for: the first fault among the four strict fields, or undefined. The timestamp "must be
 * between one year ago and tomorrow"; where exactly those begin and end is not documented, so a calendar year back and
 * 24 hours ahead.
 */
export function findStrictError(event: unknown, now: number): string | undefined {
  const { error } = strictSchema.label('event').required().validate(event, JOI_OPTIONS);
  if (error) return error.message;
  const time = Date.parse((event as { timestamp: string }).timestamp);
  if (Number.isNaN(time)) return 'timestamp must be in iso format';
  const yearAgo = new Date(now);
  yearAgo.setUTCFullYear(yearAgo.getUTCFullYear() - 1);
  if (time < yearAgo.getTime() || time > now + MS_PER_DAY) {
    return 'timestamp must be between one year ago and tomorrow';
  }
  return undefined;
}

/** The eager part: everything the API accepts but complains of. The four strict fields must have passed before. */
export function findWarnings(event: JsonObject): ApiWarning[] {
  const schema = eagerSchemas[event.eventType as string];
  const { error } = schema!.validate(event, { ...JOI_OPTIONS, abortEarly: false });
  return (error?.details ?? []).map(({ type, path, context }) => {
    const value: unknown = context?.value ?? null;
    return { type, path: path.join('.'), value, valueType: typeof value };
  });
}

/**
 * What the API keeps of an event: `eventData` with a fault becomes `{}` (documented), `images` with a fault anywhere
 * are dropped whole (said of bundles with an over-long list), and so is every other faulty or unknown field (not
 * documented; the reading that loses most, so that nobody relies on more).
 */
export function asStored(event: JsonObject, warnings: ApiWarning[]): JsonObject {
  const stored: JsonObject = { ...event };
  for (const { path } of warnings) {
    const field = fieldOf(event, path);
    if (field === 'eventData') stored[field] = {};
    else delete stored[field];
  }
  return stored;
}

/** The event's own field that a path leads into; an unknown field may have a dot in its name. */
function fieldOf(event: JsonObject, path: string): string {
  return Object.hasOwn(event, path) ? path : path.split('.', 1)[0]!;
}

/** The first fault of a picture's `metadata` part, or undefined. Same limits as `customMetadata`. */
export function findMetadataError(metadata: unknown): string | undefined {
  return metadataSchema.label('metadata').required().validate(metadata, JOI_OPTIONS).error?.message;
}
