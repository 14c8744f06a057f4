/** Size in pixels as stored in the file, with the orientation that EXIF orders (1 to 8). */
export interface PictureSize {
  width: number;
  height: number;
  orientation?: number;
}

/** @throws RangeError past the end, as the read methods of Buffer do */
export function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError('past the end of the picture');
  return byte;
}

/** The four letters at `at` are `name`. Compares in place: a header may have very many parts. */
export function isNamed(bytes: Buffer, at: number, name: string): boolean {
  for (let letter = 0; letter < 4; letter++) {
    if (byteAt(bytes, at + letter) !== name.charCodeAt(letter)) return false;
  }
  return true;
}

export const textAt = (bytes: Buffer, start: number, length: number): string =>
  bytes.toString('latin1', start, start + length);
