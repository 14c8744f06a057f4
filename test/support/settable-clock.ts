import { ClockWatch } from '../../src/delivery/clock-watch';
import type { Clock } from '../../src/delivery/outbox/outbox';

/** A machine of which the wall clock can be set, and which can sleep. All in ms. */
export class SettableClock implements Required<Clock> {
  private awake = 0;
  private slept = 0;

  constructor(
    private wall: number,
    private readonly startedBefore = 20_000,
  ) {}

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.awake;
  }

  sinceBoot(): number {
    return this.startedBefore + this.awake + this.slept;
  }

  pass(ms: number): void {
    this.wall += ms;
    this.awake += ms;
  }

  sleep(ms: number): void {
    this.wall += ms;
    this.slept += ms;
  }

  set(wall: number): void {
    this.wall = wall;
  }

  /** As a process that starts now sees it. */
  watch(): ClockWatch {
    return new ClockWatch(this);
  }
}

const { parse } = Date;

/** What the stations of a boot without a battery show. */
export const IN_1970 = parse('1970-01-01T00:00:40Z');
export const LAST_SHUTDOWN = parse('2026-03-01T12:00:00Z');
export const RIGHT_TIME = parse('2026-03-02T06:00:00Z');
