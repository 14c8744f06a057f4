import type { Confirmation, SceneDetection } from './types';

/** The stay of a thing in an area, or in the picture as a whole: from its first frame there to its last. */
export class Visit<Detection extends SceneDetection> {
  since = 0;
  /** ms */
  lastSeen = -Infinity;
  frames = 0;
  isConfirmed = false;
  /** `stayed` was told */
  hasStayed = false;
  /** the detection in the last frame, and in the best one */
  last: Detection | undefined;
  best: Detection | undefined;
  /** the numbers of the last frames in which it was there */
  private recent: number[] = [];

  /**
   * It was seen there.
   *
   * @param number of the frame
   * @returns whether that confirmed it
   */
  see(detection: Detection, at: number, number: number, { hits, frames }: Confirmation): boolean {
    if (this.frames === 0) this.since = at;
    this.frames++;
    this.lastSeen = at;
    this.last = detection;
    if (this.isConfirmed) return false;
    this.recent = this.recent.filter((earlier) => earlier > number - frames);
    this.recent.push(number);
    this.isConfirmed = this.recent.length >= hits;
    return this.isConfirmed;
  }
}
