import type { Node, NodeAPI } from 'node-red';
import type { VisionEventSendProperties } from '../shared/properties';
import { deliveryStatus } from '../shared/delivery-status';
import { toFlowError, type FlowError } from '../shared/flow-error';
import type { Arrival, FlowMessage, Send } from '../shared/guarded-input';
import type { NodeWork } from '../shared/register-node';
import {
  firstWarning,
  reportOf,
  stepError,
  warningsOf,
  type EventReport,
  type Findings,
} from '../shared/report';
import { outboxRecord, sendEvent } from '../shared/send-event';
import { checkGivenEvent, givenEvents, givenIds, type GivenEvents } from './input';
import { liveEvents, type LiveNote } from '../shared/live-events';
import { deliverMany, type ManyEventsReport } from './deliver-many';
import { liveNotes } from './live-notes';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { WarningLines } from '../shared/warning-lines';
import { isPromise, typedInput, type Evaluate } from '../shared/typed-input';
import type { Workspace } from '../workspace/workspace';
import { metricsOf, workspaceOf } from '../workspace/workspace-node';

interface ArrivedEvents extends Arrival {
  /** undefined only while they are late */
  given: GivenEvents | undefined;
  /** of the moment of arrival: a deploy may put another one in its place */
  workspace: Workspace;
}

/** What one `roboflow-vision-event-send` node does with a message. */
export class SendEventsWork implements NodeWork<ArrivedEvents> {
  private readonly events: Evaluate;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly leaveDelivery: () => void = () => undefined;
  private readonly warningLines: WarningLines;
  private underWay = 0;
  private finished = 0;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventSendProperties,
  ) {
    this.events = typedInput(RED, node, 'events', config.events ?? 'payload', config.eventsType || 'msg');
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.warningLines = new WarningLines((line) => node.warn(line), config.onWarnings ?? 'repair');
    this.showMissingSettings();
    if (config.delivery === 'queue') this.leaveDelivery = this.joinDelivery();
  }

  /** @throws FlowError, also `EVENT_INVALID` when there is nothing that could be an event */
  arrive(message: FlowMessage): ArrivedEvents {
    const workspace = workspaceOf(this.RED, this.config.workspace);
    const events = this.events(message);
    const given = isPromise(events) ? events.then(givenEvents) : givenEvents(events);
    const place = workspace.arrivals.arrive(isPromise(given) ? given.then(givenIds) : givenIds(given));
    const limit = this.config.delivery === 'queue' ? workspace.delivery.storing : workspace.sending;
    const known: ArrivedEvents = { workspace, limit, place, given: undefined };
    if (!isPromise(given)) known.given = given;
    else {
      known.late = given.then((found) => {
        known.given = found;
      });
    }
    return known;
  }

  /** Sends the message on with the events as `msg.payload` and the report as `msg.visionEvent`, or throws. */
  async handle(message: FlowMessage, send: Send, { given, workspace }: ArrivedEvents): Promise<void> {
    if (!given) return;
    this.underWay++;
    try {
      if (this.config.delivery !== 'queue') this.status.show(() => this.texts.sending());
      if ('events' in given) await this.deliverAll(given.events, message, workspace);
      else await this.deliverOne(given.event, message, workspace);
    } finally {
      this.underWay--;
    }
    this.showDone(message['visionEvent'] as EventReport | ManyEventsReport, workspace);
    send(message);
  }

  showError(error: FlowError, message: FlowMessage): void {
    // With a report it was counted, and shown, where it was made.
    if (message['visionEvent'] === undefined) {
      metricsOf(this.RED, this.config.workspace)?.failed(error.code);
      this.showLive({ error });
    }
    message['visionEvent'] ??= { warnings: [] } satisfies EventReport;
    this.status.showTrouble(this.texts.error(error));
  }

  close(): void {
    this.leaveDelivery();
    this.status.clear();
  }

  private async deliverAll(events: unknown[], message: FlowMessage, workspace: Workspace): Promise<void> {
    const report: ManyEventsReport = { created: 0, eventIds: [], warnings: [], failed: [] };
    message['visionEvent'] = report;
    let sent: unknown[] = events;
    try {
      sent = await deliverMany(events, workspace, this.config, report);
      message.payload = sent;
    } finally {
      if (report.state === 'created') workspace.delivered.add(report.created - (report.queued?.length ?? 0));
      if (liveEvents.isWatched) for (const note of liveNotes(sent, report)) this.showLive(note);
    }
  }

  private async deliverOne(given: object, message: FlowMessage, workspace: Workspace): Promise<void> {
    const found: Partial<Findings>[] = [];
    const { useCaseId } = given as { useCaseId?: unknown };
    let soFar = given;
    const tell = (event: object, report: EventReport) => {
      message.payload = event;
      message['visionEvent'] = report;
      workspace.metrics?.handled(report, useCaseId);
      this.showLive({ event, report });
    };
    try {
      const { deviceId } = workspace;
      const onWarnings = this.config.onWarnings || 'repair';
      const { event, found: byCheck } = checkGivenEvent(given, { deviceId, onWarnings, now: Date.now() });
      found.push(byCheck);
      soFar = event;
      const mustQueue = this.config.delivery === 'queue' || (await workspace.delivery.holds(event.eventId));
      if (mustQueue) {
        await workspace.delivery.append([outboxRecord(event)]);
        tell(event, reportOf(found, { state: 'queued' }));
        return;
      }
      const sent = await sendEvent(event, workspace.target);
      workspace.delivered.add(1);
      tell(sent.event, reportOf(found, sent.found));
    } catch (error) {
      const { reason, found: last } = stepError(error);
      const unfinished: EventReport = reportOf(found, last);
      message['visionEvent'] = unfinished;
      workspace.metrics?.failed(toFlowError(reason).code, useCaseId, unfinished);
      this.showLive({ event: soFar, report: unfinished, error: toFlowError(reason) });
      throw reason;
    }
  }

  private showLive(note: Omit<LiveNote, 'node' | 'workspace'>): void {
    if (liveEvents.isWatched) liveEvents.note({ node: this.node, workspace: this.config.workspace, ...note });
  }

  private joinDelivery(): () => void {
    try {
      const { delivery } = workspaceOf(this.RED, this.config.workspace);
      return delivery.register(deliveryStatus(this.status, this.texts));
    } catch {
      // Each message will say so, as the status does already.
      return () => undefined;
    }
  }

  private showMissingSettings(): void {
    try {
      const error = workspaceOf(this.RED, this.config.workspace).configurationError();
      if (error) throw error;
    } catch (error) {
      this.status.showTrouble(this.texts.error(toFlowError(error)));
    }
  }

  private showDone(report: EventReport | ManyEventsReport, workspace: Workspace): void {
    const isMany = 'created' in report;
    this.finished += isMany ? report.created : 1;
    if (!isMany) this.warningLines.tell(report);
    const warnings = isMany ? sumOfLengths(report.warnings) : warningsOf(report);
    if (isMany && report.failed.length > 0)
      this.status.showTrouble(this.texts.someFailed(report.failed.length));
    else if (warnings > 0)
      this.status.showTrouble(this.texts.warnings(warnings, isMany ? undefined : firstWarning(report)));
    else if (report.state === 'queued') {
      // A node that stores shows what the outbox says of itself.
      if (this.config.delivery === 'queue') this.status.showNoTrouble();
      else this.status.show(() => this.texts.queued(workspace.delivery.state()));
    } else if (this.underWay === 0) this.status.show(this.texts.done('sent', this.finished));
  }
}

const sumOfLengths = (lists: unknown[][]) => lists.reduce((sum, list) => sum + list.length, 0);
