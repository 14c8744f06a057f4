import assert from 'node:assert/strict';
import { PickedMapping, STEPS, type Step } from '../../nodes/vision-event/dialog/picked-mapping';
import type { Way } from '../../nodes/vision-event/dialog/way';
import { convertDetections } from '../../src/detections/convert';
import type { AnnotationLists } from '../../src/event/types';

interface Case {
  payload: unknown;
  /** the list, the class, the confidence, then box or points; undefined: there is none */
  ways: (Way | undefined)[];
  mapping: object;
  /** class, confidence, and what is known of the place, for each detection */
  found: unknown[][];
}

const CORNER = { convention: 'corner', units: 'pixel' };
const OUTLINE = [
  [10, 10],
  [50, 10],
  [50, 40],
];

const CASES: Record<string, Case> = {
  'a list inside objects': {
    payload: { data: { result: { items: [{ kind: 'lid', sure: 0.9, at: [10, 20, 30, 40] }] } } },
    ways: [
      ['data', 'result', 'items'],
      ['data', 'result', 'items', 0, 'kind'],
      ['data', 'result', 'items', 0, 'sure'],
      ['data', 'result', 'items', 0, 'at'],
    ],
    mapping: {
      list: 'data.result.items',
      class: 'kind',
      confidence: 'sure',
      box: { ...CORNER, fields: 'at' },
    },
    found: [['lid', 0.9, 25, 40]],
  },
  'rows of numbers under a key with a dot': {
    payload: { 'found.now': [['nut', 0.7, 10, 20, 30, 40]] },
    ways: [['found.now'], ...[0, 1, 2, 3, 4, 5].map((field): Way => ['found.now', 0, field])],
    mapping: {
      list: "['found.now']",
      class: '[0]',
      confidence: '[1]',
      box: { ...CORNER, fields: ['[2]', '[3]', '[4]', '[5]'] },
    },
    found: [['nut', 0.7, 25, 40]],
  },
  'lists side by side': {
    payload: {
      out: {
        boxes: [
          [10, 20, 30, 40],
          [50, 60, 10, 20],
        ],
        names: ['bolt', 'nut'],
        sure: [90, 80],
      },
    },
    ways: [
      ['out', 'boxes'],
      ['out', 'names', 0],
      ['out', 'sure'],
      ['out', 'boxes', 0],
    ],
    mapping: {
      list: 'out.boxes',
      class: '/out.names[$i]',
      confidence: '/out.sure[$i]',
      confidenceUnit: 'percent',
      box: { ...CORNER, fields: '' },
    },
    found: [
      ['bolt', 0.9, 25, 40],
      ['nut', 0.8, 55, 70],
    ],
  },
  'a column for each number': {
    payload: { name: ['bolt'], p: [0.7], x: [10], y: [20], w: [30], h: [40] },
    ways: [['name'], ['name', 0], ['p', 0], ['x', 0], ['y', 0], ['w', 0], ['h', 0]],
    mapping: {
      list: 'name',
      class: '',
      confidence: '/p[$i]',
      box: { ...CORNER, fields: ['/x[$i]', '/y[$i]', '/w[$i]', '/h[$i]'] },
    },
    found: [['bolt', 0.7, 25, 40]],
  },
  'columns of which one is the list': {
    payload: { x: [10, 50], y: [20, 60], w: [30, 10], h: [40, 20], name: ['bolt', 'nut'] },
    ways: [['x'], ['name', 0], undefined, ['x', 0], ['y', 0], ['w', 0], ['h', 0]],
    mapping: {
      list: 'x',
      class: '/name[$i]',
      box: { ...CORNER, fields: ['', '/y[$i]', '/w[$i]', '/h[$i]'] },
    },
    found: [
      ['bolt', 0, 25, 40],
      ['nut', 0, 55, 70],
    ],
  },
  'columns in a list': {
    payload: [[[10, 20, 30, 40]], ['bolt'], [0.7]],
    ways: [[0], [1, 0], [2, 0], [0, 0]],
    mapping: { list: '[0]', class: '/[1][$i]', confidence: '/[2][$i]', box: { ...CORNER, fields: '' } },
    found: [['bolt', 0.7, 25, 40]],
  },
  'rows in each element of a list, whose class stands in the element': {
    payload: {
      groups: [
        { label: 'bolt', boxes: [{ p: 0.9, at: [10, 20, 30, 40] }] },
        { label: 'nut', boxes: [{ p: 0.8, at: [50, 60, 10, 20] }] },
      ],
    },
    ways: [
      ['groups', 0, 'boxes'],
      ['groups', 0, 'label'],
      ['groups', 0, 'boxes', 0, 'p'],
      ['groups', 0, 'boxes', 0, 'at'],
    ],
    mapping: {
      list: 'groups[].boxes[]',
      class: '../label',
      confidence: 'p',
      box: { ...CORNER, fields: 'at' },
    },
    found: [
      ['bolt', 0.9, 25, 40],
      ['nut', 0.8, 55, 70],
    ],
  },
  'a class that stands once for all rows': {
    payload: { label: 'bolt', boxes: [[10, 20, 30, 40]] },
    ways: [['boxes'], ['label'], undefined, ['boxes', 0]],
    mapping: { list: 'boxes', class: '/label', box: { ...CORNER, fields: '' } },
    found: [['bolt', 0, 25, 40]],
  },
  'outlines of pairs, without class and confidence': {
    payload: { contours: [OUTLINE] },
    ways: [['contours'], undefined, undefined, ['contours', 0]],
    mapping: {
      list: 'contours',
      class: { const: 'object' },
      points: { path: '', shape: 'pairs', units: 'pixel' },
    },
    found: [['object', 0, ...OUTLINE]],
  },
  'outlines of objects': {
    payload: [{ n: 'bolt', p: 0.5, ring: OUTLINE.map(([x, y]) => ({ x, y })) }],
    ways: [[], [0, 'n'], [0, 'p'], [0, 'ring']],
    mapping: {
      list: '',
      class: 'n',
      confidence: 'p',
      points: { path: 'ring', shape: 'xyObjects', units: 'pixel' },
    },
    found: [['bolt', 0.5, ...OUTLINE]],
  },
  'outlines of one number after the other': {
    payload: [{ n: 'bolt', ring: OUTLINE.flat() }],
    ways: [[], [0, 'n'], undefined, [0, 'ring']],
    mapping: { list: '', class: 'n', points: { path: 'ring', shape: 'flat', units: 'pixel' } },
    found: [['bolt', 0, ...OUTLINE]],
  },
};

describe('a mapping that is picked in a payload', () => {
  for (const [name, { payload, ways, mapping, found }] of Object.entries(CASES)) {
    it(`reads ${name}`, () => {
      const picked = new PickedMapping(payload);
      ways.forEach((way, place) => {
        if (way) assert.ok(pick(picked, STEPS[Math.min(place, 3)]!, payload, way), way.join('.'));
      });
      assert.deepEqual(JSON.parse(picked.toJson()), mapping);
      const { images } = convertDetections(payload, { format: 'custom', mapping: picked.toJson() });
      assert.deepEqual(placesOf(images[0]?.annotations ?? {}), found);
    });
  }

  it('refuses what is no list, no row of it, or no place', () => {
    const payload = {
      camera: 'dock',
      rows: [{ kind: 'lid', at: [1, 2] }],
      pictures: [[{ kind: 'a' }], [{ kind: 'b' }]],
    };
    const picked = new PickedMapping(payload);
    assert.equal(pick(picked, 'class', payload, ['rows', 0, 'kind']), false);
    assert.equal(pick(picked, 'list', payload, ['camera']), false);
    assert.equal(pick(picked, 'list', payload, ['rows']), true);
    assert.equal(pick(picked, 'class', payload, ['rows']), false);
    assert.equal(pick(picked, 'class', payload, ['rows', 0, 'at']), false);
    assert.equal(pick(picked, 'box', payload, ['rows', 0, 'at']), false);
    assert.equal(pick(picked, 'box', payload, ['camera']), false);
    // Rows of another picture are no column of this one.
    assert.equal(pick(picked, 'list', payload, ['pictures', 0]), true);
    assert.equal(pick(picked, 'class', payload, ['pictures', 1, 0, 'kind']), false);
  });
});

function pick(mapping: PickedMapping, step: Step, payload: unknown, way: Way): boolean {
  const value = way.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown>)[part],
    payload,
  );
  return mapping.pick(step, way, value);
}

function placesOf({
  objectDetections = [],
  instanceSegmentations = [],
}: Partial<AnnotationLists>): unknown[][] {
  return [
    ...objectDetections.map((one) => [one.class, one.confidence, one.x, one.y]),
    ...instanceSegmentations.map((one) => [one.class, one.confidence, ...one.points]),
  ];
}
