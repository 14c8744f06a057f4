import { UNCUT, type Cut } from './edge';
import type { Box } from './types';

/** How far a detector's box is off, in sizes of the thing. */
const MEASURED = 0.05;
/** How fast a thing moves that is seen for the first time, in its sizes a second. */
const FIRST_SPEED = 1.5;
/** How much the speed changes by itself within a second, in sizes a second. */
const RESTLESSNESS = 0.35;
/** Width and height change more slowly than the place. */
const GROWTH = 0.25;
/** Nothing goes straight on for long: seconds after which the speed of a thing out of sight is down to a third. */
const SPEED_FADES = 5;
/** Farther ahead a prediction says nothing more, ms. */
const FARTHEST = 10_000;

/**
 * Position and speed of one coordinate, with their covariance: a Kalman filter of constant velocity. Pixels and
 * seconds.
 */
class Coordinate {
  speed = 0;
  private variance: number;
  private shared = 0;
  private speedVariance: number;

  constructor(
    public position: number,
    size: number,
    private readonly pace: number,
  ) {
    this.variance = (MEASURED * size) ** 2;
    this.speedVariance = (FIRST_SPEED * pace * size) ** 2;
  }

  advance(seconds: number, size: number): void {
    const noise = (RESTLESSNESS * this.pace * size) ** 2;
    const fading = Math.exp(-seconds / SPEED_FADES);
    // the way that is left to a speed that fades
    const way = SPEED_FADES * (1 - fading);
    this.position += this.speed * way;
    this.variance += way * (2 * this.shared + way * this.speedVariance) + (noise * seconds ** 3) / 3;
    this.shared = fading * (this.shared + way * this.speedVariance) + (noise * seconds ** 2) / 2;
    this.speedVariance = fading ** 2 * this.speedVariance + noise * seconds;
    this.speed *= fading;
  }

  correct(measured: number, size: number, doubt: number): void {
    const surprise = measured - this.position;
    const total = this.expected(size, doubt);
    const gain = this.variance / total;
    const speedGain = this.shared / total;
    this.position += gain * surprise;
    this.speed += speedGain * surprise;
    this.speedVariance -= speedGain * this.shared;
    this.shared *= 1 - gain;
    this.variance *= 1 - gain;
  }

  /** How far off a measurement is, squared, in shares of what is to be expected: 1 on average. */
  strangeness(measured: number, size: number): number {
    return (measured - this.position) ** 2 / this.expected(size, 1);
  }

  /** The variance of a measurement. */
  private expected(size: number, doubt: number): number {
    return this.variance + (MEASURED * size * doubt) ** 2;
  }
}

/** Where a thing is and where it will be: each coordinate for itself, in any rhythm of frames. */
export class Motion {
  private readonly x: Coordinate;
  private readonly y: Coordinate;
  private width: Coordinate;
  private height: Coordinate;
  private at: number;
  private cut: Cut;

  /** @param at ms */
  constructor(box: Box, at: number, cut: Cut = UNCUT) {
    this.at = at;
    this.cut = cut;
    const size = sizeOf(box);
    this.x = new Coordinate(box.x, size, 1);
    this.y = new Coordinate(box.y, size, 1);
    this.width = new Coordinate(box.width, size, GROWTH);
    this.height = new Coordinate(box.height, size, GROWTH);
  }

  /** The box at a time, ms, that is not before the last one. */
  predict(at: number): Box {
    const seconds = Math.min(at - this.at, FARTHEST) / 1000;
    this.at = at;
    if (seconds > 0) {
      const size = sizeOf(this.box());
      for (const coordinate of [this.x, this.y, this.width, this.height]) coordinate.advance(seconds, size);
    }
    return this.box();
  }

  /**
   * What was seen at the time last predicted.
   *
   * @param doubt how many times farther off than usual the box may be, 1 or more
   */
  correct(seen: Box, doubt = 1, cut: Cut = UNCUT): void {
    const size = sizeOf(seen);
    this.x.correct(seen.x, size, doubt);
    this.y.correct(seen.y, size, doubt);
    // what the edge of the picture had cut short says nothing of the whole that is seen now
    if (this.cut.width && !cut.width) this.width = new Coordinate(seen.width, size, GROWTH);
    else this.width.correct(seen.width, size, doubt);
    if (this.cut.height && !cut.height) this.height = new Coordinate(seen.height, size, GROWTH);
    else this.height.correct(seen.height, size, doubt);
    this.cut = cut;
  }

  /**
   * How badly a box's width and height fit the time last predicted: 2 on average for a steady thing. A side that the
   * edge of the picture cuts short, now or when it was last seen, fits any.
   */
  misfit(seen: Box, cut: Cut): number {
    const size = sizeOf(this.box());
    const across = cut.width || this.cut.width ? 0 : this.width.strangeness(seen.width, size);
    const down = cut.height || this.cut.height ? 0 : this.height.strangeness(seen.height, size);
    return across + down;
  }

  box(): Box {
    return {
      x: this.x.position,
      y: this.y.position,
      width: Math.max(this.width.position, 1e-6),
      height: Math.max(this.height.position, 1e-6),
    };
  }
}

/** One length for a box: the mean of its sides, pixels. */
export function sizeOf({ width, height }: Box): number {
  return (width + height) / 2;
}
