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
    const total = this.variance + (MEASURED * size * doubt) ** 2;
    const gain = this.variance / total;
    const speedGain = this.shared / total;
    this.position += gain * surprise;
    this.speed += speedGain * surprise;
    this.speedVariance -= speedGain * this.shared;
    this.shared *= 1 - gain;
    this.variance *= 1 - gain;
  }
}

/** Where a thing is and where it will be: each coordinate for itself, in any rhythm of frames. */
export class Motion {
  private readonly x: Coordinate;
  private readonly y: Coordinate;
  private readonly width: Coordinate;
  private readonly height: Coordinate;
  private at: number;

  /** @param at ms */
  constructor(box: Box, at: number) {
    this.at = at;
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
  correct(seen: Box, doubt = 1): void {
    const size = sizeOf(seen);
    this.x.correct(seen.x, size, doubt);
    this.y.correct(seen.y, size, doubt);
    this.width.correct(seen.width, size, doubt);
    this.height.correct(seen.height, size, doubt);
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
