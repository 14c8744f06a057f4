import assert from 'node:assert/strict';
import { convertDetections } from '../../../src/detections/convert';
import type { DetectionSettings } from '../../../src/detections/convert';
import { countDetections, detectedResult, topClass } from '../../../src/event/derive';

const AUTO: DetectionSettings = { format: 'auto' };

const mapping = {
  list: 'found',
  kind: 'classification',
  class: 'name',
  confidence: 'score',
};

/** Result (fail if seen: scratch), count and top class. */
function valuesOf(payload: unknown, settings = AUTO) {
  const { seen = [] } = convertDetections(payload, settings);
  return [detectedResult(seen, ['scratch']), countDetections(seen, []), topClass(seen)];
}

function sentClasses(payload: unknown, settings = AUTO) {
  return convertDetections(payload, settings).images.flatMap(({ annotations }) =>
    (annotations.classifications ?? []).map((one) => one.class),
  );
}

/** The same answer of a classifier in the shape of each family. */
const SOFTMAX: Record<string, (good: number, scratch: number) => unknown> = {
  'Teachable Machine, MobileNet': (good, scratch) => [
    { className: 'scratch', probability: scratch },
    { className: 'good', probability: good },
  ],
  'Hugging Face': (good, scratch) => [
    { label: 'good', score: good },
    { label: 'scratch', score: scratch },
  ],
  'Edge Impulse': (good, scratch) => ({ result: { classification: { scratch, good } } }),
  'Roboflow, single label': (good, scratch) => ({
    image: { width: 8, height: 6 },
    predictions: [
      { class: 'good', class_id: 0, confidence: good },
      { class: 'scratch', class_id: 1, confidence: scratch },
    ],
    top: good > scratch ? 'good' : 'scratch',
    confidence: Math.max(good, scratch),
  }),
  'Custom Vision': (good, scratch) => ({
    id: '1',
    project: '2',
    iteration: '3',
    created: '2026-01-02T03:04:05Z',
    predictions: [
      { tagId: 'a', tagName: 'good', probability: good },
      { tagId: 'b', tagName: 'scratch', probability: scratch },
    ],
  }),
};

describe('values that follow from the detections', () => {
  for (const [name, answer] of Object.entries(SOFTMAX)) {
    it(`${name}: every class is sent, the predicted one decides`, () => {
      assert.deepEqual(sentClasses(answer(0.96, 0.04)).sort(), ['good', 'scratch']);
      assert.deepEqual(valuesOf(answer(0.96, 0.04)), ['pass', 1, 'good']);
      assert.deepEqual(valuesOf(answer(0.25, 0.75)), ['fail', 1, 'scratch']);
    });

    it(`${name}: confidences that add up to more than 1 are not alternatives`, () => {
      assert.deepEqual(valuesOf(answer(0.9, 0.8)), ['fail', 2, 'good']);
    });
  }

  it('Roboflow, multi-label with all classes: the predicted ones decide', () => {
    const answer = {
      image: { width: 8, height: 6 },
      predictions: {
        good: { confidence: 0.9, class_id: 0 },
        clean: { confidence: 0.75, class_id: 1 },
        scratch: { confidence: 0.2, class_id: 2 },
      },
      predicted_classes: ['good', 'clean'],
    };
    const all = { format: 'auto', allClasses: true };
    assert.deepEqual(sentClasses(answer, all), ['good', 'clean', 'scratch']);
    assert.deepEqual(valuesOf(answer, all), ['pass', 2, 'good']);
  });

  it('an own mapping says whether its classes are alternatives', () => {
    const answer = {
      found: [
        { name: 'good', score: 0.7 },
        { name: 'scratch', score: 0.3 },
      ],
    };
    const custom = (more: object) => ({ format: 'custom', mapping: { ...mapping, ...more } });
    assert.deepEqual(valuesOf(answer, custom({})), ['fail', 2, 'good']);
    assert.deepEqual(valuesOf(answer, custom({ predicted: 'all' })), ['fail', 2, 'good']);
    assert.deepEqual(valuesOf(answer, custom({ predicted: 'top' })), ['pass', 1, 'good']);
  });

  it('rows beyond the limit of a list are counted, and do not travel', () => {
    const rows = Array.from({ length: 1200 }, () => ({ class: 'bolt', score: 0.9, bbox: [1, 2, 3, 4] }));
    const { images, seen = [], dropped, unread } = convertDetections(rows, AUTO);
    assert.equal(images[0]!.annotations.objectDetections!.length, 1000);
    assert.deepEqual([countDetections(seen, []), dropped, unread], [1200, 200, 0]);
  });

  it('nothing follows from a list that is missing', () => {
    const lenient = { format: 'custom', mapping: { ...mapping, whenListMissing: 'empty' } };
    assert.equal(convertDetections({ frame: 7 }, lenient).seen, undefined);
    assert.equal(countDetections(convertDetections({ found: [] }, lenient).seen ?? [], []), 0);
  });
});
