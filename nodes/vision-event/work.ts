import type { Node, NodeAPI } from 'node-red';
import type { SendableEvent } from '../../src/event/types';
import type { VisionEventProperties } from '../shared/properties';
import type { Place } from '../../src/delivery/arrival-order';
import type { WorkLimit } from '../../src/work-limit';
import { Cooldown } from './cooldown';
import { deliveryStatus } from '../shared/delivery-status';
import { EventInputs, FRESH_ID, type EventValues } from './inputs';
import { numberOf } from '../shared/event-settings';
import { fieldLabels } from '../shared/field-label';
import { toFlowError, type FlowError } from '../shared/flow-error';
import { hidesInPictures } from '../shared/hiding';
import { misplacement } from '../shared/misplaced';
import type { Arrival, FlowMessage, Send } from '../shared/guarded-input';
import type { LoadedPicture } from '../shared/send-event';
import { EventPictures, NO_PICTURES, unchanged } from './pictures';
import {
  checkMoment,
  composeEvent,
  convertMessage,
  eventSettings,
  messageContext,
  picturedImages,
  type EventSettings,
} from './prepare';
import type { NodeWork } from '../shared/register-node';
import { shownPictures } from './shown-pictures';
import { checkEvent } from '../shared/check-event';
import { lastMessages } from '../shared/last-messages';
import { liveEvents, type LiveNote } from '../shared/live-events';
import { eventSettingsError } from '../shared/number-settings';
import {
  firstWarning,
  stepError,
  reportOf,
  warningsOf,
  type CreatedReport,
  type EventReport,
  type Findings,
  type KeptReport,
} from '../shared/report';
import { outboxRecord, sendEvent } from '../shared/send-event';
import { StatusTexts } from '../shared/status-texts';
import { ThrottledStatus } from '../shared/throttled-status';
import { WarningLines } from '../shared/warning-lines';
import { isPromise } from '../shared/typed-input';
import type { Workspace } from '../workspace/workspace';
import { metricsOf, workspaceOf } from '../workspace/workspace-node';

interface ArrivedMessage extends Arrival {
  /** undefined only while they are late */
  values: EventValues | undefined;
  /** of the moment of arrival: a deploy may put another one in its place */
  workspace: Workspace | undefined;
}

/** How an event ended, beside what was found before. */
interface Delivered {
  event: SendableEvent;
  found: Omit<CreatedReport, 'warnings'> | Pick<KeptReport, 'state'>;
}

const QUEUED = { state: 'queued' } as const;
const BUILT = { state: 'built' } as const;
const THROTTLED = { state: 'throttled' } as const;

/** What one `roboflow-vision-event` node does with a message. */
export class VisionEventWork implements NodeWork<ArrivedMessage> {
  private readonly inputs: EventInputs;
  private readonly pictures: EventPictures;
  private readonly settings: EventSettings;
  private readonly settingsError: FlowError | undefined;
  private readonly cooldown: Cooldown;
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private readonly leaveDelivery: () => void = () => undefined;
  private readonly warningLines: WarningLines;
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
    this.warningLines = new WarningLines((line) => node.warn(line), config.onWarnings);
    this.showWrongSettings();
    if (config.delivery === 'queue') this.leaveDelivery = this.joinDelivery();
  }

  /** @throws FlowError, also what an input finds wrong with the message */
  arrive(message: FlowMessage): ArrivedMessage {
    lastMessages.note(this.node.id, message, () => hidesInPictures(this.RED));
    if (this.settingsError) throw this.settingsError;
    const workspace = this.workspace();
    const { eventId, values } = this.inputs.evaluate(message);
    const place = this.placeOf(eventId, workspace);
    const known: ArrivedMessage = { workspace, limit: this.limitOf(workspace), place, values: undefined };
    if (!isPromise(values)) known.values = values;
    else {
      known.late = values.then((found) => {
        known.values = found;
      });
    }
    return known;
  }

  /** Which of them a message passes one by one; `build` needs nothing that is scarce. */
  private limitOf(workspace: Workspace | undefined): WorkLimit | undefined {
    if (this.config.delivery === 'build') return undefined;
    return this.config.delivery === 'queue' ? workspace?.delivery.storing : workspace?.sending;
  }

  /** A fresh id has no other versions. */
  private placeOf(eventId: unknown, workspace: Workspace | undefined): Place | undefined {
    if (!workspace || eventId === FRESH_ID || this.config.delivery === 'build') return undefined;
    const idsOf = (id: unknown) => (typeof id === 'string' ? [id] : []);
    return workspace.arrivals.arrive(isPromise(eventId) ? eventId.then(idsOf) : idsOf(eventId));
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

  /**
   * The steps from the message to its event. Sends the message on with the event as `msg.payload` and the report as
   * `msg.visionEvent`; Complete and Catch nodes get the report with the message that came.
   *
   * What goes on is a new message: the one that came has grown old while it waited in a burst, and an event that hangs
   * on it would be freed only by a full garbage collection (wanted: 20,000 queued events grow the process by at most 60
   * MB).
   */
  async handle(message: FlowMessage, send: Send, { values, workspace }: ArrivedMessage): Promise<void> {
    if (!values) return;
    const { settings } = this;
    const found: Partial<Findings>[] = [];
    const soFar: Pick<LiveNote, 'event' | 'pictures' | 'size'> = {};
    let event: SendableEvent;
    let report: EventReport;
    let useCaseId: unknown;
    let takeBack: (() => void) | undefined;
    let misplaced: string | undefined;
    this.underWay++;
    try {
      const pictures = this.pictures.areExpected
        ? await this.pictures.load(message, values.pictureMetadata, workspace?.pictureMaxBytes)
        : NO_PICTURES;
      found.push(pictures.found);
      const context = messageContext(message, pictures, workspace?.deviceId ?? '');
      const { converted, found: ofConversion } = convertMessage(values.inputs.detections, settings, context);
      found.push(ofConversion);
      // Asked before the work on pictures: what is held back costs none of it.
      takeBack = this.cooldown.start(JSON.stringify(values.inputs.cooldownBy) ?? '');
      const changed =
        takeBack && this.pictures.areExpected
          ? await this.pictures.change(pictures, converted, settings)
          : unchanged(pictures, converted);
      found.push(changed.found);
      // Only built or held back, they have gone through with what is to be hidden.
      const areHidden = takeBack !== undefined && this.config.delivery !== 'build';
      if (this.pictures.hides && areHidden)
        lastMessages.noteLeft(this.node.id, message, () => shownPictures(pictures.loaded, changed.loaded));
      if (!this.pictures.hides || areHidden) soFar.pictures = changed.loaded;
      if (changed.loaded.length > 0) misplaced = misplacement(converted?.notes);
      if (this.pictures.areExpected) context.pictured = picturedImages(changed.loaded);
      const composed = composeEvent(values, settings, context, changed.converted);
      found.push(composed.found);
      soFar.event = composed.event;
      soFar.size = composed.imageSizes[0];
      const moment = checkMoment(values, settings, context);
      useCaseId = composed.event.useCaseId;
      const checked = checkEvent(composed.event, settings.onWarnings, moment);
      found.push(checked.found);
      soFar.event = checked.event;
      const end: Delivered = takeBack
        ? await this.deliver(checked.event, values, changed.loaded, workspace)
        : { event: checked.event, found: THROTTLED };
      ({ event } = end);
      report = reportOf(found, end.found);
    } catch (error) {
      takeBack?.();
      const { reason, found: last } = stepError(error);
      const unfinished: EventReport = reportOf(found, last);
      message['visionEvent'] = unfinished;
      workspace?.metrics?.failed(toFlowError(reason).code, useCaseId, unfinished);
      this.showLive({ report: unfinished, error: toFlowError(reason), ...soFar });
      throw reason;
    } finally {
      this.underWay--;
    }
    workspace?.metrics?.handled(report, useCaseId);
    if (report.state === 'created') workspace?.delivered.add(1);
    soFar.event = event;
    this.showLive({ report, ...soFar });
    this.showDone(report, workspace, misplaced !== undefined);
    this.warningLines.tell(report);
    if (misplaced !== undefined && report.state !== 'throttled') this.warningLines.tellMisplaced(misplaced);
    message['visionEvent'] = report;
    send({ ...message, payload: event });
  }

  private async deliver(
    event: SendableEvent,
    values: EventValues,
    pictures: readonly LoadedPicture[],
    workspace: Workspace | undefined,
  ): Promise<Delivered> {
    if (workspace === undefined || this.config.delivery === 'build') return { event, found: BUILT };
    const isFresh = values.inputs.eventId === FRESH_ID;
    const mustQueue =
      this.config.delivery === 'queue' || (!isFresh && (await workspace.delivery.holds(event.eventId)));
    if (mustQueue) {
      // Resolves once the event is safe on the disk; the workspace's sender delivers it.
      await workspace.delivery.append([outboxRecord(event, pictures, values.inputs.timestamp)]);
      return { event, found: QUEUED };
    }
    this.status.show(() => this.texts.sending());
    return sendEvent(event, workspace.target, { pictures, handling: this.pictures });
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
      this.status.showTrouble(this.texts.error(toFlowError(error)));
    }
  }

  private showLive(note: Omit<LiveNote, 'node' | 'workspace'>): void {
    if (liveEvents.isWatched) liveEvents.note({ node: this.node, workspace: this.config.workspace, ...note });
  }

  private showDone(report: EventReport, workspace: Workspace | undefined, isMisplaced: boolean): void {
    const warnings = warningsOf(report);
    const { count = 0, dropped = 0 } = report.detections ?? {};
    if (report.state !== 'throttled') this.finished++;
    if (report.state === 'throttled') this.status.show(() => this.texts.throttled());
    else if (dropped > 0) this.status.showTrouble(() => this.texts.partlyRead(count, dropped));
    else if (warnings > 0) this.status.showTrouble(() => this.texts.warnings(warnings, firstWarning(report)));
    else if (isMisplaced) this.status.showTrouble(() => this.texts.misplaced());
    else if (report.state !== 'queued') this.showCount(report);
    // A node that stores shows what the outbox says of itself.
    else if (this.config.delivery === 'queue') this.status.showNoTrouble();
    else this.status.show(() => this.texts.queued(workspace?.delivery.state()));
  }

  private showCount(report: EventReport): void {
    if (this.underWay > 0) return;
    const detections = report.detections?.count;
    const what = report.state === 'built' ? 'built' : 'sent';
    this.status.show(() => this.texts.done(what, this.finished, detections));
  }
}
