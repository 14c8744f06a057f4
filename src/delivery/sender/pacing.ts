import { RETRY_POLICY } from './retry-policy';

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

/** The backlog of an outage is sent at a pace that does not flood the server. Times in ms of the monotonic clock. */
export class DampedDrain {
  /** when the outage ended whose backlog is not drained yet */
  private since?: number;
  /** leases that were taken in the drain keep its pace to their end */
  private leases = 0;

  constructor(private readonly pacer: RequestPacer) {}

  /** @param startedAt of the request that ended the outage: it is the first of the drain */
  begin(startedAt: number, now: number): void {
    this.since = now;
    this.pacer.take(startedAt, 0, 1);
  }

  end(): void {
    this.since = undefined;
  }

  get isOn(): boolean {
    return this.since !== undefined;
  }

  /** True while requests are spaced. */
  get isPaced(): boolean {
    return this.isOn || this.leases > 0;
  }

  /** A lease that was taken in the drain begins. @returns to be called at its end */
  leaseBegan(): () => void {
    this.leases++;
    return () => this.leases--;
  }

  opensAt(): number {
    return this.isPaced ? this.pacer.opensAt() : -Infinity;
  }

  /** The pace doubles every ten minutes, or a plant that makes more requests than it allows would never catch up. */
  take(now: number, bytes: number): void {
    if (!this.isPaced) return;
    const dampedFor = now - (this.since ?? now);
    const factor = 2 ** Math.min(20, Math.floor(dampedFor / RETRY_POLICY.drainPaceDoubles));
    this.pacer.take(now, bytes, factor);
  }
}
