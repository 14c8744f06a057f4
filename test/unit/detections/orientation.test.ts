import assert from 'node:assert/strict';
import { convertDetections } from '../../../src/detections/convert';
import type { DetectionContext, DetectionSettings } from '../../../src/detections/convert';
import { exifSegment, jpeg } from '../images/made-pictures';
import { assertClose } from './assertions';

/** Pixels of a small picture: rows of marks, '' where there is nothing. */
type Pixels = string[][];

const WIDTH = 40;
const HEIGHT = 24;
/** A mark without any symmetry: a vertical bar, and a foot to its right. In pixels of the stored picture. */
const BAR = { left: 5, top: 3, right: 9, bottom: 15 };
const FOOT = { left: 9, top: 11, right: 16, bottom: 15 };
const NAIL = { x: 11, y: 12 };

/** Where the stored row 0 and the stored column 0 are in the picture as it is shown (EXIF 2.32, tag 274). */
const SIDES = {
  1: ['top', 'left'],
  2: ['top', 'right'],
  3: ['bottom', 'right'],
  4: ['bottom', 'left'],
  5: ['left', 'top'],
  6: ['right', 'top'],
  7: ['right', 'bottom'],
  8: ['left', 'bottom'],
} as const;
type Orientation = keyof typeof SIDES;
const ORIENTATIONS = Object.keys(SIDES).map(Number) as Orientation[];

const blank = (width: number, height: number): Pixels =>
  Array.from({ length: height }, () => new Array<string>(width).fill(''));

function draw(): Pixels {
  const pixels = blank(WIDTH, HEIGHT);
  for (const { left, top, right, bottom } of [BAR, FOOT])
    for (let y = top; y < bottom; y++) pixels[y]?.fill('mark', left, right);
  (pixels[NAIL.y] as string[])[NAIL.x] = 'nail';
  return pixels;
}

/** What a viewer shows of the stored pixels. */
function show(stored: Pixels, orientation: Orientation): Pixels {
  const [rowSide, columnSide] = SIDES[orientation];
  const isOnItsSide = rowSide === 'left' || rowSide === 'right';
  const [width, height] = isOnItsSide ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
  const shown = blank(width, height);
  stored.forEach((row, y) =>
    row.forEach((pixel, x) => {
      const away = { [rowSide]: y, [columnSide]: x } as Partial<
        Record<'left' | 'right' | 'top' | 'bottom', number>
      >;
      const column = away.left ?? width - 1 - (away.right ?? NaN);
      const line = away.top ?? height - 1 - (away.bottom ?? NaN);
      (shown[line] as string[])[column] = pixel;
    }),
  );
  return shown;
}

/** The box around all pixels that are not blank, as an event has it. */
function boxAround(pixels: Pixels) {
  const marked = pixels.flatMap((row, y) => row.flatMap((pixel, x) => (pixel ? [{ x, y }] : [])));
  const [xs, ys] = [marked.map(({ x }) => x), marked.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [right, bottom] = [Math.max(...xs) + 1, Math.max(...ys) + 1];
  return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top };
}

const isInside = (polygon: readonly (readonly [number, number])[], x: number, y: number): boolean =>
  polygon.reduce((inside, [x1, y1], index) => {
    const [x2, y2] = polygon[(index + 1) % polygon.length] as readonly [number, number];
    const crosses = y1 > y !== y2 > y && x < x1 + ((x2 - x1) * (y - y1)) / (y2 - y1);
    return crosses ? !inside : inside;
  }, false);

/** The mark as a detector reports it that saw the stored picture. */
const SEEN = {
  label: 'angle',
  score: 0.75,
  corners: [BAR.left, BAR.top, FOOT.right, FOOT.bottom],
  outline: [
    [BAR.left, BAR.top],
    [BAR.right, BAR.top],
    [FOOT.left, FOOT.top],
    [FOOT.right, FOOT.top],
    [FOOT.right, FOOT.bottom],
    [BAR.left, BAR.bottom],
  ],
  joints: [{ x: NAIL.x + 0.5, y: NAIL.y + 0.5 }],
};

const BASE = { list: '', class: 'label', confidence: 'score' };
const BOX = {
  convention: 'corners',
  units: 'pixel',
  fields: ['corners[0]', 'corners[1]', 'corners[2]', 'corners[3]'],
};
const OUTLINE = { path: 'outline', shape: 'pairs', units: 'pixel' };
const JOINTS = { path: 'joints', shape: 'xyObjects', units: 'pixel' };

const pictureOf = (orientation: Orientation) => jpeg(WIDTH, HEIGHT, { exif: exifSegment(orientation) });

function convert(
  rows: unknown,
  mapping: Record<string, unknown>,
  context: DetectionContext,
  settings: Partial<DetectionSettings> = {},
) {
  const result = convertDetections(
    rows,
    { format: 'custom', exifOrientation: 'stored', mapping: { ...BASE, ...mapping }, ...settings },
    context,
  );
  return { ...result.images[0], notes: result.notes };
}

for (const orientation of ORIENTATIONS) {
  describe(`a detector that saw the picture as stored, orientation ${orientation}`, () => {
    const picture = pictureOf(orientation);
    const shown = show(draw(), orientation);
    const shownSize = { width: shown[0]?.length, height: shown.length };
    const notes = orientation === 1 ? [] : ['exif-rotated'];
    const expected = { class: 'angle', confidence: 0.75, ...boxAround(shown) };

    it('has its box around the mark in the upright picture', () => {
      const { annotations, imageSize, notes: found } = convert([SEEN], { box: BOX }, { picture });
      assertClose(annotations?.objectDetections, [expected]);
      assert.deepEqual(imageSize, shownSize);
      assert.deepEqual(found, notes);
    });

    it('has its polygon around the same pixels, and the box that follows from it', () => {
      const { annotations } = convert([SEEN], { points: OUTLINE }, { picture });
      const [found] = annotations?.instanceSegmentations ?? [];
      assert.ok(found);
      const { points, ...box } = found;
      assertClose(box, expected);
      const polygon = points;
      const filled = shown.map((row, y) => row.map((_, x) => isInside(polygon, x + 0.5, y + 0.5)));
      assert.deepEqual(
        filled,
        shown.map((row) => row.map((pixel) => pixel !== '')),
      );
    });

    it('has its keypoint on the same pixel', () => {
      const { annotations } = convert([SEEN], { box: BOX, keypoints: JOINTS }, { picture });
      const [found] = annotations?.keypoints ?? [];
      const [{ x, y } = { x: NaN, y: NaN }] = found?.keypoints ?? [];
      assert.equal(shown[Math.floor(y)]?.[Math.floor(x)], 'nail');
      assertClose({ x: x % 1, y: y % 1 }, { x: 0.5, y: 0.5 });
      assertClose(boxAround(shown), { x: found?.x, y: found?.y, width: found?.width, height: found?.height });
    });

    it('is turned after fractions, and after the bars of a letterbox, became pixels', () => {
      const fractions = SEEN.corners.map((value, index) => value / (index % 2 ? HEIGHT : WIDTH));
      const byFraction = convert(
        [{ ...SEEN, corners: fractions }],
        { box: { ...BOX, units: 'fraction' } },
        { picture },
      );
      assertClose(byFraction.annotations?.objectDetections, [expected]);
      // 40 x 24 in a grid of 80 x 80: twice as large, bars of 16 above and below
      const inGrid = SEEN.corners.map((value, index) => value * 2 + (index % 2 ? 16 : 0));
      const sourceSize = { width: 80, height: 80 };
      const letterbox = { sourceSize, sourceFit: 'letterbox' } as const;
      const byGrid = convert([{ ...SEEN, corners: inGrid }], { box: BOX }, { picture }, letterbox);
      assertClose(byGrid.annotations?.objectDetections, [expected]);
      assert.deepEqual(byGrid.imageSize, shownSize);
    });

    it('is not turned when the detector saw the picture upright', () => {
      const { annotations, imageSize } = convert(
        [SEEN],
        { box: BOX },
        { picture },
        { exifOrientation: 'turned' },
      );
      assertClose(annotations?.objectDetections, [{ ...expected, ...boxAround(draw()) }]);
      assert.deepEqual(imageSize, shownSize);
    });
  });
}

describe('a detector that saw the picture as stored, and sizes from elsewhere', () => {
  const picture = pictureOf(6);
  const place = boxAround(show(draw(), 6));
  const found = (
    context: DetectionContext,
    mapping: object = {},
    settings: Partial<DetectionSettings> = {},
  ) => {
    const row = { ...SEEN, w: context.imageSize?.width, h: context.imageSize?.height };
    const inPayload = 'imageSize' in mapping;
    return convert(
      [row],
      { box: BOX, ...mapping },
      inPayload ? { picture } : { picture, ...context },
      settings,
    );
  };
  const stored = { imageSize: { width: WIDTH, height: HEIGHT } };
  const upright = { imageSize: { width: HEIGHT, height: WIDTH } };
  const sizeInPayload = { imageSize: { width: '[0].w', height: '[0].h' } };

  it('a size in the payload is the stored one', () => {
    const { annotations, imageSize, notes } = found(stored, sizeInPayload);
    assertClose(annotations?.objectDetections, [{ class: 'angle', confidence: 0.75, ...place }]);
    assert.deepEqual(imageSize, { width: HEIGHT, height: WIDTH });
    assert.deepEqual(notes, ['exif-rotated']);
  });

  it('a size that the user gives may be the stored or the upright one', () => {
    for (const context of [stored, upright]) {
      const { annotations, imageSize, notes } = found(context);
      assertClose(annotations?.objectDetections, [{ class: 'angle', confidence: 0.75, ...place }]);
      assert.deepEqual(imageSize, { width: HEIGHT, height: WIDTH });
      assert.deepEqual(notes, ['exif-rotated']);
    }
  });

  it('an upright size in the payload shows that this detector turned the picture, and is said', () => {
    const { annotations, imageSize, notes } = found(upright, sizeInPayload);
    assertClose(annotations?.objectDetections, [{ class: 'angle', confidence: 0.75, ...boxAround(draw()) }]);
    assert.deepEqual(imageSize, { width: HEIGHT, height: WIDTH });
    assert.deepEqual(notes, ['exif-rotated', 'image-size-conflict']);
  });

  it('boxes of a smaller copy are scaled to the stored picture, then turned', () => {
    const half = { imageSize: { width: WIDTH / 2, height: HEIGHT / 2 } };
    const row = { ...SEEN, corners: SEEN.corners.map((value) => value / 2), w: WIDTH / 2, h: HEIGHT / 2 };
    const { annotations, imageSize } = convert(
      [row],
      { box: BOX, ...sizeInPayload },
      { picture },
      { scaleToImage: true },
    );
    assertClose(annotations?.objectDetections, [{ class: 'angle', confidence: 0.75, ...place }]);
    assert.deepEqual(imageSize, { width: HEIGHT, height: WIDTH });
    assert.ok(found(half, sizeInPayload).notes.includes('image-size-conflict'), 'said when not scaled');
  });

  it('a box beyond the edge of the stored picture is beyond one of the upright picture', () => {
    const beyond = { ...SEEN, corners: [-4, 3, 6, 9] };
    const { annotations, notes } = convert([beyond], { box: BOX }, { picture });
    assert.deepEqual(notes, ['exif-rotated', 'box-outside-image']);
    assertClose(annotations?.objectDetections, [
      { class: 'angle', confidence: 0.75, x: HEIGHT - 6, y: 1, width: 6, height: 10 },
    ]);
  });
});
