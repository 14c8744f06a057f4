import type {
  Clock,
  DeadLetter,
  Lease,
  Outbox,
  OutboxRecord,
  OutboxStats,
  RecoveryReport,
  Settlement,
  StoredEvent,
} from '../../src/delivery/outbox';

interface Entry {
  event: StoredEvent;
  dueAt: number;
  leased: boolean;
}

/** The smallest outbox that a sender can be tried with. Nothing is durable. */
export class SenderOutbox implements Outbox {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners: (() => void)[] = [];
  readonly dead: { id: string; eventId: string; code: string; why: string }[] = [];
  readonly ackedIds: string[] = [];
  private appended = 0;
  /** set by a test: what the next `settle` rejects with */
  failNextSettle?: Error;
  failNextMark?: Error;

  constructor(private readonly clock: Clock) {}

  open(): Promise<RecoveryReport> {
    return Promise.resolve({ events: 0, corrupt: 0, quarantined: [], orphanPictures: 0, tornTails: 0 });
  }

  append(records: OutboxRecord[]): Promise<void> {
    for (const { eventId, useCaseId, body, pictures } of records) {
      const id = `#${++this.appended}`;
      const stored = pictures.map(({ role, mediaType, name, bytes }) => ({
        role,
        mediaType,
        name,
        size: bytes.length,
        read: () => Promise.resolve(bytes),
      }));
      const event = {
        id,
        eventId,
        useCaseId,
        body,
        pictures: stored,
        acceptedAt: this.clock.now(),
        attempts: 0,
      };
      this.entries.set(id, { event, dueAt: -Infinity, leased: false });
    }
    for (const listener of this.listeners) listener();
    return Promise.resolve();
  }

  lease(max: { events: number; bytes: number; newest?: boolean }): Promise<Lease | undefined> {
    const candidates = this.oldestPerEventId().filter(
      (entry) => !entry.leased && entry.dueAt <= this.clock.monotonic(),
    );
    const ordered = max.newest ? candidates.reverse() : candidates;
    const useCaseId = ordered[0]?.event.useCaseId;
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const entry of ordered) {
      if (entry.event.useCaseId !== useCaseId) continue;
      bytes += entry.event.body.length;
      if (events.length >= max.events || (events.length > 0 && bytes > max.bytes)) break;
      entry.leased = true;
      events.push({ ...entry.event });
    }
    return Promise.resolve(events.length > 0 ? { events } : undefined);
  }

  settle(lease: Lease, outcome: Settlement): Promise<void> {
    for (const { id } of lease.events) {
      const entry = this.entries.get(id);
      if (entry) entry.leased = false;
    }
    for (const id of outcome.acked) {
      this.ackedIds.push(id);
      this.entries.delete(id);
    }
    for (const { id, at } of outcome.retry) {
      const entry = this.entries.get(id);
      if (!entry) throw new Error(`settled ${id}, which is not in the outbox`);
      entry.dueAt = at;
      entry.event.attempts++;
    }
    for (const { id, code, why } of outcome.dead) {
      this.dead.push({ id, eventId: this.entries.get(id)?.event.eventId ?? '?', code, why });
      this.entries.delete(id);
    }
    const failure = this.failNextSettle;
    this.failNextSettle = undefined;
    return failure ? Promise.reject(failure) : Promise.resolve();
  }

  markUploaded(id: string, role: 'output' | 'input', sourceId: string): Promise<void> {
    const failure = this.failNextMark;
    this.failNextMark = undefined;
    if (failure) return Promise.reject(failure);
    const event = this.entries.get(id)?.event;
    if (event) event.pictures = event.pictures.map((p) => (p.role === role ? { ...p, sourceId } : p));
    return Promise.resolve();
  }

  nextDueAt(): number | undefined {
    let next: number | undefined;
    for (const entry of this.oldestPerEventId()) {
      if (!entry.leased) next = Math.min(next ?? Infinity, entry.dueAt);
    }
    return next;
  }

  waitingIds(): string[] {
    return [...this.entries.values()].map(({ event }) => event.eventId);
  }

  stats(): OutboxStats {
    const entries = [...this.entries.values()];
    return {
      events: entries.length,
      bytes: entries.reduce((sum, { event }) => sum + event.body.length, 0),
      leased: entries.filter(({ leased }) => leased).length,
      dead: this.dead.length,
      deadBytes: 0,
      appended: this.appended,
      acked: this.ackedIds.length,
      rejectedFull: 0,
      dropped: 0,
      shedPictures: 0,
      corrupt: 0,
      maxEvents: 100_000,
      maxBytes: 1 << 30,
    };
  }

  onAppended(listener: () => void): void {
    this.listeners.push(listener);
  }

  readonly deadLetters = {
    list: (): Promise<DeadLetter[]> => Promise.resolve([]),
    retry: () => Promise.resolve(0),
    discard: () => Promise.resolve(0),
  };

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** An event waits behind an older one with its id. */
  private oldestPerEventId(): Entry[] {
    const seen = new Set<string>();
    return [...this.entries.values()].filter(({ event }) => {
      const isOldest = !seen.has(event.eventId);
      seen.add(event.eventId);
      return isOldest;
    });
  }
}
