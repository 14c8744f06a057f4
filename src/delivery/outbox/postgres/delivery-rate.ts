const MINUTE_MS = 60_000;

/**
 * How many events were delivered in the last minute, by looks at a total that grows. Times: ms of the monotonic clock.
 */
export class DeliveryRate {
  private readonly looks: { at: number; total: number }[] = [];

  /** @returns events in the last minute */
  look(total: number, at: number): number {
    this.looks.push({ at, total });
    while (this.looks.length > 1 && at - (this.looks[1]?.at ?? at) >= MINUTE_MS) this.looks.shift();
    return total - (this.looks[0]?.total ?? total);
  }
}
