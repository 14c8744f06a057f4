import { cutOf, isCut } from './edge';
import type { Box, PictureSize } from './types';

/** How much a thing counts that is cut off. */
const CUT_OFF = 0.25;

/**
 * How good a frame shows a thing: confidence × size, much less when the edge of the picture cuts it off. Without a box,
 * the confidence.
 */
export function frameQuality(
  confidence: number,
  box: Box | undefined,
  size: PictureSize | undefined,
): number {
  if (!box) return confidence;
  const quality = (confidence + 0.01) * Math.sqrt(box.width * box.height);
  return isCut(cutOf(box, size)) ? quality * CUT_OFF : quality;
}
