/** The vision event and its parts, as the REST API takes them. Coordinates are absolute pixels; x and y are the box CENTRE. */
export const EVENT_TYPES = [
  'quality_check',
  'inventory_count',
  'safety_alert',
  'custom',
  'operator_feedback',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface ObjectDetection {
  class: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** 0 to 1 */
  confidence: number;
}

export interface Classification {
  class: string;
  confidence: number;
}

export interface InstanceSegmentation extends ObjectDetection {
  points: [number, number][];
}

export interface Keypoint {
  id: number;
  x: number;
  y: number;
  occluded?: boolean;
}

export interface KeypointDetection extends ObjectDetection {
  keypoints: Keypoint[];
}

/** The four annotation lists of one image entry; only non-empty ones are present. */
export interface AnnotationLists {
  objectDetections?: ObjectDetection[];
  classifications?: Classification[];
  instanceSegmentations?: InstanceSegmentation[];
  keypoints?: KeypointDetection[];
}

export interface EventImage extends AnnotationLists {
  label?: string;
  sourceId?: string;
  inputSourceId?: string;
}

export type MetadataValue = string | number | boolean;

export interface VisionEvent {
  eventId: string;
  eventType: EventType;
  useCaseId: string;
  /** ISO 8601 with Z */
  timestamp: string;
  eventData: Record<string, unknown>;
  deviceId?: string;
  streamId?: string;
  workflowId?: string;
  workflowVersion?: string;
  images?: EventImage[];
  displayImagePosition?: number;
  customMetadata?: Record<string, MetadataValue>;
  comment?: string;
}

/** One fault that the API accepts but complains of; the shape of the API's own `warnings` entries. */
export interface EventWarning {
  /** Joi's name of the broken rule, such as `any.required` */
  type: string;
  /** dotted from the event's root, array positions as numbers: `images.0.objectDetections.3.confidence` */
  path: string;
  /** the offending value, `null` when missing */
  value: unknown;
  /** `typeof` that value; `object` when missing */
  valueType: string;
}
