import type { Box } from './geometry';
import type { Size } from './types';

/** A picture as its file holds it: size in pixels, and the EXIF orientation (1 to 8) that says how to show it. */
export interface StoredPicture extends Size {
  orientation: number;
}

/** Orientations that show the stored rows from right to left, from bottom to top, and as columns (EXIF 2.32, tag 274). */
const FROM_RIGHT: readonly number[] = [2, 3, 7, 8];
const FROM_BOTTOM: readonly number[] = [3, 4, 6, 7];
const isOnItsSide = (orientation: number): boolean => orientation >= 5;

/** Moves a box from the pixels of the stored picture to those of the picture as it is shown, in place. */
export function turnBox(stored: StoredPicture, box: Box): void {
  const [x, y] = turnPoint(stored, box.x, box.y);
  box.x = x;
  box.y = y;
  if (isOnItsSide(stored.orientation)) [box.width, box.height] = [box.height, box.width];
}

/** The same for a point. */
export function turnPoint(stored: StoredPicture, x: number, y: number): [number, number] {
  const { orientation, width, height } = stored;
  const across = FROM_RIGHT.includes(orientation) ? width - x : x;
  const down = FROM_BOTTOM.includes(orientation) ? height - y : y;
  return isOnItsSide(orientation) ? [down, across] : [across, down];
}
