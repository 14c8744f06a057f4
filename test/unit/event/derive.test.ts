import assert from 'node:assert/strict';
import {
  countDetections,
  detectedResult,
  filterDetections,
  parseClasses,
  topClass,
} from '../../../src/event/derive';
import { fitAlertType, fitMetadataKey } from '../../../src/event/allowed-characters';
import type { AnnotationLists } from '../../../src/event/types';

const box = (name: string, confidence: number) => ({
  class: name,
  x: 1,
  y: 2,
  width: 3,
  height: 4,
  confidence,
});
const images: AnnotationLists[] = [
  {
    objectDetections: [box('scratch', 0.4), box('dent', 0.8)],
    classifications: [{ class: 'bad part', confidence: 0.9 }],
  },
  { keypoints: [{ ...box('scratch', 0.9), keypoints: [{ id: 0, x: 1, y: 1 }] }], instanceSegmentations: [] },
];

describe('event: derived values', () => {
  it('detected: fail when one of the classes is there, of any class when none is named', () => {
    assert.equal(detectedResult(images, ['dent', 'crack']), 'fail');
    assert.equal(detectedResult(images, ['crack']), 'pass');
    assert.equal(detectedResult(images, ['DENT']), 'pass');
    assert.equal(detectedResult(images, []), 'fail');
    assert.equal(detectedResult([], []), 'pass');
    assert.equal(detectedResult([{}], ['dent']), 'pass');
  });

  it('count: all lists of all images', () => {
    assert.equal(countDetections(images, []), 4);
    assert.equal(countDetections(images, [' scratch ', 'dent']), 3);
    assert.equal(countDetections(images, ['crack']), 0);
  });

  it('topClass: the most confident, of equals the first, fit for an alertType', () => {
    assert.equal(topClass(images), 'bad_part');
    assert.equal(topClass([{ objectDetections: [box('a', 0), box('b', 0)] }]), 'a');
    assert.equal(topClass([{ objectDetections: [box('安全帽', 0.9)] }]), undefined);
    assert.equal(topClass([]), undefined);
  });

  it('filter: at or above the confidence, of the classes; empty lists go', () => {
    assert.deepEqual(filterDetections(images[0]!, { minConfidence: 0.8 }), {
      objectDetections: [box('dent', 0.8)],
      classifications: [{ class: 'bad part', confidence: 0.9 }],
    });
    assert.deepEqual(filterDetections(images[0]!, { classes: ['scratch'] }), {
      objectDetections: [box('scratch', 0.4)],
    });
    assert.deepEqual(filterDetections(images[0]!, { classes: ['scratch'], minConfidence: 0.5 }), {});
    assert.deepEqual(filterDetections(images[0]!, {}), images[0]);
    assert.equal(images[0]!.objectDetections!.length, 2, 'the given lists are not changed');
  });

  it('classes as a user writes them', () => {
    assert.deepEqual(parseClasses(' scratch, bad part ,,dent'), ['scratch', 'bad part', 'dent']);
    assert.deepEqual(parseClasses(' '), []);
  });
});

describe('event: making text fit a pattern', () => {
  it('alertType', () => {
    const fitted: [string, string | undefined][] = [
      ['No hard hat!', 'No_hard_hat'],
      ['  no-vest  ', 'no-vest'],
      ['Öl/Wasser: Fuß', 'Ol_Wasser_Fuss'],
      ['a -> b', 'a_-_b'],
      ['__x__', '__x__'],
      ['...', undefined],
      ['', undefined],
      ['x'.repeat(300), 'x'.repeat(256)],
    ];
    for (const [text, fit] of fitted) assert.equal(fitAlertType(text), fit);
  });

  it('metadata keys may have spaces', () => {
    assert.equal(fitMetadataKey('belt speed (m/s)'), 'belt speed_m_s');
    assert.equal(fitMetadataKey('temperature °C'), 'temperature_C');
    assert.equal(fitMetadataKey('k'.repeat(99) + ' k'), 'k'.repeat(99));
    assert.equal(fitMetadataKey('°'), undefined);
  });
});
