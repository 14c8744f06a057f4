/** Files of the MOTChallenge: a line for each box, `frame,id,left,top,width,height,confidence,…`, frames from 1. */
import { readFileSync } from 'node:fs';
import type { Box } from '../../src/scene/types';

export interface MotBox {
  frame: number;
  /** -1 in a file of detections */
  id: number;
  /** pixels, the middle of the box */
  box: Box;
  confidence: number;
}

/** Lines that are no boxes, and boxes that the ground truth marks as not to be counted (confidence 0), are left out. */
export function readMot(file: string): MotBox[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(',').map(Number))
    .filter((values) => values.length >= 7 && values.slice(0, 7).every(Number.isFinite) && values[6] !== 0)
    .map(([frame = 0, id = 0, left = 0, top = 0, width = 0, height = 0, confidence = 0]) => ({
      frame,
      id,
      box: { x: left + width / 2, y: top + height / 2, width, height },
      confidence,
    }));
}

export function byFrame(boxes: readonly MotBox[]): Map<number, MotBox[]> {
  const frames = new Map<number, MotBox[]>();
  for (const box of boxes) frames.set(box.frame, [...(frames.get(box.frame) ?? []), box]);
  return frames;
}

export const lastFrame = (boxes: readonly MotBox[]): number =>
  boxes.reduce((last, { frame }) => Math.max(last, frame), 0);

export function motLine({ frame, id, box, confidence }: MotBox): string {
  const corner = [box.x - box.width / 2, box.y - box.height / 2, box.width, box.height];
  return [frame, id, ...corner.map((value) => value.toFixed(2)), confidence.toFixed(4), -1, -1, -1].join(',');
}
