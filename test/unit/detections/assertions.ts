import assert from 'node:assert/strict';
import { convertDetections, DetectionError } from '../../../src/detections/convert';
import type {
  DetectionContext,
  DetectionErrorCode,
  DetectionSettings,
} from '../../../src/detections/convert';

/** Deep equality with numbers equal within a relative tolerance, for geometry that went through arithmetic. */
export function assertClose(actual: unknown, expected: unknown, tolerance = 1e-6, path = 'result'): void {
  if (typeof actual === 'number' && typeof expected === 'number') {
    const allowed = tolerance * Math.max(1, Math.abs(expected));
    assert.ok(Math.abs(actual - expected) <= allowed, `${path}: ${actual} is not close to ${expected}`);
    return;
  }
  if (typeof actual === 'object' && actual && typeof expected === 'object' && expected) {
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), path);
    for (const key of Object.keys(expected)) {
      assertClose(
        (actual as Record<string, unknown>)[key],
        (expected as Record<string, unknown>)[key],
        tolerance,
        `${path}.${key}`,
      );
    }
    return;
  }
  assert.deepEqual(actual, expected, path);
}

/** The error that a conversion ends with. */
export function refusal(
  payload: unknown,
  settings: DetectionSettings = { format: 'auto' },
  context?: DetectionContext,
): DetectionError {
  try {
    convertDetections(payload, settings, context);
  } catch (error) {
    assert.ok(error instanceof DetectionError, `threw ${String(error)}`);
    return error;
  }
  assert.fail('was converted');
}

export function assertRefused(
  code: DetectionErrorCode,
  payload: unknown,
  settings: DetectionSettings = { format: 'auto' },
  context?: DetectionContext,
): DetectionError {
  const error = refusal(payload, settings, context);
  assert.equal(error.code, code, error.message);
  return error;
}
