import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { convertDetections } from '../../../src/detections/convert';

/** What the examples of docs/formats.md come to, in their order. */
const EXPECTED = [
  {
    objectDetections: [
      { class: 'bolt', x: 25, y: 40, width: 30, height: 40, confidence: 0.9 },
      { class: 'nut', x: 76, y: 26, width: 12, height: 12, confidence: 0.8 },
    ],
  },
  {
    objectDetections: [
      { class: 'bolt', x: 25, y: 40, width: 30, height: 40, confidence: 0.9 },
      { class: 'nut', x: 76, y: 26, width: 12, height: 12, confidence: 0.8 },
    ],
  },
  {
    keypoints: [
      {
        class: 'person',
        x: 115,
        y: 120,
        width: 10,
        height: 160,
        confidence: 0.8,
        keypoints: [
          { id: 0, x: 120, y: 40 },
          { id: 2, x: 110, y: 200 },
        ],
      },
    ],
  },
  {
    instanceSegmentations: [
      {
        class: 'part',
        x: 30,
        y: 25,
        width: 40,
        height: 30,
        confidence: 0,
        points: [
          [10, 10],
          [50, 10],
          [50, 40],
          [10, 40],
        ],
      },
      {
        class: 'part',
        x: 80,
        y: 40,
        width: 20,
        height: 40,
        confidence: 0,
        points: [
          [80, 20],
          [90, 60],
          [70, 60],
        ],
      },
    ],
  },
  {
    instanceSegmentations: [
      {
        class: 'QRCode',
        x: 37.5,
        y: 32.5,
        width: 45,
        height: 45,
        confidence: 0,
        points: [
          [20, 10],
          [60, 15],
          [55, 55],
          [15, 50],
        ],
      },
    ],
  },
  { objectDetections: [{ class: 'cup', x: 60, y: 120, width: 100, height: 200, confidence: 0.7 }] },
  { objectDetections: [{ class: 'cup', x: 60, y: 120, width: 100, height: 200, confidence: 0.9 }] },
  { objectDetections: [{ class: 'person', x: 120, y: 110, width: 40, height: 120, confidence: 0.62 }] },
];

function documentedExamples(): { title: string; payload: unknown; mapping: unknown }[] {
  const text = readFileSync(path.join(__dirname, '..', '..', '..', 'docs', 'formats.md'), 'utf8');
  const section = /### Mappings by example\n([^]*?)\n##/.exec(text)?.[1] ?? '';
  return section
    .split(/^(?=\*\*)/m)
    .filter((part) => part.startsWith('**'))
    .map((part) => {
      const [payload, mapping] = [...part.matchAll(/```json\n([^]*?)```/g)].map(([, json = '']) => json);
      return {
        title: /\*\*(.*?)\*\*/.exec(part)?.[1] ?? '',
        payload: JSON.parse(payload ?? '') as unknown,
        mapping: JSON.parse(mapping ?? '') as unknown,
      };
    });
}

describe('mappings in the documents', () => {
  const examples = documentedExamples();

  it('are all expected here', () => assert.equal(examples.length, EXPECTED.length));

  examples.forEach(({ title, payload, mapping }, index) => {
    it(title, () => {
      const { images, dropped } = convertDetections(payload, { format: 'custom', mapping });
      assert.deepEqual(images, [{ annotations: EXPECTED[index] }]);
      assert.equal(dropped, 0);
    });
  });
});
