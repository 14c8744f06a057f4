import type { Box } from './types';

/** A box that reaches the edge of the picture, but for so many pixels, is cut off. */
const EDGE = 2;
/** How much a thing counts that is cut off. */
const CUT_OFF = 0.25;

/**
 * How good a frame shows a thing: confidence × size, much less when the edge of the picture cuts it off. Without a box,
 * the confidence.
 */
export function frameQuality(
  confidence: number,
  box: Box | undefined,
  size: { width: number; height: number } | undefined,
): number {
  if (!box) return confidence;
  const quality = (confidence + 0.01) * Math.sqrt(box.width * box.height);
  return size && isCutOff(box, size) ? quality * CUT_OFF : quality;
}

function isCutOff({ x, y, width, height }: Box, size: { width: number; height: number }): boolean {
  return (
    x - width / 2 < EDGE ||
    y - height / 2 < EDGE ||
    x + width / 2 > size.width - EDGE ||
    y + height / 2 > size.height - EDGE
  );
}
