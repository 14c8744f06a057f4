import { randomBytes, randomInt } from 'node:crypto';
import type { ApiWarning, JsonObject } from './event-schema';
import type { PictureType } from './picture-type';

/** An event as the API would keep it, and what really came in. */
export interface StoredEvent {
  eventId: string;
  eventType: string;
  useCaseId: string;
  deviceId?: string;
  /** the event's own timestamp */
  timestamp: string;
  /** that timestamp in ms since the epoch */
  time: number;
  /** ms since the epoch at which it arrived here */
  at: number;
  /** grows with every event that arrives, also when it overwrites another */
  sequence: number;
  via: 'event' | 'batch' | 'bundle';
  /** how many times this id was stored; above 1 it overwrote itself */
  timesStored: number;
  /** as stored: `eventData` with a fault is `{}`, `images` with a fault are gone */
  event: JsonObject;
  /** the event's JSON text as received; of a batch, its element serialised again */
  received: string;
  warnings: ApiWarning[];
}

export interface UseCase {
  id: string;
  name: string;
  status: 'active' | 'inactive';
  createdAt: string;
  updatedAt: string;
}

export interface StoredPicture {
  sourceId: string;
  type: PictureType;
  bytes: Buffer;
  name?: string;
  metadata: JsonObject;
  at: number;
}

/** Oldest pictures go first beyond this. */
const MAX_PICTURE_BYTES_KEPT = 256 * 1024 * 1024;
/** Oldest events go first when their texts together are larger. */
const MAX_EVENT_BYTES_KEPT = 256 * 1024 * 1024;

/** Everything the simulator remembers of one workspace, in memory and bounded. */
export class Store {
  readonly useCases = new Map<string, UseCase>();
  private readonly events = new Map<string, StoredEvent>();
  private readonly pictures = new Map<string, StoredPicture>();
  private eventBytes = 0;
  private warned = 0;
  private pictureBytes = 0;
  private sortedByTime: StoredEvent[] | undefined;
  /** counts every change, so that a reader can ask "anything new?"; starts anywhere, so that a restart is news too */
  revision = randomInt(2 ** 40);
  private lastSequence = 0;

  constructor(private readonly maxEvents: number) {}

  get eventCount(): number {
    return this.events.size;
  }

  /** events that were stored with warnings */
  get warnedCount(): number {
    return this.warned;
  }

  get pictureCount(): number {
    return this.pictures.size;
  }

  /** Stores an event; one with the same id is overwritten as a whole ("Duplicate event IDs will overwrite"). */
  putEvent(entry: Omit<StoredEvent, 'sequence' | 'timesStored'>): StoredEvent {
    const before = this.removeEvent(entry.eventId);
    const stored = {
      ...entry,
      sequence: ++this.lastSequence,
      timesStored: (before?.timesStored ?? 0) + 1,
    };
    this.events.set(stored.eventId, stored);
    this.eventBytes += stored.received.length;
    if (stored.warnings.length > 0) this.warned++;
    for (const oldest of this.events.keys()) {
      if (this.events.size <= this.maxEvents && this.eventBytes <= MAX_EVENT_BYTES_KEPT) break;
      this.removeEvent(oldest);
    }
    return stored;
  }

  getEvent(eventId: string): StoredEvent | undefined {
    return this.events.get(eventId);
  }

  removeEvent(eventId: string): StoredEvent | undefined {
    const event = this.events.get(eventId);
    if (event) {
      this.events.delete(eventId);
      this.eventBytes -= event.received.length;
      if (event.warnings.length > 0) this.warned--;
    }
    this.changed();
    return event;
  }

  /** In the order of arrival, the last arrival first. */
  newestFirst(): StoredEvent[] {
    return [...this.events.values()].reverse();
  }

  /** By the events' own timestamps, the latest first; among equals the later arrival first. */
  latestFirst(): readonly StoredEvent[] {
    this.sortedByTime ??= [...this.events.values()].sort(
      (a, b) => b.time - a.time || b.sequence - a.sequence,
    );
    return this.sortedByTime;
  }

  putPicture(picture: Omit<StoredPicture, 'sourceId'>): StoredPicture {
    const stored = { ...picture, sourceId: `ve-img-${randomBytes(6).toString('hex')}` };
    this.pictures.set(stored.sourceId, stored);
    this.pictureBytes += stored.bytes.length;
    for (const [oldestId, oldest] of this.pictures) {
      if (this.pictureBytes <= MAX_PICTURE_BYTES_KEPT) break;
      this.pictures.delete(oldestId);
      this.pictureBytes -= oldest.bytes.length;
    }
    this.changed();
    return stored;
  }

  getPicture(sourceId: string): StoredPicture | undefined {
    return this.pictures.get(sourceId);
  }

  clear(useCases: UseCase[]): void {
    this.events.clear();
    this.pictures.clear();
    this.useCases.clear();
    for (const useCase of useCases) this.useCases.set(useCase.id, useCase);
    this.eventBytes = 0;
    this.warned = 0;
    this.pictureBytes = 0;
    this.changed();
  }

  private changed(): void {
    this.revision++;
    this.sortedByTime = undefined;
  }
}
