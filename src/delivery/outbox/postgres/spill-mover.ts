import type { DiskOutbox } from '../disk/disk-outbox';
import { MOVED_KEY_MS } from '../limits';
import { MOVED_AT_ONCE, recordOf } from '../move-events';
import type { Lease, OutboxRecord, Settlement, StoredEvent } from '../outbox';
import type { Append } from './append-groups';
import type { PostgresOutbox } from './postgres-outbox';

/**
 * Moves events from the disk of this machine into the database, in their order and once: each goes under its id of the
 * disk, so that one that was moved before a crash is known. What a crash forgets is which appends were doubtful; these
 * may then be stored twice.
 */
export class SpillMover {
  /** events that were moved since the start */
  moved = 0;
  /** of appends that the database may have, by their key: those that were to be committed together share one */
  private readonly doubts = new Map<string, OutboxRecord[]>();
  /** records that the database turned out to have, by event id and body: how many of each */
  private readonly stored = new Map<string, number>();

  constructor(private readonly spill: DiskOutbox) {}

  /** The append failed, is spilled, and may be stored all the same. */
  noteDoubt(key: string, records: OutboxRecord[]): void {
    this.doubts.set(key, [...(this.doubts.get(key) ?? []), ...records]);
  }

  /** @returns how many left the disk; 0 when nothing is left. Rejects when the database takes nothing now. */
  async moveSome(queue: PostgresOutbox): Promise<number> {
    await this.settleDoubts(queue);
    const lease = await this.spill.lease(MOVED_AT_ONCE);
    if (!lease) return 0;
    const acked: string[] = [];
    const dead: Settlement['dead'] = [];
    try {
      await this.moveAll(queue, lease, acked, dead);
    } finally {
      this.moved += acked.length;
      await this.spill.settle(lease, { acked, retry: [], dead });
    }
    return acked.length + dead.length;
  }

  private async settleDoubts(queue: PostgresOutbox): Promise<void> {
    for (const [key, records] of this.doubts) {
      if (await queue.isStored(key)) {
        for (const record of records)
          this.stored.set(nameOf(record), (this.stored.get(nameOf(record)) ?? 0) + 1);
      }
      this.doubts.delete(key);
    }
  }

  private async moveAll(
    queue: PostgresOutbox,
    lease: Lease,
    acked: string[],
    dead: Settlement['dead'],
  ): Promise<void> {
    const appends: { id: string; append: Append }[] = [];
    for (const event of lease.events) {
      if (this.takeStored(event)) {
        acked.push(event.id);
        continue;
      }
      const record = await recordOf(event, dead);
      if (!record) continue;
      const ageMs = Math.max(0, Date.now() - event.acceptedAt);
      const append = { key: `spill ${event.id}`, records: [record], ageMs, keepKeyMs: MOVED_KEY_MS };
      appends.push({ id: event.id, append });
    }
    // At once: one that failed while a picture of the next was still being read would be an error that nobody handles.
    const moving = appends.map(({ id, append }) => queue.appendKeyed(append).then(() => void acked.push(id)));
    const failed = (await Promise.allSettled(moving)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private takeStored(event: StoredEvent): boolean {
    const left = this.stored.get(nameOf(event)) ?? 0;
    if (left === 0) return false;
    if (left > 1) this.stored.set(nameOf(event), left - 1);
    else this.stored.delete(nameOf(event));
    return true;
  }
}

function nameOf({ eventId, body }: { eventId: string; body: string }): string {
  return `${eventId} ${body}`;
}
