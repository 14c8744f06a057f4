import assert from 'node:assert/strict';
import { pictureFormatOf } from '../../../../src/images/formats';
import { loadPicture } from '../../../../src/images/picture';
import { decode } from '../../../../src/images/work/codec';
import { processPicture, type PictureJob } from '../../../../src/images/work/process';
import { reduce } from '../../../../src/images/work/reduce';
import { turnPoint } from '../../../../src/detections/turn';
import { transparentPng } from '../made-pictures';
import { at, busy, difference, jpegOf, painted, pngOf, type Rgb } from './painted';

const RED: Rgb = [220, 30, 30];
const GREY: Rgb = [128, 128, 128];

/** Red in the left upper quarter as stored. */
const quarter = (width: number, height: number) =>
  painted(width, height, (x, y) => (x < width / 2 && y < height / 2 ? RED : GREY));
const soft = (x: number, y: number): Rgb => [40 + (x % 160), 60 + (y % 120), 90 + ((x + y) % 100)];

async function work(bytes: Buffer, more: Partial<PictureJob> = {}) {
  const { mediaType, width, height, orientation } = await loadPicture(bytes, { from: 'value' });
  assert.ok(width && height);
  const result = await processPicture({ bytes, mediaType, width, height, orientation, quality: 90, ...more });
  return { ...result, pixels: await decode(result.picture.bytes, result.picture.mediaType) };
}

describe('the work on a picture', () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    it(`shows orientation ${orientation} upright, reduced, without EXIF`, async () => {
      const bytes = await jpegOf(quarter(320, 160), 95, orientation);
      const { picture, pixels } = await work(bytes, { maxSide: 80 });
      const isOnItsSide = orientation >= 5;
      assert.deepEqual([picture.width, picture.height], isOnItsSide ? [40, 80] : [80, 40]);
      assert.equal(Buffer.from(picture.bytes).includes('Exif'), false);
      const [x, y] = turnPoint({ width: 80, height: 40, orientation }, 20, 10);
      assert.ok(difference(at(pixels, x, y), RED) < 12);
      assert.ok(difference(at(pixels, picture.width - 1 - x, picture.height - 1 - y), GREY) < 12);
    });
  }

  for (let orientation = 1; orientation <= 8; orientation++) {
    it(`hides in the upright picture where the detection is, orientation ${orientation}`, async () => {
      const stored = { width: 320, height: 160, orientation };
      const bytes = await jpegOf(painted(320, 160, busy), 95, orientation);
      const [x, y] = turnPoint(stored, 60, 40);
      const { pixels } = await work(bytes, {
        hide: { regions: [{ x, y, width: 64, height: 64 }], margin: 0 },
      });
      const steps = (atX: number, atY: number) =>
        [-8, -6, -4, -2, 0, 2, 4, 6].filter(
          (step) => difference(at(pixels, atX + step, atY), at(pixels, atX + step + 1, atY)) > 24,
        ).length;
      assert.ok(steps(Math.round(x), Math.round(y)) <= 1);
      const [farX, farY] = turnPoint(stored, 260, 120);
      assert.ok(steps(Math.round(farX), Math.round(farY)) > 1);
    });
  }

  it('changes nothing outside a hidden region but by compression', async () => {
    const before = painted(320, 240, soft);
    const region = { x: 100, y: 100, width: 80, height: 80 };
    const { pixels } = await work(await jpegOf(before), {
      hide: { regions: [region], margin: 0 },
      quality: 95,
    });
    for (let y = 0; y < 240; y += 3) {
      for (let x = 0; x < 320; x += 3) {
        const isNear = Math.abs(x - 100) < 57 && Math.abs(y - 100) < 57;
        if (!isNear) assert.ok(difference(at(pixels, x, y), at(before, x, y)) < 70, `${x}, ${y}`);
      }
    }
  });

  it('scales regions from the grid of the detections', async () => {
    const { pixels } = await work(pngOf(painted(320, 240, busy)), {
      hide: { regions: [{ x: 320, y: 240, width: 640, height: 480 }], margin: 0 },
      grid: { width: 640, height: 480 },
    });
    const colours = new Set(Array.from({ length: 320 }, (_, x) => at(pixels, x, 100).join()));
    assert.ok(colours.size < 100);
  });

  it('keeps line art a PNG, and makes a JPEG of a photograph', async () => {
    const lines = await work(pngOf(painted(400, 300, (x) => (x % 40 === 0 ? [0, 0, 0] : [255, 255, 255]))), {
      maxSide: 200,
    });
    assert.equal(lines.picture.mediaType, 'image/png');
    const photo = await work(pngOf(painted(400, 300, busy)), { maxSide: 200 });
    assert.equal(photo.picture.mediaType, 'image/jpeg');
    assert.equal(pictureFormatOf(Buffer.from(photo.picture.bytes))?.label, 'JPEG');
  });

  it('gives back the picture that came when the new one would be larger, but without its metadata', async () => {
    const bytes = await jpegOf(painted(320, 240, busy), 10, 1);
    const { picture } = await work(bytes, { quality: 95 });
    assert.ok(picture.bytes.length < bytes.length);
    assert.equal(Buffer.from(picture.bytes).includes('Exif'), false);
    assert.deepEqual(Buffer.from(picture.bytes), Buffer.from(await jpegOf(painted(320, 240, busy), 10)));
  });

  it('only takes the metadata from a picture that is small enough', async () => {
    const plain = await jpegOf(painted(320, 240, busy), 95);
    const bytes = await jpegOf(painted(320, 240, busy), 95, 1);
    const { picture } = await work(Buffer.concat([bytes, Buffer.from('a film behind the picture')]), {
      isSmallEnough: true,
      quality: 10,
    });
    assert.deepEqual(Buffer.from(picture.bytes), plain);
  });

  it('draws boxes, labels and classes where they belong', async () => {
    const bytes = pngOf(painted(640, 480, () => [90, 90, 90]));
    const { picture, drawn } = await work(bytes, {
      maxSide: 320,
      draw: {
        objectDetections: [{ class: 'part', x: 400, y: 300, width: 200, height: 160, confidence: 0.91 }],
      },
    });
    assert.ok(drawn);
    assert.deepEqual([drawn.width, drawn.height], [picture.width, picture.height]);
    const pixels = await decode(drawn.bytes, drawn.mediaType);
    const ground = at(pixels, 40, 40);
    // In the reduced picture the box reaches from 150, 110 to 250, 190.
    for (const [x, y] of [
      [200, 110],
      [200, 189],
      [150, 150],
      [249, 150],
    ] as const) {
      assert.ok(difference(at(pixels, x, y), ground) > 60, `${x}, ${y}`);
    }
    for (const [x, y] of [
      [200, 150],
      [160, 150],
      [100, 150],
      [200, 210],
    ] as const) {
      assert.ok(difference(at(pixels, x, y), ground) < 20, `${x}, ${y}`);
    }
  });

  it('draws what no picture could hold without taking long', async () => {
    const far = { class: 'é漢', x: 1e9, y: -1e9, width: 1e12, height: 1e12, confidence: 1 };
    const points = Array.from({ length: 1000 }, (_, position): [number, number] => [
      position * 1e7 - 5e9,
      (position % 7) * 1e8,
    ]);
    const started = performance.now();
    const { drawn } = await work(pngOf(painted(64, 48, busy)), {
      draw: {
        objectDetections: Array.from({ length: 1000 }, () => far),
        instanceSegmentations: [{ ...far, points }],
        keypoints: [
          {
            ...far,
            keypoints: [
              { id: 0, x: -1e12, y: 5 },
              { id: 1, x: 1e12, y: 6 },
            ],
          },
        ],
        classifications: [{ class: 'x'.repeat(10_000), confidence: 0.5 }],
      },
    });
    assert.ok(drawn);
    assert.ok(performance.now() - started < 20_000);
  });

  it('makes transparent parts white', async () => {
    const { pixels } = await work(transparentPng(8, 6), { hide: { regions: [], except: [], margin: 0 } });
    assert.deepEqual(at(pixels, 5, 5), [255, 255, 255]);
  });
});

describe('the reduction', () => {
  it('gives each pixel the mean of the area that it covers', () => {
    const source = painted(5, 4, (x, y) => [x * 50, y * 60, 100]);
    const half = reduce(source, 2, 2);
    // 2.5 columns of 0, 50, 100: (0 + 50 + 0.5 * 100) / 2.5.
    assert.deepEqual(at(half, 0, 0), [40, 30, 100]);
    assert.deepEqual(at(half, 1, 1), [160, 150, 100]);
  });

  it('leaves a picture of one colour as it is', () => {
    const reduced = reduce(
      painted(333, 77, () => [7, 77, 177]),
      100,
      23,
    );
    assert.deepEqual(
      new Set(Array.from({ length: 100 }, (_, x) => at(reduced, x, x % 23).join())),
      new Set(['7,77,177']),
    );
  });
});
