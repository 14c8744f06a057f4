import type { Box, PictureSize } from './types';

/** A box that comes so near to the edge of the picture is cut off by it, pixels. */
const EDGE = 2;

/** The end of a length that the edge of the picture has cut short: the lower one, the upper one, both or none. */
export type CutEnd = 'low' | 'high' | 'both' | undefined;

/** What the edge of the picture has cut short of a box. */
export interface Cut {
  width: CutEnd;
  height: CutEnd;
}

export const UNCUT: Cut = { width: undefined, height: undefined };

/** The edge of the picture has cut something short. */
export function isCut({ width, height }: Cut): boolean {
  return width !== undefined || height !== undefined;
}

/** @param picture its size in pixels, where it is known */
export function cutOf({ x, y, width, height }: Box, picture: PictureSize | undefined): Cut {
  if (!picture) return UNCUT;
  return { width: cutEnd(x, width, picture.width), height: cutEnd(y, height, picture.height) };
}

/** The part of a box that the picture has; the box itself where it has none of it. */
export function partIn(box: Box, picture: PictureSize | undefined): Box {
  if (!picture) return box;
  const [left, right] = [Math.max(0, box.x - box.width / 2), Math.min(picture.width, box.x + box.width / 2)];
  const [top, bottom] = [
    Math.max(0, box.y - box.height / 2),
    Math.min(picture.height, box.y + box.height / 2),
  ];
  if (right <= left || bottom <= top) return box;
  return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top };
}

function cutEnd(middle: number, length: number, whole: number): CutEnd {
  const isLow = middle - length / 2 < EDGE;
  const isHigh = middle + length / 2 > whole - EDGE;
  if (isLow && isHigh) return 'both';
  if (isLow) return 'low';
  return isHigh ? 'high' : undefined;
}
