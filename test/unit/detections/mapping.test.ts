import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkMapping, convertDetections } from '../../../src/detections/convert';
import { PRESETS } from '../../../src/detections/presets';
import { assertClose, assertRefused } from './assertions';

const box = { convention: 'corner', units: 'pixel', fields: 'box' };
const good = { list: 'found', class: 'name', confidence: 'score', box };
const row = { name: 'valve', score: 0.75, box: [200, 60, 160, 240] };
const valve = { class: 'valve', x: 280, y: 180, width: 160, height: 240, confidence: 0.75 };

function read(payload: unknown, changes: Record<string, unknown> = {}) {
  return convertDetections(payload, { format: 'custom', mapping: { ...good, ...changes } });
}

function boxes(payload: unknown, changes: Record<string, unknown> = {}) {
  return read(payload, changes).images[0]?.annotations.objectDetections ?? [];
}

describe('checking a mapping', () => {
  it('finds nothing in good ones', () => {
    assert.deepEqual(checkMapping(good), []);
    assert.deepEqual(checkMapping(JSON.stringify(good)), []);
    assert.deepEqual(checkMapping({ list: '', kind: 'classification', class: 'name' }), []);
    assert.deepEqual(checkMapping({ ...good, sourceSize: { width: 320, height: 320, fit: 'crop' } }), []);
  });

  for (const { id, mappings } of PRESETS) {
    it(`finds nothing in the preset ${id}`, () => {
      assert.deepEqual(mappings.flatMap(checkMapping), []);
    });
  }

  for (const [path, changes] of [
    ['list', { list: undefined }],
    ['list', { list: 'a..b' }],
    ['list', { list: 'a[x]' }],
    ['list', { list: '__proto__.a' }],
    ['class', { class: undefined }],
    ['class', { class: { key: true } }],
    ['class', { class: 'a.constructor' }],
    ['class', { class: 'a[].b' }],
    ['classMap', { classMap: [] }],
    ['classMap.3', { classMap: { 3: 4 } }],
    ['confidence', { confidence: 3 }],
    ['confidence.const', { confidence: { const: 75 } }],
    ['confidenceUnit', { confidenceUnit: 'permille' }],
    ['minConfidence', { minConfidence: 50 }],
    ['box', { box: undefined }],
    ['box', { box: 'xywh' }],
    ['box.convention', { box: { ...box, convention: undefined } }],
    ['box.convention', { box: { ...box, convention: 'xywh' } }],
    ['box.units', { box: { ...box, units: undefined } }],
    ['box.fields', { box: { ...box, fields: ['x', 'y'] } }],
    ['box.fields.2', { box: { ...box, fields: ['x', 'y', 7, 'h'] } }],
    ['box.order', { box: { ...box, order: 'wh' } }],
    ['points.shape', { points: { path: 'p', units: 'pixel' } }],
    ['points.path', { points: { path: [], shape: 'pairs', units: 'pixel' } }],
    ['points.path.1', { points: { path: ['p', 'q..r'], shape: 'pairs', units: 'pixel' } }],
    ['points.shape', { points: { path: ['p', 'q'], shape: 'flat', units: 'pixel' } }],
    ['points.shape', { points: { path: 'p', shape: 'pairs', fields: ['a', 'b'], units: 'pixel' } }],
    ['points.fields', { points: { path: 'p', fields: ['a'], units: 'pixel' } }],
    ['points.fields.1', { points: { path: 'p', fields: ['a', '/b'], units: 'pixel' } }],
    ['points.notFound', { points: { path: 'p', shape: 'pairs', notFound: 'null', units: 'pixel' } }],
    ['predicted', { predicted: 'top' }],
    ['class', { class: '../' + 'a..b' }],
    ['class', { class: "['a" }],
    ['class', { class: "['__proto__']" }],
    ['points.units', { points: { path: 'p', shape: 'pairs' } }],
    ['keypoints.third', { keypoints: { path: 'p', shape: 'pairs', units: 'pixel', third: 'visible' } }],
    ['imageSize.width', { imageSize: { height: 'h' } }],
    ['imageSize.order', { imageSize: { path: 'size' } }],
    ['sourceSize.width', { sourceSize: { width: 0, height: 320 } }],
    ['fit', { fit: 'stretch' }],
    ['kind', { kind: 'masks' }],
    ['whenListMissing', { whenListMissing: 'ignore' }],
    ['stripCodeFence', { stripCodeFence: 'yes' }],
    ['boxx', { boxx: box }],
  ] as [string, Record<string, unknown>][]) {
    it(`names ${path} in ${JSON.stringify(changes)}`, () => {
      const paths = checkMapping({ ...good, ...changes }).map((fault) => fault.path);
      assert.ok(paths.includes(path), `named ${paths.join(', ') || 'nothing'}`);
      for (const { message } of checkMapping({ ...good, ...changes })) assert.ok(message.length > 10);
    });
  }

  for (const mapping of [undefined, null, '', '{', '[]', 3, []]) {
    it(`refuses ${JSON.stringify(mapping)} as a whole, before and after deploying`, () => {
      assert.equal(checkMapping(mapping)[0]?.path, '');
      assertRefused('invalid-mapping', [], { format: 'custom', mapping });
    });
  }

  it('an unusable mapping names its property at run time too', () => {
    const error = assertRefused('invalid-mapping', [], {
      format: 'custom',
      mapping: { ...good, box: { ...box, units: 'px' } },
    });
    assert.match(error.message, /box\.units/);
  });
});

describe('where a mapping finds the rows', () => {
  for (const [list, payload] of [
    ['', [row]],
    ['', row],
    ['found', { found: [row] }],
    ['found', { found: row }],
    ['a.b', { a: { b: [row] } }],
    ['a[1].b', { a: [{}, { b: [row] }] }],
    ['a[]', { a: [row] }],
    ['[].results[]', [{ results: [row] }, { results: [] }, {}]],
    ['a.*', { a: { k1: row } }],
    ['a[].b', { a: [{ b: row }, { c: 1 }] }],
    ['map:a.*[]', { a: { k1: [row] } }],
  ] as [string, unknown][]) {
    it(`"${list}" in ${JSON.stringify(payload).slice(0, 60)}`, () => {
      assert.deepEqual(boxes(payload, { list }), [valve]);
    });
  }

  it('takes the key as the class', () => {
    const payload = { valve: [row], pipe: [row, row] };
    const names = boxes(payload, { list: 'map:*[]', class: { key: true } }).map((entry) => entry.class);
    assert.deepEqual(names, ['valve', 'pipe', 'pipe']);
  });

  it('a missing list is an error, or empty when the mapping says so', () => {
    for (const payload of [{}, { found: null }, { found: 'text' }, [], 3]) {
      assertRefused('list-not-found', payload, { format: 'custom', mapping: good });
    }
    assert.deepEqual(boxes({}, { whenListMissing: 'empty' }), []);
    assert.deepEqual(boxes({ found: [] }), []);
  });

  it('does not follow inherited names', () => {
    assertRefused('list-not-found', {}, { format: 'custom', mapping: { ...good, list: 'toString' } });
  });
});

describe('parallel lists', () => {
  const mapping = {
    list: 'boxes',
    class: '/names[$i]',
    confidence: '/more.scores[$i].value',
    box: { convention: 'corner', units: 'pixel', fields: ['0', '1', '2', '3'] },
  };
  const payload = { boxes: [[200, 60, 160, 240]], names: ['valve'], more: { scores: [{ value: 0.75 }] } };

  it('go by the position of the row', () => {
    assert.deepEqual(boxes(payload, mapping), [valve]);
  });

  it('of different lengths are not paired by luck', () => {
    for (const names of [[], ['valve', 'pipe'], undefined, 'valve']) {
      assertRefused('parallel-length-mismatch', { ...payload, names }, { format: 'custom', mapping });
    }
  });

  it('a path into the payload without [$i] is one value for all rows', () => {
    assert.equal(boxes({ found: [row], line: 'valve 7' }, { class: '/line' })[0]?.class, 'valve 7');
  });
});

describe('other words of a mapping', () => {
  it('is the same as JSON text, however many there are', () => {
    for (let number = 0; number < 250; number++) {
      const mapping = JSON.stringify({ ...good, class: { const: `valve ${number}` } });
      const { images } = convertDetections({ found: [row] }, { format: 'custom', mapping });
      assert.equal(images[0]?.annotations.objectDetections?.[0]?.class, `valve ${number}`);
    }
  });

  it('takes its sizes from the payload', () => {
    const payload = {
      found: [{ ...row, box: [100, 30, 80, 120] }],
      picture: [600, 800],
      grid: { w: 400, h: 300 },
    };
    const changes = { imageSize: { path: 'picture', order: 'hw' }, sourceSize: { width: 400, height: 300 } };
    assertClose(read(payload, changes).images, [
      { annotations: { objectDetections: [valve] }, imageSize: { width: 800, height: 600 } },
    ]);
  });

  it('takes a JSON text from inside a code block only when told', () => {
    const payload = 'Here you are:\n```json\n' + JSON.stringify({ found: [row] }) + '\n```\nAnything else?';
    assert.deepEqual(boxes(payload, { stripCodeFence: true }), [valve]);
    assertRefused('payload-not-json', payload, { format: 'custom', mapping: good });
  });

  it('reads classes of the whole picture', () => {
    const { images } = read({ found: [{ name: 'valve', score: 0.75 }, null] }, { kind: 'classification' });
    assert.deepEqual(images[0]?.annotations, { classifications: [{ class: 'valve', confidence: 0.75 }] });
  });

  it('reads keypoint ids where the mapping names them', () => {
    const keypoints = { path: 'joints', shape: 'xyObjects', units: 'pixel', id: 'no' };
    const payload = { found: [{ ...row, joints: [{ x: 210, y: 70, no: 12 }] }] };
    assert.deepEqual(read(payload, { keypoints }).images[0]?.annotations.keypoints?.[0]?.keypoints, [
      { id: 12, x: 210, y: 70 },
    ]);
  });
});

describe('the recipes for OpenCV in docs/formats.md', () => {
  const docs = readFileSync(join(__dirname, '../../../docs/formats.md'), 'utf8');
  const chapter = docs.slice(docs.indexOf('### OpenCV'), docs.indexOf('## Nothing found'));
  const mappings = [...chapter.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => text);
  const [haar, hog, contours] = mappings;
  const place = { x: 280, y: 180, width: 160, height: 240 };

  it('are three', () => {
    assert.equal(mappings.length, 3);
  });

  it('read the rectangles of a Haar cascade', () => {
    const { images } = convertDetections(
      { faces: [[200, 60, 160, 240]] },
      { format: 'custom', mapping: haar },
    );
    assert.deepEqual(images[0]?.annotations.objectDetections, [{ class: 'face', ...place, confidence: 0 }]);
  });

  it('read the rectangles and weights of the people detector', () => {
    const payload = {
      rects: [
        [200, 60, 160, 240],
        [0, 0, 20, 40],
      ],
      weights: [1.33, 0.5],
    };
    const { images, notes } = convertDetections(payload, { format: 'custom', mapping: hog });
    assert.deepEqual(images[0]?.annotations.objectDetections, [
      { class: 'person', ...place, confidence: 1 },
      { class: 'person', x: 10, y: 20, width: 20, height: 40, confidence: 0.5 },
    ]);
    assert.deepEqual(notes, ['confidence-clamped']);
  });

  it('read contours', () => {
    const points = [
      [200, 60],
      [360, 60],
      [360, 300],
      [200, 300],
    ];
    const { images } = convertDetections({ contours: [points] }, { format: 'custom', mapping: contours });
    assert.deepEqual(images[0]?.annotations.instanceSegmentations, [
      { class: 'part', ...place, confidence: 0, points },
    ]);
  });
});

describe('what rows and points may look like', () => {
  it('a path with ../ leads out by one list each, up to the payload', () => {
    const payload = { line: 'east', pages: [{ lane: 3, rows: [{ box: [200, 60, 160, 240] }] }] };
    const classOf = (from: string) => boxes(payload, { list: 'pages[].rows[]', class: from })[0]?.class;
    assert.equal(classOf('../lane'), '3');
    assert.equal(classOf('../../line'), 'east');
    assert.equal(classOf('../../../line'), 'unknown');
    // behind the last list, the element itself is around the row
    const nested = { pages: [{ lane: 4, row: { box: [200, 60, 160, 240] } }] };
    assert.equal(boxes(nested, { list: 'pages[].row', class: '../lane' })[0]?.class, '4');
    assert.equal(boxes({ line: 'west', found: [row] }, { class: '../line' })[0]?.class, 'west');
  });

  it('texts of JSON are read in place of rows and lists; other texts stay what they are', () => {
    assert.deepEqual(boxes({ found: [JSON.stringify(row), row] }), [valve, valve]);
    assert.deepEqual(boxes({ found: JSON.stringify([row]) }), [valve]);
    assert.deepEqual(boxes({ found: JSON.stringify({ rows: [row] }) }, { list: 'found.rows' }), [valve]);
    assert.deepEqual(boxes({ pages: [JSON.stringify({ rows: [row] })] }, { list: 'pages[].rows[]' }), [
      valve,
    ]);
    assert.equal(read({ found: [row, '{"name":'] }).dropped, 1);
    const names = { kind: 'classification', class: '', confidence: undefined, box: undefined };
    const { images } = read({ found: ['[sic] valve', 'valve'] }, names);
    assert.deepEqual(
      images[0]!.annotations.classifications?.map((one) => one.class),
      ['[sic] valve', 'valve'],
    );
  });

  it('pairs and objects are read as either', () => {
    const corners = [[200, 60], { x: 360, y: 60 }, [360, 300], { x: 200, y: 300 }];
    for (const shape of ['pairs', 'xyObjects']) {
      const points = { path: 'outline', shape, units: 'pixel' };
      const { images } = read({ found: [{ ...row, outline: corners }] }, { points });
      const expected = corners.map((corner) => (Array.isArray(corner) ? corner : [corner.x, corner.y]));
      assert.deepEqual(images[0]!.annotations.instanceSegmentations?.[0]?.points, expected);
    }
  });

  it('a polygon that lacks a point is not used: the box stays, and without one the row is left out', () => {
    const outline = [
      [200, 60],
      [360, 60],
      [360, null],
      [200, 300],
    ];
    const points = { path: 'outline', shape: 'pairs', units: 'pixel' };
    const withBox = read({ found: [{ ...row, outline }] }, { points });
    assert.deepEqual(withBox.images[0]!.annotations, { objectDetections: [valve] });
    assert.deepEqual(withBox.notes, ['bad-number', 'polygon-too-short']);
    const good = {
      name: 'lid',
      outline: [
        [0, 0],
        [9, 0],
        [9, 9],
      ],
    };
    const { count, dropped } = read(
      { found: [{ name: 'valve', outline }, good] },
      { points, box: undefined },
    );
    assert.deepEqual([count, dropped], [1, 1]);
  });

  it('named points that are missing are not a corner of a polygon', () => {
    const points = { path: ['a', 'b', 'c', 'd'], shape: 'pairs', units: 'pixel' };
    const corners = { a: [1, 1], b: [9, 1], c: [9, 9] };
    const whole = { name: 'lid', ...corners, d: [1, 9] };
    const { count, dropped } = read(
      { found: [{ name: 'lid', ...corners }, whole] },
      { points, box: undefined },
    );
    assert.deepEqual([count, dropped], [1, 1]);
  });
});
