import type { Box } from './types';

/** Intersection over union of two boxes, 0 to 1; each grown by a share of its own size on every side first. */
export function overlap(a: Box, b: Box, growth = 0): number {
  const scale = (1 + 2 * growth) / 2;
  const across = shared(a.x, a.width * scale, b.x, b.width * scale);
  if (across <= 0) return 0;
  const down = shared(a.y, a.height * scale, b.y, b.height * scale);
  if (down <= 0) return 0;
  const both = across * down;
  return both / ((a.width * a.height + b.width * b.height) * 4 * scale * scale - both);
}

/** The length that two stretches share, by their middles and half lengths. */
function shared(a: number, halfA: number, b: number, halfB: number): number {
  return Math.min(a + halfA, b + halfB) - Math.max(a - halfA, b - halfB);
}
