import type { EventWarning } from '../../event/types';
import {
  momentOf,
  type DeliveredEvent,
  type Moment,
  type Settlement,
  type StoredEvent,
} from '../outbox/outbox';
import type { SendFailure, Target, TargetBatchReceipt } from '../../api/target';
import type { RejectionChange, SenderMemory } from './memory';
import type { Notices } from './notices';
import { backoffDelay, mayBeStored, mayStillLand, wasSentTwice } from './retry-policy';
import type { SenderClock } from './clock';
import type { RefusedEvent } from './types';

export interface OutcomeDeps {
  memory: SenderMemory;
  notices: Pick<Notices, 'suspected' | 'rejectionChanged'>;
  target: Pick<Target, 'givesOwnIds'>;
  clock: SenderClock;
  random: () => number;
  /** the next lease need not wait for company */
  hurry: () => void;
}

/** An event whose picture or body is damaged cannot be sent by waiting. */
const DAMAGED_BODY_CODE = 'EVENT_DAMAGED';

/** What becomes of the events of one lease, by what the target answered. */
export class Outcome {
  readonly settlement: Settlement = { acked: [], retry: [], dead: [] };
  readonly delivered: DeliveredEvent[] = [];
  readonly refused: RefusedEvent[] = [];
  readonly batchWarnings: EventWarning[] = [];
  doubtful = 0;
  /** the host is to be left alone: what is not settled yet returns to the queue */
  halted = false;

  constructor(private readonly deps: OutcomeDeps) {}

  /** The target took the request. */
  accept(group: StoredEvent[], receipt: TargetBatchReceipt): void {
    if (wasSentTwice(receipt)) this.noteLateLandings(group);
    const named = new Set(receipt.eventIds);
    const hasWarnings = Object.keys(receipt.warningsByEvent).length > 0;
    const answeredAt = momentOf(this.deps.clock);
    for (const event of group) {
      const warnings = hasWarnings ? receipt.warningsByEvent[event.eventId] : undefined;
      if (!named.has(event.eventId)) this.missing(event);
      else this.acknowledge(event, receipt.statusCode, answeredAt, warnings ?? []);
    }
    this.batchWarnings.push(...receipt.warnings);
  }

  /** The request failed, which says nothing of its events. */
  failed(group: StoredEvent[], failure: SendFailure): void {
    const { memory, target } = this.deps;
    this.halted = true;
    if (mayStillLand(failure)) this.noteLateLandings(group);
    for (const event of group) {
      memory.noteFailedAttempt(event);
      if (target.givesOwnIds && mayBeStored(failure)) memory.noteMayBeStored(event);
      // Due at once: it is the host that has to be waited for, and the order is kept.
      this.settlement.retry.push({ id: event.id, at: this.now(), why: failure.message });
    }
  }

  /** The request was called off while it was under way. */
  aborted(group: StoredEvent[]): void {
    this.noteLateLandings(group);
    this.halted = true;
  }

  /** The event was alone in its request, and the target refused it. */
  refuseAlone(event: StoredEvent, failure: SendFailure): void {
    const verdict = this.deps.memory.noteRefusedAlone(event, this.now());
    if (verdict.dead) this.bury(event, failure.code, failure.message, failure.statusCode);
    else this.putOff(event, verdict.retryAt, failure.message);
    if (!verdict.dead && verdict.isFirst) {
      this.deps.notices.suspected(event.eventId, failure, verdict.retryAt);
    }
    this.rejectionChanged(event.useCaseId, verdict.change, failure);
  }

  rejectionChanged(useCaseId: string, change: RejectionChange, failure?: SendFailure): void {
    // Its first probe is due now: is the use case refused, or only a stretch of its events?
    if (change === 'doubted') this.deps.hurry();
    this.deps.notices.rejectionChanged(useCaseId, change, failure);
  }

  /** What failed has nothing to do with the host. */
  retryLater(event: StoredEvent, why: string): void {
    this.deps.memory.noteFailedAttempt(event);
    const wait = backoffDelay(this.deps.memory.attemptsOf(event), 0, this.deps.random());
    this.putOff(event, this.now() + wait, why);
  }

  putOff(event: StoredEvent, at: number, why: string): void {
    this.settlement.retry.push({ id: event.id, at, why });
    this.deps.memory.noteDeferred(event.id, at);
  }

  damaged(event: StoredEvent, error: unknown): void {
    this.bury(event, DAMAGED_BODY_CODE, `The stored event is damaged: ${messageOf(error)}`);
  }

  bury(event: StoredEvent, code: string, why: string, statusCode?: number): void {
    this.settlement.dead.push({ id: event.id, code, statusCode, why });
    this.refused.push({
      eventId: event.eventId,
      event: parsedOr(event.body),
      code,
      statusCode,
      message: why,
    });
    this.deps.memory.forget(event);
  }

  /** What whoever sends these events, or a newer version of one, has to know of the requests of this lease. */
  notesOf(events: StoredEvent[]): NonNullable<Settlement['notes']> {
    const { memory } = this.deps;
    const now = this.now();
    const notes: NonNullable<Settlement['notes']> = [];
    for (const event of events) {
      const mayLandMs = memory.landings.leftOf(event, now);
      const trouble = memory.troubleOf(event, now);
      if (mayLandMs > 0 || trouble)
        notes.push({ id: event.id, ...(mayLandMs > 0 && { mayLandMs }), trouble });
    }
    return notes;
  }

  /** @returns those of which nothing is decided yet */
  unsettled(events: StoredEvent[]): StoredEvent[] {
    const { acked, retry, dead } = this.settlement;
    const settled = new Set([...acked, ...retry.map(({ id }) => id), ...dead.map(({ id }) => id)]);
    return events.filter(({ id }) => !settled.has(id));
  }

  private acknowledge(
    event: StoredEvent,
    statusCode: number,
    { now, monotonic }: Moment,
    warnings: EventWarning[],
  ): void {
    const { memory } = this.deps;
    const mayBeTwice = memory.mayBeStored(event);
    if (mayBeTwice || memory.isDoubtful(event)) this.doubtful++;
    const delivered: DeliveredEvent = {
      eventId: event.eventId,
      statusCode,
      attempts: memory.attemptsOf(event),
      ageMs: Math.max(0, now - event.acceptedAt),
      warnings,
    };
    if (mayBeTwice) delivered.mayBeTwice = true;
    this.delivered.push(delivered);
    this.settlement.acked.push(event.id);
    memory.forget(event);
    memory.landings.noteAccepted(event, monotonic);
    this.rejectionChanged(event.useCaseId, memory.noteAccepted(event, monotonic));
  }

  /** The target took the batch and left this id out. It is sent again, at last alone, where its answer is its own. */
  private missing(event: StoredEvent): void {
    const missed = this.deps.memory.noteMissingReply(event);
    this.deps.memory.noteFailedAttempt(event);
    const wait = backoffDelay(missed, 0, this.deps.random());
    this.putOff(event, this.now() + wait, 'the target did not name it in its reply');
  }

  private noteLateLandings(group: StoredEvent[]): void {
    for (const event of group) this.deps.memory.landings.note(event, this.now());
  }

  private now(): number {
    return this.deps.clock.monotonic();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parsedOr(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
