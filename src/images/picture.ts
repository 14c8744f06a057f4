import { basename } from 'node:path';
import { guessOtherContent, isPictureCutOff, pictureFormatOf, type PictureFormat } from './formats';
import { bytesFromFile } from './from-file';
import { bytesFromValue, refuseTooLarge } from './from-value';
import { ImageError } from './image-error';
import { PICTURE_MAX_BYTES, PICTURE_MAX_SIDE } from './limits';

export { ImageError } from './image-error';
export { PICTURE_MAX_BYTES } from './limits';

/** Size in pixels as stored in the file, with the orientation that EXIF orders (1 to 8, JPEG only). */
export interface PictureSize {
  width: number;
  height: number;
  orientation?: number;
}

export interface Picture extends Partial<PictureSize> {
  bytes: Uint8Array;
  /** by the bytes, such as `image/jpeg` */
  mediaType: string;
  /** file name sent with the upload */
  name: string;
}

export interface LoadPictureOptions {
  /** `value`: Buffer, Uint8Array, Buffer in JSON, base64 text or data URL. `file`: a path, and only then is the disk read. */
  from: 'value' | 'file';
  /** default 20 MB */
  maxBytes?: number;
  /** where relative paths start */
  workingDirectory?: string;
}

/**
 * Loads a picture and makes sure that it is one of the formats of the API ("Upload a Vision Event Image"): JPEG, PNG, WebP,
 * GIF, TIFF, BMP, HEIC, AVIF, told by the bytes. A picture whose end is missing is refused as far as the format shows it.
 * Width and height are left out when the header does not tell them. The bytes of a Buffer are not copied.
 *
 * @throws ImageError with a message for a technician
 */
export async function loadPicture(source: unknown, options: LoadPictureOptions): Promise<Picture> {
  const maxBytes = options.maxBytes ?? PICTURE_MAX_BYTES;
  if (options.from === 'file') {
    const { bytes, path } = await bytesFromFile(source, maxBytes, options.workingDirectory);
    return examine(bytes, maxBytes, basename(path));
  }
  return examine(bytesFromValue(source, maxBytes), maxBytes);
}

async function examine(bytes: Buffer, maxBytes: number, fileName?: string): Promise<Picture> {
  const subject = fileName === undefined ? 'The picture' : `The picture file ${fileName}`;
  if (bytes.length === 0) throw new ImageError(`${subject} is empty: it has no bytes.`);
  refuseTooLarge(bytes.length, maxBytes);
  const format = pictureFormatOf(bytes);
  if (!format) {
    const guess = guessOtherContent(bytes);
    throw new ImageError(
      `${subject} is no JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF${guess ? `: it is ${guess}` : ''}. ` +
        'Check what the camera or the node before this one delivers.',
    );
  }
  if (isPictureCutOff(format, bytes)) {
    throw new ImageError(
      `${subject} is incomplete: the end of the ${format.label} is missing (${bytes.length} bytes came). ` +
        'It may have been read while it was being written or transferred.',
    );
  }
  const size = await sizeOf(format, bytes);
  return { bytes, mediaType: format.mediaType, name: fileName ?? `picture.${format.extension}`, ...size };
}

/**
 * Width and height of picture bytes in pixels, as stored; undefined when they cannot be told. Never throws.
 * Also for pictures that `loadPicture` has not seen.
 */
export async function pictureSize(source: Uint8Array): Promise<PictureSize | undefined> {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  const format = pictureFormatOf(bytes);
  return format && (await sizeOf(format, bytes));
}

async function sizeOf(format: PictureFormat, bytes: Buffer): Promise<PictureSize | undefined> {
  // loaded when first needed: flows without pictures do not pay for it
  const { imageSize } = await import('image-size');
  try {
    const { width, height, orientation } = imageSize(format.header?.(bytes) ?? bytes);
    if (!isSide(width) || !isSide(height)) return undefined;
    return isOrientation(orientation) ? { width, height, orientation } : { width, height };
  } catch {
    return undefined;
  }
}

const isSide = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= PICTURE_MAX_SIDE;
const isOrientation = (value: number | undefined): value is number =>
  value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8;

/** Size in pixels as viewers, browsers and most detectors show the picture: orientations 5 to 8 lie on their side. */
export function displaySize(picture: Partial<PictureSize>): { width: number; height: number } | undefined {
  const { width, height, orientation = 1 } = picture;
  if (width === undefined || height === undefined) return undefined;
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
