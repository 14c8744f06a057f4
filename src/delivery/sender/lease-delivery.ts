import { type Lease, type Outbox, type StoredEvent } from '../outbox/outbox';
import type { PackedEvent, SendFailure, Target, TargetBatchReceipt } from '../../api/target';
import type { BatchSize } from './batch-size';
import type { HostGate, RequestResult } from './gate';
import { isolateRefused, namedInError, type GroupAnswer } from './isolation';
import type { Notices } from './notices';
import { Outcome, type OutcomeDeps } from './outcome';
import { Pictures, UPLOAD_SLICE, type PicturesDeps } from './picture-upload';
import { RETRY_POLICY } from './retry-policy';

/** What the deliveries of a sender share. */
export interface DeliveryDeps extends OutcomeDeps, PicturesDeps {
  outbox: Pick<Outbox, 'markUploaded' | 'markSent'>;
  target: Pick<Target, 'packEvent' | 'givesOwnIds'>;
  gate: HostGate;
  batchSize: BatchSize;
  notices: Notices;
}

/** A refused batch waits so long when another one is being isolated. */
const ISOLATION_TURN_WAIT = 5000;
/** `{"events":[` and `]}` */
const ENVELOPE_BYTES = 13;

interface RefusedGroup {
  group: StoredEvent[];
  failure: SendFailure;
  tooLarge: boolean;
}

/** The way of one lease: pictures first, then the events, then the guilty ones of a refused batch. */
export class LeaseDelivery {
  readonly outcome: Outcome;
  private readonly pictures: Pictures;
  private isProbing = false;

  constructor(
    private readonly lease: Lease,
    private readonly deps: DeliveryDeps,
  ) {
    this.outcome = new Outcome(deps);
    this.pictures = new Pictures(deps, this.outcome, lease);
  }

  async run(): Promise<void> {
    const events = this.withoutBlocked(this.lease.events);
    const [first] = events;
    if (!first) return;
    if (this.deps.memory.isOpen(first.useCaseId)) return this.deliver(events);
    const probe = this.deps.memory.probeAmong(events, this.now());
    if (probe) return this.probe(probe, events);
    this.park(events);
  }

  /** Newer versions of events whose older version may still land are put off. */
  private withoutBlocked(events: StoredEvent[]): StoredEvent[] {
    const now = this.now();
    return events.filter((event) => {
      const until = this.deps.memory.landings.blockedUntil(event, now);
      if (until !== undefined) {
        this.outcome.putOff(event, until, 'an older version of this event may still be on its way');
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
    if (this.outcome.halted) return;
    if (memory.isOpen(useCaseId)) await this.deliver(others);
    else this.park(others);
  }

  private park(events: StoredEvent[]): void {
    const now = this.now();
    for (const event of events) {
      const until = this.deps.memory.parkedUntil(event, now);
      this.outcome.putOff(event, until, 'the target refuses every event of this use case at present');
    }
  }

  private async deliver(events: StoredEvent[]): Promise<void> {
    await this.post(await this.pictures.uploadAll(await this.sendPacked(events)));
  }

  /** Sends events whose pictures are at the target. */
  private async post(ready: StoredEvent[]): Promise<void> {
    const { memory } = this.deps;
    const alone = ready.filter((event) => memory.goesAlone(event));
    const together = ready.filter((event) => !memory.goesAlone(event));
    const known = together.filter((event) => memory.refusedTogether(event));
    const fresh = known.length > 0 ? together.filter((event) => !memory.refusedTogether(event)) : together;
    const refused = await this.sendGroups(fresh);
    // Looking for the guilty ones can take minutes, for which the other batches of the lease need not wait.
    for (const { group, failure, tooLarge } of [...refused, ...this.knownRefused(known)]) {
      if (this.mayGoOn(group)) await this.isolate(group, failure, tooLarge);
      if (!this.mayGoOn(group)) this.noteStretch(group);
    }
    await this.tryAlone(alone);
  }

  /** @returns the groups that were refused, to be taken apart */
  private async sendGroups(events: StoredEvent[]): Promise<RefusedGroup[]> {
    const { gate } = this.deps;
    const refused: RefusedGroup[] = [];
    for (const { group, isBehind } of this.groupsOf(events)) {
      if (!this.mayGoOn(group)) break;
      if (isBehind && !gate.hasIsolationTurn()) {
        this.waitForTurn(group);
        continue;
      }
      const answer = await this.send(group);
      if (answer.accepted || !answer.failure) continue;
      gate.noteRefusedRequest();
      if (group.length === 1) continue;
      refused.push({ group, failure: answer.failure, tooLarge: answer.tooLarge });
    }
    return refused;
  }

  /**
   * What was refused together before waits to be taken apart; to send it together once more would only spend the
   * budget.
   */
  private *knownRefused(events: StoredEvent[]): Generator<RefusedGroup> {
    for (const { group } of this.groupsOf(events)) {
      const failure = group[0] && this.deps.memory.refusedTogether(group[0]);
      if (failure) yield { group, failure, tooLarge: failure.statusCode === 413 };
    }
  }

  private async tryAlone(events: StoredEvent[]): Promise<void> {
    const { memory, gate } = this.deps;
    // Youngest first: what waits behind bad events is what somebody waits for.
    const left = [...events];
    for (let event = left.pop(); event; event = left.pop()) {
      if (!this.mayGoOn([event])) return;
      if (!gate.tryIsolationTurn()) {
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
    const until = this.now() + RETRY_POLICY.isolationWindow;
    for (const event of events) this.outcome.putOff(event, until, 'waits to be tried apart from the others');
  }

  /** Events that were refused together when their use case came into doubt are tried one by one, behind the others. */
  private noteStretch(group: StoredEvent[]): void {
    if (this.outcome.halted) return;
    for (const event of this.outcome.unsettled(group)) this.deps.memory.noteInStretch(event, true);
  }

  /** False when an answer of this delivery made it plain that its use case, or the host, takes nothing more. */
  private mayGoOn(group: StoredEvent[]): boolean {
    if (this.outcome.halted) return false;
    const useCaseId = group[0]?.useCaseId ?? '';
    return this.isProbing || this.deps.memory.isOpen(useCaseId);
  }

  // ----- events that take their pictures along in one request

  /** @returns the events that have to go the other way: pictures first, then together */
  private async sendPacked(events: StoredEvent[]): Promise<StoredEvent[]> {
    const sliceEnd = this.now() + UPLOAD_SLICE;
    const others: StoredEvent[] = [];
    for (const event of events) {
      if (!this.pictures.goesPacked(event)) others.push(event);
      else if (this.now() <= sliceEnd && this.mayGoOn([event])) {
        const packed = await this.pictures.pack(event);
        if (packed === 'too large') others.push(event);
        else if (packed) await this.postPacked(event, packed);
      }
    }
    return others;
  }

  private async postPacked(event: StoredEvent, packed: PackedEvent): Promise<void> {
    const { memory, gate } = this.deps;
    const goesAlone = memory.goesAlone(event);
    if (!goesAlone || gate.tryIsolationTurn()) {
      if (event.pictures.length > 0) await this.markSent(event);
      const answer = await this.send([event], packed);
      if (answer.failure && !goesAlone) gate.noteRefusedRequest();
    } else this.waitForTurn([event]);
  }

  /** Never rejects: delivery is worth more than what the disk did not take. */
  private async markSent({ id }: StoredEvent): Promise<void> {
    try {
      await this.deps.outbox.markSent(id);
    } catch (error) {
      this.deps.notices.noteError(error);
    }
  }

  // ----- requests

  /**
   * One request each. Events that came after a bad stretch share none with those that may belong to it, and go first.
   */
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
    const limits = this.deps.batchSize;
    let bytes = ENVELOPE_BYTES;
    let end = start;
    for (const event of events.slice(start, start + limits.events)) {
      bytes += this.pictures.bytesOf(event) + 1;
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
      packed?.bytes ?? group.reduce((sum, event) => sum + this.pictures.bytesOf(event) + 1, ENVELOPE_BYTES);
    const result = await this.request(group, bytes, packed);
    switch (result.kind) {
      case 'answered':
        this.outcome.accept(group, result.value);
        return { accepted: true };
      case 'refused': {
        const [only] = group;
        const tooLarge = result.failure.statusCode === 413;
        if (only && group.length === 1) this.outcome.refuseAlone(only, result.failure);
        else if (tooLarge) this.deps.batchSize.tooLarge(bytes);
        return { accepted: false, tooLarge, failure: result.failure };
      }
      case 'failed':
        this.outcome.failed(group, result.failure);
        return { accepted: false, tooLarge: false };
      case 'aborted':
        this.outcome.aborted(group);
        return { accepted: false, tooLarge: false };
      case 'closed':
        this.outcome.halted = true;
        return { accepted: false, tooLarge: false };
    }
  }

  private request(
    group: StoredEvent[],
    bytes: number,
    packed?: PackedEvent,
  ): Promise<RequestResult<TargetBatchReceipt>> {
    const bodies = group.map((event) => this.pictures.bodyOf(event));
    const [only] = group;
    return this.deps.gate.request(bytes, this.lease, async (target, signal) => {
      if (!only || group.length > 1) return target.postBatch(bodies, signal);
      const receipt = await (packed ? packed.post(signal) : target.postEvent(bodies[0] ?? '', signal));
      const { eventId } = only;
      const warningsByEvent = { [eventId]: receipt.warnings };
      return { ...receipt, eventIds: [eventId], warnings: [], warningsByEvent };
    });
  }

  // ----- the guilty ones of a refused batch

  private async isolate(group: StoredEvent[], failure: SendFailure, tooLarge: boolean): Promise<void> {
    const { memory, gate } = this.deps;
    const useCaseId = group[0]?.useCaseId ?? '';
    if (!gate.beginIsolation()) return this.isolateLater(group, failure);
    for (const event of group) memory.noteRefusedTogether(event, undefined);
    try {
      const giveUp = () => this.outcome.halted || !memory.isOpen(useCaseId);
      const send = async (part: StoredEvent[]): Promise<GroupAnswer> => {
        if (await gate.isolationTurn()) return this.send(part);
        this.outcome.halted = true;
        return { accepted: false, tooLarge: false };
      };
      const rest = await this.withoutNamed(group, failure, send, giveUp);
      if (rest.length === 0) return;
      const refused = await isolateRefused(rest, tooLarge, { send, giveUp });
      const change = memory.noteIsolation(useCaseId, refused, group.length, this.now());
      this.outcome.rejectionChanged(useCaseId, change, failure);
    } finally {
      gate.endIsolation();
    }
  }

  private isolateLater(group: StoredEvent[], failure: SendFailure): void {
    const { memory } = this.deps;
    const isInStretch = memory.hasStretchIn(group[0]?.useCaseId ?? '');
    for (const event of group) {
      this.outcome.putOff(event, this.now() + ISOLATION_TURN_WAIT, failure.message);
      if (isInStretch) memory.noteInStretch(event, true);
      else memory.noteRefusedTogether(event, failure);
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

  private now(): number {
    return this.deps.clock.monotonic();
  }
}
