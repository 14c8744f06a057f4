import type { Cut, CutEnd } from './edge';
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
/** What comes in at the edge of the picture is soon all there: its length grows on for about so long, seconds. */
const GROWS_IN = 1;
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

/** Where a thing is along one side of the picture, and how long it is there. */
class Axis {
  private readonly middle: Coordinate;
  private length: Coordinate;
  /** it was seen with both ends */
  private isWhole: boolean;

  constructor(middle: number, length: number, size: number, end: CutEnd) {
    this.middle = new Coordinate(middle, size, 1);
    this.length = new Coordinate(length, size, GROWTH);
    this.isWhole = !end;
  }

  get position(): number {
    return this.middle.position;
  }

  get extent(): number {
    return Math.max(this.length.position, 1e-6);
  }

  advance(seconds: number, size: number): void {
    this.middle.advance(seconds, size);
    this.length.advance(seconds, size);
    if (!this.isWhole) this.length.speed *= Math.exp(-seconds / GROWS_IN);
  }

  correct(middle: number, length: number, size: number, doubt: number, end: CutEnd): void {
    const whole = this.middleOfWhole(middle, length, end);
    if (end && whole !== undefined) {
      this.middle.correct(whole, size, doubt);
      return;
    }
    this.middle.correct(middle, size, doubt);
    // what the edge had cut short from the start says nothing of the whole
    if (!end && !this.isWhole) this.length = new Coordinate(length, size, GROWTH);
    else this.length.correct(length, size, doubt);
    this.isWhole ||= !end;
  }

  /** How badly a length fits: 1 on average. One that the edge cuts short, or always did, fits any. */
  misfit(length: number, size: number, end: CutEnd): number {
    return end || !this.isWhole ? 0 : this.length.strangeness(length, size);
  }

  /** The misfit of a length that is greater than it should be, else 0; also of one that the edge cuts short. */
  growth(length: number, size: number): number {
    return this.isWhole && length > this.extent ? this.length.strangeness(length, size) : 0;
  }

  /** How badly a place fits: 1 on average, 0 when nobody knows where the middle of the whole is. */
  surprise(middle: number, length: number, size: number, end: CutEnd): number {
    const whole = this.middleOfWhole(middle, length, end);
    return whole === undefined ? 0 : this.middle.strangeness(whole, size);
  }

  /** It goes on beyond the edge as far as it is long: its middle is not that of what is left. */
  private middleOfWhole(middle: number, length: number, end: CutEnd): number | undefined {
    if (!this.isWhole) return undefined;
    if (!end) return middle;
    if (end === 'both' || length >= this.extent) return undefined;
    const away = (this.extent - length) / 2;
    return middle + (end === 'low' ? -away : away);
  }
}

/** Where a thing is and where it will be, in any rhythm of frames. */
export class Motion {
  private readonly across: Axis;
  private readonly down: Axis;
  private at: number;

  /** @param at ms */
  constructor(box: Box, at: number, cut: Cut) {
    this.at = at;
    const size = sizeOf(box);
    this.across = new Axis(box.x, box.width, size, cut.width);
    this.down = new Axis(box.y, box.height, size, cut.height);
  }

  /** The box at a time, ms, that is not before the last one. */
  predict(at: number): Box {
    const seconds = Math.min(at - this.at, FARTHEST) / 1000;
    this.at = at;
    if (seconds > 0) {
      const size = sizeOf(this.box());
      this.across.advance(seconds, size);
      this.down.advance(seconds, size);
    }
    return this.box();
  }

  /**
   * What was seen at the time last predicted.
   *
   * @param doubt how many times farther off than usual the box may be, 1 or more
   */
  correct(seen: Box, doubt: number, cut: Cut): void {
    const size = sizeOf(seen);
    this.across.correct(seen.x, seen.width, size, doubt, cut.width);
    this.down.correct(seen.y, seen.height, size, doubt, cut.height);
  }

  /**
   * How badly a box's width and height fit the time last predicted: 2 on average for a steady thing. What the edge of
   * the picture cuts short fits any.
   */
  misfit(seen: Box, cut: Cut): number {
    const size = sizeOf(this.box());
    return this.across.misfit(seen.width, size, cut.width) + this.down.misfit(seen.height, size, cut.height);
  }

  /** The misfit of what is larger than it should be: what covers a thing in part makes it smaller. */
  growth(seen: Box): number {
    const size = sizeOf(this.box());
    return this.across.growth(seen.width, size) + this.down.growth(seen.height, size);
  }

  /** How badly a box's place fits the time last predicted: 2 on average for what goes straight on. */
  surprise(seen: Box, cut: Cut): number {
    const size = sizeOf(this.box());
    const across = this.across.surprise(seen.x, seen.width, size, cut.width);
    return across + this.down.surprise(seen.y, seen.height, size, cut.height);
  }

  box(): Box {
    return {
      x: this.across.position,
      y: this.down.position,
      width: this.across.extent,
      height: this.down.extent,
    };
  }
}

/** One length for a box: the mean of its sides, pixels. */
export function sizeOf({ width, height }: Box): number {
  return (width + height) / 2;
}
