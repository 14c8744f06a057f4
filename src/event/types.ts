/**
 * The vision event and its parts, as the REST API takes them. Coordinates are absolute pixels; x and y are the box
 * CENTRE.
 *
 * The types are inferred from the zod schemas of `model.ts`. Importing this file does not load zod: the imports are
 * types only.
 */
import type { VisionEvent } from './model';

/** The five types of events; each has fields of its own in `eventData`. */
export const EVENT_TYPES = [
  'quality_check',
  'inventory_count',
  'safety_alert',
  'custom',
  'operator_feedback',
] as const;
/** See `EVENT_TYPES`. */
export type EventType = (typeof EVENT_TYPES)[number];

export type {
  AnnotationLists,
  Classification,
  EventDataByType,
  EventImage,
  ValidVisionEvent,
  InstanceSegmentation,
  Keypoint,
  KeypointDetection,
  MetadataValue,
  ObjectDetection,
  VisionEvent,
} from './model';

/** The fields that the API checks strictly: an error in one of them is answered with 400. */
export const STRICT_FIELDS = ['eventId', 'eventType', 'useCaseId', 'timestamp'] as const;
/** See `STRICT_FIELDS`. */
export type StrictField = (typeof STRICT_FIELDS)[number];

/**
 * An event that the API takes: the four fields that it checks strictly are right, which `validate` finds out. Nothing
 * is said of the others: the API answers their errors with warnings.
 */
export interface SendableEvent
  extends Pick<VisionEvent, StrictField>, Partial<Record<Exclude<keyof VisionEvent, StrictField>, unknown>> {}

/** One error that the API accepts but complains of; the shape of the API's own `warnings` entries. */
export interface EventWarning {
  /** Joi's name of the broken rule, such as `any.required` */
  type: string;
  /** dotted from the event's root, array positions as numbers: `images.0.objectDetections.3.confidence` */
  path: string;
  /** the offending value (long ones shortened), `null` when missing */
  value: unknown;
  /** `typeof` that value; `object` when missing */
  valueType: string;
}

/** An error in one of the four strictly checked fields: the API would answer 400 and store nothing. */
export interface FieldError {
  /** the field, or empty when the event as a whole cannot be read */
  path: string;
  /** what is wrong and what repairs it, for a technician */
  message: string;
  /** Joi's name of the broken rule */
  type: string;
  /** the offending value (long ones shortened), `null` when missing */
  value: unknown;
}

/** One thing that was repaired. */
export interface Repaired {
  path: string;
  /** what stood there (long values shortened) */
  from: unknown;
  /** what stands there now (long values shortened); absent when the field was left out */
  to?: unknown;
}
