import { readPoints } from '../points';
import { alternatives, boxes, field, fourFields, putFour } from '../reading';
import type { Adapter, Reading, RowGroup, RowPlan } from '../reading';
import type { NoteCode } from '../types';
import { isObject } from '../../json-object';
import { everyRow, has, hasKeyCount, isList, isText, own, ownArray, toNumber } from '../values';
import type { JsonObject } from '../values';

/**
 * TensorFlow.js models as the Node-RED nodes pass them on: coco-ssd (corner boxes, pixels), MobileNet and Teachable
 * Machine (classes), pose and face detection (keypoints in pixels).
 */

interface CocoSsdRow {
  class?: unknown;
  score?: unknown;
  bbox?: Record<number, unknown> | null;
}

const cocoSsd: RowPlan = boxes({
  readClass: (row) => (row as CocoSsdRow).class,
  readConfidence: (row) => (row as CocoSsdRow).score,
  box: {
    convention: 'corner',
    units: 'auto',
    read(row, out) {
      const { bbox } = row as CocoSsdRow;
      return typeof bbox === 'object' && bbox !== null && putFour(out, bbox[0], bbox[1], bbox[2], bbox[3]);
    },
  },
});

const mobileNet: RowPlan = alternatives({
  readClass: field('className'),
  readConfidence: field('probability'),
});

const poseKeypoints = (row: unknown) => readPoints(own(row, 'keypoints'), 'xyObjects');

/** A single pose has no box: the hull of its keypoints. Faces have no score. */
const pose: RowPlan = boxes({
  readClass: field('class'),
  readConfidence: field('score'),
  keypoints: { units: 'auto', read: poseKeypoints },
});

const cornersInBox = {
  convention: 'corners',
  read: fourFields(['xMin', 'yMin', 'xMax', 'yMax'], 'box'),
} as const;

const poseWithBox: RowPlan = { ...pose, box: { ...cornersInBox, units: 'auto' } };

/** MoveNet MULTIPOSE, and only that, gives the box in fractions and the keypoints in pixels (`movenet/detector.ts`). */
const multiPose: RowPlan = {
  ...pose,
  box: { ...cornersInBox, units: 'fraction' },
  keypoints: { units: 'pixel', read: poseKeypoints },
};

/** What keypoints belong to, by the names that the models of `@tensorflow-models` give to them. */
const NAMES_OF_POINTS = {
  person: /^(nose|mouth_(left|right)|(left|right)_[a-z_]+)$/,
  hand: /^(wrist|thumb_[a-z]+|[a-z]+_finger_[a-z]+)$/,
  face: /^(lips|noseTip|mouthCenter|faceOval|(left|right)(Eye|Eyebrow|Iris|EarTragion))$/,
};
type PoseKind = keyof typeof NAMES_OF_POINTS;
const POSE_KINDS = Object.keys(NAMES_OF_POINTS) as PoseKind[];

/** Undefined when nothing tells: the same shape is free for anything that has points. */
function kindOfPose(row: unknown): PoseKind | undefined {
  if (isText(own(row, 'handedness'))) return 'hand';
  for (const point of ownArray(row, 'keypoints') ?? []) {
    const name = own(point, 'name');
    if (isText(name)) return POSE_KINDS.find((kind) => NAMES_OF_POINTS[kind].test(name));
  }
  return has(own(row, 'box'), 'xMin') && !has(row, 'score') ? 'face' : undefined;
}

function isCocoSsdRow(row: JsonObject): boolean {
  const { bbox } = row as CocoSsdRow;
  if (typeof row.class !== 'string' || !('score' in row) || !hasKeyCount(row, 3)) return false;
  return isList(bbox) ? bbox.length === 4 : isIndexed(bbox);
}

/** A Float32Array that went through JSON: `{"0": …, "3": …}`. */
function isIndexed(bbox: unknown): boolean {
  return isObject(bbox) && '0' in bbox && '1' in bbox && '2' in bbox && '3' in bbox && hasKeyCount(bbox, 4);
}

function isMobileNetRow(row: JsonObject): boolean {
  return typeof row.className === 'string' && 'probability' in row && hasKeyCount(row, 2);
}

function isPoseRow(row: JsonObject): boolean {
  if ('class' in row || 'categories' in row) return false;
  return (
    everyRow(row.keypoints, (point) => 'x' in point && 'y' in point) &&
    ('score' in row || has(row.box, 'xMin')) &&
    kindOfPose(row) !== undefined
  );
}

function matches(payload: unknown): boolean {
  if (!isList(payload)) return isObject(payload) && isPoseRow(payload);
  return everyRow(payload, isCocoSsdRow) || everyRow(payload, isMobileNetRow) || everyRow(payload, isPoseRow);
}

/** A fraction of the picture, with a little room for a body over the edge. */
function isBoxOfFractions(row: unknown): boolean {
  const values = ['xMin', 'yMin', 'xMax', 'yMax'].map((side) => toNumber(own(own(row, 'box'), side)));
  return values.every((value) => value >= -0.5 && value <= 1.5);
}

function hasPixelKeypoints(row: unknown): boolean {
  const points = ownArray(row, 'keypoints') ?? [];
  return points.some((point) => toNumber(own(point, 'x')) > 1.5 || toNumber(own(point, 'y')) > 1.5);
}

function read(payload: unknown): Reading | undefined {
  const rows = isList(payload) ? payload : [payload];
  const [first] = rows;
  if (has(first, 'bbox')) {
    const isAnyIndexed = rows.some((row) => isObject(own(row, 'bbox')));
    return oneImage([{ rows, plan: cocoSsd }], isAnyIndexed ? ['indexed-object'] : []);
  }
  if (has(first, 'className')) return oneImage([{ rows, plan: mobileNet }]);
  return has(first, 'keypoints') ? readPoses(rows) : undefined;
}

function oneImage(groups: RowGroup[], notes: NoteCode[] = []): Reading {
  return { images: [{ groups }], notes };
}

function readPoses(rows: readonly unknown[]): Reading {
  const plan = posePlan(rows);
  const groups = [...POSE_KINDS, undefined].map((kind) => ({
    rows: rows.filter((row) => kindOfPose(row) === kind),
    plan: { ...plan, fallbackClass: kind },
  }));
  return oneImage(groups, plan === multiPose ? ['mixed-units'] : []);
}

function posePlan(rows: readonly unknown[]): RowPlan {
  if (!rows.some((row) => has(own(row, 'box'), 'xMin'))) return pose;
  return rows.every((row) => isBoxOfFractions(row)) && rows.some(hasPixelKeypoints) ? multiPose : poseWithBox;
}

export const tfjs: Adapter = {
  id: 'tfjs',
  label: 'TensorFlow.js nodes (coco-ssd, MobileNet, pose)',
  keys: ['score', 'className', 'keypoints'],
  matches,
  read,
};
