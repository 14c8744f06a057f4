import type { Node, NodeAPI } from 'node-red';
import { validate } from '../../src/event/validate';
import { visionEventDefaults, type VisionEventProperties } from '../shared/properties';
import { AdminRefusal, deployedNode, type AdminRequest } from '../shared/admin-route';
import type { TrialBody } from '../shared/admin-bodies';
import { knownProperties, withVariables } from '../shared/dialog-values';
import { EventInputs } from './inputs';
import { EventPictures } from './pictures';
import { EXAMPLE_SIZE } from '../shared/example-size';
import { fieldLabels } from '../shared/field-label';
import { FlowError, toFlowError } from '../shared/flow-error';
import { hidesInPictures } from '../shared/hiding';
import type { FlowMessage } from '../shared/guarded-input';
import { copyMessage, lastMessages, type KeptMessage } from '../shared/last-messages';
import { eventSettingsError } from '../shared/number-settings';
import { checkEvent, type CheckMoment } from '../shared/check-event';
import {
  checkMoment,
  composeEvent,
  convertMessage,
  eventSettings,
  messageContext,
  picturedImages,
} from './prepare';
import { stepError, together, type Findings } from '../shared/report';
import { shownPictures } from './shown-pictures';
import type { Workspace } from '../workspace/workspace';
import { workspaceOf } from '../workspace/workspace-node';

const NODE_TYPE = 'roboflow-vision-event';

/** The last message of a deployed node, and keeps the next ones: see `LastMessages`. */
export function lastMessage(RED: NodeAPI, { params }: AdminRequest) {
  const node = deployedNode(RED, params['id']) as Node | undefined;
  if (node?.type !== NODE_TYPE) {
    throw new AdminRefusal(404, 'NOT_DEPLOYED', 'This node is not deployed yet, or it is disabled.');
  }
  const kept = lastMessages.watch(node.id);
  return kept ? { at: kept.at, leftOut: kept.leftOut } : {};
}

/** For the mapper. What is no JSON, such as bytes, is not shown. @throws AdminRefusal `NO_MESSAGE` */
export function lastPayload(RED: NodeAPI, { params }: AdminRequest) {
  const node = deployedNode(RED, params['id']) as Node | undefined;
  const kept = node?.type === NODE_TYPE ? lastMessages.watch(node.id) : undefined;
  if (!kept) throw noMessage();
  const { payload } = keptNow(RED, kept).message;
  return { payload: typeof payload === 'string' ? jsonOf(payload) : payload };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const noMessage = () =>
  new AdminRefusal(404, 'NO_MESSAGE', 'The node has seen no message in the last ten minutes.');

/**
 * What the node would make of a message with the settings of its open dialog, by the code of the runtime, without
 * sending anything.
 */
export async function tryEvent(RED: NodeAPI, { body }: AdminRequest<TrialBody>) {
  const deployed = deployedNode(RED, body.id) as Node | undefined;
  const node = deployed?.type === NODE_TYPE ? deployed : undefined;
  const config = withVariables(RED, node, knownProperties(visionEventDefaults, body.properties));
  const { message, at, leftOut, withoutPictures, left } = messageOf(RED, node, body);
  // Where something is hidden, nothing was kept of the pictures that came: the trial goes on without them, and shows
  // those that left.
  if (withoutPictures) config.whenImageFails = 'send-without';
  const seen = { at, leftOut, ...(withoutPictures && { withoutPictures }) };
  const trial = new Trial(RED, node ?? standIn(body.id), config);
  try {
    return { ...(await trial.run(message)), ...(left && { pictures: left }), message: seen };
  } catch (error) {
    const { reason, found } = stepError(error);
    return { ...trial.soFar(found), message: seen, error: shownError(reason) };
  }
}

class Trial {
  private readonly shown: Record<string, unknown> = {};
  private found: Partial<Findings> = {};

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventProperties,
  ) {}

  async run(message: FlowMessage): Promise<Record<string, unknown>> {
    const { RED, node, config } = this;
    const error = eventSettingsError(config, fieldLabels(RED, NODE_TYPE));
    if (error) throw error;
    const workspace = this.workspace();
    const values = await new EventInputs(RED, node, config).evaluate(message).values;
    const pictures = new EventPictures(RED, node, config);
    const given = await pictures.load(message, values.pictureMetadata, workspace?.pictureMaxBytes);
    this.found = given.found;
    // To be seen also when the detections cannot be converted.
    if (!pictures.hides) this.shown['pictures'] = shownPictures(given.loaded, given.loaded);
    const settings = eventSettings(config);
    const context = messageContext(message, given, workspace?.deviceId ?? '');
    const read = convertMessage(values.inputs.detections, settings, context);
    this.found = together(this.found, read.found);
    const changed = await pictures.change(given, read.converted, settings);
    this.found = together(this.found, changed.found);
    this.shown['pictures'] = shownPictures(given.loaded, changed.loaded);
    context.pictured = picturedImages(changed.loaded);
    const { event: composed, imageSizes, found } = composeEvent(values, settings, context, changed.converted);
    this.found = together(this.found, found);
    const checkedBy = checkMoment(values, settings, context);
    this.show(composed, imageSizes, checkedBy);
    const checked = checkEvent(composed, settings.onWarnings, checkedBy);
    this.show(checked.event, imageSizes, checkedBy);
    return this.soFar(checked.found);
  }

  /** What is known also when it ended with an error. @param last what the last step found */
  soFar(last: Partial<Findings>): Record<string, unknown> {
    const { detections, uncertain, repaired, imagesLeftOut } = together(this.found, last);
    return { detections, uncertain, repaired, imagesLeftOut, ...this.shown };
  }

  private show(event: unknown, imageSizes: unknown[], { now, ...options }: CheckMoment): void {
    const { errors, warnings, warningCount, asStored } = validate(event, now, options);
    const isStoredWhole = asStored === event;
    Object.assign(this.shown, { event, imageSizes, errors, warnings, warningCount, isStoredWhole });
    this.shown['asStored'] = isStoredWhole ? undefined : asStored;
  }

  /** Its device id and its limit for pictures; without one the trial goes on as `build` does. */
  private workspace(): Workspace | undefined {
    try {
      return workspaceOf(this.RED, this.config.workspace);
    } catch {
      return undefined;
    }
  }
}

function messageOf(
  RED: NodeAPI,
  node: Node | undefined,
  { useLast, payload, isExample }: TrialBody,
): KeptMessage {
  if (!useLast) {
    const { width: imageWidth, height: imageHeight } = EXAMPLE_SIZE;
    const message = { _msgid: 'try-it', payload, ...(isExample && { imageWidth, imageHeight }) };
    return { at: Date.now(), message, leftOut: [] };
  }
  const kept = node && lastMessages.last(node.id);
  if (!kept) throw noMessage();
  return keptNow(RED, kept);
}

/**
 * A copy, since JSONata may write into what it reads. What was kept before something had to be hidden is left out as
 * well.
 */
function keptNow(RED: NodeAPI, kept: KeptMessage): KeptMessage {
  const withoutPictures = kept.withoutPictures === true || hidesInPictures(RED);
  const { message, leftOut } = copyMessage(kept.message, kept.at, { withoutPictures });
  return { ...kept, message, leftOut: [...kept.leftOut, ...leftOut], withoutPictures };
}

/** A node that was never deployed has no context; everything else works. */
function standIn(id: string): Node {
  const noContext = () => {
    throw new FlowError(
      'NOT_CONFIGURED',
      'Deploy this node once, then it can read flow and global context here.',
    );
  };
  return { id, type: NODE_TYPE, context: noContext } as unknown as Node;
}

function shownError(error: unknown): { code: string; message: string } {
  const { code, message } = toFlowError(error);
  return { code, message };
}
