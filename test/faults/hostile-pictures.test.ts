import assert from 'node:assert/strict';
import { isPictureCutOff, pictureFormatOf, pictureSizeOf } from '../../src/images/formats';
import { PICTURE_MAX_BYTES } from '../../src/images/limits';
import { costOf, isWithin, leastCostOf, type Cost } from '../support/cost';
import { isLongRun, printedSeed, rounds, seededRandom } from '../support/seed';
import { HOSTILE_PICTURES, writeRandomPicture } from '../unit/images/hostile-pictures';

/** Of one turn of the event loop, for the largest picture. */
const MOST: Cost = { ms: 50, bytes: 2 * 1024 * 1024 };
const TRIES = 5;

/** All that is read of a picture before it is accepted. Returns the format's name. */
function read(bytes: Buffer): string | undefined {
  const format = pictureFormatOf(bytes);
  if (!format || isPictureCutOff(format, bytes)) return format?.label;
  pictureSizeOf(format, bytes);
  return format.label;
}

function assertCheap(name: string, bytes: Buffer): void {
  const cost = leastCostOf(() => read(bytes), MOST, TRIES);
  assert.ok(isWithin(cost, MOST), `${name}: ${cost.ms} ms, ${cost.bytes} bytes`);
}

describe('fault 25: pictures made to stall Node-RED', function () {
  this.timeout(isLongRun ? 15 * 60_000 : 120_000);

  it('no known shape of 20 MB costs more than 50 ms of one turn or 2 MB of memory', () => {
    for (const { name, make } of HOSTILE_PICTURES) assertCheap(name, make(PICTURE_MAX_BYTES));
  });

  it('neither does any that is put together by chance, in each of the eight formats', () => {
    const random = seededRandom(printedSeed('hostile pictures'));
    const bytes = Buffer.alloc(PICTURE_MAX_BYTES);
    const seen = new Set<string | undefined>();
    for (let round = 0; round < rounds(300, 3000); round++) {
      writeRandomPicture(random, bytes);
      assertCheap(`picture ${round}`, bytes);
      seen.add(read(bytes));
    }
    assert.deepEqual(
      [...seen].sort(),
      ['AVIF', 'BMP', 'GIF', 'HEIC', 'JPEG', 'PNG', 'TIFF', 'WebP'],
      'the chance left a format out',
    );
  });

  it('control: a reader without limits is seen, by its time and by its memory', () => {
    const jpeg = HOSTILE_PICTURES.find(({ name }) => name === 'JPEG of empty APP1');
    const bytes = jpeg?.make(4_000_000) ?? Buffer.alloc(0);
    const costs = Array.from({ length: TRIES }, () => costOf(() => segmentsOf(bytes)));
    const ms = Math.max(...costs.map((cost) => cost.ms));
    // The garbage collector may run in the midst of one, and free more than it took.
    const most = Math.max(...costs.map((cost) => cost.bytes));
    assert.ok(ms > MOST.ms && most > MOST.bytes, `${ms} ms, ${most} bytes`);
  });
});

/** Every segment of a JPEG as a view of its own. */
function segmentsOf(bytes: Buffer): Buffer[] {
  const segments: Buffer[] = [];
  for (let at = 2; at + 4 <= bytes.length; at += 2 + bytes.readUInt16BE(at + 2))
    segments.push(bytes.subarray(at));
  return segments;
}
