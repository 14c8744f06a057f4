import type { BoxConvention, CoordinateUnit } from './geometry';
import type { DetectionSettings, NoteCode, SingleObject, Size, SourceFit } from './types';
import { isAbsent, isList, own, toNumber } from './values';
import type { JsonObject } from './values';

/** A format that is recognised by itself. */
export interface Adapter {
  id: string;
  /** for the editor's list */
  label: string;
  /** settings or message fields without which the format cannot be converted, or not always */
  needs?: string[];
  /**
   * Keys of the payload, or of its first row, of which at least one must be there for the signature to hold; `any`
   * where users name the keys. They spare most formats the look.
   */
  keys: readonly string[] | 'any';
  /**
   * The signature: true only when every row has the shape and names something that only this family has. Cheap: builds
   * nothing.
   */
  matches(payload: unknown, settings?: DetectionSettings): boolean;
  /**
   * Where the rows are. More lenient than `matches`, for users who chose the format.
   *
   * @returns undefined when the payload is not of this format
   * @throws DetectionError when the detector reports an error or sends what cannot be converted
   */
  read(payload: unknown, settings: DetectionSettings): Reading | undefined;
  /** Values worth keeping as customMetadata; personal data only when the settings allow it. */
  metadata?(payload: JsonObject, settings: DetectionSettings): Record<string, unknown>;
}

/**
 * What a format makes of a payload: images, each with groups of rows and the plan by which the engine reads them.
 * Formats decide where the rows are and what their fields mean; every number and every rule is the engine's.
 */
export interface Reading {
  images: ImageReading[];
  notes?: NoteCode[];
  /**
   * parts of the payload that cannot be read and stand for no row, such as a module that failed; they count as dropped
   */
  leftOut?: number;
  /** the payload speaks of one tracked object, not of all objects of a frame */
  single?: SingleObject;
}

export interface ImageReading {
  /** size of the picture that the payload gives */
  size?: Size;
  /**
   * grid of the coordinates, when the payload says that it is not the picture's; `missing` when it should say so and
   * does not
   */
  source?: { size: Size; fit: SourceFit } | 'missing';
  /** there is no list, and the mapping allows it */
  isListMissing?: boolean;
  groups: RowGroup[];
}

export interface RowGroup {
  rows: readonly unknown[];
  plan: RowPlan;
  /** where the rows are in the payload, for messages */
  path?: string;
  /** elements on the way to the rows that lack the rest of the path: what they hold could not be read */
  withoutRows?: readonly unknown[];
  /** the whole payload, for values in lists parallel to the rows */
  payload?: unknown;
  /** what the row at a position lies in, from the element of the list around it out to the payload */
  outerOf?: (index: number) => readonly unknown[];
  /** where the name of each row stands beside it: the keys of an object, a parallel list of labels */
  names?: readonly unknown[];
}

/**
 * Reads one value of a row; `index` is the row's position in its group. Rows of boxes are objects or arrays when this
 * is called; rows of classes may be anything, null included.
 */
export type Reader = (row: unknown, index: number, group: RowGroup) => unknown;

/**
 * `auto`: pixels, unless the setting `units` says fraction; coordinates that all lie within 0 to 1 are refused until it
 * is set.
 */
export type DeclaredUnit = CoordinateUnit | 'auto';

export interface BoxPlan {
  convention: BoxConvention;
  units: DeclaredUnit;
  /**
   * Puts the four values in the order of the convention into `out`, NaN for what is not a number; false when the row
   * has no box.
   */
  read(row: unknown, out: Float64Array, index: number, group: RowGroup): boolean;
}

export interface PointsPlan {
  units: DeclaredUnit;
  /** the raw points, undefined when the row has none */
  read(row: unknown, index: number, group: RowGroup): RawPoint[] | undefined;
}

/** A point as it was sent; `id`, `occluded` only where the format has them. */
export interface RawPoint {
  x: unknown;
  y: unknown;
  id?: unknown;
  occluded?: boolean;
}

export interface RowPlan {
  kind: 'boxes' | 'classification';
  /** the class name, or a class number when `classNames` or the setting `labels` turn it into one */
  readClass: Reader;
  /** names by class number or short name */
  classNames?: Readonly<Record<string, string>>;
  /** a class number is a position in the setting `labels` */
  classNumberNeedsLabel?: boolean;
  /** the class number that stands in for a missing name; without it the row's own `class_id` */
  readClassId?: Reader;
  /** the format's own word for rows without a class, after the setting `defaultClass` */
  fallbackClass?: string;
  readConfidence?: Reader;
  /** the detector's own id of the object, where it tracks objects by itself; what is no id (-1, null) is none */
  readTrack?: Reader;
  /** `score` is not a probability (anomaly scores): above 1 it is clamped, never an error */
  confidenceUnit: 'fraction' | 'percent' | 'score';
  /** above this a "fraction" must be a percentage, and is refused */
  percentEvidence: number;
  /** `top`: the classes of a picture are alternatives, and the most confident one was predicted */
  predicted?: 'top';
  /** whether the class of the row was predicted, where the answer lists others as well and says so */
  isPredicted?: (row: unknown, index: number, group: RowGroup) => boolean;
  /** rows below it are passed over without a word */
  minConfidence?: number;
  box?: BoxPlan;
  points?: PointsPlan;
  keypoints?: PointsPlan;
  /** a row that is a list has at least so many elements: with fewer nobody knows which one is missing */
  leastLength?: number;
  /** the box stands in lists beside the list of rows, so that a row may be a mere value */
  hasColumns?: boolean;
  /** whether the row carries a mask that cannot be turned into a polygon */
  hasMask?: (row: unknown) => boolean;
}

/** A detector that sends probabilities may overshoot 1 a little; above this it sends percent. */
export const PERCENT_EVIDENCE = 1.5;

/** A plan of boxes with what most formats have in common: a probability of 0 to 1. */
export function boxes(plan: Partial<RowPlan> & Pick<RowPlan, 'readClass'>): RowPlan {
  return { kind: 'boxes', confidenceUnit: 'fraction', percentEvidence: PERCENT_EVIDENCE, ...plan };
}

/** A plan of classes of the whole picture, likewise. */
export function classes(plan: Partial<RowPlan> & Pick<RowPlan, 'readClass'>): RowPlan {
  return { ...boxes(plan), kind: 'classification' };
}

/** The same for models that give every class they know a probability (softmax). */
export function alternatives(plan: Partial<RowPlan> & Pick<RowPlan, 'readClass'>): RowPlan {
  return { ...classes(plan), predicted: 'top' };
}

/** Reads one own property of the row. */
export function field(key: string): Reader {
  return (row) => own(row, key);
}

/** Reads four own properties of the row, or of the object under `container`, as a box. */
export function fourFields(
  keys: readonly [string, string, string, string],
  container?: string,
): BoxPlan['read'] {
  const [a, b, c, d] = keys;
  return (row, out) => {
    const box = container === undefined ? row : own(row, container);
    if (typeof box !== 'object' || box === null) return false;
    return putFour(out, own(box, a), own(box, b), own(box, c), own(box, d));
  };
}

/** Four values of an array into `out`; false when it is not an array. */
export function putArray(out: Float64Array, values: unknown): boolean {
  return isList(values) && putFour(out, values[0], values[1], values[2], values[3]);
}

/** Four raw values into `out`, as numbers; false when all are absent. */
export function putFour(out: Float64Array, a: unknown, b: unknown, c: unknown, d: unknown): boolean {
  out[0] = toNumber(a);
  out[1] = toNumber(b);
  out[2] = toNumber(c);
  out[3] = toNumber(d);
  return !(Number.isNaN(out[0]) && isAbsent(a) && isAbsent(b) && isAbsent(c) && isAbsent(d));
}
