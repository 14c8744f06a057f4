import type { Node, NodeAPI } from 'node-red';
import { displaySize } from '../../src/images/formats';
import { validate } from '../../src/event/validate';
import { visionEventDefaults, type VisionEventProperties } from '../shared/properties';
import {
  AdminRefusal,
  AdminRoutes,
  DEPLOY_PERMISSION,
  deployedNode,
  type AdminRequest,
} from '../shared/admin-route';
import type { TrialBody } from '../shared/admin-bodies';
import { withVariables } from '../shared/dialog-values';
import { EventInputs } from './inputs';
import type { LoadedPicture } from '../shared/send-event';
import { EventPictures } from './pictures';
import { EXAMPLE_SIZE } from '../shared/example-size';
import { fieldLabels } from '../shared/field-label';
import { FlowError, toFlowError } from '../shared/flow-error';
import type { FlowMessage } from '../shared/guarded-input';
import { copyMessage, lastMessages, MAX_PICTURE_BYTES, type KeptMessage } from '../shared/last-messages';
import { eventSettingsError } from '../shared/number-settings';
import { checkEvent, type CheckMoment } from '../shared/check-event';
import { checkMoment, composeEvent, eventSettings, messageContext } from './prepare';
import type { EventReport } from '../shared/report';
import { workspaceOf, type Workspace } from '../workspace/workspace';

const NODE_TYPE = 'roboflow-vision-event';
/** What every browser shows. */
const SHOWN_MEDIA_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/bmp',
  'image/avif',
]);

/** What "Try it" asks of the runtime. Call once, when the node type is registered. */
export function registerTryRoutes(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED);
  if (keepsNothing(RED)) lastMessages.switchOff();
  routes.get('/vision-events/editor', () => lastMessages.editorIsOpen());
  routes.get('/vision-events/nodes/:id/last-message', (request) => lastMessage(RED, request));
  routes.get('/vision-events/nodes/:id/last-payload', (request) => lastPayload(RED, request));
  routes.post(
    '/vision-events/try',
    ({ trial }) => trial,
    (request) => tryEvent(RED, request),
    [DEPLOY_PERMISSION],
  );
}

/** `visionEvents: { keepLastMessages: false }` in settings.js. */
function keepsNothing(RED: NodeAPI): boolean {
  const { visionEvents } = RED.settings as { visionEvents?: { keepLastMessages?: unknown } };
  return visionEvents?.keepLastMessages === false;
}

/** The last message of a deployed node, and keeps the next ones: see `LastMessages`. */
function lastMessage(RED: NodeAPI, { params }: AdminRequest) {
  const node = deployedNode(RED, params['id']) as Node | undefined;
  if (node?.type !== NODE_TYPE) {
    throw new AdminRefusal(404, 'NOT_DEPLOYED', 'This node is not deployed yet, or it is disabled.');
  }
  const kept = lastMessages.watch(node.id);
  return kept ? { at: kept.at, leftOut: kept.leftOut } : {};
}

/** For the mapper. What is no JSON, such as bytes, is not shown. @throws AdminRefusal `NO_MESSAGE` */
function lastPayload(RED: NodeAPI, { params }: AdminRequest) {
  const node = deployedNode(RED, params['id']) as Node | undefined;
  const kept = node?.type === NODE_TYPE ? lastMessages.watch(node.id) : undefined;
  if (!kept) throw noMessage();
  const { payload } = kept.message;
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

/** What the node would make of a message with the settings of its open dialog, by the code of the runtime, without sending anything. */
async function tryEvent(RED: NodeAPI, { body }: AdminRequest<TrialBody>) {
  const deployed = deployedNode(RED, body.id) as Node | undefined;
  const node = deployed?.type === NODE_TYPE ? deployed : undefined;
  const config = withVariables(RED, node, propertiesOf(body.properties));
  const { message, at, leftOut } = messageOf(node, body);
  const report: EventReport = { warnings: [] };
  const trial = new Trial(RED, node ?? standIn(body.id), config, report);
  try {
    return { ...(await trial.run(message)), message: { at, leftOut } };
  } catch (error) {
    return { ...trial.soFar(), message: { at, leftOut }, error: shownError(error) };
  }
}

class Trial {
  private found: Record<string, unknown> = {};

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventProperties,
    private readonly report: EventReport,
  ) {}

  async run(message: FlowMessage): Promise<Record<string, unknown>> {
    const { RED, node, config, report } = this;
    const error = eventSettingsError(config, fieldLabels(RED, NODE_TYPE));
    if (error) throw error;
    const workspace = this.workspace();
    const values = await new EventInputs(RED, node, config).evaluate(message).values;
    const pictures = await new EventPictures(RED, node, config).load(
      message,
      values.pictureMetadata,
      report,
      workspace?.imageMaxBytes,
    );
    this.found['pictures'] = pictures.loaded.map(shownPicture);
    const settings = eventSettings(config);
    const context = messageContext(message, pictures, workspace?.deviceId ?? '');
    const { event: composed, imageSizes } = composeEvent(values, settings, context, report);
    const checkedBy = checkMoment(values, settings, context);
    this.show(composed, imageSizes, checkedBy);
    const event = checkEvent(composed, settings.onWarnings, checkedBy, report);
    this.show(event, imageSizes, checkedBy);
    return this.soFar();
  }

  /** What is known also when it ended with an error. */
  soFar(): Record<string, unknown> {
    const { detections, uncertain, repaired, imagesLeftOut } = this.report;
    return { detections, uncertain, repaired, imagesLeftOut, ...this.found };
  }

  private show(event: unknown, imageSizes: unknown[], { now, ...options }: CheckMoment): void {
    const { errors, warnings, warningCount, asStored } = validate(event, now, options);
    const isStoredWhole = asStored === event;
    Object.assign(this.found, { event, imageSizes, errors, warnings, warningCount, isStoredWhole });
    this.found['asStored'] = isStoredWhole ? undefined : asStored;
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

/** Only what the dialog knows, and only of the types that it has: the rest of the request is not looked at. */
function propertiesOf(given: TrialBody['properties']): VisionEventProperties {
  const known = Object.entries(visionEventDefaults).map(([name, initial]: [string, unknown]) => {
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const fits = Array.isArray(initial) ? Array.isArray(own) : typeof own === typeof initial;
    return [name, fits ? own : initial];
  });
  return Object.fromEntries(known) as VisionEventProperties;
}

function messageOf(node: Node | undefined, { useLast, payload, isExample }: TrialBody): KeptMessage {
  if (!useLast) {
    const { width: imageWidth, height: imageHeight } = EXAMPLE_SIZE;
    const message = { _msgid: 'try-it', payload, ...(isExample && { imageWidth, imageHeight }) };
    return { at: Date.now(), message, leftOut: [] };
  }
  const kept = node && lastMessages.last(node.id);
  if (!kept) throw noMessage();
  // A copy, since JSONata may write into what it reads.
  return { ...kept, message: copyMessage(kept.message).message };
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

function shownPicture({ picture, ...placeAndMetadata }: LoadedPicture) {
  const { bytes, mediaType, name } = picture;
  const isShown = bytes.length <= MAX_PICTURE_BYTES && SHOWN_MEDIA_TYPES.has(mediaType);
  const dataUrl = () => `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`;
  return {
    ...placeAndMetadata,
    name,
    mediaType,
    bytes: bytes.length,
    size: displaySize(picture),
    ...(isShown ? { dataUrl: dataUrl() } : {}),
  };
}

function shownError(error: unknown): { code: string; message: string } {
  const { code, message } = toFlowError(error);
  return { code, message };
}
