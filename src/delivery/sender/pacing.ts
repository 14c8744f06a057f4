import type { SharedPace } from '../outbox/outbox';
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

  /**
   * Takes the slot for a request of so many bytes that starts now. `factor` raises both rates.
   *
   * @returns ms to the next slot
   */
  take(now: number, bytes: number, factor: number): number {
    const most = Math.max(1000 / this.requestsPerSecond, (1000 * bytes) / this.bytesPerSecond);
    const spacing = most / factor;
    this.nextSlotAt = Math.max(now, this.nextSlotAt) + spacing;
    return spacing;
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

/**
 * The backlog of an outage is sent at a pace that does not flood the server. Where several workers drain it, all keep
 * to one pace. Times in ms of the monotonic clock.
 */
export class DampedDrain {
  /** when the outage ended whose backlog is not drained yet */
  private since?: number;
  /** leases that were taken in the drain keep its pace to their end */
  private leases = 0;

  constructor(
    private readonly pacer: RequestPacer,
    private readonly shared: () => SharedPace | undefined = () => undefined,
  ) {}

  /** Other workers need not have noticed the outage: they are to keep to the pace from now on. */
  outageBegan(): void {
    this.shared()?.beginDrain();
  }

  /** @param startedAt of the request that ended the outage: it is the first of the drain */
  begin(startedAt: number, now: number): void {
    this.since = now;
    this.pacer.take(startedAt, 0, 1);
    this.shared()?.beginDrain();
  }

  end(): void {
    if (!this.isOn) return;
    this.since = undefined;
    this.shared()?.endDrain();
  }

  get isOn(): boolean {
    return this.since !== undefined || this.shared()?.dampedForMs() !== undefined;
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

  /**
   * The pace doubles every ten minutes, or a plant that makes more requests than it allows would never catch up.
   *
   * @returns undefined, or a promise of the ms until the turn of this request among all workers
   */
  take(now: number, bytes: number): Promise<number> | undefined {
    if (!this.isPaced) return undefined;
    const shared = this.shared();
    const dampedFor = shared?.dampedForMs() ?? now - (this.since ?? now);
    const factor = 2 ** Math.min(20, Math.floor(dampedFor / RETRY_POLICY.drainPaceDoubles));
    const spacing = this.pacer.take(now, bytes, factor);
    return shared?.takeTurn(spacing).then((ms) => ms ?? 0);
  }
}
