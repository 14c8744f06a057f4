import type { imageSize as ImageSizeFunction } from 'image-size';
import type { Size } from './types';
import { toSize } from './values';

export interface PictureSize extends Size {
  /** EXIF orientation 5 to 8: the stored picture lies on its side; width and height are those after turning */
  turned: boolean;
}

/**
 * How much of a base64 text is decoded at a time: headers are near the start, but a JPEG may carry a thumbnail and colour profile
 * before them.
 */
const BASE64_STEPS = [64 * 1024, 700 * 1024, Infinity];

/**
 * The size from a picture's header.
 *
 * @param picture bytes, base64 or a data URL
 * @returns undefined when the bytes are no picture that can be read
 */
export function readPictureSize(picture: Uint8Array | string): PictureSize | undefined {
  if (typeof picture !== 'string') return sizeOfBytes(picture);
  const base64 = picture.startsWith('data:') ? picture.slice(picture.indexOf(',') + 1) : picture;
  for (const length of BASE64_STEPS) {
    const size = sizeOfBytes(Buffer.from(base64.slice(0, length), 'base64'));
    if (size || length >= base64.length) return size;
  }
  return undefined;
}

const SIDEWAYS = [5, 6, 7, 8];

let imageSize: typeof ImageSizeFunction | undefined;

function sizeOfBytes(bytes: Uint8Array): PictureSize | undefined {
  // loaded on first use, which an import could not: most flows never need it
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  imageSize ??= (require('image-size') as { imageSize: typeof ImageSizeFunction }).imageSize;
  try {
    const { width, height, orientation } = imageSize(bytes);
    const turned = SIDEWAYS.includes(orientation ?? 1);
    const size = turned ? toSize(height, width) : toSize(width, height);
    return size && { ...size, turned };
  } catch {
    // image-size throws on truncated, empty and unknown bytes alike: no size then
    return undefined;
  }
}
