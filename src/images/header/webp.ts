import { byteAt, isNamed, type PictureSize } from './bytes';
import { HeaderTooLong, MAX_WEBP_CHUNKS } from './limits';
import { exifOrientation } from './exif';

const FIRST_CHUNK = 12;
const HAS_EXIF = 0x08;

/** By the first chunk: extended (canvas), lossless or lossy. WebP container specification and RFC 6386, section 9.1. */
export function webpSize(bytes: Buffer): PictureSize | undefined {
  const data = FIRST_CHUNK + 8;
  if (isNamed(bytes, FIRST_CHUNK, 'VP8X')) {
    return {
      width: bytes.readUIntLE(data + 4, 3) + 1,
      height: bytes.readUIntLE(data + 7, 3) + 1,
      orientation: byteAt(bytes, data) & HAS_EXIF ? orientationOf(bytes) : undefined,
    };
  }
  if (isNamed(bytes, FIRST_CHUNK, 'VP8L')) {
    const bits = bytes.readUInt32LE(data + 1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!isNamed(bytes, FIRST_CHUNK, 'VP8 ')) return undefined;
  return { width: bytes.readUInt16LE(data + 6) & 0x3fff, height: bytes.readUInt16LE(data + 8) & 0x3fff };
}

/** The EXIF chunk stands behind the pixels. */
function orientationOf(bytes: Buffer): number | undefined {
  let at = FIRST_CHUNK;
  for (let chunks = 0; chunks < MAX_WEBP_CHUNKS; chunks++) {
    if (at + 8 > bytes.length) return undefined;
    const length = bytes.readUInt32LE(at + 4);
    if (isNamed(bytes, at, 'EXIF')) return exifOrientation(bytes, at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  throw new HeaderTooLong();
}
