import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkMapping } from '../../src/detections/check-mapping';
import { editorFunction } from '../support/editor-script';
import { chooseSeed } from '../support/seed';

const faultInEditor = editorFunction<(mapping: object) => string | undefined>(
  'mapping-error.js',
  'visionEventMappingError',
);

const BOX = { convention: 'corners', units: 'pixel', fields: ['x1', 'y1', 'x2', 'y2'] };
const POINTS = { path: 'outline', shape: 'pairs', units: 'fraction' };

/** What both take; the faulty ones are made of these. */
const RIGHT: Record<string, object> = {
  box: {
    list: 'results[0].objects',
    class: 'label',
    confidence: 'score',
    confidenceUnit: 'percent',
    box: BOX,
  },
  'payload itself': { list: '', class: '/names[$i]', box: { ...BOX, fields: 'bbox' } },
  'key as class': { list: 'map:found.*[]', class: { key: true }, box: BOX, classMap: { 15: 'person' } },
  'alternatives, keys passed over': {
    list: 'map:*[]',
    passOver: ['camera'],
    kind: 'classification',
    predicted: 'top',
    class: { key: true },
  },
  classifier: { list: 'predictions.*', kind: 'classification', class: { const: 'part' }, minConfidence: 0.2 },
  outline: { list: '[].rows[]', class: 'a.b[3].c', points: POINTS, whenListMissing: 'empty' },
  pose: {
    list: 'p',
    class: 'c',
    confidence: { const: 1 },
    keypoints: { ...POINTS, third: 'score', id: 'name' },
  },
  sizes: {
    list: 'p',
    class: 'c',
    box: { ...BOX, units: 'onvif' },
    imageSize: { path: 'shape', order: 'hw' },
    sourceSize: { width: 640, height: 480, fit: 'crop' },
    fit: 'letterbox',
    stripCodeFence: true,
  },
  'size by paths': {
    list: 'p',
    class: 'c',
    box: BOX,
    imageSize: { width: '/w', height: '/h' },
    sourceSize: { path: '/s', order: 'wh' },
  },
};

/** What people write in a place of a mapping, right there or wrong. */
const ODD_VALUES = [
  ...[
    undefined,
    null,
    '',
    ' ',
    'a',
    'a.b',
    'a[',
    'a..b',
    '[]',
    '*',
    'a.*',
    '/a[$i].b',
    '../a',
    '../../a[0]',
    '../[]',
    "['a.b']",
    'a["b.c"].d',
    "['*']",
    "['a",
    "['__proto__']",
    "['prototype.x']",
    '/[$i][$i]',
    'map:a',
    '__proto__.x',
  ],
  ...[
    0,
    1,
    -1,
    0.5,
    2,
    640,
    true,
    false,
    [],
    ['a', 'b', 'c', 'd'],
    ['a', 'b', 'c'],
    [1, 2, 3, 4],
    {},
    { const: 'x' },
    { const: 0.5 },
  ],
  ...[
    { key: true },
    { path: 'p', order: 'wh' },
    { path: 'p' },
    { width: 1, height: 2 },
    { width: 'w', height: 'h' },
    BOX,
    POINTS,
    { path: ['a', 'b'], shape: 'pairs', units: 'pixel' },
    { path: ['a', 'b'], shape: 'flat', units: 'pixel' },
    { path: [], shape: 'pairs', units: 'pixel' },
    { path: 'p', fields: ['x', 'y'], notFound: 'zero', units: 'pixel' },
    { path: 'p', fields: ['x', '../y'], units: 'pixel' },
    { path: 'p', fields: ['x', 'y'], shape: 'pairs', units: 'pixel' },
    'top',
    'zero',
  ],
  ...[
    'center',
    'xywh',
    'pixel',
    'px',
    'percent',
    'boxes',
    'classification',
    'error',
    'empty',
    'squash',
    'score',
    'flat',
    'wh',
  ],
];

/** Every place of a value that a property can be put at, by its keys. */
function placesIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

function withValueAt(value: unknown, [key, ...rest]: string[], put: unknown): unknown {
  if (key === undefined) return put;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  copy[key] = withValueAt(copy[key], rest, put);
  if (copy[key] === undefined && !Array.isArray(copy)) delete copy[key];
  return copy;
}

const ADDED_KEYS = [
  'clas',
  'box',
  'points',
  'keypoints',
  'confidence',
  'fit',
  'imageSize',
  'sourceSize',
  'kind',
  'third',
  'id',
];

describe('mappings in the dialog', () => {
  const inRuntime = (mapping: unknown) => checkMapping(mapping).map(({ path }) => path.split('.')[0]);

  for (const [name, mapping] of Object.entries(RIGHT)) {
    it(`${name}: is taken, as by the runtime`, () => {
      assert.deepEqual(inRuntime(mapping), []);
      assert.equal(faultInEditor(mapping), undefined);
    });
  }

  it('are refused exactly when the runtime refuses them, for the same property', () => {
    const faulty = fc
      .constantFrom(...Object.values(RIGHT))
      .chain((mapping) =>
        fc
          .tuple(
            fc.constantFrom(...placesIn(mapping).slice(1)),
            fc.constantFrom(...ADDED_KEYS, undefined),
            fc.constantFrom(...ODD_VALUES),
          )
          .map(
            ([place, added, value]) =>
              withValueAt(mapping, added ? [...place.slice(0, -1), added] : place, value) as object,
          ),
      );
    let refused = 0;
    fc.assert(
      fc.property(faulty, (mapping) => {
        const expected = inRuntime(mapping);
        const found = faultInEditor(mapping);
        if (expected.length > 0) refused += 1;
        assert.equal(found === undefined, expected.length === 0, JSON.stringify(mapping));
        if (found !== undefined) assert.ok(expected.includes(found), `${found}: ${JSON.stringify(mapping)}`);
      }),
      { seed: chooseSeed(), numRuns: 3000 },
    );
    assert.ok(refused > 500, `only ${refused} faulty mappings were tried`);
  });
});
