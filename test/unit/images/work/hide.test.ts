import assert from 'node:assert/strict';
import { hide } from '../../../../src/images/work/hide';
import type { Region } from '../../../../src/images/work/region';
import { at, busy, painted, type Rgb } from './painted';

const [WIDTH, HEIGHT] = [320, 240];

/** Runs of one colour in a row: how fine what is left in it is. */
function coloursOf(pixels: ReturnType<typeof painted>, [left, top, right, bottom]: number[]): Set<string> {
  const colours = new Set<string>();
  for (let y = top as number; y < (bottom as number); y++) {
    for (let x = left as number; x < (right as number); x++) colours.add(at(pixels, x, y).join());
  }
  return colours;
}

function hidden(regions: Region[], more: { margin?: number; except?: Region[] } = {}) {
  const pixels = painted(WIDTH, HEIGHT, busy);
  hide(pixels, { regions, margin: 0, ...more });
  return pixels;
}

const isUntouched = (pixels: ReturnType<typeof painted>, x: number, y: number) =>
  at(pixels, x, y).join() === busy(x, y).join();

describe('hiding parts of a picture', () => {
  it('leaves at most eight by eight blocks of a region, and touches nothing around it', () => {
    const pixels = hidden([{ x: 160, y: 120, width: 100, height: 80 }]);
    assert.ok(coloursOf(pixels, [110, 80, 210, 160]).size <= 64);
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const isInside = x >= 110 && x < 210 && y >= 80 && y < 160;
        if (!isInside) assert.ok(isUntouched(pixels, x, y), `${x}, ${y}`);
      }
    }
  });

  it('gives each block the mean of what was there', () => {
    const pixels = hidden([{ x: 8, y: 8, width: 16, height: 16 }]);
    const sums: Rgb = [0, 0, 0];
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) busy(x, y).forEach((value, channel) => (sums[channel]! += value));
    assert.deepEqual(
      at(pixels, 3, 3),
      sums.map((sum) => Math.round(sum / 64)),
    );
    assert.deepEqual(at(pixels, 0, 0), at(pixels, 7, 7));
  });

  it('hides a region of few pixels as well', () => {
    const pixels = hidden([{ x: 100, y: 100, width: 6, height: 6 }]);
    assert.equal(coloursOf(pixels, [97, 97, 103, 103]).size, 1);
  });

  it('adds the margin to each side, as a part of the longer one', () => {
    const pixels = hidden([{ x: 160, y: 120, width: 100, height: 50 }], { margin: 0.1 });
    assert.ok(coloursOf(pixels, [100, 85, 220, 155]).size <= 64);
    assert.ok(isUntouched(pixels, 99, 120));
    assert.ok(isUntouched(pixels, 160, 84));
  });

  it('hides what of a region lies in the picture', () => {
    const pixels = hidden([{ x: 0, y: 0, width: 200, height: 200 }]);
    assert.ok(coloursOf(pixels, [0, 0, 100, 100]).size <= 16);
    assert.ok(isUntouched(pixels, 101, 101));
  });

  it('hides every pixel of a polygon, and leaves the corners of its box', () => {
    const points: [number, number][] = [
      [160, 20],
      [260, 220],
      [60, 220],
    ];
    const pixels = hidden([{ x: 160, y: 120, width: 200, height: 200, points }]);
    const edges: [number, number][] = [
      [160, 21],
      [160, 120],
      [258, 219],
      [62, 219],
      [110, 130],
      [210, 130],
    ];
    for (const [x, y] of edges) assert.ok(!isUntouched(pixels, x, y), `${x}, ${y}`);
    assert.ok(isUntouched(pixels, 62, 22));
    assert.ok(isUntouched(pixels, 258, 22));
  });

  it('hides a polygon that crosses itself also where it winds around twice', () => {
    const points: [number, number][] = [
      [60, 20],
      [260, 20],
      [260, 220],
      [60, 220],
      [60, 20],
      [260, 20],
      [260, 220],
      [60, 220],
    ];
    const pixels = hidden([{ x: 160, y: 120, width: 200, height: 200, points }]);
    assert.ok(coloursOf(pixels, [60, 20, 260, 220]).size <= 64);
  });

  it('hides everything but some regions, and in those what is to be hidden all the same', () => {
    const kept = { x: 200, y: 120, width: 100, height: 100 };
    const pixels = hidden([{ x: 200, y: 120, width: 20, height: 20 }], { except: [kept] });
    assert.ok(isUntouched(pixels, 160, 80));
    assert.ok(!isUntouched(pixels, 200, 120));
    assert.ok(coloursOf(pixels, [0, 0, 150, HEIGHT]).size <= 64);
  });

  it('hides the whole picture when nothing is excepted', () => {
    assert.ok(coloursOf(hidden([], { except: [] }), [0, 0, WIDTH, HEIGHT]).size <= 64);
  });
});
