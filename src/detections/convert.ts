import { MAX_IMAGES } from '../event/limits';
import type { AnnotationLists } from '../event/types';
import { describe } from './describe';
import { DetectionError } from './detection-error';
import { Engine, type ConvertedRows } from './engine';
import { ADAPTERS } from './formats';
import { FrameFinder } from './image-frame';
import type { Frame } from './geometry';
import { compileCustom, readByMapping } from './mapping';
import { collectMetadata } from './metadata';
import {
  nameOfPath,
  refuseErrorBody,
  refuseFailure,
  refuseUnreadRows,
  withStatusCode,
} from './nothing-found';
import { decodePayload } from './payload';
import { findPreset, PRESETS, readByPreset } from './presets';
import type { Adapter, ImageReading, Reading } from './reading';
import { recognise } from './recognise';
import { isObject } from '../json-object';
import { isList } from './values';
import type { ConvertedImage, DetectionContext, DetectionResult, DetectionSettings, NoteCode } from './types';

export { checkMapping } from './check-mapping';
export { DetectionError } from './detection-error';
export type { DetectionErrorCode } from './detection-error';
export type { DetectionContext, DetectionResult, DetectionSettings, NoteCode } from './types';

/** A format that `DetectionSettings.format` can name. */
export interface FormatInfo {
  id: string;
  /** adapters are recognised by `auto`; presets are only used when chosen */
  kind: 'adapter' | 'preset';
  label: string;
  /** what must or may have to be set for it */
  needs?: string[];
}

/** Every format by name, for the editor's drop-down; `auto` and `custom` are not in it. */
export const FORMATS: readonly FormatInfo[] = [
  ...ADAPTERS.map(({ id, label, needs }) => ({ id, kind: 'adapter' as const, label, needs })),
  ...PRESETS.map(({ id, label, needs }) => ({ id, kind: 'preset' as const, label, needs })),
];

/**
 * Turns a detector's payload into the annotation lists of a vision event.
 *
 * Coordinates of the result are absolute pixels of the picture, x and y the centre of the box; confidences are 0 to 1;
 * each list has at most 1000 entries, and there are at most 1000 images ("Create a Vision Event"). The payload is never
 * changed.
 *
 * @param payload the detector's output: an object, an array, JSON text or its bytes
 * @throws DetectionError whose message says what was found and which setting fixes it; nothing is ever guessed
 */
export function convertDetections(
  payload: unknown,
  settings: DetectionSettings,
  context: DetectionContext = {},
): DetectionResult {
  try {
    return convert(readPayload(payload, settings), settings, context);
  } catch (error) {
    throw error instanceof DetectionError ? withStatusCode(error, context.statusCode) : error;
  }
}

function convert(read: ReadPayload, settings: DetectionSettings, context: DetectionContext): DetectionResult {
  const { format, payload, reading, adapter } = read;
  const engine = new Engine(settings);
  reading.notes?.forEach((note) => engine.notes.add(note));
  engine.unread += reading.leftOut ?? 0;
  const frames = new FrameFinder(settings, context, format, engine.notes);
  const { images, seen } = convertImages(reading, engine, frames, settings);
  engine.refuseMistakenUnits();
  const count = images.reduce((sum, { annotations }) => sum + countOf(annotations), 0);
  if (count === 0) refuseWithoutSign(read, engine, settings);
  const result: DetectionResult = {
    format,
    images,
    count,
    dropped: engine.unread + engine.capped,
    unread: engine.unread,
    notes: Array.from(engine.notes),
  };
  if (!reading.images.some(({ isListMissing }) => isListMissing)) result.seen = seen;
  if (reading.single) result.single = reading.single;
  if (engine.passedOver > 0) result.passedOver = engine.passedOver;
  if (settings.metadataCandidates) result.metadata = collectMetadata(payload, adapter, settings);
  return result;
}

/** Nothing was found: an error, unless the payload shows that nothing was there. */
function refuseWithoutSign(
  { format, payload, adapter }: ReadPayload,
  engine: Engine,
  settings: DetectionSettings,
): void {
  if (engine.passedOver > 0) return;
  refuseFailure(payload);
  const { firstLeftOut, unread } = engine;
  // none of the rows could be read and the signature does not fit either: the wrong format was chosen
  if (adapter && (firstLeftOut || !hasEmptyList(payload)) && !adapter.matches(payload, settings))
    throw doesNotFit(payload, adapter);
  if (firstLeftOut) refuseUnreadRows(firstLeftOut, unread, format);
}

/** The payload is an empty list, a list of empty ones (several pictures), or an envelope with one. */
function hasEmptyList(payload: unknown): boolean {
  if (isList(payload)) return payload.every(isEmptyResult);
  return isObject(payload) && Object.values(payload).some((value) => isList(value) && value.length === 0);
}

/** A list or, as servers of several pictures send it, the text of one. */
function isEmptyResult(result: unknown): boolean {
  return isList(result) ? result.length === 0 : result === '[]';
}

/** The images that travel, and what was seen in all of them. */
function convertImages(
  reading: Reading,
  engine: Engine,
  frames: FrameFinder,
  settings: DetectionSettings,
): { images: ConvertedImage[]; seen: AnnotationLists[] } {
  const isOne = reading.images.length === 1;
  if (reading.images.length > 1) engine.notes.add('multiple-images');
  if (settings.multipleImages !== 'first' && reading.images.length > MAX_IMAGES)
    engine.notes.add('list-capped');
  const used = settings.multipleImages === 'first' ? reading.images.slice(0, 1) : reading.images;
  const images: ConvertedImage[] = [];
  const seen: AnnotationLists[] = [];
  for (const image of used) {
    const frame = frames.frameOf(image, isOne);
    const converted = engine.convert(image.groups, frame);
    if (images.length < MAX_IMAGES) images.push(imageOf(converted, frame));
    seen.push(converted.seen);
  }
  return { images, seen };
}

function imageOf({ annotations, tracks }: ConvertedRows, { picture }: Frame): ConvertedImage {
  const image: ConvertedImage = { annotations };
  if (tracks) image.tracks = tracks;
  if (picture) image.imageSize = picture;
  return image;
}

interface ReadPayload {
  format: string;
  payload: unknown;
  reading: Reading;
  adapter?: Adapter;
}

const NO_DETECTIONS: Reading = { images: [{ groups: [] }] };

function readPayload(payload: unknown, settings: DetectionSettings): ReadPayload {
  if (settings.format === 'auto' || settings.format === '')
    return readRecognised(decodePayload(payload), settings);
  if (settings.format === 'custom') return readCustom(payload, settings);
  const adapter = ADAPTERS.find(({ id }) => id === settings.format);
  return adapter ? readDeclared(decodePayload(payload), adapter, settings) : readPreset(payload, settings);
}

function readRecognised(payload: unknown, settings: DetectionSettings): ReadPayload {
  const adapter = recognise(payload, settings);
  if (adapter === 'any-empty') return { format: adapter, payload, reading: NO_DETECTIONS };
  return readDeclared(payload, adapter, settings);
}

/** Once a format is chosen there is no other: a payload that does not fit is an error. */
function readDeclared(payload: unknown, adapter: Adapter, settings: DetectionSettings): ReadPayload {
  const isEmpty = isList(payload) && payload.length === 0;
  const reading = isEmpty ? NO_DETECTIONS : adapter.read(payload, settings);
  refuseErrorBody(payload);
  if (reading) return { format: adapter.id, payload, reading, adapter };
  refuseFailure(payload);
  throw doesNotFit(payload, adapter);
}

function doesNotFit(payload: unknown, adapter: Adapter): DetectionError {
  return new DetectionError(
    'unknown-format',
    `The payload does not fit "Format" (format): choose Automatic, or the detector that is wired in. ${adapter.label} does not send ${describe(payload)}.`,
  );
}

function readCustom(payload: unknown, settings: DetectionSettings): ReadPayload {
  const compiled = compileCustom(settings.mapping);
  const decoded = decodePayload(payload, compiled.mapping.stripCodeFence);
  return {
    format: 'custom',
    ...readMapped(decoded, readByMapping(decoded, compiled), [compiled.mapping.list]),
  };
}

function readPreset(payload: unknown, settings: DetectionSettings): ReadPayload {
  const preset = findPreset(settings.format);
  if (!preset) {
    throw new DetectionError(
      'unknown-format',
      `Choose one of the list under "Format" (format): there is no format "${settings.format}".`,
    );
  }
  const decoded = decodePayload(payload, preset.variants[0]?.mapping.stripCodeFence);
  const lists = preset.variants.map(({ mapping }) => mapping.list);
  return { format: preset.id, ...readMapped(decoded, readByPreset(decoded, preset), lists, preset.notes) };
}

/** @throws DetectionError `list-not-found`, or what the detector says instead of the list */
function readMapped(payload: unknown, image: ImageReading | undefined, lists: string[], notes?: NoteCode[]) {
  refuseErrorBody(payload);
  if (image) return { payload, reading: { images: [image], notes } };
  refuseFailure(payload);
  throw listNotFound(payload, lists);
}

function listNotFound(payload: unknown, lists: string[]): DetectionError {
  const names = [...new Set(lists)].map(nameOfPath);
  return new DetectionError(
    'list-not-found',
    `No list of detections: check "Format" (format) or, with "Custom mapping", its "list". There is none at ${names.join(' or ')}: the payload is ${describe(payload)}.`,
  );
}

function countOf(lists: AnnotationLists): number {
  const { objectDetections, classifications, instanceSegmentations, keypoints } = lists;
  return (
    (objectDetections?.length ?? 0) +
    (classifications?.length ?? 0) +
    (instanceSegmentations?.length ?? 0) +
    (keypoints?.length ?? 0)
  );
}
