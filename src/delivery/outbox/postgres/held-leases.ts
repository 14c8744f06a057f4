import type { Lease, StoredEvent } from '../outbox';

export interface LeaseTimes {
  /** how long a lease lives without a heartbeat */
  leaseMs: number;
  /** the longest that a request may take */
  requestMs: number;
  /** `endOverdue` is called this often */
  beatMs: number;
  monotonic: () => number;
}

/** One lease of this worker. Moments: ms of the monotonic clock. */
export class HeldLease {
  private readonly end = new AbortController();
  /**
   * aborts before others may have the events; from then on this worker does nothing with them, whatever the database
   * says
   */
  readonly lost = this.end.signal;

  constructor(
    readonly token: string,
    /** when the statement that took or renewed it was sent: the database cannot have seen it earlier */
    private renewedAt: number,
    private readonly deps: LeaseTimes,
  ) {}

  renew(at: number): void {
    this.renewedAt = at;
  }

  /** The database does not know it any more, or may not much longer. */
  giveUp(): void {
    this.end.abort();
  }

  /** Whether a request of the usual length that begins now ends before others may have the events. */
  isHeld(): boolean {
    return !this.lost.aborted && this.msLeft() > this.deps.requestMs;
  }

  /** until others may have the events, unless it is renewed */
  msLeft(): number {
    return this.renewedAt + this.deps.leaseMs - this.deps.monotonic();
  }
}

/** The leases of this worker, until the database knows what became of their events. */
export class HeldLeases {
  private readonly byToken = new Map<string, HeldLease>();
  private readonly byLease = new WeakMap<Lease, HeldLease>();
  /** events with pictures, whose uploads are to be noted */
  private readonly withPictures = new Map<string, HeldLease>();

  constructor(private readonly deps: LeaseTimes) {}

  add(token: string, sentAt: number, events: StoredEvent[]): Lease {
    const held = new HeldLease(token, sentAt, this.deps);
    const lease: Lease = { events, isHeld: () => held.isHeld(), lost: held.lost };
    this.byToken.set(token, held);
    this.byLease.set(lease, held);
    for (const { id, pictures } of events) if (pictures.length > 0) this.withPictures.set(id, held);
    return lease;
  }

  /** An outcome is given once; the lease is renewed until `forget`. */
  takeOutcome(lease: Lease): HeldLease | undefined {
    const held = this.byLease.get(lease);
    this.byLease.delete(lease);
    for (const { id } of lease.events) this.withPictures.delete(id);
    return held;
  }

  /** @returns whether it was this worker's until now, as far as that knew */
  forget(token: string): boolean {
    return this.byToken.delete(token);
  }

  /**
   * Gives up those that would end before the next look: a large picture may take longer than a lease lives unrenewed.
   */
  endOverdue(): void {
    for (const lease of this.byToken.values()) if (lease.msLeft() <= this.deps.beatMs) lease.giveUp();
  }

  ofPicture(id: string): HeldLease | undefined {
    return this.withPictures.get(id);
  }

  tokens(): string[] {
    return [...this.byToken.keys()];
  }

  /** @returns how many of those that were asked for are lost */
  renewed(asked: string[], held: string[], sentAt: number): number {
    const kept = new Set(held);
    let lost = 0;
    for (const token of asked) {
      const lease = this.byToken.get(token);
      if (kept.has(token)) lease?.renew(sentAt);
      else if (lease) {
        lease.giveUp();
        this.byToken.delete(token);
        lost++;
      }
    }
    return lost;
  }
}
