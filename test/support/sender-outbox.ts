import type { PicturePlace } from '../../src/event/picture-place';
import type { Clock, Lease, OutboxRecord, Settlement } from '../../src/delivery/outbox/outbox';
import { MemoryOutbox } from './memory-outbox';

/** The outbox in memory, already open; it tells what became of the events and can fail when told. */
export class SenderOutbox extends MemoryOutbox {
  /** the events in the dead letters, by the order of their refusal */
  readonly buried: { eventId: string; code: string; why: string }[] = [];
  /** what the next call rejects with */
  failNextSettle?: Error;
  failNextMark?: Error;
  private readonly present = new Map<string, number>();

  constructor(clock: Clock) {
    super({ clock });
    void this.open();
  }

  /** Event ids that are waiting or leased. */
  waitingIds(): string[] {
    return [...this.present.keys()];
  }

  override async append(records: OutboxRecord[]): Promise<void> {
    for (const { eventId } of records) this.present.set(eventId, (this.present.get(eventId) ?? 0) + 1);
    await super.append(records);
  }

  override async settle(lease: Lease, outcome: Settlement): Promise<void> {
    const eventIds = new Map(lease.events.map(({ id, eventId }) => [id, eventId]));
    for (const { id, code, why } of outcome.dead) {
      this.buried.push({ eventId: eventIds.get(id) ?? 'not in the lease', code, why });
    }
    for (const id of [...outcome.acked, ...outcome.dead.map((dead) => dead.id)]) {
      this.leave(eventIds.get(id) ?? 'not in the lease');
    }
    await super.settle(lease, outcome);
    await this.failIf('failNextSettle');
  }

  override async markUploaded(id: string, place: PicturePlace, sourceId: string): Promise<void> {
    await this.failIf('failNextMark');
    await super.markUploaded(id, place, sourceId);
  }

  private leave(eventId: string): void {
    const left = (this.present.get(eventId) ?? 0) - 1;
    if (left > 0) this.present.set(eventId, left);
    else this.present.delete(eventId);
  }

  private failIf(which: 'failNextSettle' | 'failNextMark'): Promise<void> {
    const failure = this[which];
    this[which] = undefined;
    return failure ? Promise.reject(failure) : Promise.resolve();
  }
}
