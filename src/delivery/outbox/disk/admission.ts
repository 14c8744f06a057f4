import { OutboxError } from '../outbox';
import { FillNotices } from '../fill-notices';
import type { TellNotice } from '../notices';
import { type Entry, entryBytes, type EventQueue, type PictureSlot } from './queue';
import type { DiskSpace } from './space';

/**
 * What happens to a new event when the outbox is full: it is refused (the flow hears of it), the oldest waiting events
 * make room, or the oldest waiting pictures do.
 */
export type WhenFull = 'reject' | 'drop-oldest' | 'shed-images';

export interface AdmissionLimits {
  dir: string;
  maxEvents: number;
  maxBytes: number;
  whenFull: WhenFull;
}

/** The part of the outbox that gives up events and pictures. */
export interface Sacrifice {
  drop(entry: Entry): void;
  shed(entry: Entry, pictures: PictureSlot[]): void;
}

type Shortage = 'events' | 'bytes' | 'disk';

/** Decides whether new events fit, and makes room as the operator wished. */
export class Admission {
  /** accepted, but not yet durable and in the queue */
  private readonly underway = { events: 0, bytes: 0 };
  private readonly notices: FillNotices;

  constructor(
    private readonly limits: AdmissionLimits,
    private readonly queue: EventQueue,
    private readonly space: DiskSpace,
    private readonly sacrifice: Sacrifice,
    tell: TellNotice,
  ) {
    const { dir, maxEvents, maxBytes } = limits;
    this.notices = new FillNotices({ what: `outbox in ${dir}`, maxEvents, maxBytes }, tell);
  }

  /** Reserves room, or throws `OUTBOX_FULL`. The returned function gives the reservation back. */
  admit(events: number, bytes: number): () => void {
    let shortage = this.shortage(events, bytes);
    if (shortage) shortage = this.makeRoom(shortage, events, bytes);
    if (shortage) throw new OutboxError('OUTBOX_FULL', this.tellFull(shortage));
    this.underway.events += events;
    this.underway.bytes += bytes;
    this.notices.look(this.taken());
    return () => {
      this.underway.events -= events;
      this.underway.bytes -= bytes;
    };
  }

  /** To be called when events left: an episode of fullness may be over. */
  eased(): void {
    this.notices.eased(this.taken());
  }

  private shortage(events: number, bytes: number): Shortage | undefined {
    const taken = this.taken();
    if (taken.events + events > this.limits.maxEvents) return 'events';
    if (taken.bytes + bytes > this.limits.maxBytes) return 'bytes';
    return this.space.isLow ? 'disk' : undefined;
  }

  /** Returns what is still short. */
  private makeRoom(shortage: Shortage, events: number, bytes: number): Shortage | undefined {
    // What can never fit must not cost anything that waits.
    if (events > this.limits.maxEvents) return 'events';
    if (bytes > this.limits.maxBytes) return 'bytes';
    switch (this.limits.whenFull) {
      case 'reject':
        return shortage;
      case 'drop-oldest':
        return this.dropOldest(shortage, events, bytes);
      case 'shed-images':
        return this.shedPictures(shortage, events, bytes);
    }
  }

  private dropOldest(first: Shortage, events: number, bytes: number): Shortage | undefined {
    let shortage: Shortage | undefined = first;
    let freed = 0;
    for (const entry of this.queue.waiting()) {
      freed += entryBytes(entry);
      this.sacrifice.drop(entry);
      shortage = this.shortageAfter(freed, events, bytes);
      if (!shortage) break;
    }
    return shortage;
  }

  private shedPictures(first: Shortage, events: number, bytes: number): Shortage | undefined {
    let shortage: Shortage | undefined = first;
    if (shortage === 'events') return shortage;
    let freed = 0;
    for (const entry of this.queue.waiting()) {
      // What may be at the target already would be overwritten by a poorer event.
      const pictures = (entry.pictures ?? []).filter(
        ({ shed, sourceId, sent }) => !shed && !sourceId && !sent,
      );
      if (pictures.length === 0) continue;
      for (const { size } of pictures) freed += size;
      this.sacrifice.shed(entry, pictures);
      shortage = this.shortageAfter(freed, events, bytes);
      if (!shortage) break;
    }
    return shortage;
  }

  /** The disk is asked again only later: until then, as much as was freed counts as free. */
  private shortageAfter(freed: number, events: number, bytes: number): Shortage | undefined {
    const shortage = this.shortage(events, bytes);
    return shortage === 'disk' && freed >= bytes ? undefined : shortage;
  }

  private taken(): { events: number; bytes: number } {
    return {
      events: this.queue.events + this.underway.events,
      bytes: this.queue.bytes + this.underway.bytes,
    };
  }

  /** @returns the text, which is told once an episode */
  private tellFull(shortage: Shortage): string {
    if (shortage !== 'disk') return this.notices.full(shortage);
    const message =
      `Free some space on the disk of the outbox, or choose a folder on another one: the disk of ${this.limits.dir} ` +
      `is nearly full. The event was not stored.`;
    this.notices.tellOnce('DISK_LOW', message);
    return message;
  }
}
