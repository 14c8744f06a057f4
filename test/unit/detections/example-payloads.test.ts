import assert from 'node:assert/strict';
import { EXAMPLE_PAYLOADS } from '../../../nodes/vision-event/dialog/example-payloads';
import { isRead, presetExamples } from '../../../scripts/preset-examples';
import { FORMATS } from '../../../src/detections/convert';

describe('the example payloads of "Try it"', () => {
  it('are read by their format', () => {
    const examples = { ...presetExamples(), ...EXAMPLE_PAYLOADS };
    for (const { id } of FORMATS) {
      assert.ok(isRead(id, examples[id]), `the example of ${id}: ${JSON.stringify(examples[id])}`);
    }
  });
});
