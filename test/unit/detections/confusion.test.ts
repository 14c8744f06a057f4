import assert from 'node:assert/strict';
import { convertDetections, DetectionError } from '../../../src/detections/convert';
import type { DetectionResult } from '../../../src/detections/convert';
import { assertClose } from './assertions';
import { CHOSEN, RECOGNISED, VALVE } from './scene';

/** Every copy of a value with one key, or one list element, taken away somewhere inside. */
function* withoutOne(value: unknown): Generator<{ without: string; payload: unknown }> {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else delete (copy as Record<string, unknown>)[key];
    yield { without: key, payload: copy };
    for (const { without, payload } of withoutOne(inner)) {
      const changed = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<
        string,
        unknown
      >;
      changed[key] = payload;
      yield { without: `${key}.${without}`, payload: changed };
    }
  }
}

function boxesOf({ images }: DetectionResult) {
  return images.flatMap(({ annotations }) =>
    [annotations.objectDetections, annotations.instanceSegmentations, annotations.keypoints].flatMap(
      (list) => list ?? [],
    ),
  );
}

/** Formats in which a key less is another box by the format's own rules. */
const SAYS_ANOTHER_BOX = [
  // without a snapshot the box of the current frame counts
  'frigate: an MQTT event with a snapshot',
  // a coordinate of 0 is left out
  'google-vision: object localisation in the envelope',
];

/**
 * A detector that leaves out a key must not be taken for another one that means something else by the same numbers, nor
 * be half understood: whatever comes out has the valve where it is.
 */
describe('a payload with one key less is never taken for one with another box', () => {
  for (const { format, name, payload, settings, context } of [...RECOGNISED, ...CHOSEN]) {
    const value: unknown = typeof payload === 'string' ? undefined : payload;
    it(`${format}: ${name}`, () => {
      let tried = 0;
      for (const damaged of withoutOne(value)) {
        tried++;
        try {
          const result = convertDetections(damaged.payload, { format: 'auto', ...settings }, context);
          if (result.format === format && SAYS_ANOTHER_BOX.includes(`${format}: ${name}`)) continue;
          for (const { x, y, width, height } of boxesOf(result)) {
            const place = { x: VALVE.x, y: VALVE.y, width: VALVE.width, height: VALVE.height };
            assertClose(
              { x, y, width, height },
              place,
              1e-6,
              `without ${damaged.without} taken for ${result.format}`,
            );
          }
        } catch (error) {
          if (!(error instanceof DetectionError)) throw error;
        }
      }
      assert.ok(tried > 0 || typeof payload === 'string');
    });
  }
});
