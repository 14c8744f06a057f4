import { DetectionError } from '../detection-error';
import { follow, parsePath } from '../path';
import type { PathStep } from '../path';
import { readPoints } from '../points';
import { alternatives, boxes, classes, field, putFour } from '../reading';
import type { Adapter, ImageReading, RawPoint, Reading, RowPlan } from '../reading';
import { outlineOf } from '../run-length-mask';
import type { DetectionSettings, NoteCode, Size } from '../types';
import { isObject } from '../../json-object';
import {
  everyRow,
  has,
  isList,
  isText,
  own,
  ownArray,
  ownObject,
  someRow,
  toNumber,
  toSize,
} from '../values';
import type { JsonObject } from '../values';

/**
 * Roboflow inference, Workflows, inferencejs and the older roboflow-red nodes: centre boxes in pixels.
 * Shapes: github.com/roboflow/inference `entities/responses/inference.py` and `core_steps/common/serializers.py`.
 * Where a Workflow puts its predictions is the user's choice of names, so they are looked for.
 */

interface PredictionRow {
  class?: unknown;
  class_id?: unknown;
  confidence?: unknown;
  detection_id?: unknown;
  tracker_id?: unknown;
  x?: unknown;
  y?: unknown;
  width?: unknown;
  height?: unknown;
  bbox?: { x?: unknown; y?: unknown; width?: unknown; height?: unknown } | null;
  center_x?: unknown;
  center_y?: unknown;
  points?: unknown;
  keypoints?: unknown;
  rle?: unknown;
  rle_mask?: unknown;
  parent_origin?: unknown;
  root_parent_origin?: unknown;
}

const detections: RowPlan = boxes({
  readClass: (row) => (row as PredictionRow).class,
  readClassId: (row) => (row as PredictionRow).class_id,
  readConfidence: (row) => (row as PredictionRow).confidence,
  readTrack: (row) => (row as PredictionRow).tracker_id,
  box: {
    convention: 'center',
    units: 'auto',
    read(row, out) {
      const prediction = row as PredictionRow;
      if (prediction.x !== undefined) {
        return putFour(out, prediction.x, prediction.y, prediction.width, prediction.height);
      }
      const { x, y, width, height } = boxWithoutX(prediction);
      return putFour(out, x, y, width, height);
    },
  },
  points: {
    units: 'auto',
    read(row) {
      const { points } = row as PredictionRow;
      return points === undefined ? undefined : readPoints(points, 'xyObjects');
    },
  },
  keypoints: {
    units: 'auto',
    read(row) {
      const { keypoints } = row as PredictionRow;
      return isList(keypoints) ? readKeypoints(keypoints) : undefined;
    },
  },
  hasMask: (row) => maskOf(row as PredictionRow) !== undefined,
});

/** Masks in run lengths: `rle` in the answers of the server, `rle_mask` in those of Workflows. */
function maskOf(row: PredictionRow): unknown {
  return row.rle ?? row.rle_mask ?? undefined;
}

/**
 * The rows, with the outline of its mask as the polygon of each that has one and no polygon. A mask that is empty,
 * damaged or of another size than the picture stays as it is, and the engine says so.
 */
function withOutlines(
  rows: readonly unknown[],
  size: Size | undefined,
  notes: Set<NoteCode>,
): readonly unknown[] {
  if (!rows.some((row) => isObject(row) && maskOf(row) !== undefined)) return rows;
  return rows.map((row) => {
    if (!isObject(row) || ownArray(row, 'points')?.length) return row;
    const outline = outlineOf(maskOf(row));
    if (!outline || (size && !isSameSize(size, outline.size))) return row;
    if (outline.isSimplified) notes.add('mask-simplified');
    const points = outline.points.map(([x, y]) => ({ x, y }));
    return { ...row, points, rle: undefined, rle_mask: undefined };
  });
}

function isSameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** inferencejs nests the box; roboflow-red deletes `x` by a slip and leaves `center_x`. */
function boxWithoutX(row: PredictionRow): PredictionRow {
  if (typeof row.bbox === 'object' && row.bbox !== null) return row.bbox;
  const { center_x: x, center_y: y, width, height } = row;
  return { x, y: y ?? row.y, width, height };
}

/** A keypoint's confidence says nothing of occlusion, so `occluded` stays out; its id is the class of the joint. */
function readKeypoints(keypoints: readonly unknown[]): RawPoint[] {
  return keypoints.map((point, index) => ({
    x: own(point, 'x'),
    y: own(point, 'y'),
    id: own(point, 'class_id') ?? index,
  }));
}

const classification: RowPlan = alternatives({
  readClass: field('class'),
  readConfidence: field('confidence'),
});

/** Multi-label answers are an object of classes: `{cat: {confidence}}`; the name comes with the row. */
const multiLabel: RowPlan = classes({
  readClass: (_row, index, group) => group.names?.[index],
  readConfidence: (row) => (typeof row === 'number' ? row : own(row, 'confidence')),
});

const concepts: RowPlan = boxes({
  readClass: (_row, index, group) => group.names?.[index],
  readConfidence: field('confidence'),
  points: { units: 'auto', read: (row) => readPoints(own(row, 'points'), 'pairs') },
  hasMask: (row) => !has(row, 'points') && isObject(own(row, 'masks')),
});

/** The mask of SAM 3 is a list of polygons, or run lengths; an annotation has one polygon. */
function withLargestPart(row: unknown, notes: Set<NoteCode>): unknown {
  if (!isObject(row)) return row;
  const polygons = ownArray(row, 'masks');
  const outline = polygons ? undefined : outlineOf(row.masks);
  if (outline?.isSimplified || (polygons && polygons.length > 1)) notes.add('mask-simplified');
  const points = polygons ? largestPolygon(polygons) : outline?.points;
  return points ? { ...row, points } : row;
}

function largestPolygon(polygons: readonly unknown[]): unknown {
  let largest: unknown;
  let largestArea = -1;
  for (const polygon of polygons) {
    const area = areaOf(polygon);
    if (area > largestArea) [largest, largestArea] = [polygon, area];
  }
  return largest;
}

/** The area within a list of [x, y]; NaN when it is none. */
function areaOf(polygon: unknown): number {
  if (!isList(polygon)) return NaN;
  const points = polygon;
  const doubled = points.reduce((sum: number, point, index) => {
    const next = points[(index + 1) % points.length];
    return (
      sum +
      toNumber(own(point, 0)) * toNumber(own(next, 1)) -
      toNumber(own(next, 0)) * toNumber(own(point, 1))
    );
  }, 0);
  return Math.abs(doubled) / 2;
}

function isSize(value: unknown): boolean {
  return has(value, 'width') && Object.hasOwn(value, 'height');
}

/**
 * An answer of one image: `{image: {width, height}, predictions}`. Other services share `predictions`; their marks
 * exclude them.
 */
function isAnswer(value: JsonObject): boolean {
  const predictions = own(value, 'predictions');
  if (!isList(predictions) && !isClassification(predictions)) return false;
  if (typeof value.success === 'boolean' && Object.hasOwn(value, 'success')) return false;
  if (value.project !== undefined && has(value, 'project') && has(value, 'iteration')) return false;
  return isSize(own(value, 'image'));
}

/** By name, `{cat: {confidence}}`, or by pixel. An answer of its own, `{image, predictions}`, is neither. */
function isClassification(predictions: unknown): boolean {
  if (!isObject(predictions)) return false;
  if ('segmentation_mask' in predictions) return true;
  for (const name in predictions) {
    const value = predictions[name];
    if (typeof value !== 'number' && !has(value, 'confidence')) return false;
  }
  return true;
}

function isPredictionRow(row: PredictionRow): boolean {
  const { bbox } = row;
  if (typeof bbox === 'object' && bbox !== null) {
    return !isList(bbox) && isCentreBox(bbox) && typeof row.class === 'string' && 'confidence' in row;
  }
  // a number of the class alone is not a mark: others have it beside the corner under the same names
  const isNamed = Number.isInteger(row.class_id) && typeof row.class === 'string';
  const marked = isNamed || typeof row.detection_id === 'string';
  return marked && (isCentreBox(row) || ('center_x' in row && 'width' in row && 'height' in row));
}

function isCentreBox(box: object): boolean {
  return 'x' in box && 'y' in box && 'width' in box && 'height' in box;
}

/** Gaze detection: each prediction nests the box of the face; an answer without faces is told by its own times. */
function isGazeAnswer(value: unknown): boolean {
  const predictions = ownArray(value, 'predictions');
  if (!predictions) return false;
  if (predictions.length === 0) return has(value, 'time_gaze_det');
  return someRow(predictions, (row) => isObject(row.face) && isCentreBox(row.face) && 'yaw' in row);
}

/** SAM 3: results by prompt; the class is the text of the prompt. */
function isConceptAnswer(value: JsonObject): boolean {
  if (value.prompt_results === undefined) return false;
  return everyRow(own(value, 'prompt_results'), (result) => isList(result.predictions));
}

/** The answer of a model to one image. */
function isImageAnswer(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  // Every object of every format's messages comes by here. Reading instead of `in`, and telling lists apart first in
  // isAnswerOrAnswers(), took the signature to 0.82 to 0.88 of its time for two detections of other formats.
  if (value.predictions !== undefined && (isAnswer(value) || isGazeAnswer(value))) return true;
  return isConceptAnswer(value);
}

function isRows(value: unknown): value is readonly JsonObject[] {
  return everyRow(value, isPredictionRow);
}

function isAnswers(value: unknown): value is readonly JsonObject[] {
  return everyRow(value, isImageAnswer);
}

/** What holds the predictions of one image, or of several crops of it. */
type Predictions = JsonObject | readonly unknown[];
type NamedPredictions = [name: string, value: Predictions];

function isPredictions(value: unknown): value is Predictions {
  return isList(value) ? isAnswers(value) || isRows(value) : isImageAnswer(value);
}

/** The named values of an object that hold predictions: the outputs of a Workflow, the fields of a webhook. */
function namedPredictions(root: JsonObject): NamedPredictions[] {
  return Object.keys(root).flatMap((key): NamedPredictions[] => {
    const value = root[key];
    if (typeof value !== 'object' || value === null) return [];
    return isPredictions(value) ? [[key, value]] : predictionsOfStep(key, value);
  });
}

/**
 * An output that is bound to a whole step holds everything that the step returns, the predictions one level deeper; a
 * step that ran on several crops is a list of such objects. With several predictions in a step each has a name of its
 * own.
 */
function predictionsOfStep(name: string, value: object): NamedPredictions[] {
  const steps: readonly unknown[] = isList(value) ? value : [value];
  const inner = keysOfPredictions(steps);
  return inner.map((key): NamedPredictions => {
    const all = steps.flatMap((step) => flatten(own(step, key) as Predictions));
    return [inner.length === 1 ? name : `${name}.${key}`, isList(value) ? all : (all[0] as JsonObject)];
  });
}

/** The keys under which every one of the objects has an answer. Bare rows do not count here: too much else has them. */
function keysOfPredictions(steps: readonly unknown[]): string[] {
  const [first] = steps;
  if (!isObject(first)) return [];
  const keys: string[] = [];
  for (const key in first) {
    if (!isAnswerOrAnswers(first[key])) continue;
    if (steps.every((step) => isAnswerOrAnswers(own(step, key)))) keys.push(key);
  }
  return keys;
}

function isAnswerOrAnswers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isList(value) ? isAnswers(value) : isImageAnswer(value);
}

/** The objects that stand for one image each and name their outputs freely. */
function roots(payload: unknown): JsonObject[] {
  if (isList(payload)) return payload.filter(isObject);
  if (!isObject(payload)) return [];
  const outputs = ownArray(payload, 'outputs');
  if (outputs && outputs.length > 0 && outputs.every(isObject)) return [...(outputs as JsonObject[])];
  return [ownObject(payload, 'serialized_output_data') ?? payload];
}

function matches(payload: unknown, settings?: DetectionSettings): boolean {
  if (isPredictions(payload)) return true;
  if (settings?.output && hasOutput(payload, settings.output)) return true;
  if (isList(payload)) return everyRow(payload, holdsPredictions);
  const found = roots(payload);
  return found.length > 0 && found.every(holdsPredictions);
}

function holdsPredictions(root: JsonObject): boolean {
  for (const key in root) {
    const value = root[key];
    if (typeof value === 'object' && value !== null && (isPredictions(value) || isStep(value))) return true;
  }
  return false;
}

/**
 * Whether there are keys of predictions. Every format's messages are asked, so the list of keys is made only where
 * there is one.
 */
function isStep(value: object): boolean {
  const first: unknown = isList(value) ? value[0] : value;
  if (!isObject(first)) return false;
  for (const key in first)
    if (isAnswerOrAnswers(first[key])) return keysOfPredictions(isList(value) ? value : [value]).length > 0;
  return false;
}

/**
 * The output that the user named is in the payload and holds predictions, however deep; an empty list of crops counts.
 */
function hasOutput(payload: unknown, output: string): boolean {
  const found = roots(payload).map((root) => follow(root, stepsOf(output)));
  return found.length > 0 && found.every((value) => isPredictions(value) || isEmptyList(value));
}

function isEmptyList(value: unknown): boolean {
  return isList(value) && value.length === 0;
}

function stepsOf(output: string): PathStep[] {
  const steps = parsePath(output);
  return typeof steps === 'string' ? [{ key: output }] : steps;
}

function read(payload: unknown, settings: DetectionSettings): Reading | undefined {
  const notes = new Set<NoteCode>();
  const images = findImages(payload, settings);
  if (!images) return undefined;
  return { images: images.map((image) => readImage(image, settings, notes)), notes: [...notes] };
}

/** One entry an image: an answer, or bare rows. */
function findImages(payload: unknown, settings: DetectionSettings): Predictions[] | undefined {
  if (settings.output)
    return roots(payload).flatMap((root) => flatten(chosenOutput(root, settings.output ?? '')));
  if (isPredictions(payload)) return flatten(payload);
  const found = roots(payload).map((root) => onlyPredictions(namedPredictions(root)));
  if (found.length > 0 && found.every((value) => value !== undefined)) return found.flatMap(flatten);
  return looselyRead(payload);
}

function flatten(value: Predictions): Predictions[] {
  return isAnswers(value) ? [...value] : [value];
}

function onlyPredictions(found: [name: string, value: Predictions][]): Predictions | undefined {
  if (found.length > 1) {
    const names = found.map(([name]) => name);
    throw new DetectionError(
      'ambiguous-outputs',
      `Name one under "Workflow output" (output): several outputs hold predictions: ${names.join(', ')}.`,
      names,
    );
  }
  return found[0]?.[1];
}

function chosenOutput(root: JsonObject, output: string): Predictions {
  const named = namedPredictions(root);
  const exact = named.find(([name]) => name === output);
  if (exact) return exact[1];
  const value = follow(root, stepsOf(output));
  if (isPredictions(value) || isEmptyList(value) || isLooseAnswer(value)) return value as Predictions;
  if (isObject(value)) {
    const inner = onlyPredictions(namedPredictions({ [output]: value }));
    if (inner) return inner;
  }
  const names = named.map(([name]) => name);
  throw new DetectionError(
    'list-not-found',
    `The output "${output}" holds no predictions. ${names.length > 0 ? `Outputs that do: ${names.join(', ')}.` : 'No output does.'}`,
    names,
  );
}

/** For a declared format: rows and answers that `auto` would not dare to take for Roboflow's. */
function looselyRead(payload: unknown): Predictions[] | undefined {
  return isLooseAnswer(payload) ? [payload as Predictions] : undefined;
}

function isLooseAnswer(value: unknown): boolean {
  if (isLooseRows(value)) return true;
  const predictions = own(value, 'predictions');
  return isClassification(predictions) || isEmptyList(predictions) || isLooseRows(predictions);
}

/**
 * Rows that name their class as Roboflow does: other detectors mean another point of the box by the same `x` and `y`.
 */
function isLooseRows(value: unknown): boolean {
  return someRow(value, (row) => ['class', 'class_id', 'detection_id', 'bbox'].some((key) => key in row));
}

function readImage(image: Predictions, settings: DetectionSettings, notes: Set<NoteCode>): ImageReading {
  if (!isObject(image)) return { groups: [rowGroup(image, undefined, notes)] };
  if (isConceptAnswer(image)) return { groups: conceptGroups(image, notes) };
  const { predictions } = image;
  const size = toSize(own(image.image, 'width'), own(image.image, 'height'));
  if (!size && !isSize(image.image) && isGazeAnswer(image)) return { groups: [gazeGroup(image)] };
  if (isList(predictions)) {
    const rows = predictions.length === 0 ? topAnswer(image) : predictions;
    return { size, groups: [rowGroup(rows, size, notes)] };
  }
  return { size, groups: [multiLabelGroup(image, predictions as JsonObject, settings, notes)] };
}

function gazeGroup({ predictions }: JsonObject) {
  const rows = (predictions as unknown[]).map((row) => own(row, 'face'));
  return { rows, plan: detections };
}

function conceptGroups(answer: JsonObject, notes: Set<NoteCode>) {
  return (ownArray(answer, 'prompt_results') ?? []).map((result) => {
    const rows = (ownArray(result, 'predictions') ?? []).map((row) => withLargestPart(row, notes));
    const name = own(own(result, 'echo'), 'text');
    return { rows, names: rows.map(() => name), plan: concepts };
  });
}

/** A classification that lists nothing but names its winner. */
function topAnswer(image: JsonObject): unknown[] {
  return isText(image.top) && Number.isFinite(toNumber(image.confidence))
    ? [{ class: image.top, confidence: image.confidence }]
    : [];
}

function rowGroup(rows: readonly unknown[], size: Size | undefined, notes: Set<NoteCode>) {
  if (rows.some(isOfCrop)) notes.add('crop-coordinates');
  if (everyRow(rows, isClassRow)) return { rows, plan: classification };
  return { rows: withOutlines(rows, size, notes), plan: detections };
}

function isOfCrop(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return false;
  const { parent_origin, root_parent_origin } = row as PredictionRow;
  return parent_origin !== undefined || root_parent_origin !== undefined;
}

const KEYS_OF_CLASS_ROWS = new Set([
  'class',
  'class_id',
  'class_name',
  'confidence',
  'detection_id',
  'parent_id',
]);

/** A class of the whole picture has nothing else: a row with more is a detection, of which the place may be missing. */
function isClassRow(row: JsonObject): boolean {
  if ('x' in row || !('class' in row)) return false;
  for (const key in row) if (!KEYS_OF_CLASS_ROWS.has(key)) return false;
  return true;
}

function multiLabelGroup(
  image: JsonObject,
  predictions: JsonObject,
  settings: DetectionSettings,
  notes: Set<NoteCode>,
) {
  if ('segmentation_mask' in predictions) {
    throw new DetectionError(
      'unsupported-semantic-mask',
      'Use a model for detection or instance segmentation: this is a semantic one: a class for each pixel, without objects.',
    );
  }
  const predicted = ownArray(image, 'predicted_classes');
  const names = settings.allClasses || !predicted ? Object.keys(predictions) : predicted;
  if (names.length === 0) notes.add('nothing-predicted');
  // what is not a name has no row: the engine leaves it out and says so
  const rows = names.map((name) => (isText(name) ? own(predictions, name) : undefined));
  const isPredicted = predicted && ((name: unknown) => predicted.includes(name));
  const plan: RowPlan = {
    ...multiLabel,
    isPredicted: isPredicted && ((_row, index, group) => isPredicted(group.names?.[index])),
  };
  return { rows, names, plan };
}

export const roboflow: Adapter = {
  id: 'roboflow',
  label: 'Roboflow inference, Workflows',
  keys: 'any',
  matches,
  read,
  metadata: (payload) => ({ inference_id: payload.inference_id, model_id: payload.model_id }),
};
