import assert from 'node:assert/strict';
import fc from 'fast-check';
import { outlineOf } from '../../../src/detections/run-length-mask';
import { compressedRuns } from '../../support/run-length';

/** A picture of 0 and 1, row by row. */
interface Bitmap {
  width: number;
  height: number;
  pixels: Uint8Array;
}

function drawn(rows: string[]): Bitmap {
  const width = rows[0]?.length ?? 0;
  return {
    width,
    height: rows.length,
    pixels: Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0)),
  };
}

function runsOf({ width, height, pixels }: Bitmap): number[] {
  const counts: number[] = [];
  let last = 0;
  let length = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const pixel = pixels[y * width + x] ?? 0;
      if (pixel === last) length++;
      else {
        counts.push(length);
        [last, length] = [pixel, 1];
      }
    }
  }
  return [...counts, length];
}

function encoded(bitmap: Bitmap, asText = false) {
  const counts = runsOf(bitmap);
  return { size: [bitmap.height, bitmap.width], counts: asText ? compressedRuns(counts) : counts };
}

/**
 * Marks all that can be reached from a pixel over those that pass; over the edges of pixels only, or over their corners
 * too.
 */
function flood(
  start: number,
  { width, height }: Bitmap,
  passes: (at: number) => boolean,
  corners: boolean,
): Uint8Array {
  const reached = new Uint8Array(width * height);
  const open = [start];
  reached[start] = 1;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [x, y] = [at % width, Math.floor(at / width)];
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        const [nextX, nextY] = [x + dx, y + dy];
        if ((!corners && dx !== 0 && dy !== 0) || nextX < 0 || nextY < 0 || nextX >= width || nextY >= height)
          continue;
        const next = nextY * width + nextX;
        if (reached[next] || !passes(next)) continue;
        reached[next] = 1;
        open.push(next);
      }
    }
  }
  return reached;
}

/** The parts of a bitmap, their holes filled; pixel by pixel, so that nothing of it resembles the code under test. */
function filledParts(bitmap: Bitmap): { parts: Uint8Array[]; holes: boolean } {
  const { width, height } = bitmap;
  const framed = { width: width + 2, height: height + 2, pixels: new Uint8Array((width + 2) * (height + 2)) };
  bitmap.pixels.forEach((pixel, at) => {
    framed.pixels[(Math.floor(at / width) + 1) * framed.width + (at % width) + 1] = pixel;
  });
  const parts: Uint8Array[] = [];
  const known = new Uint8Array(framed.pixels.length);
  let holes = false;
  framed.pixels.forEach((pixel, at) => {
    if (!pixel || known[at]) return;
    const part = flood(at, framed, (next) => framed.pixels[next] === 1, true);
    part.forEach((mark, next) => (known[next] = mark || known[next] || 0));
    const outside = flood(0, framed, (next) => !part[next], false);
    const filled = outside.map((mark) => 1 - mark);
    holes ||= sumOf(filled) > sumOf(part);
    parts.push(
      Uint8Array.from(bitmap.pixels, (_pixel, inner) => {
        return filled[(Math.floor(inner / width) + 1) * framed.width + (inner % width) + 1] ?? 0;
      }),
    );
  });
  return { parts, holes };
}

function sumOf(marks: Uint8Array): number {
  return marks.reduce((sum, mark) => sum + mark, 0);
}

/** The pixels whose middle lies within a polygon. */
function rasterised(points: readonly [number, number][], { width, height }: Bitmap): Uint8Array {
  const inside = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const crossings = points.flatMap(([x1, y1], index) => {
      const [x2, y2] = points[(index + 1) % points.length] ?? [0, 0];
      const middle = y + 0.5;
      return y1 < middle === y2 < middle ? [] : [x1 + ((middle - y1) / (y2 - y1)) * (x2 - x1)];
    });
    for (let x = 0; x < width; x++) {
      inside[y * width + x] = crossings.filter((crossing) => crossing < x + 0.5).length % 2;
    }
  }
  return inside;
}

function overlap(a: Uint8Array, b: Uint8Array): number {
  let both = 0;
  let either = 0;
  a.forEach((mark, at) => {
    both += mark & (b[at] ?? 0);
    either += mark | (b[at] ?? 0);
  });
  return both / either;
}

function assertOutlinesLargestPart(bitmap: Bitmap, least: number): void {
  const { parts, holes } = filledParts(bitmap);
  const largest = Math.max(...parts.map(sumOf));
  for (const asText of [false, true]) {
    const outline = outlineOf(encoded(bitmap, asText));
    assert.ok(outline);
    const inside = rasterised(outline.points, bitmap);
    const overlaps = parts.filter((part) => sumOf(part) === largest).map((part) => overlap(part, inside));
    assert.ok(Math.max(...overlaps) >= least, `overlap ${Math.max(...overlaps)}`);
    assert.equal(outline.isSimplified, parts.length > 1 || holes);
  }
}

/** Overlapping ellipses and boxes, some of them cut out again. */
const shapes = fc
  .array(
    fc.record({
      x: fc.integer({ min: -20, max: 140 }),
      y: fc.integer({ min: -20, max: 110 }),
      a: fc.integer({ min: 2, max: 70 }),
      b: fc.integer({ min: 2, max: 70 }),
      turn: fc.double({ min: 0, max: 3, noNaN: true }),
      kind: fc.constantFrom('ellipse', 'box', 'ellipse', 'hole'),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all): Bitmap => {
    const [width, height] = [120, 90];
    const pixels = new Uint8Array(width * height);
    for (const { x, y, a, b, turn, kind } of all) {
      for (let at = 0; at < pixels.length; at++) {
        const dx = (at % width) - x;
        const dy = Math.floor(at / width) - y;
        const u = (dx * Math.cos(turn) + dy * Math.sin(turn)) / a;
        const v = (dy * Math.cos(turn) - dx * Math.sin(turn)) / b;
        const isIn =
          kind === 'box'
            ? Math.max(Math.abs(u), Math.abs(v)) < 1
            : u * u + v * v < (kind === 'hole' ? 0.2 : 1);
        if (isIn) pixels[at] = kind === 'hole' ? 0 : 1;
      }
    }
    return { width, height, pixels };
  })
  .filter(({ pixels }) => sumOf(pixels) > 0);

describe('the outline of a run-length mask', () => {
  it('is that of the filled largest part, for random shapes', () => {
    fc.assert(
      fc.property(shapes, (bitmap) => assertOutlinesLargestPart(bitmap, 0.98)),
      { numRuns: 60 },
    );
  });

  it('is exact for random noise, where it has no slopes to smooth', () => {
    const noise = fc
      .array(fc.constantFrom(0, 1), { minLength: 80, maxLength: 80 })
      .filter((pixels) => pixels.includes(1))
      .map((pixels): Bitmap => ({ width: 10, height: 8, pixels: Uint8Array.from(pixels) }));
    fc.assert(fc.property(noise, (bitmap) => assertOutlinesLargestPart(bitmap, 1)));
  });

  it('has the corners of a box, in pixels', () => {
    const { points, isSimplified } = outlineOf(encoded(drawn(['.....', '.###.', '.###.']))) ?? {};
    assert.deepEqual(points, [
      [4, 1],
      [4, 3],
      [1, 3],
      [1, 1],
    ]);
    assert.equal(isSimplified, false);
  });

  it('holds together what touches at a corner', () => {
    assertOutlinesLargestPart(drawn(['##...', '..##.', '##..#']), 1);
    assertOutlinesLargestPart(drawn(['.#.', '#.#', '.#.']), 1);
  });

  it('reads what COCO compressed', () => {
    // pycocotools: mask.encode of two boxes, 2 to 5 by 1 to 4 and 6 to 7 by 7 to 9, in a mask 8 wide and 10 high
    const outline = outlineOf({ size: [10, 8], counts: 'e037000`0OD' });
    assert.deepEqual(outline?.points, [
      [5, 1],
      [5, 4],
      [2, 4],
      [2, 1],
    ]);
    assert.equal(outline?.isSimplified, true);
  });

  it('of a large disc has few points, which change its area by less than a hundredth', () => {
    const [side, radius] = [1200, 590];
    const pixels = Uint8Array.from({ length: side * side }, (_value, at) => {
      return Math.hypot((at % side) + 0.5 - side / 2, Math.floor(at / side) + 0.5 - side / 2) < radius
        ? 1
        : 0;
    });
    const { points = [] } = outlineOf(encoded({ width: side, height: side, pixels })) ?? {};
    const area = points.reduce((sum, [x, y], index) => {
      const [nextX, nextY] = points[(index + 1) % points.length] ?? [0, 0];
      return sum + (x * nextY - nextX * y) / 2;
    }, 0);
    assert.ok(Math.abs(area / sumOf(pixels) - 1) < 0.01, `area ${area} of ${sumOf(pixels)}`);
    assert.ok(points.length < 400, `${points.length} points`);
  });

  it('is none where there is no mask', () => {
    const none = { size: [2, 2] };
    for (const mask of [
      undefined,
      'x',
      {},
      none,
      { ...none, counts: [4] },
      { ...none, counts: [] },
      { ...none, counts: '' },
      { ...none, counts: [1, 9] },
      { ...none, counts: [1, -1, 4] },
      { ...none, counts: ['1', '1'] },
      { ...none, counts: 'äöü' },
      { ...none, counts: 'P' },
      { size: [0, 2], counts: [0, 1] },
      { size: [2], counts: [0, 1] },
    ]) {
      assert.equal(outlineOf(mask), undefined, JSON.stringify(mask));
    }
  });
});
