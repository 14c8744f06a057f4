import type { Box } from './types';

/** Intersection over union of two boxes, 0 to 1. */
export function overlap(a: Box, b: Box): number {
  const across = shared(a.x, a.width / 2, b.x, b.width / 2);
  if (across <= 0) return 0;
  const down = shared(a.y, a.height / 2, b.y, b.height / 2);
  if (down <= 0) return 0;
  const both = across * down;
  return both / (a.width * a.height + b.width * b.height - both);
}

/** The length that two stretches share, by their middles and half lengths. */
function shared(a: number, halfA: number, b: number, halfB: number): number {
  return Math.min(a + halfA, b + halfB) - Math.max(a - halfA, b - halfB);
}
