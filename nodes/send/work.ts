import type { Node, NodeAPI } from 'node-red';
import type { VisionEventSendProperties } from '../shared/properties';
import type { Place } from '../../src/delivery/arrival-order';
import { deliveryStatus } from '../shared/delivery-status';
import { toFlowError, type FlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { firstWarning, warningsOf, type EventReport } from '../shared/report';
import { outboxRecord, sendEvent } from '../shared/send-event';
import { checkGivenEvent, givenEvents, givenIds } from './input';
import { deliverMany, type ManyEventsReport } from './many';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { isPromise, typedInput, type Evaluate } from '../shared/typed-input';
import { workspaceOf, type Workspace } from '../workspace/workspace';

/** What one `roboflow-vision-event-send` node does with a message. */
export class SendEventsWork {
  private readonly events: Evaluate;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly leaveDelivery: () => void = () => undefined;
  private underWay = 0;
  private finished = 0;

  constructor(
    private readonly RED: NodeAPI,
    node: Node,
    private readonly config: VisionEventSendProperties,
  ) {
    this.events = typedInput(RED, node, 'events', config.events ?? 'payload', config.eventsType || 'msg');
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.showMissingSettings();
    if (config.delivery === 'queue') this.leaveDelivery = this.joinDelivery();
  }

  /** Answers with the events as `msg.payload` and the report as `msg.visionEvent`, or throws. */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    const workspace = workspaceOf(this.RED, this.config.workspace);
    let place: Place | undefined;
    this.underWay++;
    try {
      const events = this.events(message);
      const arrived = isPromise(events) ? events.then(givenEvents) : givenEvents(events);
      place = workspace.arrivals.arrive(isPromise(arrived) ? arrived.then(givenIds) : givenIds(arrived));
      const given = await arrived;
      const work = () => this.deliver(given, message, workspace);
      if (this.config.delivery === 'queue') await workspace.delivery.storeInTurn(work, place.turn);
      else await workspace.sendInTurn(work, place.turn);
    } finally {
      this.underWay--;
      place?.leave();
    }
    this.showDone(message['visionEvent'] as EventReport | ManyEventsReport, workspace);
    send(message);
  }

  showError(error: FlowError): void {
    this.status.show(this.texts.error(error));
  }

  close(): void {
    this.leaveDelivery();
    this.status.clear();
  }

  private async deliver(
    given: ReturnType<typeof givenEvents>,
    message: FlowMessage,
    workspace: Workspace,
  ): Promise<void> {
    if (this.config.delivery !== 'queue') this.status.show(() => this.texts.sending());
    if ('events' in given) {
      const report: ManyEventsReport = { created: 0, eventIds: [], warnings: [], failed: [] };
      message['visionEvent'] = report;
      message.payload = await deliverMany(given.events, workspace, this.config, report);
    } else {
      const report: EventReport = { warnings: [] };
      message['visionEvent'] = report;
      message.payload = await this.deliverOne(given.event, workspace, report);
    }
  }

  private async deliverOne(given: object, workspace: Workspace, report: EventReport): Promise<object> {
    const context = {
      deviceId: workspace.deviceId,
      onWarnings: this.config.onWarnings || 'repair',
      now: Date.now(),
    };
    const event = checkGivenEvent(given, context, report);
    const mustQueue = this.config.delivery === 'queue' || (await workspace.delivery.holds(event.eventId));
    if (!mustQueue) return sendEvent(event, workspace.target, report);
    await workspace.delivery.append([outboxRecord(event)]);
    report.state = 'queued';
    return event;
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
      this.status.show(this.texts.error(toFlowError(error)));
    }
  }

  private showDone(report: EventReport | ManyEventsReport, workspace: Workspace): void {
    const isMany = 'created' in report;
    this.finished += isMany ? report.created : 1;
    const warnings = isMany ? sumOfLengths(report.warnings) : warningsOf(report);
    if (isMany && report.failed.length > 0) this.status.show(this.texts.someFailed(report.failed.length));
    else if (warnings > 0)
      this.status.show(this.texts.warnings(warnings, isMany ? undefined : firstWarning(report)));
    else if (report.state === 'queued') {
      // A node that stores shows what the outbox says of itself.
      if (this.config.delivery !== 'queue')
        this.status.show(() => this.texts.queued(workspace.delivery.state()));
    } else if (this.underWay === 0) this.status.show(this.texts.done('sent', this.finished));
  }
}

const sumOfLengths = (lists: unknown[][]) => lists.reduce((sum, list) => sum + list.length, 0);
