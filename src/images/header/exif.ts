import { isNamed } from './bytes';
import { Directory, ORIENTATION } from './tiff';

/**
 * Orientation of the EXIF block from `start` to `end`; in PNG and mostly in WebP its head "Exif" is left out. Undefined
 * when the block is none, says nothing or is damaged: the picture is good without it.
 */
export function exifOrientation(bytes: Buffer, start: number, end: number): number | undefined {
  if (end > bytes.length || end < start + 4) return undefined;
  const base = isNamed(bytes, start, 'Exif') ? start + 6 : start;
  if (!isNamed(bytes, base, 'II*\0') && !isNamed(bytes, base, 'MM\0*')) return undefined;
  try {
    return new Directory(bytes.subarray(base, end)).value(ORIENTATION);
  } catch {
    return undefined;
  }
}
