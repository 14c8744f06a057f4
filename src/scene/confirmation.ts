import type { Confirmation } from './types';

/** Frames that a confirmation can look back on. */
const MOST_FRAMES = 1000;

/** Reads `3 of 5`, or `3` for three frames in a row; undefined when it is neither. */
export function parseConfirmation(text: string): Confirmation | undefined {
  const found = /^\s*(\d{1,4})\s*(?:(?:of|\/)\s*(\d{1,4})\s*)?$/i.exec(text);
  if (!found) return undefined;
  const hits = Number(found[1]);
  const frames = Number(found[2] ?? found[1]);
  return hits >= 1 && hits <= frames && frames <= MOST_FRAMES ? { hits, frames } : undefined;
}
