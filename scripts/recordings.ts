/**
 * Folders of recorded detector payloads beside the checkout, and the comparison of what came out of them with what was
 * expected.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Relative, from 1 on; absolute below. */
const TOLERANCE = 1e-6;

/** The folder that the environment variable names, or the one beside the checkout; undefined when there is none. */
export function findRecordings(name: 'samples' | 'cases', variable: string): string | undefined {
  const checkout = resolve(__dirname, '..');
  const places = [
    process.env[variable] ?? '',
    join(checkout, '../shared/detections', name),
    join(checkout, '../../shared/detections', name),
  ];
  return places.find((place) => place !== '' && existsSync(place));
}

/** Every difference between two values, in words; numbers may differ by the tolerance. */
export function difference(path: string, expected: unknown, actual: unknown): string[] {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const allowed = TOLERANCE * Math.max(1, Math.abs(expected));
    return Math.abs(expected - actual) <= allowed ? [] : [`${path}: expected ${expected}, got ${actual}`];
  }
  if (typeof expected === 'object' && expected && typeof actual === 'object' && actual) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) =>
      difference(
        `${path}.${key}`,
        (expected as Record<string, unknown>)[key],
        (actual as Record<string, unknown>)[key],
      ),
    );
  }
  return Object.is(expected, actual)
    ? []
    : [`${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`];
}
