import type { RawPoint } from './reading';
import { everyRow, isAbsent, isList, own, toNumber } from './values';

/**
 * `pairs`: [[x, y], …]. `xyObjects`: [{x, y}, …]. `flat`: [x, y, x, y, …]. `flatTriplets`: [x, y, v, …]. `xyArrays`:
 * {x: […], y: […]}.
 */
export const POINT_SHAPES = ['pairs', 'xyObjects', 'flat', 'flatTriplets', 'xyArrays'] as const;
export type PointShape = (typeof POINT_SHAPES)[number];

/**
 * What a third value of a keypoint means. COCO: 0 not labelled (left out), 1 occluded, 2 visible. A score never means
 * occlusion.
 */
export type ThirdValue = 'score' | 'coco-visibility';

/**
 * The raw points of a value in one of the shapes; undefined when the value does not have that shape. A list of objects
 * is read in every shape, a list of pairs in all but `xyArrays`: of two lists nobody knows whether they are points or
 * axes.
 */
export function readPoints(value: unknown, shape: PointShape, third?: ThirdValue): RawPoint[] | undefined {
  if (shape === 'xyArrays') {
    const isListOfPoints = everyRow(value, (point) => 'x' in point && 'y' in point);
    return isListOfPoints ? singlePoints(value as unknown[]) : arrayPoints(own(value, 'x'), own(value, 'y'));
  }
  if (!isList(value)) return undefined;
  const hasSinglePoints = value.some((point) => typeof point === 'object' && point !== null);
  if (hasSinglePoints || shape === 'pairs' || shape === 'xyObjects') return singlePoints(value, third);
  return flatPoints(value, shape === 'flat' ? 2 : 3, third);
}

/** Without the points at exactly 0, 0: pose models write them for joints that they did not see. */
export function withoutZeros(points: RawPoint[] | undefined): RawPoint[] | undefined {
  return points?.filter(({ x, y }) => toNumber(x) !== 0 || toNumber(y) !== 0);
}

/** Left out by the engine, which says so. */
export const UNREADABLE = { x: NaN, y: NaN };

/** All points of a list have the same length: the first ones tell it. */
const POINTS_TO_MEASURE = 10;

/** Of a point shorter than the others nobody knows which number is missing. */
export function shorterThanOthers(points: readonly unknown[]): (point: unknown) => boolean {
  const lengthOf = (point: unknown) => (isList(point) ? point.length : 0);
  const longest = Math.max(...points.slice(0, POINTS_TO_MEASURE).map(lengthOf));
  return (point) => lengthOf(point) < longest;
}

/** Each point is a pair or an object: none can be taken for the other kind. */
function singlePoints(values: readonly unknown[], third?: ThirdValue): RawPoint[] {
  const isTooShort = shorterThanOthers(values);
  return values.flatMap((value, id) => {
    if (!isList(value)) return [{ x: own(value, 'x'), y: own(value, 'y'), id }];
    if (isTooShort(value)) return [{ id, ...UNREADABLE }];
    return point(own(value, 0), own(value, 1), id, third, own(value, 2));
  });
}

function flatPoints(values: readonly unknown[], step: 2 | 3, third?: ThirdValue): RawPoint[] {
  // with a number more or less nobody knows which one it is
  if (values.length % step !== 0) return values.map((_value, id) => ({ id, ...UNREADABLE }));
  const points: RawPoint[] = [];
  for (let at = 0; at + 1 < values.length; at += step) {
    points.push(...point(values[at], values[at + 1], at / step, third, values[at + 2]));
  }
  return points;
}

function arrayPoints(xs: unknown, ys: unknown): RawPoint[] | undefined {
  if (!isList(xs) || !isList(ys)) return undefined;
  const isPaired = xs.length === ys.length;
  return xs.map((x: unknown, id) => (isPaired ? { x, y: own(ys, id), id } : { id, ...UNREADABLE }));
}

function point(
  x: unknown,
  y: unknown,
  id: number,
  third: ThirdValue | undefined,
  value: unknown,
): RawPoint[] {
  if (third !== 'coco-visibility' || isAbsent(value)) return [{ x, y, id }];
  return Number(value) === 0 ? [] : [{ x, y, id, occluded: Number(value) === 1 }];
}
