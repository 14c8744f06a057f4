import type { PictureSize } from './bytes';

const CORE_HEADER = 12;
export const BMP_HEADER_SIZES = [CORE_HEADER, 40, 52, 56, 64, 108, 124];
/** The kinds of "compression" that are plain rows of pixels: none, bit fields, alpha bit fields. */
const PLAIN_ROWS = [0, 3, 6];

const isCore = (bytes: Buffer): boolean => bytes.readUInt32LE(14) === CORE_HEADER;

/** A negative height means that the rows begin at the top. */
export function bmpSize(bytes: Buffer): PictureSize {
  if (isCore(bytes)) return { width: bytes.readUInt16LE(18), height: bytes.readUInt16LE(20) };
  return { width: bytes.readInt32LE(18), height: Math.abs(bytes.readInt32LE(22)) };
}

/** The declared file size is often wrong, so the rows are counted instead. */
export function isBmpCutOff(bytes: Buffer): boolean {
  const pixelsAt = bytes.readUInt32LE(10);
  const { width, height } = bmpSize(bytes);
  const bitsPerPixel = bytes.readUInt16LE(isCore(bytes) ? 24 : 28);
  const compression = isCore(bytes) ? 0 : bytes.readUInt32LE(30);
  if (!PLAIN_ROWS.includes(compression)) return pixelsAt >= bytes.length;
  return pixelsAt + Math.ceil((bitsPerPixel * width) / 32) * 4 * height > bytes.length;
}
