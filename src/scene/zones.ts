import type { Box, PictureSize, Zone, ZonePoint } from './types';

/** A point in pixels of the picture. */
export interface Point {
  x: number;
  y: number;
}

/** The point of a box that is in a zone or not. */
export function anchorOf({ x, y, height }: Box, anchor: 'bottom' | 'center'): Point {
  return { x, y: anchor === 'bottom' ? y + height / 2 : y };
}

/** The points of a zone in a picture of a size. */
export function placed({ points }: Zone, size: PictureSize): Point[] {
  return points.map(([x, y]: ZonePoint) => ({ x: x * size.width, y: y * size.height }));
}

/** Whether a point is within an area, however its outline winds (even-odd rule). */
export function isInside(area: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  let before = area[area.length - 1];
  for (const corner of area) {
    if (before && corner.y > y !== before.y > y) {
      const edgeX = corner.x + ((y - corner.y) / (before.y - corner.y)) * (before.x - corner.x);
      if (x < edgeX) inside = !inside;
    }
    before = corner;
  }
  return inside;
}

/** `in` is from the left of the line to its right, seen from its first to its second point. */
export type Direction = 'in' | 'out';

/**
 * Where a way leads across a line of several points.
 *
 * @returns undefined when it crosses none of its stretches, or as often in one direction as in the other
 */
export function crossing(line: readonly Point[], from: Point, to: Point): Direction | undefined {
  let balance = 0;
  for (let end = 1; end < line.length; end++) {
    const [a, b] = [line[end - 1]!, line[end]!];
    // a way through the joint of two stretches meets the later one only
    const [start, stop] = [sideOf(a, b, from), sideOf(a, b, to)];
    if (start > 0 === stop > 0) continue;
    const [first, second] = [sideOf(from, to, a), sideOf(from, to, b)];
    if (first > 0 === second > 0) continue;
    balance += stop > 0 ? 1 : -1;
  }
  if (balance === 0) return undefined;
  return balance > 0 ? 'in' : 'out';
}

/** How far a point is from the nearest stretch of a line, pixels. */
export function distance(line: readonly Point[], point: Point): number {
  let least = Infinity;
  for (let end = 1; end < line.length; end++)
    least = Math.min(least, distanceToStretch(line[end - 1]!, line[end]!, point));
  return least;
}

function distanceToStretch(a: Point, b: Point, { x, y }: Point): number {
  const [alongX, alongY] = [b.x - a.x, b.y - a.y];
  const length = alongX ** 2 + alongY ** 2;
  const share = length > 0 ? ((x - a.x) * alongX + (y - a.y) * alongY) / length : 0;
  const at = Math.min(1, Math.max(0, share));
  return Math.hypot(x - a.x - at * alongX, y - a.y - at * alongY);
}

/** Above 0 on the right of the way from a to b, as the picture shows it: its y points down. */
function sideOf(a: Point, b: Point, { x, y }: Point): number {
  return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
}
