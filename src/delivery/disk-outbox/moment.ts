import type { Clock } from '../outbox';

/** A moment on both clocks: the monotonic one stands still while a machine sleeps, the other one may be set. */
export interface Moment {
  now: number;
  monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/** Whether one of the clocks tells that more than so many ms lie between then and now. */
export function isLongerAgo(then: Moment, ms: number, clock: Clock): boolean {
  const { now, monotonic } = momentOf(clock);
  return monotonic - then.monotonic > ms || Math.abs(now - then.now) > ms;
}
