import type { PicturePlace } from '../../../event/picture-place';
import type { DiskOutbox } from '../disk/disk-outbox';
import { SPILL_REOPEN_MS } from '../limits';
import type { OutboxNotice } from '../notices';
import {
  type DeadLetters,
  type Lease,
  type LeaseSize,
  type Outbox,
  OutboxError,
  type OutboxRecord,
  type OutboxStats,
  type OutboxWorker,
  type RecoveryReport,
  type Settlement,
  type SharedPace,
} from '../outbox';
import { DoubtfulAppend } from './errors';
import type { PostgresOutbox } from './postgres-outbox';
import { SpillMover } from './spill-mover';

export interface SpillOutboxOptions {
  /** a new one for each attempt to open it */
  makeQueue(spilled: () => number): PostgresOutbox;
  /** on this machine, for the time while the database is away */
  spill: DiskOutbox;
  onNotice?: (notice: OutboxNotice) => void;
  /** ms between two attempts to reach the database, or to move what is spilled */
  retryMs?: number;
}

/**
 * A queue in PostgreSQL with the disk of this machine in front: while the database is away, events are stored there,
 * and so is everything that comes after them until all of that was moved over, in its order and once. Nothing is
 * delivered from the disk: it could overtake what waits in the database.
 */
export class SpillOutbox implements Outbox {
  private queue: PostgresOutbox;
  private isQueueOpen = false;
  private readonly spill: DiskOutbox;
  private canSpill = false;
  private isSpilling = false;
  /** appends to the disk that are under way */
  private spillingNow = 0;
  private readonly listeners: (() => void)[] = [];
  private readonly mover: SpillMover;
  private retryTimer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: SpillOutboxOptions) {
    this.spill = options.spill;
    this.queue = this.makeQueue();
    this.mover = new SpillMover(this.spill);
  }

  /**
   * Opens the disk, and the database unless that is away at this moment.
   *
   * @throws OutboxError when one of them refuses for good, such as a wrong password
   */
  async open(): Promise<RecoveryReport> {
    const found = await this.spill.open();
    this.canSpill = found.forgets === undefined;
    this.isSpilling = found.events > 0;
    let report = found;
    try {
      report = { ...(await this.openQueue()), corrupt: found.corrupt, quarantined: found.quarantined };
    } catch (error) {
      if (!(error instanceof OutboxError && error.mayPass && this.canSpill)) {
        await this.spill.close(0);
        throw error;
      }
      this.beginSpilling(error.message);
    }
    if (this.isSpilling) this.workLater(0);
    return { ...report, events: this.stats().events };
  }

  private makeQueue(): PostgresOutbox {
    return this.options.makeQueue(() => this.spilled);
  }

  private async openQueue(): Promise<RecoveryReport> {
    const { queue } = this;
    const report = await queue.open();
    for (const listener of this.listeners) queue.onAppended(listener);
    this.isQueueOpen = true;
    for (const listener of this.listeners) listener();
    return report;
  }

  async append(records: OutboxRecord[]): Promise<void> {
    if (this.isSpilling) return this.appendToSpill(records);
    try {
      await this.queue.append(records);
    } catch (error) {
      if (!(error instanceof OutboxError && error.mayPass && this.canSpill)) throw error;
      // Whether it is stored all the same is asked before anything is moved.
      if (error instanceof DoubtfulAppend) this.mover.noteDoubt(error.key, records);
      this.beginSpilling(error.message);
      await this.appendToSpill(records);
    }
  }

  private async appendToSpill(records: OutboxRecord[]): Promise<void> {
    this.spillingNow++;
    try {
      await this.spill.append(records);
    } finally {
      this.spillingNow--;
    }
  }

  private beginSpilling(why: string): void {
    if (this.isSpilling) return;
    this.isSpilling = true;
    const message = `${why} Until then, new events are kept on this machine, and moved to the database later.`;
    this.options.onNotice?.({ code: 'SPILLING', message });
    this.workLater(this.options.retryMs ?? SPILL_REOPEN_MS);
  }

  private workLater(ms: number): void {
    clearTimeout(this.retryTimer);
    if (this.closing) return;
    this.retryTimer = setTimeout(() => {
      this.working = this.work().finally(() => (this.working = undefined));
    }, ms).unref();
  }

  /** Reaches the database and moves what is spilled, or tries that again later. Never rejects. */
  private async work(): Promise<void> {
    try {
      if (!this.isQueueOpen) await this.reopenQueue();
      let moved = 0;
      for (let step = 1; step > 0 && !this.closing; moved += step)
        step = await this.mover.moveSome(this.queue);
      if (this.spill.stats().events > 0 || this.spillingNow > 0) throw new Error('more came meanwhile');
      this.isSpilling = false;
      this.options.onNotice?.({
        code: 'SPILL_MOVED',
        message: `${moved} event(s) that were kept on this machine are in the database now.`,
      });
    } catch {
      this.workLater(this.options.retryMs ?? SPILL_REOPEN_MS);
    }
  }

  private async reopenQueue(): Promise<void> {
    this.queue = this.makeQueue();
    await this.openQueue();
  }

  async lease(max: LeaseSize): Promise<Lease | undefined> {
    return this.isQueueOpen ? this.queue.lease(max) : undefined;
  }

  settle(lease: Lease, outcome: Settlement): Promise<void> {
    return this.queue.settle(lease, outcome);
  }

  markUploaded(id: string, place: PicturePlace, sourceId: string): Promise<void> {
    return this.queue.markUploaded(id, place, sourceId);
  }

  markSent(id: string): Promise<void> {
    return this.queue.markSent(id);
  }

  /** While the database does not answer, any event may wait there. */
  async holds(eventId: string): Promise<boolean> {
    return this.spill.holds(eventId) || !this.isQueueOpen || this.queue.holds(eventId).catch(() => true);
  }

  nextDueAt(): number | undefined {
    return this.isQueueOpen ? this.queue.nextDueAt() : undefined;
  }

  get pace(): SharedPace {
    return this.queue.pace;
  }

  async workers(): Promise<OutboxWorker[]> {
    return this.isQueueOpen ? this.queue.workers() : [];
  }

  /** Of the queue, and of what waits on this machine to be moved there. */
  stats(): OutboxStats {
    const queue = this.queue.stats();
    const spill = this.spill.stats();
    return {
      leased: queue.leased,
      acked: queue.acked,
      maxEvents: queue.maxEvents,
      maxBytes: queue.maxBytes,
      events: queue.events + spill.events,
      bytes: queue.bytes + spill.bytes,
      dead: queue.dead + spill.dead,
      deadBytes: queue.deadBytes + spill.deadBytes,
      oldestAgeMs: oldest(queue.oldestAgeMs, spill.oldestAgeMs),
      appended: queue.appended + spill.appended - this.mover.moved,
      rejectedFull: queue.rejectedFull + spill.rejectedFull,
      dropped: queue.dropped + spill.dropped,
      shedPictures: queue.shedPictures + spill.shedPictures,
      corrupt: spill.corrupt,
      freeBytes: spill.freeBytes,
    };
  }

  /** Events that wait on this machine to be moved. */
  get spilled(): number {
    return this.spill.stats().events;
  }

  onAppended(listener: () => void): void {
    this.listeners.push(listener);
    if (this.isQueueOpen) this.queue.onAppended(listener);
  }

  /** Those of the queue, and events that were found damaged on the disk. */
  readonly deadLetters: DeadLetters = {
    list: async (limit = 100) => {
      const letters = [
        ...(await this.queue.deadLetters.list(limit)),
        ...(await this.spill.deadLetters.list(limit)),
      ];
      return letters.slice(0, limit);
    },
    idsOf: async (eventIds) => [
      ...(await this.queue.deadLetters.idsOf(eventIds)),
      ...(await this.spill.deadLetters.idsOf(eventIds)),
    ],
    retry: async (ids) => {
      const spilled = await this.spill.deadLetters.retry(ids);
      // They wait on the disk now, from which nothing is delivered.
      if (spilled > 0 && !this.isSpilling) {
        this.isSpilling = true;
        this.workLater(0);
      }
      return spilled + (await this.queue.deadLetters.retry(ids));
    },
    discard: async (ids) =>
      (await this.queue.deadLetters.discard(ids)) + (await this.spill.deadLetters.discard(ids)),
  };

  close(deadlineMs: number): Promise<void> {
    this.closing ??= this.stop(deadlineMs);
    return this.closing;
  }

  private async stop(deadlineMs: number): Promise<void> {
    clearTimeout(this.retryTimer);
    await Promise.all([this.queue.close(deadlineMs), this.working]);
    await this.spill.close(deadlineMs);
  }
}

function oldest(a = -1, b = -1): number | undefined {
  const most = Math.max(a, b);
  return most < 0 ? undefined : most;
}
