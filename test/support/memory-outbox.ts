import { placeKey, type PicturePlace } from '../../src/event/picture-place';
import {
  type Clock,
  type DeadLetter,
  type Lease,
  type LeaseSize,
  type Outbox,
  OutboxError,
  type OutboxRecord,
  type OutboxStats,
  type RecoveryReport,
  type Settlement,
  type StoredEvent,
  systemClock,
} from '../../src/delivery/outbox/outbox';

interface Item {
  id: string;
  record: OutboxRecord;
  bytes: number;
  /** by the monotonic clock */
  acceptedAt: number;
  leased: boolean;
  dueAt: number;
  attempts: number;
  sourceIds: Map<string, string>;
}

interface DeadItem {
  item: Item;
  letter: DeadLetter;
}

export interface MemoryOutboxOptions {
  clock?: Clock;
  maxEvents?: number;
  maxBytes?: number;
}

/** An outbox without a disk, for tests of those who use one. It keeps every promise but durability. */
export class MemoryOutbox implements Outbox {
  private items: Item[] = [];
  private dead: DeadItem[] = [];
  private state: 'new' | 'open' | 'closed' = 'new';
  private lastId = 0;
  private readonly listeners: (() => void)[] = [];
  private readonly totals = { appended: 0, acked: 0, rejectedFull: 0 };
  private readonly clock: Clock;
  private readonly maxEvents: number;
  private readonly maxBytes: number;

  constructor(options: MemoryOutboxOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.maxEvents = options.maxEvents ?? 100_000;
    this.maxBytes = options.maxBytes ?? 1024 ** 3;
  }

  open(): Promise<RecoveryReport> {
    this.state = 'open';
    return Promise.resolve({
      isNew: false,
      events: this.items.length,
      corrupt: 0,
      quarantined: [],
      orphanPictures: 0,
      tornTails: 0,
    });
  }

  async append(records: OutboxRecord[]): Promise<void> {
    this.mustBeOpen();
    const bytes = this.bytes() + records.reduce((sum, record) => sum + recordBytes(record), 0);
    if (this.items.length + records.length > this.maxEvents || bytes > this.maxBytes) {
      this.totals.rejectedFull += records.length;
      throw new OutboxError('OUTBOX_FULL', 'The outbox in memory is full.');
    }
    await Promise.resolve();
    const acceptedAt = this.clock.monotonic();
    for (const record of records) {
      const id = String(++this.lastId).padStart(10, '0');
      this.items.push({
        id,
        record,
        bytes: recordBytes(record),
        acceptedAt,
        leased: false,
        dueAt: 0,
        attempts: 0,
        sourceIds: new Map(),
      });
    }
    this.totals.appended += records.length;
    if (records.length > 0) this.tellListeners();
  }

  async lease(max: LeaseSize): Promise<Lease | undefined> {
    this.mustBeOpen();
    const now = this.clock.monotonic();
    const ready = this.ready().filter(({ dueAt }) => dueAt <= now);
    if (max.newest) ready.reverse();
    const useCaseId = ready[0]?.record.useCaseId;
    const picked: Item[] = [];
    let bytes = 0;
    for (const item of ready) {
      if (item.record.useCaseId !== useCaseId) continue;
      bytes += Buffer.byteLength(item.record.body);
      if (picked.length > 0 && (picked.length >= max.events || bytes > max.bytes)) break;
      picked.push(item);
    }
    for (const item of picked) item.leased = true;
    await Promise.resolve();
    if (max.newest) picked.reverse();
    if (picked.length === 0) return undefined;
    return { events: picked.map((item) => present(item, this.clock)), isHeld: () => true };
  }

  /** Waiting events that have no older one with their event id. */
  private ready(): Item[] {
    const seen = new Set<string>();
    return this.items.filter(({ record, leased }) => {
      const isFirst = !seen.has(record.eventId);
      seen.add(record.eventId);
      return isFirst && !leased;
    });
  }

  async settle(lease: Lease, outcome: Settlement): Promise<void> {
    this.mustBeOpen();
    const ids = new Set(lease.events.map(({ id }) => id));
    const mine = new Map(
      this.items.filter(({ id, leased }) => leased && ids.has(id)).map((item) => [item.id, item]),
    );
    for (const item of mine.values()) item.leased = false;
    for (const { id, at } of outcome.retry) {
      const item = mine.get(id);
      if (item) Object.assign(item, { dueAt: at, attempts: item.attempts + 1 });
    }
    for (const { id, code, statusCode, why } of outcome.dead) {
      const item = mine.get(id);
      if (!item) continue;
      const event: unknown = JSON.parse(item.record.body);
      const { eventId } = item.record;
      this.dead.push({
        item,
        letter: { id, eventId, code, statusCode, why, diedAt: this.clock.now(), event },
      });
    }
    const acked = new Set(outcome.acked.filter((id) => mine.has(id)));
    this.totals.acked += acked.size;
    const gone = new Set([...acked, ...outcome.dead.map(({ id }) => id).filter((id) => mine.has(id))]);
    this.items = this.items.filter(({ id }) => !gone.has(id));
    await Promise.resolve();
  }

  async markUploaded(id: string, place: PicturePlace, sourceId: string): Promise<void> {
    this.mustBeOpen();
    const item = this.items.find((candidate) => candidate.id === id && candidate.leased);
    await Promise.resolve();
    if (!item)
      throw new OutboxError('OUTBOX_IO', `The event ${id} is not leased: its upload cannot be noted.`);
    item.sourceIds.set(placeKey(place), sourceId);
  }

  markSent(): Promise<void> {
    this.mustBeOpen();
    return Promise.resolve();
  }

  holds(eventId: string): boolean {
    return this.items.some(({ record }) => record.eventId === eventId);
  }

  nextDueAt(): number | undefined {
    const ready = this.ready();
    return ready.length > 0 ? Math.min(...ready.map(({ dueAt }) => dueAt)) : undefined;
  }

  stats(): OutboxStats {
    const [oldest] = this.items;
    return {
      events: this.items.length,
      bytes: this.bytes(),
      leased: this.items.filter(({ leased }) => leased).length,
      dead: this.dead.length,
      deadBytes: this.dead.reduce((sum, { item }) => sum + item.bytes, 0),
      oldestAgeMs: oldest && this.clock.monotonic() - oldest.acceptedAt,
      ...this.totals,
      dropped: 0,
      shedPictures: 0,
      corrupt: 0,
      maxEvents: this.maxEvents,
      maxBytes: this.maxBytes,
    };
  }

  onAppended(listener: () => void): void {
    this.listeners.push(listener);
  }

  readonly deadLetters = {
    list: async (limit = 100): Promise<DeadLetter[]> => {
      await Promise.resolve();
      return this.dead.slice(0, limit).map(({ letter }) => letter);
    },
    idsOf: async (eventIds: string[]): Promise<string[]> => {
      await Promise.resolve();
      return this.dead
        .map(({ letter }) => letter)
        .filter((letter) => eventIds.includes(letter.eventId))
        .map(({ id }) => id);
    },
    retry: async (ids?: string[]): Promise<number> => {
      const taken = await this.takeDead(ids);
      for (const { item } of taken) this.items.push({ ...item, leased: false, dueAt: 0, attempts: 0 });
      if (taken.length > 0) this.tellListeners();
      return taken.length;
    },
    discard: async (ids?: string[]): Promise<number> => (await this.takeDead(ids)).length,
  };

  private async takeDead(ids?: string[]): Promise<DeadItem[]> {
    this.mustBeOpen();
    await Promise.resolve();
    const isTaken = ({ letter }: DeadItem): boolean => ids === undefined || ids.includes(letter.id);
    const taken = this.dead.filter(isTaken);
    this.dead = this.dead.filter((letter) => !isTaken(letter));
    return taken;
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.state = 'closed';
  }

  private bytes(): number {
    return this.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  private tellListeners(): void {
    for (const listener of this.listeners) listener();
  }

  private mustBeOpen(): void {
    if (this.state !== 'open') throw new OutboxError('OUTBOX_IO', 'The outbox in memory is not open.');
  }
}

function recordBytes({ body, pictures }: OutboxRecord): number {
  return pictures.reduce((sum, { bytes }) => sum + bytes.length, Buffer.byteLength(body));
}

function present({ id, record, acceptedAt, attempts, sourceIds }: Item, clock: Clock): StoredEvent {
  return {
    id,
    eventId: record.eventId,
    useCaseId: record.useCaseId,
    body: record.body,
    bodyBytes: Buffer.byteLength(record.body),
    pictures: record.pictures.map(({ role, image, mediaType, name, metadata, bytes }) => ({
      role,
      image,
      metadata,
      mediaType,
      name,
      size: bytes.length,
      sourceId: sourceIds.get(placeKey({ role, image })),
      read: () => Promise.resolve(bytes),
    })),
    acceptedAt: clock.now() - (clock.monotonic() - acceptedAt),
    attempts,
  };
}
