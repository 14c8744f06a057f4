import type { WhenFull } from '../disk/admission';
import { FillNotices } from '../fill-notices';
import { OutboxError } from '../outbox';
import type { TellNotice } from '../notices';
import type { Mirror } from './mirror';

export interface RoomDeps {
  /** for texts */
  queueName: string;
  maxEvents: number;
  maxBytes: number;
  whenFull: WhenFull;
  mirror: Mirror;
  tell: TellNotice;
  /**
   * give up the oldest events or pictures of the queue, and update the mirror; they resolve to how many were given up
   */
  dropOldest: (events: number, bytes: number) => Promise<number>;
  shedPictures: (bytes: number) => Promise<number>;
}

/**
 * Decides whether new events fit into the queue. The limits are those of the queue, not of a worker; each worker knows
 * the totals since its last operation, so together they may go beyond them by one group each.
 */
export class Room {
  /** accepted, but not committed yet */
  private readonly underway = { events: 0, bytes: 0 };
  private readonly notices: FillNotices;

  constructor(private readonly deps: RoomDeps) {
    const { maxEvents, maxBytes, tell, queueName } = deps;
    this.notices = new FillNotices(
      { what: `outbox "${queueName}" in PostgreSQL`, maxEvents, maxBytes },
      tell,
    );
  }

  /** Reserves room, or rejects with `OUTBOX_FULL`. The returned function gives the reservation back. */
  async admit(events: number, bytes: number): Promise<() => void> {
    if (this.isShort(events, bytes)) await this.makeRoom(events, bytes);
    const isFull = this.isShort(events, bytes);
    if (isFull) throw new OutboxError('OUTBOX_FULL', this.notices.full(isFull));
    this.underway.events += events;
    this.underway.bytes += bytes;
    this.notices.look(this.taken());
    return () => {
      this.underway.events -= events;
      this.underway.bytes -= bytes;
    };
  }

  eased(): void {
    this.notices.eased(this.taken());
  }

  private isShort(events: number, bytes: number): 'events' | 'bytes' | undefined {
    const taken = this.taken();
    if (taken.events + events > this.deps.maxEvents) return 'events';
    return taken.bytes + bytes > this.deps.maxBytes ? 'bytes' : undefined;
  }

  private async makeRoom(events: number, bytes: number): Promise<void> {
    const { whenFull, maxEvents, maxBytes } = this.deps;
    // What can never fit must not cost anything that waits.
    if (whenFull === 'reject' || events > maxEvents || bytes > maxBytes) return;
    const taken = this.taken();
    const tooManyBytes = Math.max(0, taken.bytes + bytes - maxBytes);
    if (whenFull === 'drop-oldest')
      await this.deps.dropOldest(Math.max(0, taken.events + events - maxEvents), tooManyBytes);
    else if (tooManyBytes > 0 && taken.events + events <= maxEvents)
      await this.deps.shedPictures(tooManyBytes);
  }

  private taken(): { events: number; bytes: number } {
    const { events, bytes } = this.deps.mirror.totals;
    return { events: events + this.underway.events, bytes: bytes + this.underway.bytes };
  }
}
