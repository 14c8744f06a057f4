/**
 * Orientations that show the stored rows from right to left, from bottom to top, and as columns (EXIF 2.32, tag 274).
 */
const FROM_RIGHT: readonly number[] = [2, 3, 7, 8];
const FROM_BOTTOM: readonly number[] = [3, 4, 6, 7];

export const isFromRight = (orientation: number): boolean => FROM_RIGHT.includes(orientation);
export const isFromBottom = (orientation: number): boolean => FROM_BOTTOM.includes(orientation);
export const isOnItsSide = (orientation: number): boolean => orientation >= 5;
