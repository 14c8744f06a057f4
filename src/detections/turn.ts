import { isFromBottom, isFromRight, isOnItsSide } from '../images/orientation';
import type { Box } from './geometry';
import type { Size } from './types';

/** A picture as its file holds it: size in pixels, and the EXIF orientation (1 to 8) that says how to show it. */
export interface StoredPicture extends Size {
  orientation: number;
}

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
  const across = isFromRight(orientation) ? width - x : x;
  const down = isFromBottom(orientation) ? height - y : y;
  return isOnItsSide(orientation) ? [down, across] : [across, down];
}
