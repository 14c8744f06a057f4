import type { Box } from './types';

/** A box that comes so near to the edge of the picture is cut off by it, pixels. */
const EDGE = 2;

/** Which sides of a box the edge of the picture has cut short. */
export interface Cut {
  width: boolean;
  height: boolean;
}

export const UNCUT: Cut = { width: false, height: false };

/** @param picture its size in pixels, where it is known */
export function cutOf(
  { x, y, width, height }: Box,
  picture: { width: number; height: number } | undefined,
): Cut {
  if (!picture) return UNCUT;
  return {
    width: x - width / 2 < EDGE || x + width / 2 > picture.width - EDGE,
    height: y - height / 2 < EDGE || y + height / 2 > picture.height - EDGE,
  };
}
