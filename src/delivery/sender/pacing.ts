/** Spaces requests evenly while a drain is damped. Times in ms of the monotonic clock. */
export class RequestPacer {
  private nextSlotAt = -Infinity;

  constructor(
    private readonly requestsPerSecond: number,
    private readonly bytesPerSecond: number,
  ) {}

  /** @returns the moment from which the next request may start */
  opensAt(): number {
    return this.nextSlotAt;
  }

  /** Takes the slot for a request of so many bytes that starts now. `factor` raises both rates. */
  take(now: number, bytes: number, factor: number): void {
    const spacing = Math.max(1000 / this.requestsPerSecond, (1000 * bytes) / this.bytesPerSecond);
    this.nextSlotAt = Math.max(now, this.nextSlotAt) + spacing / factor;
  }
}

/** At most `limit` requests in any `windowMs`. */
export class RequestBudget {
  private readonly spentAt: number[] = [];

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  /** @returns the moment from which the next request is within the budget */
  opensAt(): number {
    return this.spentAt.length < this.limit ? -Infinity : (this.spentAt[0] ?? -Infinity) + this.windowMs;
  }

  spend(now: number): void {
    this.spentAt.push(now);
    if (this.spentAt.length > this.limit) this.spentAt.shift();
  }
}
