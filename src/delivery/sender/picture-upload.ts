import {
  OutboxDamage,
  type Lease,
  type Outbox,
  type StoredEvent,
  type StoredPicture,
} from '../outbox/outbox';
import type { EventPicture, PackedEvent, Target } from '../../api/target';
import { withSourceIds, type UploadedPicture } from './body';
import type { HostGate } from './gate';
import type { SenderMemory } from './memory';
import type { Notices } from './notices';
import { messageOf, type Outcome } from './outcome';
import type { SenderClock } from './clock';

export interface PicturesDeps {
  outbox: Pick<Outbox, 'markUploaded'>;
  memory: SenderMemory;
  gate: Pick<HostGate, 'request'>;
  notices: Pick<Notices, 'noteError'>;
  target: Pick<Target, 'packEvent' | 'givesOwnIds'>;
  clock: SenderClock;
}

/** Pictures are uploaded for so long; then the events that are ready go out, the others return to the queue. */
export const UPLOAD_SLICE = 2000;

/** The pictures of the events of one lease: packed with their event into one request, or uploaded before it. */
export class Pictures {
  /** by id of the outbox: bodies with the ids of uploaded pictures */
  private readonly bodies = new Map<string, string>();

  constructor(
    private readonly deps: PicturesDeps,
    private readonly outcome: Outcome,
    private readonly lease: Pick<Lease, 'isHeld' | 'lost'>,
  ) {}

  bodyOf(event: StoredEvent): string {
    return this.bodies.get(event.id) ?? event.body;
  }

  bytesOf(event: StoredEvent): number {
    const changed = this.bodies.get(event.id);
    return changed === undefined ? event.bodyBytes : Buffer.byteLength(changed);
  }

  /** An event with a picture at the target already goes on as it began: every attempt sends the same body. */
  goesPacked(event: StoredEvent): boolean {
    const { target, memory } = this.deps;
    if (!target.packEvent || target.givesOwnIds) return target.givesOwnIds === true;
    const isUploaded = (picture: StoredPicture) => picture.sourceId ?? memory.uploadedId(event, picture);
    return event.pictures.length > 0 && !event.pictures.some(isUploaded);
  }

  /** @returns undefined when the event cannot be sent now; what becomes of it is settled then */
  async pack(event: StoredEvent): Promise<PackedEvent | 'too large' | undefined> {
    const pictures: EventPicture[] = [];
    for (const picture of event.pictures) {
      const bytes = await this.read(event, picture);
      if (!bytes) return undefined;
      const { role, image, mediaType, metadata } = picture;
      pictures.push({ role, image, mediaType, metadata, bytes });
    }
    try {
      return (await this.deps.target.packEvent?.(event.body, pictures)) ?? 'too large';
    } catch (error) {
      this.outcome.damaged(event, error);
      return undefined;
    }
  }

  /** @returns the events that can be posted: all their pictures are at the target, and that is written down */
  async uploadAll(events: StoredEvent[]): Promise<StoredEvent[]> {
    const sliceEnd = this.deps.clock.monotonic() + UPLOAD_SLICE;
    const ready: StoredEvent[] = [];
    for (const event of events) {
      if (this.outcome.halted) break;
      if (event.pictures.length === 0) {
        ready.push(event);
        continue;
      }
      if (ready.length > 0 && this.deps.clock.monotonic() > sliceEnd) break;
      if (await this.uploadOf(event)) ready.push(event);
    }
    return ready;
  }

  private async uploadOf(event: StoredEvent): Promise<boolean> {
    const uploaded: UploadedPicture[] = [];
    for (const picture of event.pictures) {
      const sourceId = picture.sourceId ?? (await this.upload(event, picture));
      if (sourceId === undefined) return false;
      uploaded.push({ role: picture.role, image: picture.image, sourceId });
    }
    try {
      this.bodies.set(event.id, withSourceIds(event.body, uploaded));
      return true;
    } catch (error) {
      this.outcome.damaged(event, error);
      return false;
    }
  }

  /** @returns undefined when the event cannot be posted now; what becomes of it is settled then */
  private async upload(event: StoredEvent, picture: StoredPicture): Promise<string | undefined> {
    const { memory, gate } = this.deps;
    let sourceId = memory.uploadedId(event, picture);
    if (sourceId === undefined) {
      const bytes = await this.read(event, picture);
      if (!bytes) return undefined;
      const { mediaType, name, metadata } = picture;
      const result = await gate.request(bytes.length, this.lease, (target, signal) =>
        target.uploadPicture({ bytes, mediaType, name, metadata }, signal),
      );
      if (result.kind === 'refused') this.outcome.refuseAlone(event, result.failure);
      if (result.kind === 'failed') this.outcome.failed([event], result.failure);
      if (result.kind === 'closed' || result.kind === 'aborted') this.outcome.halted = true;
      if (result.kind !== 'answered') return undefined;
      sourceId = result.value.sourceId;
      memory.noteUploaded(event, picture, sourceId);
    }
    try {
      // Posted before this is durable, the event could go out a second time with another id after a crash.
      await this.deps.outbox.markUploaded(event.id, picture, sourceId);
      return sourceId;
    } catch (error) {
      this.deps.notices.noteError(error);
      this.outcome.retryLater(event, 'the outbox could not note the upload of a picture');
      return undefined;
    }
  }

  private async read(event: StoredEvent, picture: StoredPicture): Promise<Uint8Array | undefined> {
    try {
      return await picture.read();
    } catch (error) {
      if (error instanceof OutboxDamage) this.outcome.bury(event, error.code, error.message);
      else this.outcome.retryLater(event, `a stored picture could not be read: ${messageOf(error)}`);
      return undefined;
    }
  }
}
