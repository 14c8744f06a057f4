import type { Zone } from './types';
import { crossing, distance, placed, type Direction, type Point } from './zones';

/** A thing has crossed when it is so far behind the line, in shares of its size: one that stands on the line does not cross it again and again. */
const BEHIND = 0.05;

/** Where one thing is to one line. */
export class LineCrossings {
  private lastClear: Point | undefined;

  constructor(private readonly line: Zone) {}

  /**
   * @param point where the thing is, pixels
   * @param thingSize of the thing, pixels
   * @returns the direction in which it has just crossed the line
   */
  move(point: Point, thingSize: number, size: { width: number; height: number }): Direction | undefined {
    const line = placed(this.line, size);
    if (distance(line, point) < BEHIND * thingSize) return undefined;
    const before = this.lastClear;
    this.lastClear = point;
    return before && crossing(line, before, point);
  }
}
