import type { ClockSetting, ClockWatch } from '../../clock-watch';
import type { Clock, OutboxRecord } from '../outbox';
import type { EventHeader, Note } from './lines';
import type { TellNotice } from '../notices';
import { type Chunk, DUE_AT_ONCE, type Entry, type EventQueue } from './queue';
import { withTimeFix } from './time-fix';

export interface DoubtfulTimesDeps {
  watch: ClockWatch;
  clock: Clock;
  lookMs: number;
  queue: EventQueue;
  note(chunk: Chunk, note: Note): Promise<void>;
  /** events that were kept back may go */
  released(): void;
  tell: TellNotice;
}

/**
 * Events whose time may be wrong, until they are leased for the first time. While the clock is plainly wrong they are
 * kept back. When it was set, their times are put right by a note beside them, since what is stored is never written
 * anew.
 */
export class DoubtfulTimes {
  /** how many wait with a `clock` */
  private count = 0;
  /** `startedAt` of the setting that they all have, as far as is known */
  private compared: number | undefined;
  private isKeepingBack = false;
  private settling: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: DoubtfulTimesDeps) {}

  /** What is to be stored of a new event, and whether its time stays in doubt. */
  arrived({ body, clock }: OutboxRecord): {
    body: string;
    clock?: ClockSetting;
    clockUnset?: EventHeader['clockUnset'];
  } {
    const { watch } = this.deps;
    if (!clock) return { body };
    if (watch.isPlainlyWrong()) {
      return { body, clock, clockUnset: { process: watch.id, startedAt: clock.startedAt } };
    }
    const now = watch.look();
    // It was set while the message waited for its turn.
    return { body: withTimeFix(body, watch.shiftSince(clock)), clock: watch.isDoubtful() ? now : undefined };
  }

  /** A new event, in the moment in which it joins the queue. */
  add(entry: Entry): void {
    if (!entry.clock) return;
    const { watch, clock, lookMs } = this.deps;
    this.count++;
    if (entry.clock.startedAt !== this.compared) this.compared = undefined;
    if (watch.isPlainlyWrong()) {
      entry.dueAt = clock.monotonic() + lookMs;
      this.keepBack();
    }
    this.timer ??= setInterval(() => void this.settle(), lookMs).unref();
  }

  /** An event that an earlier owner of the folder stored while the clock was plainly wrong. */
  recovered(entry: Entry, { process, startedAt }: NonNullable<EventHeader['clockUnset']>): void {
    // Whether the clock was set since, and by how much, only the process that stored it can tell.
    if (process === this.deps.watch.id) {
      entry.clock = { startedAt };
      this.add(entry);
    } else entry.timeFix = 'unsure';
  }

  /** They are sent now, and from here on their bytes are fixed; or they are gone. */
  forget(entries: readonly Entry[]): void {
    if (this.count > 0) for (const entry of entries) this.forgetOne(entry);
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.forget(this.inDoubt());
  }

  private forgetOne(entry: Entry): void {
    if (!entry.clock) return;
    entry.clock = undefined;
    this.count--;
  }

  private inDoubt(): Entry[] {
    return this.count > 0 ? [...this.deps.queue.waiting()].filter(({ clock }) => clock) : [];
  }

  /**
   * Keeps events back or puts them right, as the clock is now. Undefined when nothing has to be waited for, as it is
   * nearly always; otherwise it resolves when the right times are durable.
   */
  settle(): Promise<void> | undefined {
    if (this.settling) return this.settling;
    const { watch } = this.deps;
    if (this.count === 0) this.close();
    else if (watch.isPlainlyWrong()) this.putOff();
    else return this.compare(watch);
    return undefined;
  }

  private compare(watch: ClockWatch): Promise<void> | undefined {
    const { startedAt } = watch.look();
    if (startedAt === this.compared && !this.isKeepingBack) {
      if (!watch.isDoubtful()) this.close();
      return undefined;
    }
    this.compared = startedAt;
    this.settling = this.putRight().finally(() => {
      this.settling = undefined;
    });
    return this.settling;
  }

  private keepBack(): void {
    if (this.isKeepingBack) return;
    this.isKeepingBack = true;
    const shown = new Date(this.deps.clock.now()).toISOString();
    const message =
      `Set this device's clock, or see why its time server (NTP) does not: it shows ${shown}, a time before this ` +
      'version was built. Events whose time is "now" are kept until then, and get their right time.';
    this.deps.tell({ code: 'CLOCK_WRONG', message });
  }

  private putOff(): void {
    const { queue, clock, lookMs } = this.deps;
    this.keepBack();
    for (const entry of this.inDoubt()) queue.putOff(entry, clock.monotonic() + lookMs);
  }

  private async putRight(): Promise<void> {
    const { deps } = this;
    const { watch, queue } = deps;
    const inDoubt = this.inDoubt();
    const wereKept = this.isKeepingBack ? inDoubt : [];
    this.isKeepingBack = false;
    const wrong = inDoubt
      .map((entry) => ({ entry, by: entry.clock ? watch.shiftSince(entry.clock) : 0 }))
      .filter(({ by }) => by !== 0);
    const notes = [...groupByChunkAndShift(wrong)].flatMap(([chunk, byShift]) =>
      [...byShift].map(([by, ids]) => deps.note(chunk, { shifted: ids, by })),
    );
    for (const { entry, by } of wrong) {
      entry.timeFix = by;
      entry.acceptedAt += by;
      this.forgetOne(entry);
    }
    // A note that the disk refuses holds all the same, and is written with the next group.
    await Promise.allSettled(notes);
    for (const entry of wereKept) queue.putOff(entry, DUE_AT_ONCE);
    if (wrong.length > 0) {
      deps.tell({
        code: 'CLOCK_SET',
        message: `This device's clock was set: ${wrong.length} event(s) that happened before and wait got their right time.`,
      });
    }
    if (wereKept.length > 0) deps.released();
  }
}

function groupByChunkAndShift(
  entries: readonly { entry: Entry; by: number }[],
): Map<Chunk, Map<number, string[]>> {
  const groups = new Map<Chunk, Map<number, string[]>>();
  for (const { entry, by } of entries) {
    const byShift = groups.get(entry.chunk) ?? new Map<number, string[]>();
    groups.set(entry.chunk, byShift.set(by, [...(byShift.get(by) ?? []), entry.id]));
  }
  return groups;
}
