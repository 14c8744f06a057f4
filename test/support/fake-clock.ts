import type { SenderClock } from '../../src/delivery/sender/clock';

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

/**
 * A clock that only moves when told: timers fire in the order of their time, and every promise that they settle has run
 * before the next one fires. So a day passes in milliseconds, and the same way every time.
 */
export class FakeClock implements SenderClock {
  private time = 0;
  private order = 0;
  private readonly timers = new Set<Timer>();
  /** Wall clock at the start. */
  constructor(private readonly startedAt = Date.UTC(2026, 5, 1)) {}

  now(): number {
    return this.startedAt + this.time;
  }

  monotonic(): number {
    return this.time;
  }

  setTimer(callback: () => void, ms: number): () => void {
    const timer = { at: this.time + Math.max(0, ms), order: this.order++, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(resolve, ms));
  }

  get pendingTimers(): number {
    return this.timers.size;
  }

  /** Lets everything happen that happens within so many ms. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settled();
    for (let timer = this.next(end); timer; timer = this.next(end)) {
      this.timers.delete(timer);
      this.time = Math.max(this.time, timer.at);
      timer.callback();
      await settled();
    }
    this.time = end;
  }

  private next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.at > end) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Resolves when every promise that can settle without a timer has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
