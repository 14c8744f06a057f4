import { own, toSize } from './values';
import type { Size } from './types';

/**
 * Masks in COCO's run-length encoding, `{size: [height, width], counts}`: lengths of runs of 0 and 1 in turn, 0 first,
 * down the columns one after the other. `counts` is a list of numbers or their compressed text (`common/maskApi.c` of
 * cocodataset/cocoapi).
 */

export interface MaskOutline {
  /** of the mask, in pixels */
  size: Size;
  /**
   * Corners of the outline of the largest part, in pixels from the mask's left upper corner, clockwise. Holes of the
   * part are within.
   */
  points: [x: number, y: number][];
  /** the mask has other parts, or the part has holes */
  isSimplified: boolean;
}

/**
 * The outline of a mask's largest part, along the edges of its pixels; pixels that touch at a corner belong together.
 * Large outlines lose the steps of their slopes: that changes the area by 1.5 % at most.
 *
 * @returns undefined when the value is no such mask, or has no pixel
 */
export function outlineOf(mask: unknown): MaskOutline | undefined {
  const sides = own(mask, 'size');
  const size = toSize(own(sides, 1), own(sides, 0));
  const counts = size && readCounts(own(mask, 'counts'));
  const spans = counts && spansOf(counts, size);
  if (!spans || spans.top.length === 0) return undefined;
  const { start, area, edges, loops } = largestLoop(spans);
  return { size, points: simplified(pointsOf(spans, start, edges), area), isSimplified: loops > 1 };
}

function readCounts(counts: unknown): ArrayLike<number> | undefined {
  if (typeof counts === 'string') return uncompressed(counts);
  if (!Array.isArray(counts)) return undefined;
  return counts.every((count) => Number.isInteger(count) && count >= 0) ? (counts as number[]) : undefined;
}

/** Six bits a character from "0" on: five of the number, least first, and one that says whether more follow. */
const FIRST_CHARACTER = 48;
const MORE_FOLLOW = 0x20;
const SIGN = 0x10;
const BITS = 5;

function uncompressed(text: string): Int32Array | undefined {
  const counts = new Int32Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; length++) {
    let value = 0;
    let shift = 0;
    let bits: number;
    do {
      bits = text.charCodeAt(at++) - FIRST_CHARACTER;
      if (!(bits >= 0 && bits < 2 * MORE_FOLLOW) || shift > 30) return undefined;
      value |= (bits & (MORE_FOLLOW - 1)) << shift;
      shift += BITS;
    } while (bits & MORE_FOLLOW);
    if (bits & SIGN && shift < 32) value |= -1 << shift;
    // from the fourth on they are differences to the one before the last
    counts[length] = length > 2 ? value + (counts[length - 2] ?? 0) : value;
    if ((counts[length] ?? 0) < 0) return undefined;
  }
  return counts.subarray(0, length);
}

/**
 * The mask as vertical spans of pixels, column by column, from the top: span i covers rows `top[i]` to `bottom[i]`,
 * without the last.
 */
interface Spans {
  column: Int32Array;
  top: Int32Array;
  bottom: Int32Array;
  /** the first span of each column, and one more for the end */
  first: Int32Array;
}

function spansOf(counts: ArrayLike<number>, { width, height }: Size): Spans | undefined {
  // a run can reach over many columns, but all runs together over each but once
  const most = Math.ceil(counts.length / 2) + width;
  const column = new Int32Array(most);
  const top = new Int32Array(most);
  const bottom = new Int32Array(most);
  const first = new Int32Array(width + 1);
  let length = 0;
  let position = 0;
  for (let index = 0; index < counts.length; index++) {
    const end = position + (counts[index] ?? 0);
    if (end > width * height) return undefined;
    while (index % 2 === 1 && position < end) {
      const x = Math.floor(position / height);
      const y = position - x * height;
      const spanEnd = Math.min(height, end - x * height);
      // a run of no zeros between two of ones parts nothing
      if (length > 0 && column[length - 1] === x && bottom[length - 1] === y) length--;
      else {
        column[length] = x;
        top[length] = y;
      }
      bottom[length++] = spanEnd;
      position = x * height + spanEnd;
    }
    position = end;
  }
  for (let x = 0, span = 0; x <= width; x++) {
    while (span < length && (column[span] ?? 0) < x) span++;
    first[x] = span;
  }
  return { column, top: top.subarray(0, length), bottom: bottom.subarray(0, length), first };
}

/*
 * The outlines run along the upper edges of spans to the right and along their lower edges to the left, with the mask
 * to the right hand. Edge 2i is the upper edge of span i, edge 2i + 1 its lower one; between them the outline goes up
 * or down. So every edge has one that follows it, and the edges form closed loops: an outer one for each part, an inner
 * one for each hole.
 */

interface Loop {
  /** one of its edges */
  start: number;
  edges: number;
  /** in pixels */
  area: number;
}

function largestLoop(spans: Spans): Loop & { loops: number } {
  const isSeen = new Uint8Array(2 * spans.top.length);
  let largest: Loop = { start: 0, edges: 0, area: 0 };
  let loops = 0;
  for (let start = 0; start < isSeen.length; start += 2) {
    if (isSeen[start]) continue;
    let area = 0;
    let edges = 0;
    let edge = start;
    do {
      isSeen[edge] = 1;
      area += isUpper(edge) ? -heightOf(spans, edge) : heightOf(spans, edge);
      edges++;
      edge = following(spans, edge);
    } while (edge !== start);
    loops++;
    // holes are negative
    if (area > largest.area) largest = { start, edges, area };
  }
  return { ...largest, loops };
}

/** Corners of an outline, as numbers side by side: there may be hundreds of thousands. */
interface Corners {
  x: Int32Array;
  y: Int32Array;
}

function pointsOf(spans: Spans, start: number, edges: number): Corners {
  const xs = new Int32Array(2 * edges);
  const ys = new Int32Array(2 * edges);
  let length = 0;
  let edge = start;
  do {
    const next = following(spans, edge);
    const y = heightOf(spans, edge);
    const nextY = heightOf(spans, next);
    if (y !== nextY) {
      const x = (spans.column[edge >> 1] as number) + (isUpper(edge) ? 1 : 0);
      xs[length] = xs[length + 1] = x;
      ys[length++] = y;
      ys[length++] = nextY;
    }
    edge = next;
  } while (edge !== start);
  return { x: xs.subarray(0, length), y: ys.subarray(0, length) };
}

function isUpper(edge: number): boolean {
  return (edge & 1) === 0;
}

function heightOf(spans: Spans, edge: number): number {
  return (isUpper(edge) ? spans.top : spans.bottom)[edge >> 1] ?? 0;
}

function following(spans: Spans, edge: number): number {
  return isUpper(edge) ? afterUpper(spans, edge >> 1) : afterLower(spans, edge >> 1);
}

/**
 * At the right end of an upper edge: up around a span that begins higher, straight or down along one that begins lower,
 * or back below.
 */
function afterUpper(spans: Spans, span: number): number {
  const { column, top, bottom, first } = spans;
  const x = (column[span] as number) + 1;
  const end = x < first.length - 1 ? (first[x + 1] as number) : 0;
  const y = top[span] as number;
  const beside = x < first.length - 1 ? firstReaching(bottom, first[x] as number, end, y) : end;
  if (beside >= end) return 2 * span + 1;
  const besideTop = top[beside] as number;
  if (besideTop < y) {
    const above = span - 1;
    const turnsBack = column[above] === column[span] && (bottom[above] as number) >= besideTop;
    return turnsBack ? 2 * above + 1 : 2 * beside;
  }
  return besideTop <= (bottom[span] as number) ? 2 * beside : 2 * span + 1;
}

/** At the left end of a lower edge: the same turned by half a circle. */
function afterLower(spans: Spans, span: number): number {
  const { column, top, bottom, first } = spans;
  const x = (column[span] as number) - 1;
  if (x < 0) return 2 * span;
  const y = bottom[span] as number;
  const beside = firstReaching(top, first[x] as number, first[x + 1] as number, y + 1) - 1;
  if (beside < (first[x] as number)) return 2 * span;
  const besideBottom = bottom[beside] as number;
  if (besideBottom > y) {
    const below = span + 1;
    const turnsBack =
      column[below] === column[span] && below < top.length && (top[below] as number) <= besideBottom;
    return turnsBack ? 2 * below : 2 * beside + 1;
  }
  return besideBottom >= (top[span] as number) ? 2 * beside + 1 : 2 * span;
}

/** The first of the ascending values from `from` to `end` that is at least `least`; `end` when none is. */
function firstReaching(values: Int32Array, from: number, end: number, least: number): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) >= least) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How much of its area an outline may lose or gain by being simplified. */
const AREA_TOLERANCE = 0.015;
/** Pixels; the steps of a slope need about 0.7. */
const LARGEST_DEVIATION = 1;
const SMALLEST_DEVIATION = 0.5;
/**
 * Points between which nothing is left out at once, so that the time grows with the number of points and not with its
 * square.
 */
const STRETCH = 1000;

/**
 * The points without those that lie closer to the line between their neighbours than the deviation that the area
 * allows.
 */
function simplified(corners: Corners, area: number): [number, number][] {
  const { length } = corners.x;
  const deviation = Math.min(LARGEST_DEVIATION, (AREA_TOLERANCE * area) / lengthOf(corners));
  const isKept = new Uint8Array(length);
  if (deviation < SMALLEST_DEVIATION) isKept.fill(1);
  for (let from = 0; from < length && deviation >= SMALLEST_DEVIATION; from += STRETCH) {
    keepBetween(corners, from, Math.min(from + STRETCH, length - 1), deviation, isKept);
  }
  const points: [number, number][] = [];
  for (let at = 0; at < length; at++) {
    if (isKept[at]) points.push([corners.x[at] as number, corners.y[at] as number]);
  }
  return points;
}

/** All lines of an outline run up, down or sideways. */
function lengthOf({ x, y }: Corners): number {
  let last = x.length - 1;
  let length = 0;
  for (let at = 0; at < x.length; last = at++) {
    length +=
      Math.abs((x[at] as number) - (x[last] as number)) + Math.abs((y[at] as number) - (y[last] as number));
  }
  return length;
}

/** Douglas and Peucker: the farthest point stays when it is too far away, and parts the stretch in two. */
function keepBetween(
  corners: Corners,
  from: number,
  to: number,
  deviation: number,
  isKept: Uint8Array,
): void {
  isKept[from] = isKept[to] = 1;
  const open = [from, to];
  while (open.length > 0) {
    const end = open.pop() as number;
    const start = open.pop() as number;
    const farthest = farthestFromLine(corners, start, end, deviation);
    if (farthest === undefined) continue;
    isKept[farthest] = 1;
    open.push(start, farthest, farthest, end);
  }
}

function farthestFromLine(
  { x, y }: Corners,
  start: number,
  end: number,
  deviation: number,
): number | undefined {
  const startX = x[start] as number;
  const startY = y[start] as number;
  const alongX = (x[end] as number) - startX;
  const alongY = (y[end] as number) - startY;
  // between equal ends there is no line: the distance to them counts
  const isPoint = alongX === 0 && alongY === 0;
  const length = isPoint ? 1 : Math.sqrt(alongX * alongX + alongY * alongY);
  let largest = deviation * length;
  let farthest: number | undefined;
  for (let at = start + 1; at < end; at++) {
    const dx = (x[at] as number) - startX;
    const dy = (y[at] as number) - startY;
    const distance = isPoint ? Math.sqrt(dx * dx + dy * dy) : Math.abs(alongX * dy - alongY * dx);
    if (distance > largest) {
      largest = distance;
      farthest = at;
    }
  }
  return farthest;
}
