import type { EventWarning } from '../../event/types';
import { classify } from './retry-policy';
import { DEFAULT_SENDER_SETTINGS } from './settings';
import type { SendFailure, Target } from '../../api/target';

export interface EventToSend {
  eventId: string;
  useCaseId: string;
  /** its exact JSON text */
  body: string;
}

export interface ManySent<Event> {
  accepted: { event: Event; warnings: EventWarning[] }[];
  /** refused, not confirmed, or not sent any more after a failure that concerns all */
  failed: { event: Event; failure: SendFailure }[];
  /** warnings that the target did not attribute to an event */
  batchWarnings: EventWarning[];
  /** how many more warnings there were than are listed */
  unlistedWarnings: number;
}

/** After so many requests in a row without an answer of use, the rest is not tried: each may take a whole timeout. */
export const FAILURES_BEFORE_GIVING_UP = 3;

const { batchSize, batchBytes } = DEFAULT_SENDER_SETTINGS;

/**
 * Sends events now, each once, and says what became of every one of them; nothing is kept for later.
 *
 * Batches hold one use case, at most 100 events and about 1 MiB. "Batch Create Vision Events" does not say what becomes
 * of a batch with a bad event, so this is right whichever way it is: a batch that is refused is sent again one by one,
 * and so is an event that the reply does not name. That does no harm, because the same id overwrites.
 *
 * @param events with distinct ids within a use case, checked already
 */
export async function sendMany<Event extends EventToSend>(
  events: readonly Event[],
  target: Target,
): Promise<ManySent<Event>> {
  const run = new ManyRun<Event>(target);
  const mostTogether = target.givesOwnIds ? 1 : batchSize;
  for (const batch of batchesOf(events, mostTogether)) await run.send(batch);
  return run.sent;
}

function batchesOf<Event extends EventToSend>(events: readonly Event[], mostTogether: number): Event[][] {
  const batches: Event[][] = [];
  const open = new Map<string, { batch: Event[]; bytes: number }>();
  for (const event of events) {
    const bytes = Buffer.byteLength(event.body);
    let current = open.get(event.useCaseId);
    if (!current || current.batch.length >= mostTogether || current.bytes + bytes > batchBytes) {
      current = { batch: [], bytes: 0 };
      batches.push(current.batch);
      open.set(event.useCaseId, current);
    }
    current.batch.push(event);
    current.bytes += bytes;
  }
  return batches;
}

class ManyRun<Event extends EventToSend> {
  readonly sent: ManySent<Event> = {
    accepted: [],
    failed: [],
    batchWarnings: [],
    unlistedWarnings: 0,
  };
  /** what keeps every further event from being sent */
  private stoppedBy: SendFailure | undefined;
  private failuresInARow = 0;

  constructor(private readonly target: Target) {}

  async send(batch: Event[]): Promise<void> {
    const [only] = batch;
    if (this.stoppedBy) this.fail(batch, this.stoppedBy);
    else if (batch.length === 1 && only) await this.sendAlone(only);
    else await this.sendTogether(batch);
  }

  private async sendTogether(batch: Event[]): Promise<void> {
    let unconfirmed: Event[];
    try {
      const receipt = await this.target.postBatch(batch.map(({ body }) => body));
      this.failuresInARow = 0;
      const named = new Set(receipt.eventIds);
      for (const event of batch.filter(({ eventId }) => named.has(eventId))) {
        this.sent.accepted.push({ event, warnings: receipt.warningsByEvent[event.eventId] ?? [] });
      }
      this.sent.batchWarnings.push(...receipt.warnings);
      const attributed = Object.values(receipt.warningsByEvent).flat();
      this.countUnlisted(receipt.warningCount, receipt.warnings.length + attributed.length);
      unconfirmed = batch.filter(({ eventId }) => !named.has(eventId));
    } catch (error) {
      const failure = asFailure(error);
      if (this.note(failure) !== 'suspect') return this.fail(batch, failure);
      if (failure.statusCode === 413) return this.sendHalves(batch);
      unconfirmed = batch;
    }
    for (const event of unconfirmed) await this.send([event]);
  }

  private async sendHalves(batch: Event[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.send(batch.slice(0, middle));
    await this.send(batch.slice(middle));
  }

  private async sendAlone(event: Event): Promise<void> {
    try {
      const receipt = await this.target.postEvent(event.body);
      this.failuresInARow = 0;
      this.sent.accepted.push({ event, warnings: receipt.warnings });
      this.countUnlisted(receipt.warningCount, receipt.warnings.length);
    } catch (error) {
      const failure = asFailure(error);
      this.note(failure);
      this.fail([event], failure);
    }
  }

  private countUnlisted(trueNumber: number | undefined, listed: number): void {
    if (trueNumber !== undefined) this.sent.unlistedWarnings += trueNumber - listed;
  }

  private note(failure: SendFailure): ReturnType<typeof classify> {
    const verdict = classify(failure);
    this.failuresInARow = verdict === 'retry' ? this.failuresInARow + 1 : 0;
    if (verdict === 'breaker' || this.failuresInARow >= FAILURES_BEFORE_GIVING_UP) this.stoppedBy = failure;
    return verdict;
  }

  private fail(events: Event[], failure: SendFailure): void {
    for (const event of events) this.sent.failed.push({ event, failure });
  }
}

/** A target rejects with a `SendFailure` only; anything else is a bug in this package. */
function asFailure(error: unknown): SendFailure {
  if (error instanceof Error && typeof (error as Partial<SendFailure>).code === 'string') {
    return error as SendFailure;
  }
  throw error;
}
