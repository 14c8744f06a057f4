import type { Clock } from '../outbox';

/** What the functions of the database tell of the whole queue. Times: ms since 1970 by the database's clock. */
export interface Totals {
  now: number;
  events: number;
  bytes: number;
  leased: number;
  dead: number;
  deadBytes: number;
  oldestAt: number | null;
  isReady: boolean;
  dueAt: number | null;
  isPaused: boolean;
  closedUntil: number | null;
  dampedSince: number | null;
}

const NOTHING: Totals = {
  now: 0,
  events: 0,
  bytes: 0,
  leased: 0,
  dead: 0,
  deadBytes: 0,
  oldestAt: null,
  isReady: false,
  dueAt: null,
  isPaused: false,
  closedUntil: null,
  dampedSince: null,
};

/**
 * The totals of the queue as they were last heard of: with each operation of this worker, and once a second. Between
 * two of them other workers change the queue, so these are never exact. It also tells the database's clock by this
 * machine's monotonic one.
 */
export class Mirror {
  totals = NOTHING;
  private lead = 0;

  constructor(private readonly clock: Clock) {}

  /**
   * Answers of several connections may overtake each other; the older one says nothing new.
   *
   * @returns whether something falls due earlier than was known, or may be delivered again
   */
  update(totals: Totals): boolean {
    if (totals.now < this.totals.now) return false;
    const { totals: before } = this;
    this.totals = totals;
    this.lead = totals.now - this.clock.monotonic();
    return dueAt(totals) < dueAt(before) || (before.isPaused && !totals.isPaused);
  }

  /** What this worker just told the database. */
  amend(told: Partial<Pick<Totals, 'isPaused' | 'closedUntil' | 'dampedSince'>>): void {
    this.totals = { ...this.totals, ...told };
  }

  /** ms since 1970 by the database's clock, as far as this machine can tell */
  databaseNow(): number {
    return this.clock.monotonic() + this.lead;
  }

  oldestAgeMs(): number | undefined {
    const { oldestAt } = this.totals;
    return oldestAt === null ? undefined : Math.max(0, this.databaseNow() - oldestAt);
  }

  /** ms of the monotonic clock, as of `Outbox` */
  nextDueAt(): number | undefined {
    const { isReady, dueAt } = this.totals;
    if (isReady) return -Infinity;
    return dueAt === null ? undefined : dueAt - this.lead;
  }
}

/** ms since 1970 by the database's clock */
function dueAt({ isReady, dueAt: at }: Totals): number {
  return isReady ? -Infinity : (at ?? Infinity);
}
