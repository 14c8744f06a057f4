import type { Node, NodeAPI } from 'node-red';
import type { SendableEvent } from '../../src/event/types';
import type { VisionEventProperties } from '../shared/properties';
import type { Place } from '../../src/delivery/arrival-order';
import { Cooldown } from './cooldown';
import { deliveryStatus } from '../shared/delivery-status';
import { EventInputs, FRESH_ID, type EventValues } from './inputs';
import { numberOf } from '../shared/event-settings';
import { fieldLabels } from '../shared/field-label';
import { toFlowError, type FlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import type { LoadedPicture } from '../shared/send-event';
import { EventPictures } from './pictures';
import { eventSettings, messageContext, picturedImages, prepareEvent, type EventSettings } from './prepare';
import { lastMessages } from '../shared/last-messages';
import { eventSettingsError } from '../shared/number-settings';
import { warningsOf, firstWarning, type EventReport } from '../shared/report';
import { outboxRecord, sendEvent } from '../shared/send-event';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { isPromise } from '../shared/typed-input';
import { workspaceOf, type Workspace } from '../workspace/workspace';

/** What one `roboflow-vision-event` node does with a message. */
export class VisionEventWork {
  private readonly inputs: EventInputs;
  private readonly pictures: EventPictures;
  private readonly settings: EventSettings;
  private readonly settingsError: FlowError | undefined;
  private readonly cooldown: Cooldown;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly leaveDelivery: () => void = () => undefined;
  private underWay = 0;
  private finished = 0;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventProperties,
  ) {
    this.inputs = new EventInputs(RED, node, config);
    this.pictures = new EventPictures(RED, node, config);
    this.settings = eventSettings(config);
    this.settingsError = eventSettingsError(config, fieldLabels(RED, node.type));
    this.cooldown = new Cooldown((numberOf(config.cooldown) ?? 0) * 1000);
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.showWrongSettings();
    if (config.delivery === 'queue') this.leaveDelivery = this.joinDelivery();
  }

  /**
   * Sends the message on with the event as `msg.payload` and the report as `msg.visionEvent`, or rejects.
   * No async function: in a burst thousands of messages wait here, and the frame of each would wait with them.
   */
  handle(message: FlowMessage, send: Send): Promise<void> {
    lastMessages.note(this.node.id, message, { withoutPictures: this.pictures.hides });
    const fail = (error: unknown): Promise<never> => {
      message['visionEvent'] = { warnings: [] } satisfies EventReport;
      return Promise.reject(toFlowError(error));
    };
    try {
      if (this.settingsError) throw this.settingsError;
      const workspace = this.workspace();
      // At arrival, since context and clock move on while the message waits for its turn.
      const { eventId, values } = this.inputs.evaluate(message);
      const place = this.placeOf(eventId, workspace);
      const handled = isPromise(values)
        ? Promise.resolve(values.then((known) => this.takeUp(message, known, workspace, send, place), fail))
        : this.takeUp(message, values, workspace, send, place);
      return place ? handled.finally(() => place.leave()) : handled;
    } catch (error) {
      return fail(error);
    }
  }

  private takeUp(
    message: FlowMessage,
    values: EventValues,
    workspace: Workspace | undefined,
    send: Send,
    place: Place | undefined,
  ): Promise<void> {
    // The report of an earlier node was there to be read; of this event it says nothing.
    if (message['visionEvent'] !== undefined) message['visionEvent'] = undefined;
    return this.inTurn(workspace, () => this.answer(message, values, workspace, send), place);
  }

  /** A fresh id has no other versions. */
  private placeOf(eventId: unknown, workspace: Workspace | undefined): Place | undefined {
    if (!workspace || eventId === FRESH_ID || this.config.delivery === 'build') return undefined;
    const idsOf = (id: unknown) => (typeof id === 'string' ? [id] : []);
    return workspace.arrivals.arrive(isPromise(eventId) ? eventId.then(idsOf) : idsOf(eventId));
  }

  showError(error: FlowError, message: FlowMessage): void {
    message['visionEvent'] ??= { warnings: [] } satisfies EventReport;
    this.status.show(this.texts.error(error));
  }

  close(): void {
    lastMessages.forget(this.node.id);
    this.leaveDelivery();
    this.status.clear();
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

  private inTurn(
    workspace: Workspace | undefined,
    work: () => Promise<void>,
    place: Place | undefined,
  ): Promise<void> {
    if (!workspace || this.config.delivery === 'build') return work();
    return this.config.delivery === 'queue'
      ? workspace.delivery.storeInTurn(work, place?.turn)
      : workspace.sendInTurn(work, place?.turn);
  }

  /**
   * The message that goes on is a new one: in a burst, the one that came has grown old while it waited, and objects
   * referenced from old-generation objects are freed only by a full garbage collection.
   */
  private async answer(
    message: FlowMessage,
    values: EventValues,
    workspace: Workspace | undefined,
    send: Send,
  ): Promise<void> {
    const report: EventReport = { warnings: [] };
    let payload: SendableEvent;
    this.underWay++;
    try {
      const pictures = await this.pictures.load(
        message,
        values.pictureMetadata,
        report,
        workspace?.imageMaxBytes,
      );
      const context = messageContext(message, pictures, workspace?.deviceId ?? '');
      const { loaded, converted } = await this.pictures.change(
        pictures,
        values,
        this.settings,
        context,
        report,
      );
      context.pictured = picturedImages(loaded);
      const event = prepareEvent(values, this.settings, context, report, converted);
      payload = await this.deliver(event, values, loaded, workspace, report);
    } catch (error) {
      message['visionEvent'] = report;
      throw error;
    } finally {
      this.underWay--;
    }
    this.showDone(report, workspace);
    send({ ...message, payload, visionEvent: report });
  }

  private async deliver(
    event: SendableEvent,
    values: EventValues,
    pictures: readonly LoadedPicture[],
    workspace: Workspace | undefined,
    report: EventReport,
  ): Promise<SendableEvent> {
    const takeBack = this.cooldown.start(JSON.stringify(values.inputs.cooldownBy) ?? '');
    if (!takeBack) {
      report.state = 'throttled';
      return event;
    }
    try {
      if (workspace === undefined || this.config.delivery === 'build') {
        report.state = 'built';
        return event;
      }
      const isFresh = values.inputs.eventId === FRESH_ID;
      const mustQueue =
        this.config.delivery === 'queue' || (!isFresh && (await workspace.delivery.holds(event.eventId)));
      if (mustQueue) {
        // Resolves once the event is safe on the disk; the workspace's sender delivers it.
        await workspace.delivery.append([outboxRecord(event, pictures, values.inputs.timestamp)]);
        report.state = 'queued';
        return event;
      }
      this.status.show(() => this.texts.sending());
      return await sendEvent(event, workspace.target, report, { pictures, handling: this.pictures });
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** `build` works without a workspace, and takes the default device id from one that is there. */
  private workspace(): Workspace | undefined {
    if (this.config.delivery === 'build' && !this.config.workspace) return undefined;
    return workspaceOf(this.RED, this.config.workspace);
  }

  private showWrongSettings(): void {
    try {
      if (this.settingsError) throw this.settingsError;
      if (this.config.delivery === 'build') return;
      const error = workspaceOf(this.RED, this.config.workspace).configurationError();
      if (error) throw error;
    } catch (error) {
      this.status.show(this.texts.error(toFlowError(error)));
    }
  }

  private showDone(report: EventReport, workspace: Workspace | undefined): void {
    const warnings = warningsOf(report);
    const { count = 0, dropped = 0 } = report.detections ?? {};
    if (report.state !== 'throttled') this.finished++;
    if (report.state === 'throttled') this.status.show(() => this.texts.throttled());
    else if (dropped > 0) this.status.show(() => this.texts.partlyRead(count, dropped));
    else if (warnings > 0) this.status.show(() => this.texts.warnings(warnings, firstWarning(report)));
    else if (report.state !== 'queued') this.showCount(report);
    // A node that stores shows what the outbox says of itself.
    else if (this.config.delivery !== 'queue')
      this.status.show(() => this.texts.queued(workspace?.delivery.state()));
  }

  private showCount(report: EventReport): void {
    if (this.underWay > 0) return;
    const detections = report.detections?.count;
    const what = report.state === 'built' ? 'built' : 'sent';
    this.status.show(() => this.texts.done(what, this.finished, detections));
  }
}
