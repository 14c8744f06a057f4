import { pictureFormatOf, pictureSizeOf, type PictureSize } from '../images/formats';

/** Enough of a base64 text, in letters, to tell the format: what is not a picture is not decoded. */
const FORMAT_WITHIN = 1024;

/**
 * The size from a picture's header, as stored.
 *
 * @param picture bytes, base64 or a data URL
 * @returns undefined when the bytes are not a picture of the API's formats, or do not tell their size
 */
export function readPictureSize(picture: Uint8Array | string): PictureSize | undefined {
  const bytes = typeof picture === 'string' ? fromBase64(picture) : picture;
  if (!bytes) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = pictureFormatOf(buffer);
  return format && pictureSizeOf(format, buffer);
}

function fromBase64(text: string): Buffer | undefined {
  const base64 = text.startsWith('data:') ? text.slice(text.indexOf(',') + 1) : text;
  const start = Buffer.from(base64.slice(0, FORMAT_WITHIN), 'base64');
  return pictureFormatOf(start) && Buffer.from(base64, 'base64');
}
