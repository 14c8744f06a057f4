import { randomUUID } from 'node:crypto';
import type { DetectionContext, DetectionResult, DetectionSettings, Size } from '../../src/detections/types';
import { convertDetections } from '../../src/detections/convert';
import { DoubtfulNow } from '../../src/delivery/clock-watch';
import { compose, type Composed, type ImageParts } from '../../src/event/compose';
import { derive, deriveFromPart, filterDetections, parseClasses } from '../../src/event/derive';
import { unusualTimeForm } from '../../src/event/timestamp';
import { isPlainlyWrong } from '../../src/event/wrong-clock';
import { displaySize } from '../../src/images/formats';
import type { Picture } from '../../src/images/picture';
import type { VisionEventProperties } from '../shared/properties';
import { DerivedField, FRESH_ID, type EventValues } from './inputs';
import { convertEntries, type EntryDetections } from './entry-detections';
import type { LoadedPicture } from '../shared/send-event';
import type { MessagePictures } from './pictures';
import type { CheckMoment } from '../shared/check-event';
import { detectionSettings, messageImageSize, numberOf } from '../shared/event-settings';
import type { FlowMessage } from '../shared/guarded-input';
import { doubtOf } from '../shared/hiding';
import type { Findings } from '../shared/report';

/** The settings of the dialog that shape the event, parsed once. */
export interface EventSettings {
  /** false: the message as a whole has none (type `none`) */
  takesDetections: boolean;
  detection: DetectionSettings;
  minConfidence?: number;
  classes: string[];
  onWarnings: VisionEventProperties['onWarnings'];
  /** its events are stored first: a time "now" of a clock that is plainly wrong is put right there */
  isStored: boolean;
  /** its events go on to another node, which may have to know what their coordinates count in */
  isBuilt: boolean;
}

export function eventSettings(config: VisionEventProperties): EventSettings {
  return {
    takesDetections: config.detectionsType !== 'none',
    detection: detectionSettings(config),
    minConfidence: numberOf(config.minConfidence),
    classes: parseClasses(config.classes ?? ''),
    onWarnings: config.onWarnings || 'repair',
    isStored: config.delivery === 'queue',
    isBuilt: config.delivery === 'build',
  };
}

/** What only this message knows. */
export interface MessageContext {
  /** of the detections of the message as a whole */
  detection: DetectionContext;
  /** with the property `pictures` only: one for each image of the event */
  entries?: readonly (EntryDetections & { label?: unknown })[];
  /** positions of the event's images that have a picture */
  pictured: ReadonlySet<number>;
  /** the workspace's, for events that name none */
  deviceId: string;
  /** epoch ms */
  now: number;
}

export interface ConvertedMessage {
  /** undefined when the message is not asked for any */
  converted?: DetectionResult;
  found: Partial<Findings>;
}

/** An event before it is checked. */
export interface ComposedEvent {
  event: Composed;
  /** of the picture behind each of its image entries, where it is known */
  imageSizes: (Size | undefined)[];
  found: Partial<Findings>;
}

const NONE_PICTURED: ReadonlySet<number> = new Set();

/** What the conversion and the checks need to know of a message, its pictures and the workspace. */
export function messageContext(
  message: FlowMessage,
  { loaded, entries }: MessagePictures,
  deviceId: string,
): MessageContext {
  const given = { imageSize: messageImageSize(message), shape: message['shape'] };
  const now = Date.now();
  if (loaded.length === 0 && !entries) {
    const detection = { statusCode: message['statusCode'], ...given };
    return { detection, pictured: NONE_PICTURED, deviceId, now };
  }
  const contextOf = (position: number): DetectionContext => {
    const picture = seenPicture(loaded, position);
    // One size for the whole message cannot speak for pictures that know their own.
    return picture && displaySize(picture)
      ? { picture: picture.bytes }
      : { ...given, picture: picture?.bytes };
  };
  const isOne = (entries?.length ?? 1) === 1;
  return {
    detection: {
      ...given,
      statusCode: message['statusCode'],
      picture: isOne || haveSameSize(loaded) ? seenPicture(loaded, 0)?.bytes : undefined,
    },
    entries: entries?.map(({ label, detections, place }, position) => ({
      label,
      payload: detections,
      place,
      context: contextOf(position),
    })),
    pictured: picturedImages(loaded),
    deviceId,
    now,
  };
}

/** Positions of the event's images that have a picture. */
export function picturedImages(loaded: readonly LoadedPicture[]): ReadonlySet<number> {
  return new Set(loaded.map(({ image = 0 }) => image));
}

/** The picture of an image that the detector saw: the input where there is one. */
function seenPicture(loaded: readonly LoadedPicture[], position: number): Picture | undefined {
  const ofImage = loaded.filter(({ image = 0 }) => image === position);
  return (ofImage.find(({ role }) => role === 'input') ?? ofImage[0])?.picture;
}

function haveSameSize(loaded: readonly LoadedPicture[]): boolean {
  const sizes = loaded.map(({ picture: { width, height, orientation } }) =>
    [width, height, orientation].join(' '),
  );
  return new Set(sizes).size === 1;
}

export function checkMoment(
  values: EventValues,
  settings: EventSettings,
  { now }: MessageContext,
): CheckMoment {
  const isDoubtful = values.inputs.timestamp instanceof DoubtfulNow;
  return { now, timeFollows: settings.isStored && isDoubtful && isPlainlyWrong(now) };
}

/**
 * Values of the dialog and the detections become one event, that is yet to be checked.
 *
 * @param converted what `convertMessage` made of the detections
 */
export function composeEvent(
  values: EventValues,
  settings: EventSettings,
  context: MessageContext,
  converted?: DetectionResult,
): ComposedEvent {
  const { eventType, inputs, metadata } = values;
  const form = unusualTimeForm(inputs.timestamp);
  const { fields, uncertain } = withDerived(values.eventData, converted, settings);
  const found: Partial<Findings> = {
    ...(form && { notes: [`timestamp-${form}`] }),
    ...(uncertain.length > 0 && { uncertain }),
  };
  const event = compose({
    eventId: inputs.eventId === FRESH_ID ? randomUUID() : inputs.eventId,
    eventType,
    useCaseId: inputs.useCase,
    timestamp: inputs.timestamp instanceof DoubtfulNow ? new Date(inputs.timestamp.at) : inputs.timestamp,
    deviceId: inputs.deviceId ?? context.deviceId,
    streamId: inputs.streamId,
    workflowId: inputs.workflowId,
    workflowVersion: inputs.workflowVersion,
    comment: inputs.comment,
    eventData: fields,
    metadata,
    metadataFrom: metadataBase(converted, inputs.metadataFrom),
    images: imageParts(converted, settings, context, inputs.imageLabel),
  });
  return { event, imageSizes: (converted?.images ?? []).map(({ imageSize }) => imageSize), found };
}

/**
 * Where an entry of `pictures` has detections of its own, those of the message are not asked for.
 *
 * @throws DetectionError when the payload cannot be converted
 */
export function convertMessage(
  payload: unknown,
  settings: EventSettings,
  context: MessageContext,
): ConvertedMessage {
  const { entries = [] } = context;
  const haveOwn = entries.some((entry) => entry.payload !== undefined);
  if (!haveOwn && !settings.takesDetections) return { found: {} };
  const converted = haveOwn
    ? convertEntries(entries, settings.detection)
    : convertDetections(payload, settings.detection, context.detection);
  const { format, count, dropped, notes, images } = converted;
  const doubt = settings.isBuilt ? doubtOf(converted, settings.detection, true) : undefined;
  const built = settings.isBuilt && {
    sizes: images.map(({ imageSize }) => imageSize ?? null),
    ...(doubt !== undefined && { doubt }),
  };
  return { converted, found: { detections: { format, count, dropped, notes, ...built } } };
}

function imageParts(
  converted: DetectionResult | undefined,
  settings: EventSettings,
  { entries, pictured }: MessageContext,
  label: unknown,
): ImageParts[] {
  const detected = converted?.images ?? [];
  const labels = entries ? entries.map((entry) => entry.label) : [label];
  return Array.from({ length: Math.max(detected.length, labels.length) }, (_, position) => ({
    label: labels[position],
    hasPicture: pictured.has(position),
    ...filterDetections(detected[position]?.annotations ?? {}, settings),
  }));
}

/**
 * The fields of eventData, with the values that follow from the detections where these are earned: none without
 * detections (not: without any found), and only what is certain when rows could not be read; what is left out for that
 * is `uncertain`.
 */
function withDerived(
  eventData: Record<string, unknown>,
  converted: DetectionResult | undefined,
  settings: EventSettings,
) {
  const uncertain: string[] = [];
  const fields: Record<string, unknown> = {};
  const seen = converted?.seen?.map((lists) => filterDetections(lists, settings));
  const isWhole = converted?.unread === 0;
  for (const [name, value] of Object.entries(eventData)) {
    if (!(value instanceof DerivedField)) fields[name] = value;
    else if (seen) {
      const { derivation, classes } = value;
      fields[name] = isWhole ? derive(derivation, seen, classes) : deriveFromPart(derivation, seen, classes);
      if (!isWhole && fields[name] === undefined) uncertain.push(name);
    }
  }
  return { fields, uncertain };
}

/** What the detector said of the picture lies under what the flow says. */
function metadataBase(converted: DetectionResult | undefined, metadataFrom: unknown): unknown {
  if (!converted?.metadata) return metadataFrom;
  if (metadataFrom === undefined) return converted.metadata;
  const isPlainObject =
    typeof metadataFrom === 'object' && metadataFrom !== null && !Array.isArray(metadataFrom);
  return isPlainObject ? { ...converted.metadata, ...metadataFrom } : metadataFrom;
}
