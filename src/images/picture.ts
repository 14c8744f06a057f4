import { basename } from 'node:path';
import {
  guessOtherContent,
  isPictureCutOff,
  pictureFormatOf,
  pictureSizeOf,
  type PictureSize,
} from './formats';
import { bytesFromFile } from './from-file';
import { bytesFromValue, refuseTooLarge } from './from-value';
import { PictureError } from './picture-error';
import { PICTURE_MAX_BYTES } from './limits';

export { PictureError } from './picture-error';

/** A picture as it is uploaded; width and height in pixels, where its header tells them. */
export interface Picture extends Partial<PictureSize> {
  bytes: Uint8Array;
  /** by the bytes, such as `image/jpeg` */
  mediaType: string;
  /** file name sent with the upload */
  name: string;
}

/** Where a picture comes from. */
export interface LoadPictureOptions {
  /**
   * `value`: Buffer, Uint8Array, Buffer in JSON, base64 text or data URL. `file`: a path, and only then is the disk
   * read.
   */
  from: 'value' | 'file';
  /** default 20 MB */
  maxBytes?: number;
  /** where relative paths start */
  workingDirectory?: string;
}

/**
 * Loads a picture and makes sure that it is one of the formats of the API ("Upload a Vision Event Image"): JPEG, PNG,
 * WebP, GIF, TIFF, BMP, HEIC, AVIF, told by the bytes. A picture whose end is missing is refused as far as the format
 * shows it. Width and height are left out when the header does not tell them. The bytes of a Buffer are not copied.
 *
 * @throws PictureError with a message for a technician
 */
export async function loadPicture(source: unknown, options: LoadPictureOptions): Promise<Picture> {
  const maxBytes = options.maxBytes ?? PICTURE_MAX_BYTES;
  if (options.from === 'file') {
    const { bytes, path } = await bytesFromFile(source, maxBytes, options.workingDirectory);
    return examine(bytes, maxBytes, basename(path));
  }
  return examine(bytesFromValue(source, maxBytes), maxBytes);
}

function examine(bytes: Buffer, maxBytes: number, fileName?: string): Picture {
  const subject = fileName === undefined ? 'The picture' : `The picture file ${fileName}`;
  if (bytes.length === 0) throw new PictureError(`${subject} is empty: it has no bytes.`);
  refuseTooLarge(bytes.length, maxBytes);
  const format = pictureFormatOf(bytes);
  if (!format) {
    const guess = guessOtherContent(bytes);
    throw new PictureError(
      `${subject} is not a JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF${guess ? `: it is ${guess}` : ''}. ` +
        'Check what the camera or the node before this one delivers.',
    );
  }
  if (isPictureCutOff(format, bytes)) {
    throw new PictureError(
      `${subject} is incomplete: the end of the ${format.label} is missing (${bytes.length} bytes came). ` +
        'It may have been read while it was being written or transferred.',
    );
  }
  const size = pictureSizeOf(format, bytes);
  return { bytes, mediaType: format.mediaType, name: fileName ?? `picture.${format.extension}`, ...size };
}
