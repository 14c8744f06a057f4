import { MAX_IMAGES } from '../event/limits';
import type { AnnotationLists } from '../event/types';
import { DetectionError } from './detection-error';
import { Engine } from './engine';
import { ADAPTERS } from './formats';
import { FrameFinder } from './image-frame';
import { compileCustom, readByMapping } from './mapping';
import { collectMetadata } from './metadata';
import { decodePayload } from './payload';
import { findPreset, PRESETS, readByPreset } from './presets';
import type { Adapter, Reading } from './reading';
import { describe, recognise } from './recognise';
import type { ConvertedImage, DetectionContext, DetectionResult, DetectionSettings } from './types';

export { checkMapping } from './check-mapping';
export { DetectionError } from './detection-error';
export type { DetectionErrorCode } from './detection-error';
export type { DetectionContext, DetectionResult, DetectionSettings, NoteCode } from './types';

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
 * Coordinates of the result are absolute pixels of the picture, x and y the centre of the box; confidences are 0 to 1; each list has at
 * most 1000 entries, and there are at most 1000 images ("Create a Vision Event"). The payload is never changed.
 *
 * @param payload the detector's output: an object, an array, JSON text or its bytes
 * @throws DetectionError whose message says what was found and which setting mends it; nothing is ever guessed
 */
export function convertDetections(
  payload: unknown,
  settings: DetectionSettings,
  context: DetectionContext = {},
): DetectionResult {
  const { format, payload: decoded, reading, adapter } = readPayload(payload, settings);
  const engine = new Engine(settings);
  reading.notes?.forEach((note) => engine.notes.add(note));
  engine.dropped += reading.leftOut ?? 0;
  const images = convertImages(
    reading,
    engine,
    new FrameFinder(settings, context, format, engine.notes),
    settings,
  );
  engine.refuseFractionsTakenAsPixels();
  const count = images.reduce((sum, { annotations }) => sum + countOf(annotations), 0);
  // none of the rows could be read and the signature does not fit either: the wrong format was chosen
  if (adapter && count === 0 && engine.dropped > 0 && !adapter.matches(decoded, settings))
    throw doesNotFit(decoded, adapter);
  const result: DetectionResult = {
    format,
    images,
    count,
    dropped: engine.dropped,
    notes: [...engine.notes],
  };
  if (settings.metadataCandidates) result.metadata = collectMetadata(decoded, adapter, settings);
  return result;
}

function convertImages(
  reading: Reading,
  engine: Engine,
  frames: FrameFinder,
  settings: DetectionSettings,
): ConvertedImage[] {
  if (reading.images.length > 1) engine.notes.add('multiple-images');
  const most = settings.multipleImages === 'first' ? 1 : MAX_IMAGES;
  if (most > 1 && reading.images.length > most) engine.notes.add('list-capped');
  const used = reading.images.length > most ? reading.images.slice(0, most) : reading.images;
  return used.map((image) => {
    const frame = frames.frameOf(image, reading.images.length === 1);
    const annotations = engine.convert(image.groups, frame);
    return frame.picture ? { annotations, imageSize: frame.picture } : { annotations };
  });
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
  const isEmpty = Array.isArray(payload) && payload.length === 0;
  const reading = isEmpty ? NO_DETECTIONS : adapter.read(payload, settings);
  if (reading) return { format: adapter.id, payload, reading, adapter };
  throw doesNotFit(payload, adapter);
}

function doesNotFit(payload: unknown, adapter: Adapter): DetectionError {
  return new DetectionError(
    'unknown-format',
    `This is not what ${adapter.label} sends: ${describe(payload)}. Set "Format" to Automatic, or to the detector that is wired in.`,
  );
}

function readCustom(payload: unknown, settings: DetectionSettings): ReadPayload {
  const compiled = compileCustom(settings.mapping);
  const decoded = decodePayload(payload, compiled.mapping.stripCodeFence);
  const image = readByMapping(decoded, compiled);
  if (!image) throw listNotFound(decoded, [compiled.mapping.list]);
  return { format: 'custom', payload: decoded, reading: { images: [image] } };
}

function readPreset(payload: unknown, settings: DetectionSettings): ReadPayload {
  const preset = findPreset(settings.format);
  if (!preset) {
    throw new DetectionError(
      'unknown-format',
      `There is no format "${settings.format}". Choose one of the list under "Format".`,
    );
  }
  const decoded = decodePayload(payload, preset.variants[0]?.mapping.stripCodeFence);
  const image = readByPreset(decoded, preset);
  if (image)
    return { format: preset.id, payload: decoded, reading: { images: [image], notes: preset.notes } };
  throw listNotFound(
    decoded,
    preset.variants.map(({ mapping }) => mapping.list),
  );
}

function listNotFound(payload: unknown, lists: string[]): DetectionError {
  const names = [...new Set(lists)].map((list) => (list === '' ? 'the payload itself' : `"${list}"`));
  return new DetectionError(
    'list-not-found',
    `There is no list of detections at ${names.join(' or ')}: the payload is ${describe(payload)}. Check "Format" and, with "Own mapping", its "list".`,
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
