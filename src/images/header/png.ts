import { isNamed, type PictureSize } from './bytes';
import { HeaderTooLong, MAX_PNG_CHUNKS } from './limits';
import { exifOrientation } from './exif';

export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Start of the first chunk of that name, or of `other`; undefined when the file ends before.
 *
 * @throws HeaderTooLong
 */
function findChunk(bytes: Buffer, name: string, other = name): number | undefined {
  let at = PNG_SIGNATURE.length;
  for (let chunks = 0; chunks < MAX_PNG_CHUNKS; chunks++) {
    if (at + 12 > bytes.length) return undefined;
    if (isNamed(bytes, at + 4, name) || isNamed(bytes, at + 4, other)) return at;
    at += 12 + bytes.readUInt32BE(at);
  }
  throw new HeaderTooLong();
}

/** The orientation counts when it stands before the pixels, where browsers look for it. */
export function pngSize(bytes: Buffer): PictureSize | undefined {
  const header = findChunk(bytes, 'IHDR', 'IDAT');
  if (header === undefined || !isNamed(bytes, header + 4, 'IHDR')) return undefined;
  const exif = findChunk(bytes, 'eXIf', 'IDAT');
  const hasExif = exif !== undefined && isNamed(bytes, exif + 4, 'eXIf');
  return {
    width: bytes.readUInt32BE(header + 8),
    height: bytes.readUInt32BE(header + 12),
    orientation: hasExif ? exifOrientation(bytes, exif + 8, exif + 8 + bytes.readUInt32BE(exif)) : undefined,
  };
}

export const isPngCutOff = (bytes: Buffer): boolean => findChunk(bytes, 'IEND') === undefined;
