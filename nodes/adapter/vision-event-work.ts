import type { Node, NodeAPI } from 'node-red';
import type { VisionEvent } from '../../src/event/types';
import type { VisionEventProperties } from '../properties';
import { Cooldown } from './cooldown';
import { deliveryStatus } from './delivery-status';
import { EventInputs, type EventValues } from './event-inputs';
import { numberOf } from './event-settings';
import { toFlowError, type FlowError } from './flow-error';
import type { FlowMessage, Send } from './guarded-input';
import { EventPictures, type LoadedPicture } from './event-pictures';
import { eventSettings, messageContext, prepareEvent, type EventSettings } from './prepare-event';
import { lastMessages } from './last-messages';
import type { EventReport } from './report';
import { outboxRecord, sendEvent } from './send-event';
import { StatusTexts } from './status-texts';
import { ThrottledStatus } from './throttled-status';
import { workspaceOf, type Workspace } from './workspace';

/** What one `vision-event` node does with a message. */
export class VisionEventWork {
  private readonly inputs: EventInputs;
  private readonly pictures: EventPictures;
  private readonly settings: EventSettings;
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
    this.cooldown = new Cooldown((numberOf(config.cooldown) ?? 0) * 1000);
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.showMissingSettings();
    if (config.delivery === 'queue') this.leaveDelivery = this.joinDelivery();
  }

  /** Answers with the event as `msg.payload` and the report as `msg.visionEvent`, or throws. */
  async handle(message: FlowMessage, send: Send): Promise<void> {
    lastMessages.note(this.node.id, message);
    const report: EventReport = { warnings: [] };
    let event: VisionEvent;
    this.underWay++;
    try {
      event = await this.process(message, report);
    } catch (error) {
      message['visionEvent'] = report;
      throw error;
    } finally {
      this.underWay--;
    }
    message.payload = event;
    message['visionEvent'] = report;
    this.showDone(report);
    send(message);
  }

  showError(error: FlowError): void {
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

  private async process(message: FlowMessage, report: EventReport): Promise<VisionEvent> {
    const workspace = this.workspace();
    // At arrival, since context and clock move on while the message waits for a connection.
    const values = await this.inputs.evaluate(message);
    if (this.config.delivery !== 'send' || !workspace) return this.work(message, values, workspace, report);
    const release = await workspace.admit();
    try {
      return await this.work(message, values, workspace, report);
    } finally {
      release();
    }
  }

  private async work(
    message: FlowMessage,
    values: EventValues,
    workspace: Workspace | undefined,
    report: EventReport,
  ): Promise<VisionEvent> {
    const pictures = await this.pictures.load(message, report, workspace?.imageMaxBytes);
    const context = messageContext(message, pictures, workspace?.deviceId ?? '');
    const event = prepareEvent(values, this.settings, context, report);
    return this.deliver(event, values, pictures, workspace, report);
  }

  private async deliver(
    event: VisionEvent,
    values: EventValues,
    pictures: LoadedPicture[],
    workspace: Workspace | undefined,
    report: EventReport,
  ): Promise<VisionEvent> {
    const takeBack = this.cooldown.start(JSON.stringify(values.cooldownBy) ?? '');
    if (!takeBack) {
      report.state = 'throttled';
      return event;
    }
    try {
      if (workspace === undefined || this.config.delivery === 'build') {
        report.state = 'built';
        return event;
      }
      if (this.config.delivery === 'queue') return await this.enqueue(event, pictures, workspace, report);
      this.status.show(() => this.texts.sending());
      return await sendEvent(event, workspace.target, report, { pictures, handling: this.pictures });
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** Resolves once the event is safe on the disk; the workspace's sender delivers it. */
  private async enqueue(
    event: VisionEvent,
    pictures: LoadedPicture[],
    workspace: Workspace,
    report: EventReport,
  ): Promise<VisionEvent> {
    await workspace.delivery.append([outboxRecord(event, pictures)]);
    report.state = 'queued';
    return event;
  }

  /** `build` works without a workspace, and takes the default device id from one that is there. */
  private workspace(): Workspace | undefined {
    if (this.config.delivery === 'build' && !this.config.workspace) return undefined;
    return workspaceOf(this.RED, this.config.workspace);
  }

  private showMissingSettings(): void {
    if (this.config.delivery === 'build') return;
    try {
      const fault = workspaceOf(this.RED, this.config.workspace).configurationFault();
      if (fault) throw fault;
    } catch (error) {
      this.status.show(this.texts.error(toFlowError(error)));
    }
  }

  private showDone(report: EventReport): void {
    const warnings =
      report.warningCount ?? Math.max(report.warnings.length, report.serverWarnings?.length ?? 0);
    if (report.state !== 'throttled') this.finished++;
    if (report.state === 'throttled') this.status.show(() => this.texts.throttled());
    else if (warnings > 0) this.status.show(() => this.texts.warnings(warnings));
    else this.showCount(report);
  }

  private showCount(report: EventReport): void {
    // The outbox tells of itself.
    if (this.underWay > 0 || report.state === 'queued') return;
    const detections = report.detections;
    const detail =
      detections && detections.format !== 'any-empty' ? `${detections.format} ${detections.count}` : '';
    const what = report.state === 'built' ? 'built' : 'sent';
    this.status.show(() => this.texts.done(what, this.finished, detail));
  }
}
