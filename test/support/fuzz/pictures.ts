import assert from 'node:assert/strict';
import { displaySize } from '../../../src/images/formats';
import { PictureError } from '../../../src/images/picture-error';
import { PICTURE_MAX_BYTES } from '../../../src/images/limits';
import { loadPicture } from '../../../src/images/picture';
import { HOSTILE_PICTURES } from '../../unit/images/hostile-pictures';
import { bmp, exifSegment, gif, isoPicture, jpeg, png, tiff, webp } from '../../unit/images/made-pictures';
import type { Dice } from './dice';
import type { Subject } from './subject';
import { jsonValue } from './values';

const STARTS = [
  jpeg(40, 24),
  png(40, 24),
  webp(40, 24),
  gif(40, 24),
  tiff(40, 24),
  tiff(40, 24, true),
  bmp(40, 24),
  isoPicture('heic', ['mif1', 'heic'], 40, 24),
  isoPicture('avif', ['mif1', 'avif'], 40, 24),
  exifSegment(6),
];
const SIZES = [1_000, 64 * 1024, 1024 * 1024, PICTURE_MAX_BYTES];

/** Pictures of all formats: damaged, made of many small parts, of parts of other formats, and what is not a picture. */
export const pictures: Subject = {
  make(dice) {
    const bytes = pictureBytes(dice);
    switch (dice.number(8)) {
      case 0:
        return jsonValue(dice);
      case 1:
        return bytes.length < 5_000_000 ? bytes.toString('base64') : bytes;
      case 2:
        return bytes.length < 100_000 ? { type: 'Buffer', data: [...bytes] } : new Uint8Array(bytes);
      default:
        return bytes;
    }
  },
  async run(value) {
    try {
      const picture = await loadPicture(value, { from: 'value' });
      const { width = 1, height = 1 } = picture;
      assert.ok(width > 0 && height > 0 && Number.isInteger(width) && Number.isInteger(height));
      return { ...picture, bytes: undefined, shown: displaySize(picture) };
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      return error;
    }
  },
};

function pictureBytes(dice: Dice): Buffer {
  const size = 64 + dice.number(dice.pick(SIZES));
  switch (dice.number(3)) {
    case 0:
      return dice.damaged(dice.pick(HOSTILE_PICTURES).make(Math.max(size, 2_000)));
    case 1:
      return dice.damaged(dice.pick(STARTS));
    default:
      return manyParts(dice, size);
  }
}

/** The start of a picture, then a part of one again and again. */
function manyParts(dice: Dice, size: number): Buffer {
  const start = dice.pick(STARTS);
  const source = dice.pick(STARTS);
  const from = dice.number(source.length);
  const part = dice.damaged(source.subarray(from, from + 1 + dice.number(40)));
  const bytes = Buffer.alloc(size, part.length > 0 ? part : 0);
  start.copy(bytes, 0, 0, dice.number(start.length));
  return bytes;
}
