import { placeKey, type PicturePlace } from '../../event/picture-place';
import type { EventTrouble, StoredEvent } from '../outbox/outbox';
import type { LateLandings } from './late-landings';
import {
  HEALTHY_USE_CASE,
  RETRY_POLICY,
  afterAcceptance,
  afterDeath,
  afterIsolation,
  afterLoneFailure,
  afterRefusal,
  beforeDeath,
  type Suspicion,
  type UseCaseHealth,
} from './retry-policy';
import type { SendFailure } from '../../api/target';

/**
 * What went wrong with one event so far. Forgotten when the event leaves the outbox, and with the process, but for what
 * an outbox that others share keeps (`EventTrouble`).
 */
interface Trouble {
  failedAttempts: number;
  /** batch replies that left it out */
  missingReplies: number;
  /** it may be stored although no good answer came */
  mayBeStored: boolean;
  /** it was refused together with others of a bad stretch, and not tried alone yet */
  isInStretch: boolean;
  /** why it was refused together with others, while the guilty ones of them are still to be found */
  refusedTogether?: SendFailure;
  suspicion?: Suspicion;
  /** ids of pictures that were uploaded, though the outbox could not write that down yet */
  sourceIds: Map<string, string>;
}

/** So long after its time, a probe is looked for among the youngest events. */
const PROBE_SOUGHT_FOR = 60_000;
/** The same, when events younger than the refused ones may be tried again: there may be none. */
const YOUNG_PROBE_SOUGHT_FOR = 2000;
/** How long other leases of a use case are put off while its probe is under way, or looked for. */
const PROBE_ANSWER_WAIT = 1000;
/** So long after an event was accepted, refusals of older ones say nothing against their use case. */
const ACCEPTANCE_TELLS_FOR = 10_000;
/** Refused events are tried again after ten minutes; when nothing was refused for longer, the stretch is over. */
const STRETCH_REMEMBERED_FOR = 2 * RETRY_POLICY.loneFailureGap;
/** An event that was refused before makes a poor probe: so long an untried one is waited for. */
const UNTRIED_PROBE_WAIT = 10_000;
/** What was put off is forgotten so long after its time: others may have delivered it. */
const DEFERRED_REMEMBERED_FOR = 60_000;

/** A change of the health of a use case that is worth telling. */
export type RejectionChange = 'doubted' | 'begin' | 'end' | undefined;

/** What a sender remembers of events and use cases from one lease to the next. Times: monotonic clock, ms. */
export class SenderMemory {
  /** when the target accepted an event for the last time */
  private acceptedAt = -Infinity;
  private readonly troubles = new Map<string, Trouble>();
  private readonly useCases = new Map<string, UseCaseHealth>();
  /** events that were put off, and have not been leased again */
  private readonly deferred = new Map<string, number>();
  private deferredPrunedAt = -Infinity;
  private readonly probing = new Set<string>();
  /**
   * by use case, since it was doubted, though it may have accepted events since: the youngest that was refused, and
   * when
   */
  private readonly stretches = new Map<string, { refusedUpTo: string; at: number }>();
  /** by use case: the youngest event that was accepted, and when */
  private readonly acceptedUpTo = new Map<string, { id: string; at: number }>();

  constructor(readonly landings: LateLandings) {}

  // ----- events

  attemptsOf(event: StoredEvent): number {
    return (this.troubles.get(event.id)?.failedAttempts ?? 0) + 1;
  }

  noteFailedAttempt(event: StoredEvent): void {
    this.trouble(event).failedAttempts++;
  }

  /** @returns how many batch replies have left the event out by now */
  noteMissingReply(event: StoredEvent): number {
    return ++this.trouble(event).missingReplies;
  }

  noteMayBeStored(event: StoredEvent): void {
    this.trouble(event).mayBeStored = true;
  }

  mayBeStored(event: StoredEvent): boolean {
    return this.troubles.get(event.id)?.mayBeStored ?? false;
  }

  isDoubtful(event: StoredEvent): boolean {
    return (this.troubles.get(event.id)?.missingReplies ?? 0) >= RETRY_POLICY.missingReplies;
  }

  /** A suspect or doubtful event shares no request: its answer must speak of it alone. */
  goesAlone(event: StoredEvent): boolean {
    return this.isSuspect(event) || this.isDoubtful(event) || this.isInStretch(event);
  }

  isInStretch(event: StoredEvent): boolean {
    return this.troubles.get(event.id)?.isInStretch ?? false;
  }

  noteInStretch(event: StoredEvent, isInStretch: boolean): void {
    if (isInStretch || this.troubles.has(event.id)) this.trouble(event).isInStretch = isInStretch;
  }

  noteRefusedTogether(event: StoredEvent, failure: SendFailure | undefined): void {
    if (failure || this.troubles.has(event.id)) this.trouble(event).refusedTogether = failure;
  }

  refusedTogether(event: StoredEvent): SendFailure | undefined {
    return this.troubles.get(event.id)?.refusedTogether;
  }

  isSuspect(event: StoredEvent): boolean {
    return this.troubles.get(event.id)?.suspicion !== undefined;
  }

  uploadedId(event: StoredEvent, place: PicturePlace): string | undefined {
    return this.troubles.get(event.id)?.sourceIds.get(placeKey(place));
  }

  noteUploaded(event: StoredEvent, place: PicturePlace, sourceId: string): void {
    this.trouble(event).sourceIds.set(placeKey(place), sourceId);
  }

  /** What whoever sends the event next has to know; undefined when nothing is wrong with it. */
  troubleOf(event: StoredEvent, now: number): EventTrouble | undefined {
    const trouble = this.troubles.get(event.id);
    if (!trouble) return undefined;
    const { failedAttempts, missingReplies, mayBeStored, suspicion } = trouble;
    return {
      failedAttempts,
      missingReplies,
      mayBeStored,
      ...(suspicion && { refusedAloneMsAgo: Math.max(0, now - suspicion.firstFailureAt) }),
    };
  }

  /** Others may have tried the event since this sender did, or it was refused for good and given another chance. */
  private hear({ id, attempts, trouble: told }: StoredEvent, now: number): void {
    const known = this.troubles.get(id);
    if (!told && (!known || attempts > 0)) return;
    const { refusedAloneMsAgo, ...counts } = told ?? {
      failedAttempts: 0,
      missingReplies: 0,
      mayBeStored: false,
    };
    const suspicion =
      refusedAloneMsAgo === undefined ? undefined : { firstFailureAt: now - refusedAloneMsAgo };
    Object.assign(known ?? this.newTrouble(id), counts, { suspicion });
  }

  /** The event left the outbox. */
  forget(event: StoredEvent): void {
    this.troubles.delete(event.id);
    this.deferred.delete(event.id);
  }

  /** The outbox is empty, so nothing that is remembered of single events matters any more. */
  forgetAllEvents(): void {
    this.troubles.clear();
    this.deferred.clear();
  }

  private trouble(event: StoredEvent): Trouble {
    return this.troubles.get(event.id) ?? this.newTrouble(event.id);
  }

  private newTrouble(id: string): Trouble {
    const trouble = {
      failedAttempts: 0,
      missingReplies: 0,
      mayBeStored: false,
      isInStretch: false,
      sourceIds: new Map<string, string>(),
    };
    this.troubles.set(id, trouble);
    return trouble;
  }

  // ----- events that were put off: the outbox counts them as waiting, though they are not due

  get deferredCount(): number {
    return this.deferred.size;
  }

  noteDeferred(id: string, until: number): void {
    this.deferred.set(id, until);
  }

  noteLeased(events: StoredEvent[], now: number): void {
    for (const event of events) {
      this.deferred.delete(event.id);
      this.hear(event, now);
    }
    if (now - this.deferredPrunedAt < DEFERRED_REMEMBERED_FOR) return;
    this.deferredPrunedAt = now;
    for (const [id, until] of this.deferred)
      if (until < now - DEFERRED_REMEMBERED_FOR) this.deferred.delete(id);
  }

  // ----- refusals

  noteAccepted(event: StoredEvent, now: number): RejectionChange {
    this.acceptedAt = now;
    const known = this.acceptedUpTo.get(event.useCaseId);
    if (!known || event.id >= known.id) this.acceptedUpTo.set(event.useCaseId, { id: event.id, at: now });
    const before = this.useCases.get(event.useCaseId);
    if (!before) return undefined;
    this.setUseCaseHealth(event.useCaseId, afterAcceptance(before));
    return before.rejecting && before.rejecting.refusedProbes > 0 ? 'end' : undefined;
  }

  /** The event was alone in its request, and the target refused it. */
  noteRefusedAlone(
    event: StoredEvent,
    now: number,
  ): { change: RejectionChange } & ({ dead: true } | { dead: false; retryAt: number; isFirst: boolean }) {
    const before = this.useCaseHealth(event.useCaseId);
    const trouble = this.trouble(event);
    trouble.failedAttempts++;
    // That a bad event is still bad says nothing new of its use case, but for one that takes nothing: there it may be
    // the probe.
    const isKnown = trouble.suspicion !== undefined && before.rejecting === undefined;
    let health = isKnown || this.isOlderThanAccepted(event, now) ? before : afterRefusal(before, now);

    let verdict = afterLoneFailure(trouble.suspicion, this.acceptedAt, now, true);
    if (verdict.dead) {
      const asked = beforeDeath(health, now);
      health = asked.mayDie ? afterDeath(asked.health, now) : asked.health;
      if (!asked.mayDie) verdict = afterLoneFailure(trouble.suspicion, this.acceptedAt, now, false);
    }
    const change = this.changeHealth(event.useCaseId, before, health, now);
    this.noteRefusedInStretch(event, now);
    if (verdict.dead) return { dead: true, change };
    const isFirst = trouble.suspicion === undefined;
    trouble.suspicion = verdict.suspicion;
    return { dead: false, retryAt: verdict.retryAt, isFirst, change };
  }

  /** A younger event of the use case was just accepted: it is this event that is bad, or a stretch of events. */
  private isOlderThanAccepted(event: StoredEvent, now: number): boolean {
    const accepted = this.acceptedUpTo.get(event.useCaseId);
    const isOlder = accepted !== undefined && event.id < accepted.id;
    return isOlder && now - accepted.at < ACCEPTANCE_TELLS_FOR && this.isOpen(event.useCaseId);
  }

  noteIsolation(useCaseId: string, refused: number, size: number, now: number): RejectionChange {
    const before = this.useCaseHealth(useCaseId);
    const health = afterIsolation(before, refused, size, now);
    return this.changeHealth(useCaseId, before, health, now);
  }

  private changeHealth(
    useCaseId: string,
    before: UseCaseHealth,
    after: UseCaseHealth,
    now: number,
  ): RejectionChange {
    this.setUseCaseHealth(useCaseId, after);
    const change = changeBetween(before, after);
    if (change === 'doubted' && !this.stretches.has(useCaseId))
      this.stretches.set(useCaseId, { refusedUpTo: '', at: now });
    return change;
  }

  /** True when its events may be sent; otherwise one of them may be a probe. */
  isOpen(useCaseId: string): boolean {
    return this.useCaseHealth(useCaseId).rejecting === undefined;
  }

  /**
   * Which of these events may be tried although their use case takes nothing at present: the youngest that was never
   * refused, because it shows whether newly made events are accepted.
   * @param events of one use case, oldest first
   */
  probeAmong(events: StoredEvent[], now: number): StoredEvent | undefined {
    const useCaseId = events[0]?.useCaseId ?? '';
    const { rejecting } = this.useCaseHealth(useCaseId);
    if (!rejecting || this.probing.has(useCaseId)) return undefined;
    const youngest = events.filter((event) => !this.goesAlone(event)).at(-1);
    if (rejecting.nextProbeAt <= now) {
      return youngest ?? (now - rejecting.nextProbeAt >= UNTRIED_PROBE_WAIT ? events.at(-1) : undefined);
    }
    const isDue = rejecting.youngProbeAt <= now && youngest !== undefined && !this.isBehindRefused(youngest);
    return isDue ? youngest : undefined;
  }

  /** @returns when an event may be looked at again whose use case takes nothing at present */
  parkedUntil(event: StoredEvent, now: number): number {
    const { rejecting } = this.useCaseHealth(event.useCaseId);
    const soon = now + PROBE_ANSWER_WAIT;
    if (!rejecting || this.probing.has(event.useCaseId)) return soon;
    const isYoung = !this.isBehindRefused(event) && !this.goesAlone(event);
    return Math.max(soon, isYoung ? rejecting.youngProbeAt : rejecting.nextProbeAt);
  }

  /** True while a use case has, or lately had, a stretch of refused events: the good ones may be behind it. */
  hasStretch(now: number): boolean {
    for (const [useCaseId, { at }] of this.stretches) {
      if (now - at <= STRETCH_REMEMBERED_FOR) return true;
      this.stretches.delete(useCaseId);
    }
    return false;
  }

  hasStretchIn(useCaseId: string): boolean {
    return this.stretches.has(useCaseId);
  }

  /** True for an event that is older than the youngest refused one of a bad stretch, so that it may be bad as well. */
  isBehindRefused(event: StoredEvent): boolean {
    return event.id <= (this.stretches.get(event.useCaseId)?.refusedUpTo ?? '');
  }

  private noteRefusedInStretch({ id, useCaseId }: StoredEvent, now: number): void {
    const stretch = this.stretches.get(useCaseId);
    if (!stretch) return;
    const refusedUpTo = id > stretch.refusedUpTo ? id : stretch.refusedUpTo;
    this.stretches.set(useCaseId, { refusedUpTo, at: now });
  }

  beginProbe(useCaseId: string): void {
    this.probing.add(useCaseId);
  }

  endProbe(useCaseId: string): void {
    this.probing.delete(useCaseId);
  }

  /**
   * True for a while after the time of a probe has come; later, any event of the use case that is leased is the probe.
   */
  hasProbeDue(now: number): boolean {
    for (const [useCaseId, { rejecting }] of this.useCases) {
      if (!rejecting || this.probing.has(useCaseId)) continue;
      const overdue = now - rejecting.nextProbeAt;
      const youngOverdue = now - rejecting.youngProbeAt;
      if (overdue >= 0 && overdue < PROBE_SOUGHT_FOR) return true;
      if (youngOverdue >= 0 && youngOverdue < YOUNG_PROBE_SOUGHT_FOR) return true;
    }
    return false;
  }

  /** Use cases of which even probes are refused. */
  rejectingUseCases(): string[] {
    return [...this.useCases]
      .filter(([, health]) => (health.rejecting?.refusedProbes ?? 0) > 0)
      .map(([useCaseId]) => useCaseId);
  }

  private useCaseHealth(useCaseId: string): UseCaseHealth {
    return this.useCases.get(useCaseId) ?? HEALTHY_USE_CASE;
  }

  private setUseCaseHealth(useCaseId: string, health: UseCaseHealth): void {
    const isRemarkable = health.rejecting || health.refusedInARow > 0 || health.deaths.length > 0;
    if (isRemarkable) this.useCases.set(useCaseId, health);
    else this.useCases.delete(useCaseId);
  }
}

function changeBetween(before: UseCaseHealth, after: UseCaseHealth): RejectionChange {
  if (!after.rejecting) return undefined;
  if (!before.rejecting) return 'doubted';
  return before.rejecting.refusedProbes === 0 && after.rejecting.refusedProbes === 1 ? 'begin' : undefined;
}
