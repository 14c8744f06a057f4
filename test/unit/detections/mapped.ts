/**
 * The scene of `scene.ts` in shapes that only an own mapping reads: at least one for each word of the mapping language.
 */
import { PICTURE } from './scene';
import type { Fixture } from './scene';

const corner = { convention: 'corner', units: 'pixel', fields: ['x', 'y', 'w', 'h'] } as const;
const place = { x: 200, y: 60, w: 160, h: 240 };
const row = { ...place, name: 'valve', score: 0.75 };
const triangle: [number, number][] = [
  [200, 60],
  [360, 60],
  [360, 300],
];

export const MAPPED: Omit<Fixture, 'expected' | 'notes'>[] = [
  {
    name: 'rows at the top',
    payload: [row],
    mapping: { list: '', class: 'name', confidence: 'score', box: corner },
  },
  {
    name: 'one object in place of a list',
    payload: { seen: row },
    mapping: { list: 'seen', class: 'name', confidence: 'score', box: corner },
  },
  {
    name: 'a list in each element of a list',
    payload: {
      frames: [
        { id: 1, found: [row] },
        { id: 2, found: [] },
      ],
    },
    mapping: { list: 'frames[].found[]', class: 'name', confidence: 'score', box: corner },
  },
  {
    name: 'rows by a free key',
    payload: { found: { first: row, second: row } },
    mapping: { list: 'found.*', class: 'name', confidence: 'score', box: corner },
  },
  {
    name: 'lists by class',
    payload: { found: { valve: [{ ...place, score: 75 }], pipe: [{ ...place, score: 50 }] } },
    mapping: {
      list: 'map:found.*[]',
      class: { key: true },
      confidence: 'score',
      confidenceUnit: 'percent',
      box: corner,
    },
  },
  {
    name: 'parallel lists',
    payload: { lines: { a: { boxes: [[60, 200, 300, 360]], names: [{ id: 7 }], scores: [0.75] } } },
    mapping: {
      list: 'lines.a.boxes',
      class: '/lines.a.names[$i].id',
      classMap: { 7: 'valve' },
      confidence: '/lines.a.scores[$i]',
      box: { convention: 'corners-yx', units: 'pixel', fields: ['0', '1', '2', '3'] },
    },
  },
  {
    name: 'rows of numbers, with filling',
    payload: {
      out: [
        [7, 0.75, 0.25, 0.45, 0.1, 0.5],
        [0, 0, 0, 0, 0, 0],
      ],
    },
    mapping: {
      list: 'out',
      class: '[0]',
      confidence: '[1]',
      minConfidence: 0.1,
      box: { convention: 'xxyy', units: 'fraction', fields: ['[2]', '[3]', '[4]', '[5]'] },
    },
    context: { imageSize: PICTURE },
  },
  {
    name: 'a size in the payload',
    payload: { size: [600, 800], found: [{ name: 'valve', box: [35, 30, 20, 40] }] },
    mapping: {
      list: 'found',
      class: 'name',
      confidence: { const: 0.75 },
      box: { convention: 'center', units: 'percent', fields: 'box' },
      imageSize: { path: 'size', order: 'hw' },
    },
  },
  {
    name: "a detector's size in the payload",
    payload: {
      input: { w: 400, h: 300 },
      picture: { w: 800, h: 600 },
      found: [{ class: 'valve', x: 100, y: 30, w: 80, h: 120 }],
    },
    mapping: {
      list: 'found',
      class: 'class',
      box: corner,
      imageSize: { width: 'picture.w', height: 'picture.h' },
      sourceSize: { width: 400, height: 300, fit: 'squash' },
    },
  },
  {
    name: 'polygons of pairs',
    payload: { found: [{ name: 'valve', score: 0.75, outline: triangle }] },
    mapping: {
      list: 'found',
      class: 'name',
      confidence: 'score',
      points: { path: 'outline', shape: 'pairs', units: 'pixel' },
    },
  },
  {
    name: 'flat polygons beside a box',
    payload: { found: [{ ...row, outline: triangle.flat() }] },
    mapping: {
      list: 'found',
      class: 'name',
      confidence: 'score',
      box: corner,
      points: { path: 'outline', shape: 'flat', units: 'pixel' },
    },
  },
  {
    name: 'keypoints of COCO',
    payload: { found: [{ ...row, points: [210, 70, 2, 350, 290, 1] }] },
    mapping: {
      list: 'found',
      class: 'name',
      confidence: 'score',
      box: corner,
      keypoints: { path: 'points', shape: 'flatTriplets', third: 'coco-visibility', units: 'pixel' },
    },
  },
  {
    name: 'keypoints in lists by axis',
    payload: { found: [{ ...row, points: { x: [210, 350], y: [70, 290] } }] },
    mapping: {
      list: 'found',
      class: 'name',
      confidence: 'score',
      box: corner,
      keypoints: { path: 'points', shape: 'xyArrays', units: 'pixel' },
    },
  },
  {
    name: 'classes of the whole picture',
    payload: { tags: [{ name: 'valve', score: 0.75 }] },
    mapping: { list: 'tags', kind: 'classification', class: 'name', confidence: 'score' },
  },
].map(({ mapping, ...fixture }) => ({ ...fixture, format: 'custom', settings: { mapping } }));
