/**
 * Puts the parts of an event together. Pure: what a part is has been found out before, whether it is right is for
 * `validate` to say.
 */
import { ANNOTATION_LISTS } from './derive';
import { isObject, own } from './fields';
import { EVENT_DATA_RULES, recogniseEventType } from './rules';
import { toIsoTimestamp } from './timestamp';
import type { AnnotationLists } from './types';

/**
 * Parts of an event, evaluated. Whatever is `undefined`, `null` or an empty text is left out. A value of the wrong type
 * goes into the event as it is, so that `validate` can name it.
 */
export interface EventParts {
  eventId?: unknown;
  eventType?: unknown;
  useCaseId?: unknown;
  /** what `toIsoTimestamp` reads */
  timestamp?: unknown;
  deviceId?: unknown;
  streamId?: unknown;
  workflowId?: unknown;
  workflowVersion?: unknown;
  comment?: unknown;
  /** fields of eventData of any type; only those of the event's own type are used */
  eventData?: Readonly<Record<string, unknown>>;
  /** rows over the fields of `metadataFrom`; of two rows with one key the later counts */
  metadata?: readonly { key: string; value: unknown }[];
  metadataFrom?: unknown;
  images?: readonly ImageParts[];
}

/** What is known of one image: its detections, and its pictures where it has any. */
export interface ImageParts extends AnnotationLists {
  label?: unknown;
  sourceId?: unknown;
  inputSourceId?: unknown;
  /** true when it will get a source id, once its picture is uploaded */
  hasPicture?: boolean;
}

/** An event as composed: shaped like a `VisionEvent`, but no field was checked yet. */
export interface Composed {
  eventId?: unknown;
  eventType?: unknown;
  useCaseId?: unknown;
  timestamp?: unknown;
  /** always there: the API's page calls it required */
  eventData: Record<string, unknown>;
  deviceId?: unknown;
  streamId?: unknown;
  workflowId?: unknown;
  workflowVersion?: unknown;
  images?: ComposedImage[];
  displayImagePosition?: number;
  customMetadata?: unknown;
  comment?: unknown;
}

export interface ComposedImage extends AnnotationLists {
  label?: unknown;
  sourceId?: unknown;
  inputSourceId?: unknown;
}

/**
 * Composes an event ("Create a Vision Event"). The order of fields is that of the API's page. The parts are not
 * changed.
 */
export function compose(parts: EventParts): Composed {
  const firstPicture = parts.images?.findIndex(hasPicture) ?? -1;
  return withoutEmpty({
    eventId: parts.eventId,
    eventType: parts.eventType,
    useCaseId: parts.useCaseId,
    // What is not a time stays as it is, and validation says so.
    timestamp: toIsoTimestamp(parts.timestamp) ?? parts.timestamp,
    eventData: composeEventData(parts),
    deviceId: parts.deviceId,
    streamId: parts.streamId,
    workflowId: parts.workflowId,
    workflowVersion: parts.workflowVersion,
    images: composeImages(parts.images),
    displayImagePosition: firstPicture < 0 ? undefined : firstPicture,
    customMetadata: composeMetadata(parts),
    comment: parts.comment,
  });
}

const isEmpty = (value: unknown) => value === undefined || value === null || value === '';

/** The names are ours or those of the API's page, so none of them can be `__proto__`. */
function withoutEmpty<Fields extends object>(fields: Fields): Fields {
  const filled = {} as Fields;
  for (const name in fields) if (!isEmpty(fields[name])) filled[name] = fields[name];
  return filled;
}

function composeEventData({ eventType, eventData = {} }: EventParts): Record<string, unknown> {
  // Forgives what `repair` will change, so that the event's data is not lost before.
  const type = recogniseEventType(eventType);
  // Without a known type nothing tells which fields belong; the event has an error then anyway.
  if (!type) return {};
  const known: Record<string, unknown> = {};
  for (const name of EVENT_DATA_RULES[type].byName.keys()) known[name] = own(eventData, name);
  return withoutEmpty(known);
}

function composeMetadata({ metadata = [], metadataFrom }: EventParts): unknown {
  if (metadata.length === 0 && isEmpty(metadataFrom)) return undefined;
  // What is not an object cannot take the rows. It goes through alone, for the error in the settings is what the user
  // has to hear of.
  if (!isEmpty(metadataFrom) && !isObject(metadataFrom)) return metadataFrom;
  const entries = new Map(isObject(metadataFrom) ? Object.entries(metadataFrom) : []);
  for (const { key, value } of metadata) {
    if (key !== '' && !isEmpty(value)) entries.set(key, value);
  }
  const filled = [...entries].filter(([, value]) => !isEmpty(value));
  return filled.length > 0 ? Object.fromEntries(filled) : undefined;
}

const hasPicture = ({ hasPicture: picture, sourceId, inputSourceId }: ImageParts) =>
  picture === true || !isEmpty(sourceId) || !isEmpty(inputSourceId);

/**
 * Detections are never dropped for want of a picture; an image without a picture and without detections says nothing
 * and is left out.
 */
function composeImages(images: readonly ImageParts[] = []): ComposedImage[] | undefined {
  // Empty entries before a filled one stay: a position in the list may mean a camera.
  let count = images.length;
  while (count > 0 && saysNothing(images[count - 1])) count -= 1;
  return count === 0 ? undefined : images.slice(0, count).map(composeImage);
}

function saysNothing(image: ImageParts | undefined): boolean {
  return !image || (!hasPicture(image) && !ANNOTATION_LISTS.some((name) => image[name]?.length));
}

function composeImage(image: ImageParts): ComposedImage {
  const { label, sourceId, inputSourceId } = image;
  const composed: ComposedImage = withoutEmpty({ label, sourceId, inputSourceId });
  for (const name of ANNOTATION_LISTS) if (image[name]?.length) copyList(name, image, composed);
  return composed;
}

function copyList<Name extends keyof AnnotationLists>(
  name: Name,
  from: AnnotationLists,
  to: AnnotationLists,
) {
  to[name] = from[name];
}
