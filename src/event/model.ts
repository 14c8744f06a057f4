/**
 * The vision event in zod: every field, type, limit, pattern and choice of "Create a Vision Event".
 *
 * A parse succeeds exactly for the events that the API stores without a warning (but for the timestamp's window, which
 * needs a clock). The running nodes do not load this file: the build derives `rules-table.ts` from it, and `validate`
 * and `repair` walk that. Why: docs/decisions/validation-without-zod.md.
 */
import { z } from 'zod';
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
  MAX_METADATA_DECIMALS,
  MAX_METADATA_KEYS,
  MAX_METADATA_KEY_LENGTH,
  MAX_METADATA_TEXT_LENGTH,
  MAX_SHORT_TEXT_LENGTH,
  MAX_WORKFLOW_VERSION_LENGTH,
  METADATA_KEY_PATTERN,
  MIN_CONFIDENCE,
  MIN_KEYPOINTS,
  MIN_POLYGON_POINTS,
  RESULTS,
  SEVERITIES,
} from './limits';
import { decimalsOf } from './numbers';
import type { SchemaHints } from './rules';
import { isIsoTimestamp } from './timestamp';
import { EVENT_TYPES } from './types';

const text = (max: number) => z.string().min(1).max(max);
const anyText = z.string().min(1);
/** Not only safe integers, as `z.int()` would have it: the API's page sets no upper bound. */
const count = z.number().refine(Number.isInteger).min(0);
/** Said last: what is derived from a schema does not have it any more. */
const WHOLE = { type: 'integer' } satisfies SchemaHints;

const boxFields = {
  class: anyText,
  /** centre, pixels */
  x: z.number(),
  /** centre, pixels */
  y: z.number(),
  /** pixels */
  width: z.number(),
  /** pixels */
  height: z.number(),
  /** 0 to 1 */
  confidence: z
    .number()
    .min(MIN_CONFIDENCE)
    .max(MAX_CONFIDENCE)
    .meta({ clamp: true } satisfies SchemaHints),
};

export const objectDetectionSchema = z.strictObject(boxFields);
export const classificationSchema = z.strictObject({
  class: boxFields.class,
  confidence: boxFields.confidence,
});
export const instanceSegmentationSchema = z.strictObject({
  ...boxFields,
  points: z.array(z.tuple([z.number(), z.number()])).min(MIN_POLYGON_POINTS),
});
export const keypointSchema = z.strictObject({
  id: z.number(),
  x: z.number(),
  y: z.number(),
  occluded: z.boolean().optional(),
});
export const keypointDetectionSchema = z.strictObject({
  ...boxFields,
  keypoints: z.array(keypointSchema).min(MIN_KEYPOINTS),
});

const annotationFields = {
  objectDetections: z.array(objectDetectionSchema).max(MAX_ANNOTATIONS).optional(),
  classifications: z.array(classificationSchema).max(MAX_ANNOTATIONS).optional(),
  instanceSegmentations: z.array(instanceSegmentationSchema).max(MAX_ANNOTATIONS).optional(),
  keypoints: z.array(keypointDetectionSchema).max(MAX_ANNOTATIONS).optional(),
};

export const annotationListsSchema = z.strictObject(annotationFields);
export const eventImageSchema = z.strictObject({
  label: anyText.optional(),
  sourceId: anyText.optional(),
  inputSourceId: anyText.optional(),
  ...annotationFields,
});

export const metadataValueSchema = z.union([
  text(MAX_METADATA_TEXT_LENGTH),
  z.number().refine((value) => decimalsOf(value) <= MAX_METADATA_DECIMALS),
  z.boolean(),
]);
const metadataKeySchema = text(MAX_METADATA_KEY_LENGTH).regex(METADATA_KEY_PATTERN);
export const customMetadataSchema = z
  .record(metadataKeySchema, metadataValueSchema)
  .refine((metadata) => Object.keys(metadata).length <= MAX_METADATA_KEYS, {
    // Also when a value in it is wrong.
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({ rule: 'metadata' } satisfies SchemaHints);

const externalId = text(MAX_SHORT_TEXT_LENGTH).optional();

/** The five schemas of `eventData`, by event type. */
export const eventDataSchemas = {
  quality_check: z.strictObject({ result: z.enum(RESULTS).optional(), externalId }),
  inventory_count: z.strictObject({
    location: text(MAX_SHORT_TEXT_LENGTH).optional(),
    itemCount: count.meta(WHOLE).optional(),
    itemType: text(MAX_SHORT_TEXT_LENGTH).optional(),
    externalId,
  }),
  safety_alert: z.strictObject({
    alertType: text(MAX_ALERT_TYPE_LENGTH)
      .regex(ALERT_TYPE_PATTERN)
      .meta({ fit: 'alertType' } satisfies SchemaHints)
      .optional(),
    severity: z.enum(SEVERITIES).optional(),
    description: text(MAX_LONG_TEXT_LENGTH).optional(),
    externalId,
  }),
  custom: z.strictObject({ value: text(MAX_LONG_TEXT_LENGTH).optional(), externalId }),
  operator_feedback: z.strictObject({ relatedEventId: anyText, feedback: z.enum(FEEDBACKS) }),
};

const commonFields = {
  eventId: anyText,
  useCaseId: text(MAX_IDENTIFIER_LENGTH),
  timestamp: z.string().refine(isIsoTimestamp),
  deviceId: text(MAX_IDENTIFIER_LENGTH).optional(),
  streamId: text(MAX_IDENTIFIER_LENGTH).optional(),
  workflowId: text(MAX_IDENTIFIER_LENGTH).optional(),
  workflowVersion: text(MAX_WORKFLOW_VERSION_LENGTH).optional(),
  images: z.array(eventImageSchema).max(MAX_IMAGES).optional(),
  // The page says "number"; a position in a list is a whole one.
  displayImagePosition: count.max(MAX_DISPLAY_IMAGE_POSITION).meta(WHOLE).optional(),
  customMetadata: customMetadataSchema.optional(),
  // The note of an operator's feedback stands beside eventData (page "Operator Feedback").
  comment: anyText.optional(),
};

const eventSchemaOf = <Type extends keyof typeof eventDataSchemas>(type: Type) =>
  z.strictObject({
    ...commonFields,
    eventType: z.literal(type),
    eventData: eventDataSchemas[type],
  });

/** A whole event without any error, `eventData` by its type. */
export const visionEventSchema = z.discriminatedUnion('eventType', [
  eventSchemaOf('quality_check'),
  eventSchemaOf('inventory_count'),
  eventSchemaOf('safety_alert'),
  eventSchemaOf('custom'),
  eventSchemaOf('operator_feedback'),
]);

/** An event as code handles it before it is validated: `eventData` is any object. */
export const looseVisionEventSchema = z.object({
  ...commonFields,
  eventType: z.enum(EVENT_TYPES),
  eventData: z.record(z.string(), z.unknown()),
});

/** A box with a class. Pixels; x and y are its centre. */
export interface ObjectDetection extends z.infer<typeof objectDetectionSchema> {}
/** A class of the whole picture. */
export interface Classification extends z.infer<typeof classificationSchema> {}
/** A polygon (`points`: x and y in pixels) with its box and class. */
export interface InstanceSegmentation extends z.infer<typeof instanceSegmentationSchema> {}
/** A point of a pose, in pixels. */
export interface Keypoint extends z.infer<typeof keypointSchema> {}
/** A pose with its box and class. */
export interface KeypointDetection extends z.infer<typeof keypointDetectionSchema> {}
/** The four annotation lists of one image entry; only non-empty ones are present. */
export interface AnnotationLists extends z.infer<typeof annotationListsSchema> {}
/** An entry of `images`: what was seen in one picture, and the ids of its uploads. */
export interface EventImage extends z.infer<typeof eventImageSchema> {}
/** A value of `customMetadata`: text of 1 to 1,000 characters, a number of at most six decimals, or a truth value. */
export type MetadataValue = z.infer<typeof metadataValueSchema>;
/** The fields of `eventData`, by event type. */
export type EventDataByType = {
  [Type in keyof typeof eventDataSchemas]: z.infer<(typeof eventDataSchemas)[Type]>;
};
/** An event to be validated: its `eventData` may be anything that is an object. */
export interface VisionEvent extends z.infer<typeof looseVisionEventSchema> {}
/** An event that the API stores as it is. */
export type ValidVisionEvent = z.infer<typeof visionEventSchema>;
