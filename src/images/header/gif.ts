import { byteAt, type PictureSize } from './bytes';
import { HeaderTooLong, MAX_GIF_BLOCKS, MAX_GIF_SUB_BLOCKS } from './limits';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

export const gifSize = (bytes: Buffer): PictureSize => ({
  width: bytes.readUInt16LE(6),
  height: bytes.readUInt16LE(8),
});

const colourTableBytes = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 0x07) + 1) : 0);

/** A block is an introducer, then sub-blocks with their length in front, then an empty one. */
export function isGifCutOff(bytes: Buffer): boolean {
  let at = 13 + colourTableBytes(byteAt(bytes, 10));
  let subBlocks = 0;
  for (let blocks = 0; blocks < MAX_GIF_BLOCKS; blocks++) {
    const kind = bytes[at];
    if (kind === TRAILER) return false;
    if (kind === EXTENSION) at += 2;
    else if (kind === IMAGE) at += 11 + colourTableBytes(byteAt(bytes, at + 9));
    else return true;
    for (let length = bytes[at]; length !== 0; length = bytes[at]) {
      if (length === undefined) return true;
      at += length + 1;
      if (++subBlocks > MAX_GIF_SUB_BLOCKS) throw new HeaderTooLong();
    }
    at += 1;
  }
  throw new HeaderTooLong();
}
