import assert from 'node:assert/strict';
import { resizeAnnotations } from '../../../src/event/resize-annotations';
import type { AnnotationLists } from '../../../src/event/types';

const box = { x: 100, y: 80, width: 40, height: 20 };
const lists: AnnotationLists = {
  objectDetections: [{ class: 'a', confidence: 0.9, ...box }],
  classifications: [{ class: 'b', confidence: 0.8 }],
  instanceSegmentations: [
    {
      class: 'c',
      confidence: 0.7,
      ...box,
      points: [
        [80, 70],
        [120, 70],
        [100, 90],
      ],
    },
  ],
  keypoints: [{ class: 'd', confidence: 0.6, ...box, keypoints: [{ id: 3, x: 90, y: 75, occluded: true }] }],
};

describe('annotations of a picture in another size', () => {
  it('move boxes, polygons and keypoints with the picture', () => {
    const half = { x: 50, y: 20, width: 20, height: 5 };
    assert.deepEqual(resizeAnnotations(lists, { width: 200, height: 160 }, { width: 100, height: 40 }), {
      objectDetections: [{ class: 'a', confidence: 0.9, ...half }],
      classifications: [{ class: 'b', confidence: 0.8 }],
      instanceSegmentations: [
        {
          class: 'c',
          confidence: 0.7,
          ...half,
          points: [
            [40, 17.5],
            [60, 17.5],
            [50, 22.5],
          ],
        },
      ],
      keypoints: [
        { class: 'd', confidence: 0.6, ...half, keypoints: [{ id: 3, x: 45, y: 18.75, occluded: true }] },
      ],
    });
  });

  it('leave what is given as it is', () => {
    const before = structuredClone(lists);
    resizeAnnotations(lists, { width: 200, height: 160 }, { width: 100, height: 40 });
    assert.deepEqual(lists, before);
  });

  it('are the same lists when the size is', () => {
    assert.equal(resizeAnnotations(lists, { width: 200, height: 160 }, { width: 200, height: 160 }), lists);
  });
});
