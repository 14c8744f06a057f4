/** The chart of the sidebar goes back so far. */
export const MINUTES = 60;
const MINUTE_MS = 60_000;

/** How many events there were in each of the last sixty minutes. */
export class MinuteCounts {
  private readonly counts = new Array<number>(MINUTES).fill(0);
  private minute: number;

  /** @param now ms of a monotonic clock */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.minute = this.currentMinute();
  }

  add(count: number): void {
    this.moveOn();
    this.counts[this.minute % MINUTES]! += count;
  }

  /** Oldest first; the last one is the minute that still runs. */
  list(): number[] {
    this.moveOn();
    return this.counts.map((_count, index) => this.counts[(this.minute + 1 + index) % MINUTES]!);
  }

  private moveOn(): void {
    const current = this.currentMinute();
    const passed = Math.min(current - this.minute, MINUTES);
    for (let step = 0; step < passed; step++) this.counts[(current - step) % MINUTES] = 0;
    this.minute = current;
  }

  private currentMinute(): number {
    return Math.floor(this.now() / MINUTE_MS);
  }
}
