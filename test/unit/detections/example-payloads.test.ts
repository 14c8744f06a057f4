import assert from 'node:assert/strict';
import { EXAMPLE_PAYLOADS } from '../../../nodes/vision-event/dialog/example-payloads';
import { isRead, presetExamples } from '../../../scripts/preset-examples';
import { FORMATS } from '../../../src/detections/convert';

/** Presets of which a mapping alone does not say what a payload looks like. */
const WITHOUT = new Set([
  'coco-results',
  'florence-2',
  'hailo',
  'mmdetection',
  'modelarts',
  'tf-od-api',
  'torchvision',
  'vertex-automl',
  'zoneminder-es',
]);

describe('the example payloads of "Try it"', () => {
  it('are read by their format', () => {
    const examples = { ...presetExamples(), ...EXAMPLE_PAYLOADS };
    for (const { id } of FORMATS) {
      if (WITHOUT.has(id)) assert.ok(!(id in examples), `${id} has an example by now`);
      else assert.ok(isRead(id, examples[id]), `the example of ${id}: ${JSON.stringify(examples[id])}`);
    }
  });
});
