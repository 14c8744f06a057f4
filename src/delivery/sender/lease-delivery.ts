import type { PicturePlace } from '../../event/picture-place';
import {
  OutboxDamage,
  type DeliveredEvent,
  type Lease,
  type Settlement,
  type StoredEvent,
} from '../outbox/outbox';
import type { StoredPicture } from '../outbox/outbox';
import { RETRY_POLICY, backoffDelay, mayBeStored, mayStillLand, wasSentTwice } from './retry-policy';
import { withSourceIds, type UploadedPicture } from './body';
import { isolateRefused, namedInError, type GroupAnswer } from './isolation';
import type { RejectionChange, SenderMemory } from './memory';
import type { RefusedEvent } from './types';
import type { EventPicture, PackedEvent, SendFailure, Target, TargetBatchReceipt } from '../targets/target';
import type { EventWarning } from '../../event/types';

/**
 * How a request ended. `closed`: it was not sent, because the sender stops or the host is to be left alone.
 * `aborted`: it was under way when the sender stopped.
 */
export type RequestResult<T> =
  | { kind: 'answered'; value: T }
  | { kind: 'refused'; failure: SendFailure }
  | { kind: 'failed'; failure: SendFailure }
  | { kind: 'closed' }
  | { kind: 'aborted' };

/** What a delivery needs of its sender. */
export interface DeliveryDeps {
  readonly memory: SenderMemory;
  /** for what needs no request; requests go through `request` */
  readonly target: Pick<Target, 'packEvent' | 'givesOwnIds'>;
  now(): number;
  wallNow(): number;
  random(): number;
  /** Sends one request when the host, the pace and the operator allow it. Never rejects. */
  request<T>(
    bytes: number,
    perform: (target: Target, signal: AbortSignal) => Promise<T>,
  ): Promise<RequestResult<T>>;
  /** Resolves when isolation may send its next request, false when the sender stops. */
  isolationTurn(): Promise<boolean>;
  /** True when isolation may send a request now. */
  hasIsolationTurn(): boolean;
  /** The same, and it is counted. */
  tryIsolationTurn(): boolean;
  /** A request was refused that was no turn of isolation: it counts as one. */
  noteRefusedRequest(): void;
  /** Isolation holds a lane for long, so only one goes on at a time: live events keep the other lane. */
  beginIsolation(): boolean;
  endIsolation(): void;
  batchLimits(): { events: number; bytes: number };
  /** A batch of so many bytes was too large for the target. */
  batchTooLarge(bytes: number): void;
  markUploaded(id: string, place: PicturePlace, sourceId: string): Promise<boolean>;
  /** Never rejects: delivery is worth more than what the disk did not take. */
  markSent(id: string): Promise<void>;
  lateLandingMs: number;
  /** until then, requests of a sender before this one that ended without a word (a crash) may still land */
  guardedUntil(): number;
  /** The event was refused for the first time, alone in its request. */
  suspected(event: StoredEvent, failure: SendFailure, retryAt: number): void;
  rejectionChanged(useCaseId: string, change: RejectionChange, failure?: SendFailure): void;
}

/** Pictures are uploaded for so long; then the events that are ready go out, the others return to the queue. */
const UPLOAD_SLICE = 2000;
/** A refused batch waits so long when another one is being isolated. */
const ISOLATION_TURN_WAIT = 5000;
/** `{"events":[` and `]}` */
const ENVELOPE_BYTES = 13;
/** An event whose picture or body is damaged cannot be sent by waiting. */
const DAMAGED_BODY_CODE = 'EVENT_DAMAGED';

interface RefusedGroup {
  group: StoredEvent[];
  failure: SendFailure;
  tooLarge: boolean;
}

/** The way of one lease: pictures first, then the events, then the guilty ones of a refused batch. */
export class LeaseDelivery {
  readonly outcome: Settlement = { acked: [], retry: [], dead: [] };
  readonly delivered: DeliveredEvent[] = [];
  readonly refused: RefusedEvent[] = [];
  readonly batchWarnings: EventWarning[] = [];
  doubtful = 0;
  /** the host is to be left alone: what is not settled yet returns to the queue */
  private halted = false;
  private isProbing = false;
  private readonly bodies = new Map<string, string>();

  constructor(
    private readonly lease: Lease,
    private readonly deps: DeliveryDeps,
  ) {}

  async run(): Promise<void> {
    const events = this.withoutBlocked(this.lease.events);
    const [first] = events;
    if (!first) return;
    if (this.deps.memory.isOpen(first.useCaseId)) return this.deliver(events);
    const probe = this.deps.memory.probeAmong(events, this.deps.now());
    if (probe) return this.probe(probe, events);
    this.park(events);
  }

  /** Newer versions of events whose older version may still land are put off. */
  private withoutBlocked(events: StoredEvent[]): StoredEvent[] {
    const now = this.deps.now();
    const guardedUntil = this.deps.guardedUntil();
    return events.filter((event) => {
      const until = this.deps.memory.blockedUntil(event, now, guardedUntil);
      if (until !== undefined) {
        this.putOff(event, until, 'an older version of this event may still be on its way');
      }
      return until === undefined;
    });
  }

  /** Tries one event of a use case whose events are all refused, the others only after it was accepted. */
  private async probe(probe: StoredEvent, events: StoredEvent[]): Promise<void> {
    const { memory } = this.deps;
    const { useCaseId } = probe;
    const others = events.filter((event) => event !== probe);
    memory.beginProbe(useCaseId);
    this.isProbing = true;
    try {
      await this.deliver([probe]);
    } finally {
      this.isProbing = false;
      memory.endProbe(useCaseId);
    }
    if (this.halted) return;
    if (memory.isOpen(useCaseId)) await this.deliver(others);
    else this.park(others);
  }

  private park(events: StoredEvent[]): void {
    const now = this.deps.now();
    for (const event of events) {
      const until = this.deps.memory.parkedUntil(event, now);
      this.putOff(event, until, 'the target refuses every event of this use case at present');
    }
  }

  private async deliver(events: StoredEvent[]): Promise<void> {
    await this.post(await this.uploadPictures(await this.sendPacked(events)));
  }

  /** Sends events whose pictures are at the target. */
  private async post(ready: StoredEvent[]): Promise<void> {
    const { memory } = this.deps;
    const alone = ready.filter((event) => memory.goesAlone(event));
    const together = ready.filter((event) => !memory.goesAlone(event));
    const known = together.filter((event) => memory.refusedTogether(event));
    const fresh = known.length > 0 ? together.filter((event) => !memory.refusedTogether(event)) : together;
    const refused: RefusedGroup[] = [];
    for (const { group, isBehind } of this.groupsOf(fresh)) {
      if (!this.mayGoOn(group)) break;
      if (isBehind && !this.deps.hasIsolationTurn()) {
        this.waitForTurn(group);
        continue;
      }
      const answer = await this.send(group);
      if (answer.accepted || !answer.failure) continue;
      this.deps.noteRefusedRequest();
      if (group.length === 1) continue;
      refused.push({ group, failure: answer.failure, tooLarge: answer.tooLarge });
    }
    // Looking for the guilty ones can take minutes, for which the other batches of the lease need not wait.
    for (const { group, failure, tooLarge } of [...refused, ...this.knownRefused(known)]) {
      if (this.mayGoOn(group)) await this.isolate(group, failure, tooLarge);
      if (!this.mayGoOn(group)) this.noteStretch(group);
    }
    await this.tryAlone(alone);
  }

  /** What was refused together before waits to be taken apart; to send it together once more would only spend the budget. */
  private *knownRefused(events: StoredEvent[]): Generator<RefusedGroup> {
    for (const { group } of this.groupsOf(events)) {
      const failure = group[0] && this.deps.memory.refusedTogether(group[0]);
      if (failure) yield { group, failure, tooLarge: failure.statusCode === 413 };
    }
  }

  private async tryAlone(events: StoredEvent[]): Promise<void> {
    const { memory } = this.deps;
    // Youngest first: what waits behind bad events is what somebody waits for.
    const left = [...events];
    for (let event = left.pop(); event; event = left.pop()) {
      if (!this.mayGoOn([event])) return;
      if (!this.deps.tryIsolationTurn()) {
        this.waitForTurn([event]);
        continue;
      }
      const wasInStretch = memory.isInStretch(event);
      const { accepted } = await this.send([event]);
      if (!accepted || !wasInStretch) continue;
      // Here the stretch may have ended, so the others need not go one by one.
      for (const other of left) memory.noteInStretch(other, false);
      return this.post(left);
    }
  }

  private waitForTurn(events: StoredEvent[]): void {
    const until = this.deps.now() + RETRY_POLICY.isolationWindow;
    for (const event of events) this.putOff(event, until, 'waits to be tried apart from the others');
  }

  /** Events that were refused together when their use case came into doubt are tried one by one, behind the others. */
  private noteStretch(group: StoredEvent[]): void {
    if (this.halted) return;
    const { acked, retry, dead } = this.outcome;
    const settled = new Set([...acked, ...retry.map(({ id }) => id), ...dead.map(({ id }) => id)]);
    for (const event of group) if (!settled.has(event.id)) this.deps.memory.noteInStretch(event, true);
  }

  /** False when an answer of this delivery made it plain that its use case, or the host, takes nothing more. */
  private mayGoOn(group: StoredEvent[]): boolean {
    if (this.halted) return false;
    const useCaseId = group[0]?.useCaseId ?? '';
    return this.isProbing || this.deps.memory.isOpen(useCaseId);
  }

  // ----- events that take their pictures along in one request

  /** @returns the events that have to go the other way: pictures first, then together */
  private async sendPacked(events: StoredEvent[]): Promise<StoredEvent[]> {
    const sliceEnd = this.deps.now() + UPLOAD_SLICE;
    const others: StoredEvent[] = [];
    for (const event of events) {
      if (!this.goesPacked(event)) others.push(event);
      else if (this.deps.now() <= sliceEnd && this.mayGoOn([event])) {
        const packed = await this.pack(event);
        if (packed === 'too large') others.push(event);
        else if (packed) await this.postPacked(event, packed);
      }
    }
    return others;
  }

  /** An event with a picture at the target already goes on as it began: every attempt sends the same body. */
  private goesPacked(event: StoredEvent): boolean {
    const { target, memory } = this.deps;
    if (!target.packEvent || target.givesOwnIds) return target.givesOwnIds === true;
    const isUploaded = (picture: StoredPicture) => picture.sourceId ?? memory.uploadedId(event, picture);
    return event.pictures.length > 0 && !event.pictures.some(isUploaded);
  }

  /** @returns undefined when the event cannot be sent now; what becomes of it is settled then */
  private async pack(event: StoredEvent): Promise<PackedEvent | 'too large' | undefined> {
    const pictures: EventPicture[] = [];
    for (const picture of event.pictures) {
      const bytes = await this.readPicture(event, picture);
      if (!bytes) return undefined;
      const { role, image, mediaType, metadata } = picture;
      pictures.push({ role, image, mediaType, metadata, bytes });
    }
    try {
      return (await this.deps.target.packEvent?.(event.body, pictures)) ?? 'too large';
    } catch (error) {
      this.bury(event, DAMAGED_BODY_CODE, `The stored event is damaged: ${messageOf(error)}`);
      return undefined;
    }
  }

  private async postPacked(event: StoredEvent, packed: PackedEvent): Promise<void> {
    const goesAlone = this.deps.memory.goesAlone(event);
    if (!goesAlone || this.deps.tryIsolationTurn()) {
      if (event.pictures.length > 0) await this.deps.markSent(event.id);
      const answer = await this.send([event], packed);
      if (answer.failure && !goesAlone) this.deps.noteRefusedRequest();
    } else this.waitForTurn([event]);
  }

  // ----- pictures

  /** @returns the events that can be posted: all their pictures are at the target, and that is written down */
  private async uploadPictures(events: StoredEvent[]): Promise<StoredEvent[]> {
    const sliceEnd = this.deps.now() + UPLOAD_SLICE;
    const ready: StoredEvent[] = [];
    for (const event of events) {
      if (this.halted) break;
      if (event.pictures.length === 0) {
        ready.push(event);
        continue;
      }
      if (ready.length > 0 && this.deps.now() > sliceEnd) break;
      if (await this.prepare(event)) ready.push(event);
    }
    return ready;
  }

  private async prepare(event: StoredEvent): Promise<boolean> {
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
      this.bury(event, DAMAGED_BODY_CODE, `The stored event is damaged: ${messageOf(error)}`);
      return false;
    }
  }

  /** @returns undefined when the event cannot be posted now; what becomes of it is settled then */
  private async upload(event: StoredEvent, picture: StoredPicture): Promise<string | undefined> {
    const { memory } = this.deps;
    let sourceId = memory.uploadedId(event, picture);
    if (sourceId === undefined) {
      const bytes = await this.readPicture(event, picture);
      if (!bytes) return undefined;
      const { mediaType, name, metadata } = picture;
      const result = await this.deps.request(bytes.length, (target, signal) =>
        target.uploadPicture({ bytes, mediaType, name, metadata }, signal),
      );
      if (result.kind === 'refused') this.refuseAlone(event, result.failure);
      if (result.kind === 'failed') this.failed([event], result.failure);
      if (result.kind === 'closed' || result.kind === 'aborted') this.halted = true;
      if (result.kind !== 'answered') return undefined;
      sourceId = result.value.sourceId;
      memory.noteUploaded(event, picture, sourceId);
    }
    // Posted before this is durable, the event could go out a second time with another id after a crash.
    if (await this.deps.markUploaded(event.id, picture, sourceId)) return sourceId;
    this.retryLater(event, 'the outbox could not note the upload of a picture');
    return undefined;
  }

  private async readPicture(event: StoredEvent, picture: StoredPicture): Promise<Uint8Array | undefined> {
    try {
      return await picture.read();
    } catch (error) {
      if (error instanceof OutboxDamage) this.bury(event, error.code, error.message);
      else this.retryLater(event, `a stored picture could not be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  // ----- events

  /** One request each. Events that came after a bad stretch share none with those that may belong to it, and go first. */
  private *groupsOf(events: StoredEvent[]): Generator<{ group: StoredEvent[]; isBehind: boolean }> {
    const { memory } = this.deps;
    const behind = events.filter((event) => memory.isBehindRefused(event));
    const others = behind.length > 0 ? events.filter((event) => !memory.isBehindRefused(event)) : events;
    for (const part of [others, behind]) {
      for (let start = 0; start < part.length;) {
        const group = this.batchFrom(part, start);
        start += group.length;
        yield { group, isBehind: part === behind };
      }
    }
  }

  /** As many events as one request takes, at least one. */
  private batchFrom(events: StoredEvent[], start: number): StoredEvent[] {
    const limits = this.deps.batchLimits();
    let bytes = ENVELOPE_BYTES;
    let end = start;
    for (const event of events.slice(start, start + limits.events)) {
      bytes += this.bytesOf(event) + 1;
      if (end > start && bytes > limits.bytes) break;
      end++;
    }
    return events.slice(start, end);
  }

  private async send(
    group: StoredEvent[],
    packed?: PackedEvent,
  ): Promise<GroupAnswer & { failure?: SendFailure }> {
    const bytes =
      packed?.bytes ?? group.reduce((sum, event) => sum + this.bytesOf(event) + 1, ENVELOPE_BYTES);
    const bodies = group.map((event) => this.bodyOf(event));
    const [onlyEvent] = group;
    const isAlone = group.length === 1 && onlyEvent !== undefined;
    const result: RequestResult<TargetBatchReceipt> = await this.deps.request(
      bytes,
      async (target, signal) => {
        if (!isAlone) return target.postBatch(bodies, signal);
        const receipt = await (packed ? packed.post(signal) : target.postEvent(bodies[0] ?? '', signal));
        const { eventId } = onlyEvent;
        return {
          ...receipt,
          eventIds: [eventId],
          warnings: [],
          warningsByEvent: { [eventId]: receipt.warnings },
        };
      },
    );
    switch (result.kind) {
      case 'answered':
        this.accept(group, result.value);
        return { accepted: true };
      case 'refused': {
        const tooLarge = result.failure.statusCode === 413;
        if (isAlone) this.refuseAlone(onlyEvent, result.failure);
        else if (tooLarge) this.deps.batchTooLarge(bytes);
        return { accepted: false, tooLarge, failure: result.failure };
      }
      case 'failed':
        this.failed(group, result.failure);
        return { accepted: false, tooLarge: false };
      case 'aborted':
        this.noteLateLandings(group);
        this.halted = true;
        return { accepted: false, tooLarge: false };
      case 'closed':
        this.halted = true;
        return { accepted: false, tooLarge: false };
    }
  }

  private accept(group: StoredEvent[], receipt: TargetBatchReceipt): void {
    if (wasSentTwice(receipt)) this.noteLateLandings(group);
    const named = new Set(receipt.eventIds);
    const hasWarnings = Object.keys(receipt.warningsByEvent).length > 0;
    for (const event of group) {
      const warnings = hasWarnings ? receipt.warningsByEvent[event.eventId] : undefined;
      if (!named.has(event.eventId)) this.missing(event);
      else this.acknowledge(event, receipt.statusCode, warnings ?? []);
    }
    this.batchWarnings.push(...receipt.warnings);
  }

  private acknowledge(event: StoredEvent, statusCode: number, warnings: EventWarning[]): void {
    const { memory } = this.deps;
    const mayBeTwice = memory.mayBeStored(event);
    if (mayBeTwice || memory.isDoubtful(event)) this.doubtful++;
    const delivered: DeliveredEvent = {
      eventId: event.eventId,
      statusCode,
      attempts: memory.attemptsOf(event),
      ageMs: Math.max(0, this.deps.wallNow() - event.acceptedAt),
      warnings,
    };
    if (mayBeTwice) delivered.mayBeTwice = true;
    this.delivered.push(delivered);
    this.outcome.acked.push(event.id);
    memory.forget(event);
    const now = this.deps.now();
    if (this.deps.guardedUntil() > now) memory.noteAcceptedUnderGuard(event);
    this.deps.rejectionChanged(event.useCaseId, memory.noteAccepted(event, now));
  }

  /** The target took the batch and left this id out. It is sent again, at last alone, where its answer is its own. */
  private missing(event: StoredEvent): void {
    const missed = this.deps.memory.noteMissingReply(event);
    this.deps.memory.noteFailedAttempt(event);
    const wait = backoffDelay(missed, 0, this.deps.random());
    this.putOff(event, this.deps.now() + wait, 'the target did not name it in its reply');
  }

  private async isolate(group: StoredEvent[], failure: SendFailure, tooLarge: boolean): Promise<void> {
    const { memory } = this.deps;
    const useCaseId = group[0]?.useCaseId ?? '';
    if (!this.deps.beginIsolation()) {
      const isInStretch = memory.hasStretchIn(useCaseId);
      for (const event of group) {
        this.putOff(event, this.deps.now() + ISOLATION_TURN_WAIT, failure.message);
        if (isInStretch) memory.noteInStretch(event, true);
        else memory.noteRefusedTogether(event, failure);
      }
      return;
    }
    for (const event of group) memory.noteRefusedTogether(event, undefined);
    try {
      const giveUp = () => this.halted || !memory.isOpen(useCaseId);
      const send = async (part: StoredEvent[]): Promise<GroupAnswer> => {
        if (await this.deps.isolationTurn()) return this.send(part);
        this.halted = true;
        return { accepted: false, tooLarge: false };
      };
      const rest = await this.withoutNamed(group, failure, send, giveUp);
      if (rest.length === 0) return;
      const refused = await isolateRefused(rest, tooLarge, { send, giveUp });
      const change = memory.noteIsolation(useCaseId, refused, group.length, this.deps.now());
      this.deps.rejectionChanged(useCaseId, change, failure);
    } finally {
      this.deps.endIsolation();
    }
  }

  /** When the error names events, those are tried alone and the others together. @returns what is still refused */
  private async withoutNamed(
    group: StoredEvent[],
    failure: SendFailure,
    send: (part: StoredEvent[]) => Promise<GroupAnswer>,
    giveUp: () => boolean,
  ): Promise<StoredEvent[]> {
    const named = namedInError(failure.message, group);
    if (named.length === 0 || named.length > RETRY_POLICY.halvingLeaves || named.length === group.length) {
      return group;
    }
    for (const event of named) if (!giveUp()) await send([event]);
    const others = group.filter((event) => !named.includes(event));
    if (giveUp()) return [];
    const answer = await send(others);
    // A single other event had its lone trial by that.
    return answer.accepted || others.length === 1 ? [] : others;
  }

  // ----- what becomes of an event

  private failed(group: StoredEvent[], failure: SendFailure): void {
    this.halted = true;
    const now = this.deps.now();
    if (mayStillLand(failure)) this.noteLateLandings(group);
    for (const event of group) {
      this.deps.memory.noteFailedAttempt(event);
      if (this.deps.target.givesOwnIds && mayBeStored(failure)) this.deps.memory.noteMayBeStored(event);
      // Due at once: it is the host that has to be waited for, and the order is kept.
      this.outcome.retry.push({ id: event.id, at: now, why: failure.message });
    }
  }

  private noteLateLandings(group: StoredEvent[]): void {
    const now = this.deps.now();
    for (const event of group) {
      this.deps.memory.noteLateLanding(event, now, now + this.deps.lateLandingMs);
    }
  }

  private refuseAlone(event: StoredEvent, failure: SendFailure): void {
    const verdict = this.deps.memory.noteRefusedAlone(event, this.deps.now());
    if (verdict.dead) this.bury(event, failure.code, failure.message, failure.statusCode);
    else this.putOff(event, verdict.retryAt, failure.message);
    if (!verdict.dead && verdict.isFirst) this.deps.suspected(event, failure, verdict.retryAt);
    this.deps.rejectionChanged(event.useCaseId, verdict.change, failure);
  }

  private retryLater(event: StoredEvent, why: string): void {
    this.deps.memory.noteFailedAttempt(event);
    const wait = backoffDelay(this.deps.memory.attemptsOf(event), 0, this.deps.random());
    this.putOff(event, this.deps.now() + wait, why);
  }

  private putOff(event: StoredEvent, at: number, why: string): void {
    this.outcome.retry.push({ id: event.id, at, why });
    this.deps.memory.noteDeferred(event.id, at);
  }

  private bury(event: StoredEvent, code: string, why: string, statusCode?: number): void {
    this.outcome.dead.push({ id: event.id, code, statusCode, why });
    this.refused.push({
      eventId: event.eventId,
      event: parsedOr(event.body),
      code,
      statusCode,
      message: why,
    });
    this.deps.memory.forget(event);
  }

  private bodyOf(event: StoredEvent): string {
    return this.bodies.get(event.id) ?? event.body;
  }

  private bytesOf(event: StoredEvent): number {
    const changed = this.bodies.get(event.id);
    return changed === undefined ? event.bodyBytes : Buffer.byteLength(changed);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parsedOr(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
