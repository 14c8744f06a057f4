import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { convertDetections } from '../../../src/detections/convert';
import type { DetectionContext, DetectionSettings } from '../../../src/detections/convert';
import { assertClose, assertRefused } from './assertions';

/** Rows of a mapping that declares corners in pixels: the plainest way into the engine. */
const CORNERS = {
  list: '',
  class: 'label',
  confidence: 'score',
  box: { convention: 'corners', units: 'pixel', fields: ['x1', 'y1', 'x2', 'y2'] },
};
const row = { label: 'valve', score: 0.75, x1: 200, y1: 60, x2: 360, y2: 300 };
const place = { x: 280, y: 180, width: 160, height: 240 };
const valve = { class: 'valve', ...place, confidence: 0.75 };

function convert(
  rows: unknown,
  mapping: Record<string, unknown> = {},
  settings: Partial<DetectionSettings> = {},
  context: DetectionContext = {},
) {
  return convertDetections(
    rows,
    { format: 'custom', mapping: { ...CORNERS, ...mapping }, ...settings },
    context,
  );
}

function only(rows: unknown, mapping?: Record<string, unknown>, settings?: Partial<DetectionSettings>) {
  const result = convert(rows, mapping, settings);
  const { objectDetections } = result.images[0]?.annotations ?? {};
  return { detections: objectDetections ?? [], dropped: result.dropped, notes: result.notes };
}

describe('numbers', () => {
  it('takes numeric texts, trimmed', () => {
    assert.deepEqual(only([{ ...row, x1: ' 200.0 ', score: '0.75' }]), {
      detections: [valve],
      dropped: 0,
      notes: [],
    });
  });

  for (const value of [null, NaN, Infinity, 'abc', '', true, {}, []]) {
    it(`drops a row with the coordinate ${inspect(value)} and counts it`, () => {
      assert.deepEqual(only([{ ...row, x1: value }, row]), {
        detections: [valve],
        dropped: 1,
        notes: ['bad-number'],
      });
    });
  }

  it('drops a row without any coordinate as one without a box', () => {
    assert.deepEqual(only([{ label: 'valve', score: 0.5 }, row]), {
      detections: [valve],
      dropped: 1,
      notes: ['missing-box'],
    });
    assert.deepEqual(only([row, { ...row, x1: '', y1: '', x2: '', y2: '' }]).notes, ['missing-box']);
  });

  it('drops rows that are not objects', () => {
    assert.deepEqual(only([null, 3, 'x', row]), { detections: [valve], dropped: 3, notes: ['missing-box'] });
  });

  it('drops boxes without an area', () => {
    const flat = [{ ...row, x2: 200 }, row];
    assert.deepEqual(only(flat), { detections: [valve], dropped: 1, notes: ['degenerate-box'] });
    const negative = { box: { convention: 'corner', units: 'pixel', fields: ['x1', 'y1', 'w', 'h'] } };
    const turned = [
      { ...row, w: 160, h: -240 },
      { ...row, w: 160, h: 240 },
    ];
    assert.deepEqual(only(turned, negative).notes, ['degenerate-box']);
  });

  it('fixes swapped corners without moving the box', () => {
    const swapped = { ...row, x1: 360, x2: 200, y1: 300, y2: 60 };
    assert.deepEqual(only([swapped]), { detections: [valve], dropped: 0, notes: ['corners-swapped'] });
  });

  it('does not round and does not clip', () => {
    const { detections, notes } = only([{ ...row, x1: -10.123456789, x2: 10.987654321 }]);
    assertClose(detections[0]?.x, (-10.123456789 + 10.987654321) / 2, 1e-12);
    assert.deepEqual(notes, ['box-outside-image']);
  });

  it('says once that boxes lie outside a picture of known size', () => {
    const outside = [row, { ...row, x2: 900 }, { ...row, x2: 901 }];
    const { notes } = convert(outside, {}, {}, { imageSize: { width: 800, height: 600 } });
    assert.deepEqual(notes, ['box-outside-image']);
    assert.deepEqual(convert(outside).notes, [], 'without a size the right edge is not known');
  });

  it('refuses numbers whose sum is beyond all numbers', () => {
    assert.equal(only([row, { ...row, x1: 1e308, x2: 1.7e308 }]).dropped, 1);
  });
});

describe('confidence', () => {
  it('is 0 or the default when missing', () => {
    for (const score of [undefined, null, NaN, '']) {
      assert.equal(only([{ ...row, score }]).detections[0]?.confidence, 0);
      assert.equal(only([{ ...row, score }], {}, { defaultConfidence: 0.4 }).detections[0]?.confidence, 0.4);
      assert.deepEqual(only([{ ...row, score }]).notes, ['missing-confidence']);
    }
  });

  it('is clamped to 0 and 1', () => {
    assert.deepEqual(only([{ ...row, score: 1.2 }]).notes, ['confidence-clamped']);
    assert.equal(only([{ ...row, score: 1.2 }]).detections[0]?.confidence, 1);
    assert.equal(only([{ ...row, score: -0.1 }]).detections[0]?.confidence, 0);
  });

  it('is divided by a hundred where percent is declared', () => {
    assert.equal(
      only([{ ...row, score: 75 }], { confidenceUnit: 'percent' }).detections[0]?.confidence,
      0.75,
    );
  });

  it('refuses percent where a fraction is declared', () => {
    assertRefused('confidence-unit', [{ ...row, score: 75 }], { format: 'custom', mapping: CORNERS });
  });

  it('refuses percent in a format that sends fractions', () => {
    assertRefused('confidence-unit', [
      { name: 'a', class: 0, confidence: 2, box: { x1: 1, y1: 2, x2: 30, y2: 40 } },
    ]);
  });

  it('is a constant when the mapping says so', () => {
    assert.equal(only([row], { confidence: { const: 0.6 } }).detections[0]?.confidence, 0.6);
    assert.deepEqual(only([row], { confidence: { const: 0 } }).notes, ['missing-confidence']);
  });

  it('leaves out rows below the least confidence without counting them', () => {
    const result = only([row, { ...row, score: 0.2, x1: 'filling' }], { minConfidence: 0.5 });
    assert.deepEqual(result, { detections: [valve], dropped: 0, notes: [] });
  });
});

describe('class names', () => {
  const nameOf = (
    label: unknown,
    others: object = {},
    settings: Partial<DetectionSettings> = {},
    mapping = {},
  ) => {
    const { detections, notes } = only([{ ...row, label, ...others }], mapping, settings);
    return [detections[0]?.class, ...notes];
  };

  it('falls back to the class number, then the setting, then "unknown"', () => {
    assert.deepEqual(nameOf(null, { class_id: 7 }, { defaultClass: 'part' }), ['7', 'missing-class']);
    assert.deepEqual(nameOf('  ', {}, { defaultClass: 'part' }), ['part', 'missing-class']);
    assert.deepEqual(nameOf(undefined), ['unknown', 'missing-class']);
  });

  it('turns numbers into names', () => {
    assert.deepEqual(nameOf(1), ['1']);
    assert.deepEqual(nameOf(1, {}, { labels: ['pipe', 'valve'] }), ['valve']);
    assert.deepEqual(nameOf(5, {}, { labels: ['pipe', 'valve'] }), ['5', 'class-not-in-map']);
    assert.deepEqual(nameOf(15, {}, {}, { classMap: { 15: 'person' } }), ['person']);
    assert.deepEqual(nameOf(16, {}, {}, { classMap: { 15: 'person' } }), ['16', 'class-not-in-map']);
  });

  it('does not take inherited names for classes', () => {
    assert.deepEqual(nameOf('constructor', {}, {}, { classMap: { 15: 'person' } }), [
      'constructor',
      'class-not-in-map',
    ]);
    assert.deepEqual(nameOf(undefined, {}, {}, { class: 'toString' }), ['unknown', 'missing-class']);
  });
});

describe('one detection goes to one list', () => {
  const shapes = {
    points: { path: 'outline', shape: 'pairs', units: 'pixel' },
    keypoints: { path: 'joints', shape: 'xyObjects', units: 'pixel' },
  };
  const outline = [
    [200, 60],
    [360, 60],
    [360, 300],
  ];
  const joints = [{ x: 210, y: 70 }];
  const listsOf = (others: object) => {
    const { images, notes } = convert([{ ...row, ...others }], shapes);
    return [...Object.keys(images[0]?.annotations ?? {}), ...notes];
  };

  it('keypoints before polygon before box', () => {
    assert.deepEqual(listsOf({ outline, joints }), ['keypoints']);
    assert.deepEqual(listsOf({ outline }), ['instanceSegmentations']);
    assert.deepEqual(listsOf({}), ['objectDetections']);
  });

  it('a polygon of two points or no keypoints leave the box', () => {
    assert.deepEqual(listsOf({ outline: outline.slice(0, 2) }), ['objectDetections', 'polygon-too-short']);
    assert.deepEqual(listsOf({ joints: [] }), ['objectDetections', 'no-keypoints']);
  });

  it('a polygon without a box gets the box around it', () => {
    const { images, notes } = convert([{ label: 'valve', score: 0.75, outline }], shapes);
    assert.deepEqual(images[0]?.annotations, { instanceSegmentations: [{ ...valve, points: outline }] });
    assert.deepEqual(notes, ['box-derived']);
  });

  it('leaves out points that are not numbers', () => {
    const { images, notes } = convert([{ ...row, joints: [{ x: null, y: 1 }, ...joints] }], shapes);
    assert.deepEqual(images[0]?.annotations.keypoints?.[0]?.keypoints, [{ id: 1, x: 210, y: 70 }]);
    assert.deepEqual(notes, ['bad-number']);
  });

  it('says that points lie outside', () => {
    const { notes } = convert([{ ...row, outline: [...outline, [-5, 0]] }], shapes);
    assert.deepEqual(notes, ['points-outside-image']);
  });

  it('reads COCO visibility only where it is declared', () => {
    const joints = [10, 20, 2, 30, 40, 1, 0, 0, 0];
    const read = (third?: string) =>
      convert([{ ...row, joints }], {
        keypoints: { path: 'joints', shape: 'flatTriplets', third, units: 'pixel' },
      }).images[0]?.annotations.keypoints?.[0]?.keypoints;
    assert.deepEqual(read('coco-visibility'), [
      { id: 0, x: 10, y: 20, occluded: false },
      { id: 1, x: 30, y: 40, occluded: true },
    ]);
    assert.deepEqual(read('score'), [
      { id: 0, x: 10, y: 20 },
      { id: 1, x: 30, y: 40 },
      { id: 2, x: 0, y: 0 },
    ]);
  });

  it('keeps the box of a run-length mask and says that the mask is lost', () => {
    const { images, notes } = convert([{ ...row, segmentation: { size: [600, 800], counts: 'abc' } }]);
    assert.deepEqual(images[0]?.annotations, { objectDetections: [valve] });
    assert.deepEqual(notes, ['mask-not-converted']);
  });
});

describe('at most 1000 entries a list', () => {
  it('keeps the most confident in their order, the first of equals', () => {
    const rows = Array.from({ length: 1003 }, (_, index) => ({
      ...row,
      label: `n${index}`,
      score: index === 1002 ? 0.9 : 0.5,
    }));
    const { detections, dropped, notes } = only(rows);
    assert.equal(detections.length, 1000);
    assert.equal(dropped, 3);
    assert.deepEqual(notes, ['list-capped']);
    assert.equal(detections[0]?.class, 'n0');
    assert.equal(detections.at(-2)?.class, 'n998');
    assert.equal(detections.at(-1)?.class, 'n1002');
  });
});

describe('units', () => {
  const tiny = [{ name: 'valve', class: 7, confidence: 0.75, box: { x1: 0.25, y1: 0.1, x2: 0.45, y2: 0.5 } }];
  const imageSize = { width: 800, height: 600 };

  it('asks when all coordinates may be fractions', () => {
    const error = assertRefused('units-unclear', tiny);
    assert.deepEqual(error.candidates, ['pixel', 'fraction']);
    assert.match(error.message, /"Coordinates"/);
  });

  it('obeys the setting', () => {
    const inPixels = convertDetections(tiny, { format: 'auto', units: 'pixel' });
    assertClose(inPixels.images[0]?.annotations.objectDetections?.[0]?.width, 0.2);
    const asParts = convertDetections(tiny, { format: 'auto', units: 'fraction' }, { imageSize });
    assertClose(asParts.images[0]?.annotations.objectDetections, [valve]);
  });

  it('asks in every format that sends pixels', () => {
    assertRefused('units-unclear', {
      success: true,
      predictions: [{ label: 'a', confidence: 0.5, x_min: 0.1, y_min: 0.2, x_max: 0.3, y_max: 0.4 }],
    });
    assertRefused('units-unclear', [{ bbox: [0.1, 0.2, 0.3, 0.4], class: 'a', score: 0.5 }]);
  });

  it('does not ask when a single coordinate is beyond 1', () => {
    const [first] = tiny;
    const mixed = [first, { ...first, box: { x1: 10, y1: 20, x2: 30, y2: 40 } }];
    assert.equal(convertDetections(mixed, { format: 'auto' }).count, 2);
  });

  it('does not ask because of boxes that are left out', () => {
    const [first] = tiny;
    assertRefused('rows-unreadable', [{ ...first, box: { x1: 0, y1: 0, x2: 0, y2: 0 } }]);
  });

  it("takes a mapping's own word for it", () => {
    assert.equal(only([{ ...row, x1: 0, y1: 0, x2: 1, y2: 1 }]).detections.length, 1);
  });
});

describe('size of the picture', () => {
  const fraction = { box: { ...CORNERS.box, units: 'fraction' } };
  const parts = [{ ...row, x1: 0.25, y1: 0.1, x2: 0.45, y2: 0.5 }];
  const imageSize = { width: 800, height: 600 };
  const png = pngHeader(800, 600);

  it('is required for fractions, and nothing comes out without it', () => {
    const error = assertRefused('image-size-required', parts, {
      format: 'custom',
      mapping: { ...CORNERS, ...fraction },
    });
    assert.match(error.message, /Picture size/);
  });

  it('is not required for nothing', () => {
    assert.equal(convert([], fraction).count, 0);
  });

  it('with skip-boxes only the classes stay', () => {
    const skip: DetectionSettings = { format: 'auto', onMissingSize: 'skip-boxes' };
    const custom = (predictions: unknown[]) => ({ project: 'p', iteration: 'i', predictions });
    const box = { left: 0.25, top: 0.1, width: 0.2, height: 0.4 };
    const aws = { Left: 0.25, Top: 0.1, Width: 0.2, Height: 0.4 };
    const labels = [{ Name: 'hall', Confidence: 75 }];
    const boxes = [{ Name: 'valve', Confidence: 75, Instances: [{ BoundingBox: aws }] }];
    const { images, dropped, notes } = convertDetections({ Labels: [...labels, ...boxes] }, skip);
    assert.deepEqual(images, [{ annotations: { classifications: [{ class: 'hall', confidence: 0.75 }] } }]);
    assert.equal(dropped, 1);
    assert.deepEqual(notes, ['boxes-skipped']);
    const nothingLeft = custom([{ tagName: 'valve', probability: 0.75, boundingBox: box }]);
    assertRefused('image-size-required', nothingLeft, skip);
  });

  for (const [name, settings, context] of [
    ['the setting', { imageSize }, {}],
    ['the message', {}, { imageSize }],
    ['the picture as bytes', {}, { picture: png }],
    ['the picture as base64', {}, { picture: Buffer.from(png).toString('base64') }],
    [
      'the picture as data URL',
      {},
      { picture: `data:image/png;base64,${Buffer.from(png).toString('base64')}` },
    ],
  ] as [string, Partial<DetectionSettings>, DetectionContext][]) {
    it(`comes from ${name}`, () => {
      const { images, notes } = convert(parts, fraction, settings, context);
      assertClose(images, [{ annotations: { objectDetections: [valve] }, imageSize }]);
      assert.deepEqual(notes, []);
    });
  }

  it('the setting beats the message, the message the payload, the payload the picture', () => {
    const size = (width: number) => ({ width, height: width });
    const mapping = { imageSize: { width: '[0].w', height: '[0].w' } };
    const rows = [{ ...row, w: 300 }];
    const used = (settings: Partial<DetectionSettings>, context: DetectionContext) =>
      convert(rows, mapping, settings, context).images[0]?.imageSize?.width;
    const context = { imageSize: size(200), picture: png };
    assert.equal(used({ imageSize: size(100) }, context), 100);
    assert.equal(used({}, context), 200);
    assert.equal(used({}, { picture: png }), 300);
  });

  it('says when the given size is not that of the attached picture', () => {
    const other = { imageSize: { width: 1600, height: 1200 }, picture: png };
    assert.deepEqual(convert(parts, fraction, {}, other).notes, ['image-size-conflict']);
  });

  it('scales from the size in the payload to the attached picture when told to', () => {
    const payload = {
      image: { width: 400, height: 300 },
      predictions: [{ x: 140, y: 90, width: 80, height: 120, confidence: 0.75, class: 'valve', class_id: 7 }],
    };
    const { images, notes } = convertDetections(
      payload,
      { format: 'auto', scaleToImage: true },
      { picture: png },
    );
    assertClose(images, [{ annotations: { objectDetections: [valve] }, imageSize }]);
    assert.deepEqual(notes, []);
    assert.deepEqual(convertDetections(payload, { format: 'auto' }, { picture: png }).notes, [
      'image-size-conflict',
    ]);
  });

  it('msg.shape counts for TensorFlow.js only', () => {
    const shape = [600, 800, 3];
    const cocoSsd = [{ bbox: [200, 60, 160, 240], class: 'valve', score: 0.75 }];
    assert.deepEqual(
      convertDetections(cocoSsd, { format: 'auto' }, { shape }).images[0]?.imageSize,
      imageSize,
    );
    const yolo = [{ name: 'valve', class: 7, confidence: 0.75, box: { x1: 1, y1: 2, x2: 3, y2: 4 } }];
    assert.equal(convertDetections(yolo, { format: 'auto' }, { shape }).images[0]?.imageSize, undefined);
  });

  it('goes on without a size when the picture cannot be read, and says so', () => {
    const { notes } = convert([row], {}, {}, { picture: png.slice(0, 12) });
    assert.deepEqual(notes, ['picture-unreadable']);
    assertRefused(
      'image-size-required',
      parts,
      { format: 'custom', mapping: { ...CORNERS, ...fraction } },
      { picture: 'no picture' },
    );
  });

  it('turns a picture that lies on its side, unless told not to', () => {
    const picture = jpegHeader(600, 800, 6);
    const turned = convert(parts, fraction, {}, { picture });
    assertClose(turned.images, [{ annotations: { objectDetections: [valve] }, imageSize }]);
    assert.deepEqual(turned.notes, ['exif-rotated']);
    const stored = convert(parts, fraction, { exifOrientation: 'stored' }, { picture });
    assert.deepEqual(stored.images[0]?.imageSize, imageSize);
    assert.notDeepEqual(stored.images[0]?.annotations, turned.images[0]?.annotations);
  });

  it('ignores sizes that are none', () => {
    assertRefused(
      'image-size-required',
      parts,
      { format: 'custom', mapping: { ...CORNERS, ...fraction } },
      {
        imageSize: { width: 0, height: NaN },
      },
    );
  });
});

describe('source size', () => {
  const imageSize = { width: 800, height: 400 };
  const sourceSize = { width: 400, height: 400 };
  const scaled = (box: [number, number, number, number], sourceFit: DetectionSettings['sourceFit']) => {
    const [x1, y1, x2, y2] = box;
    const { images } = convert([{ ...row, x1, y1, x2, y2 }], {}, { sourceSize, sourceFit }, { imageSize });
    const { x, y, width, height } = images[0]?.annotations.objectDetections?.[0] ?? {};
    return { x, y, width, height };
  };

  it('stretches back', () => {
    assertClose(scaled([100, 100, 200, 300], 'squash'), { x: 300, y: 200, width: 200, height: 200 });
  });

  it('takes off the bars of a letterbox', () => {
    // the picture is 400 x 200 in the grid, with bars of 100 above and below
    assertClose(scaled([100, 150, 200, 250], 'letterbox'), { x: 300, y: 200, width: 200, height: 200 });
  });

  it('adds what a crop cut off', () => {
    // the grid shows the middle 400 of 800 pixels
    assertClose(scaled([100, 100, 200, 300], 'crop'), { x: 350, y: 200, width: 100, height: 200 });
  });

  it('needs the size of the picture', () => {
    assertRefused('image-size-required', [row], { format: 'custom', mapping: CORNERS, sourceSize });
  });

  it('is not asked for because of rows that are nothing', () => {
    const nothing = { image: { width: null, height: null }, predictions: [null] };
    assertRefused('rows-unreadable', nothing, { format: 'auto', sourceSize });
  });

  it('is not the size of the picture when the payload repeats it', () => {
    const payload = {
      type: 1,
      name: 'INVOKE',
      code: 0,
      data: { resolution: [400, 400], labels: ['valve'], boxes: [[140, 120, 80, 160, 75, 0]] },
    };
    const { images } = convertDetections(
      payload,
      { format: 'auto', sourceSize },
      { picture: pngHeader(800, 600) },
    );
    assertClose(images, [
      { annotations: { objectDetections: [valve] }, imageSize: { width: 800, height: 600 } },
    ]);
  });
});

/** A PNG's signature and header: as much as a size needs. */
function pngHeader(width: number, height: number): Uint8Array {
  const bytes = Buffer.alloc(33);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

/** A JPEG of an EXIF segment with that orientation and a frame header of that size. */
function jpegHeader(width: number, height: number, orientation: number): Uint8Array {
  const tiff = Buffer.from('4d4d002a00000008000101120003000000010000000000000000', 'hex');
  tiff.writeUInt16BE(orientation, 18);
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const app1 = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  const frame = Buffer.from('ffc000110800000000030111000211010311010000', 'hex');
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), app1, exif, frame]);
}
