import { sendMany, type EventToSend, type ManySent } from '../../src/delivery/sender/send-many';
import type { SendFailure, Target } from '../../src/api/target';
import type { EventWarning, Repaired, SendableEvent } from '../../src/event/types';
import type { VisionEventSendProperties } from '../shared/properties';
import { FlowError, toFlowError, type FlowErrorCode } from '../shared/flow-error';
import { isInDoubt, outboxRecord, withDoubt } from '../shared/send-event';
import { checkGivenEvent } from './input';
import { stepError, type Findings } from '../shared/report';
import type { Workspace } from '../workspace/workspace';
import type { WorkspaceMetrics } from '../workspace/metrics/workspace-metrics';

/** `msg.visionEvent` of many events. Its names are a contract with every flow. */
export interface ManyEventsReport {
  state?: 'created' | 'queued';
  /** how many events the API took, or the outbox */
  created: number;
  /** their ids */
  eventIds: string[];
  /** ids of those that a node which sends at once stored instead: an older version of them waits in the outbox */
  queued?: string[];
  /** predicted before sending, a list for each event in the order of `msg.payload` */
  warnings: EventWarning[][];
  failed: FailedEvent[];
  /** events that a later one of the same id and use case took the place of */
  replaced?: number;
  /** as the API answered, a list for each event; only when there are some */
  serverWarnings?: EventWarning[][];
  /** as the API answered, not attributed to an event */
  batchWarnings?: EventWarning[];
  /** the true number of both, when there are more than are listed (1,000 for each request) */
  serverWarningCount?: number;
  /** what was repaired, a list for each event; only when something was */
  repaired?: Repaired[][];
}

export interface FailedEvent {
  eventId: string | null;
  code: FlowErrorCode;
  message: string;
  statusCode?: number;
  /** the answer of the Local Event Store was lost: the event may be stored all the same */
  doubt?: true;
}

/** A checked event and its place in the message. */
interface CheckedEvent extends EventToSend {
  index: number;
  event: SendableEvent;
}

/**
 * Checks events one by one, then sends or stores all that can be sent.
 *
 * @param report filled in as far as known, also when this throws
 * @returns the events as they were sent; those that could not be, as they came
 * @throws FlowError of the first failure when no event at all was accepted
 */
export async function deliverMany(
  given: unknown[],
  workspace: Workspace,
  config: Pick<VisionEventSendProperties, 'delivery' | 'onWarnings'>,
  report: ManyEventsReport,
): Promise<unknown[]> {
  const payload = [...given];
  const checked = checkAll(given, workspace, config.onWarnings || 'repair', report);
  for (const { index, event } of checked) payload[index] = event;
  const events = lastOfEachId(checked);
  if (events.length < checked.length) report.replaced = checked.length - events.length;
  if (config.delivery === 'queue') await store(events, workspace, report);
  else await sendNow(events, workspace, report);
  const [first] = report.failed;
  if (report.created === 0 && first) {
    const { code, message, statusCode } = first;
    throw new FlowError(code, `None of the ${given.length} event(s) was accepted. ${message}`, {
      statusCode,
    });
  }
  const allQueued = config.delivery === 'queue' || report.queued?.length === report.created;
  report.state = allQueued ? 'queued' : 'created';
  return payload;
}

function checkAll(
  given: unknown[],
  { deviceId, metrics }: Workspace,
  onWarnings: VisionEventSendProperties['onWarnings'],
  report: ManyEventsReport,
): CheckedEvent[] {
  const now = Date.now();
  const repaired: Repaired[][] = given.map(() => []);
  const note = (index: number, found: Partial<Findings>, useCaseId: unknown) => {
    metrics?.found(found, useCaseId);
    report.warnings[index] = found.warnings ?? [];
    repaired[index] = found.repaired ?? [];
  };
  const checked = given.flatMap((value, index) => {
    try {
      const { event, found } = checkGivenEvent(value, { deviceId, onWarnings, now });
      const { eventId, useCaseId } = event;
      note(index, found, useCaseId);
      return [{ index, event, eventId, useCaseId, body: JSON.stringify(event) }];
    } catch (error) {
      const { reason, found } = stepError(error);
      const flowError = toFlowError(reason);
      note(index, found, useCaseOf(value));
      metrics?.failed(flowError.code, useCaseOf(value));
      report.failed.push(failedEvent(idOf(value), flowError));
      return [];
    }
  });
  if (repaired.some((list) => list.length > 0)) report.repaired = repaired;
  return checked;
}

/**
 * Whether the first or the last of two equal ids in one batch counts is not documented; sent one after the other, the
 * last would.
 */
function lastOfEachId(events: CheckedEvent[]): CheckedEvent[] {
  const byId = new Map<string, CheckedEvent>();
  for (const event of events) byId.set(JSON.stringify([event.useCaseId, event.eventId]), event);
  return events.filter((event) => byId.get(JSON.stringify([event.useCaseId, event.eventId])) === event);
}

async function store(events: CheckedEvent[], workspace: Workspace, report: ManyEventsReport): Promise<void> {
  await append(events, workspace, report);
  report.eventIds = events.map(({ eventId }) => eventId);
  report.created = events.length;
}

async function sendNow(
  events: CheckedEvent[],
  workspace: Workspace,
  report: ManyEventsReport,
): Promise<void> {
  const behind = await behindOlder(events, workspace);
  const queued = await storeBehind(behind, workspace, report);
  const free = events.filter((event) => !behind.includes(event));
  const sent = await sendMany(free, workspace.target);
  if (workspace.metrics) countSent(workspace.metrics, sent);
  const { accepted, failed, batchWarnings, unlistedWarnings } = sent;
  const taken = [...queued, ...accepted.map(({ event }) => event)].sort((a, b) => a.index - b.index);
  report.eventIds = taken.map(({ eventId }) => eventId);
  report.created = taken.length;
  failed.sort((a, b) => a.event.index - b.event.index);
  report.failed.push(
    ...failed.map(({ event, failure }) => failedToSend(event.eventId, failure, workspace.target)),
  );
  if (accepted.some(({ warnings }) => warnings.length > 0)) {
    const byIndex = new Map(accepted.map(({ event, warnings }) => [event.index, warnings]));
    report.serverWarnings = report.warnings.map((_predicted, index) => byIndex.get(index) ?? []);
  }
  if (batchWarnings.length > 0) report.batchWarnings = batchWarnings;
  if (unlistedWarnings > 0) {
    const listed = accepted.reduce((sum, { warnings }) => sum + warnings.length, batchWarnings.length);
    report.serverWarningCount = listed + unlistedWarnings;
  }
}

function countSent(metrics: WorkspaceMetrics, sent: ManySent<CheckedEvent>): void {
  for (const { event, warnings } of sent.accepted) {
    metrics.delivered(event.useCaseId);
    metrics.warned('server', warnings, warnings.length, event.useCaseId);
  }
  for (const { event, failure } of sent.failed) metrics.failed(toFlowError(failure).code, event.useCaseId);
  const { batchWarnings, unlistedWarnings } = sent;
  metrics.warned('server', batchWarnings, batchWarnings.length + unlistedWarnings, undefined);
}

/** Those of which an older version waits in the outbox: sent now, they would overtake it. */
async function behindOlder(events: CheckedEvent[], workspace: Workspace): Promise<CheckedEvent[]> {
  const behind: CheckedEvent[] = [];
  for (const event of events) if (await workspace.delivery.holds(event.eventId)) behind.push(event);
  return behind;
}

/** @returns those that are in the outbox now */
async function storeBehind(
  events: CheckedEvent[],
  workspace: Workspace,
  report: ManyEventsReport,
): Promise<CheckedEvent[]> {
  if (events.length === 0) return [];
  try {
    await append(events, workspace, report);
  } catch {
    return [];
  }
  report.queued = events.map(({ eventId }) => eventId);
  return events;
}

/** Counts and tells what became of them. @throws FlowError when they could not be stored */
async function append(
  events: CheckedEvent[],
  { delivery, metrics }: Workspace,
  report: ManyEventsReport,
): Promise<void> {
  try {
    await delivery.append(events.map(({ event }) => outboxRecord(event)));
  } catch (error) {
    const flowError = toFlowError(error);
    report.failed.push(...events.map(({ eventId }) => failedEvent(eventId, flowError)));
    for (const { useCaseId } of events) metrics?.failed(flowError.code, useCaseId);
    throw flowError;
  }
  for (const { useCaseId } of events) metrics?.stored(useCaseId);
}

function failedToSend(eventId: string, failure: SendFailure, target: Target): FailedEvent {
  if (!isInDoubt(failure, target)) return failedEvent(eventId, toFlowError(failure));
  return { ...failedEvent(eventId, withDoubt(failure, eventId)), doubt: true };
}

function failedEvent(eventId: string | null, { code, message, statusCode }: FlowError): FailedEvent {
  return { eventId, code, message, ...(statusCode === undefined ? {} : { statusCode }) };
}

function useCaseOf(value: unknown): unknown {
  return ((value ?? {}) as { useCaseId?: unknown }).useCaseId;
}

export function idOf(value: unknown): string | null {
  const { eventId } = (value ?? {}) as { eventId?: unknown };
  return typeof eventId === 'string' ? eventId : null;
}
