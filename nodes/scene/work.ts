import { randomUUID } from 'node:crypto';
import type { Node, NodeAPI } from 'node-red';
import { readPictureSize } from '../../src/detections/picture-size';
import type { DetectionContext } from '../../src/detections/types';
import { toIsoTimestamp } from '../../src/event/timestamp';
import { BestFrames } from '../../src/scene/best-frames';
import type { SeenThing } from '../../src/scene/scene';
import type { SceneSettings } from '../../src/scene/types';
import { messageImageSize } from '../shared/event-settings';
import { fieldLabels, type LabelOf } from '../shared/field-label';
import { FlowError, toFlowError } from '../shared/flow-error';
import type { FlowMessage, Send } from '../shared/guarded-input';
import { pictureInput } from '../shared/picture-input';
import { hidesInPictures } from '../shared/hiding';
import { copyMessage } from '../shared/last-messages';
import type { VisionEventSceneProperties } from '../shared/properties';
import { StatusTexts } from '../shared/status-texts';
import { wrongInput } from '../shared/text-input';
import { ThrottledStatus } from '../shared/throttled-status';
import { typedInput, type Evaluate } from '../shared/typed-input';
import { Camera, type FrameMoment } from './camera';
import { annotationLists, DetectionReader, type DetectedFrame } from './detections';
import { FRAME_HANDLING, type FrameMessage } from './frame-message';
import type { SceneReport } from './report';
import { packSource, sceneRecorder, type RecordedFrame } from './recorder';
import { isSizeMissing, sceneSettings, sizeNeeded } from './settings';

/** Cameras of one node; of more, the one idle for longest is forgotten. */
const MOST_CAMERAS = 1000;

/** A pause is a pause; after so many in a row the camera is as slow as that. */
const GAPS_TO_TELL = 3;
/** `lostAfter` shall bridge so many frames: a detector misses one now and then. */
const FRAMES_TO_BRIDGE = 4;

/** What a message says of its frame. */
interface FrameInputs {
  payload: unknown;
  timestamp: unknown;
  camera: unknown;
  picture: Uint8Array | undefined;
}

interface FrameToRecord {
  camera: string;
  at: number;
  inputs: FrameInputs;
  context: DetectionContext;
  kept: FrameMessage;
  /** undefined: it could not be read */
  read: DetectedFrame | undefined;
  things: SeenThing[];
}

/** What one `roboflow-vision-event-scene` node does with a message. */
export class SceneWork {
  private readonly detections: Evaluate;
  private readonly timestamp: Evaluate;
  private readonly cameraBy: Evaluate;
  private readonly picture: ReturnType<typeof pictureInput>;
  private readonly reader: DetectionReader;
  private readonly labelOf: LabelOf;
  private readonly settings: SceneSettings | FlowError;
  private readonly frames = new BestFrames<FrameMessage>(FRAME_HANDLING);
  /** the one idle for longest comes first */
  private readonly cameras = new Map<string, Camera>();
  private readonly status: ThrottledStatus;
  private readonly texts: StatusTexts;
  private hasWarnedOfGaps = false;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: VisionEventSceneProperties,
  ) {
    const input = (name: 'detections' | 'timestamp' | 'cameraBy') =>
      typedInput(RED, node, name, config[name], config[`${name}Type`]);
    this.detections = input('detections');
    this.timestamp = input('timestamp');
    this.cameraBy = input('cameraBy');
    this.picture = pictureInput(RED, node, 'image', config.image, config.imageType);
    this.reader = new DetectionReader(config);
    this.labelOf = fieldLabels(RED, node.type);
    this.status = new ThrottledStatus(node);
    this.texts = new StatusTexts(RED);
    this.settings = this.readSettings();
  }

  /** Takes the frame in its turn: what a context store or a picture takes time for does not put frames out of order. */
  handle(message: FlowMessage, send: Send): Promise<void> {
    const arrivedAt = performance.now();
    const inputs = this.inputsOf(message);
    // Unheard until its turn comes, a rejection would end the process.
    inputs.catch(() => undefined);
    const handled = this.turn.then(async () => this.take(message, await inputs, arrivedAt, send));
    this.turn = handled.catch(() => undefined);
    return handled;
  }

  showError(error: FlowError): void {
    this.status.show(this.texts.error(error));
  }

  close(): void {
    sceneRecorder.forget(this.node.id);
    this.reset();
    this.status.clear();
  }

  private readSettings(): SceneSettings | FlowError {
    try {
      return sceneSettings(this.config, this.labelOf);
    } catch (reason) {
      const error = toFlowError(reason);
      this.status.show(this.texts.error(error));
      return error;
    }
  }

  private async inputsOf(message: FlowMessage): Promise<FrameInputs> {
    const [payload, timestamp, camera, picture] = await Promise.all([
      this.detections(message),
      this.timestamp(message),
      this.cameraBy(message),
      this.picture?.(message),
    ]);
    return { payload, timestamp, camera, picture: picture?.bytes };
  }

  private take(message: FlowMessage, inputs: FrameInputs, arrivedAt: number, send: Send): void {
    if (message['reset']) {
      this.reset();
      this.status.show({});
      return;
    }
    const { payload: _payload, ...kept } = message;
    const key = cameraKey(inputs.camera);
    const at = this.timeOf(inputs.timestamp, arrivedAt);
    const context = {
      imageSize: messageImageSize(message),
      shape: message['shape'],
      statusCode: message['statusCode'],
      picture: inputs.picture,
    };
    const record = (read?: DetectedFrame, things: SeenThing[] = []) =>
      this.record({ camera: key, at, inputs, context, kept, read, things });
    const read = this.read(inputs.payload, context, () => record());
    const { result, detections } = read;
    const size = result.images[0]?.imageSize;
    if (this.settings instanceof FlowError || isSizeMissing(this.settings, size, detections)) {
      record(read);
      throw this.settings instanceof FlowError ? this.settings : sizeNeeded();
    }
    const camera = this.cameraOf(key);
    const moments = camera.take({ at, detections, size, single: result.single, kept }, arrivedAt);
    record(read, camera.scene.lastSeen);
    const { format, count, dropped, notes } = result;
    const report: SceneReport = {
      things: camera.scene.size,
      moments: moments?.length ?? 0,
      detections: { format, count, dropped, notes },
      pictures: this.frames.state,
      ...(!moments ? { notes: ['late-frame'] } : camera.gapsInARow > 0 && { notes: ['frame-gap'] }),
    };
    message['scene'] = report;
    this.tell(moments ?? [], report, send);
    if (!moments) this.status.show(() => this.texts.lateFrame());
    // Of a message about one thing nothing follows for the others: they may be as seldom as they like.
    else if (camera.gapsInARow >= GAPS_TO_TELL && !result.single) this.showSeldom(camera.sinceLast);
    else this.show(moments.at(-1));
  }

  /** Nothing is followed from one frame to the next: without a word, nothing would ever be confirmed. */
  private showSeldom(sinceLast: number): void {
    this.status.show(() => this.texts.seldomFrames());
    if (this.hasWarnedOfGaps) return;
    this.hasWarnedOfGaps = true;
    const [seconds, enough] = [sinceLast / 1000, (FRAMES_TO_BRIDGE * sinceLast) / 1000];
    this.node.warn(
      `Set "${this.labelOf('lostAfter')}" (lostAfter) to ${Math.ceil(enough)} s or more: frames come ${seconds.toFixed(1)} s apart, ` +
        'and a thing counts as gone before the next one.',
    );
  }

  /** @param onFailure is called before the error is thrown */
  private read(payload: unknown, context: DetectionContext, onFailure: () => void): DetectedFrame {
    try {
      return this.reader.read(payload, context);
    } catch (error) {
      onFailure();
      throw error;
    }
  }

  /** For the dialog, while one is open. */
  private record({ camera, at, inputs, context, kept, read, things }: FrameToRecord): void {
    const { id } = this.node;
    if (!sceneRecorder.isWatched(id)) return;
    const hides = hidesInPictures(this.RED);
    const picture = inputs.picture ?? Object.values(kept).find((value) => value instanceof Uint8Array);
    const pictureSize = picture && readPictureSize(picture);
    const source = sourceOf(inputs.payload, Object.assign(context, { picture: pictureSize }), hides);
    const frame: RecordedFrame = {
      at,
      seenAt: Date.now(),
      detections: read?.all ?? [],
      size: read?.result.images[0]?.imageSize,
      single: read?.result.single,
      things,
      source,
      ...(read && { readBy: this.reader.key }),
    };
    sceneRecorder.note(id, camera, frame, hides ? undefined : picture);
  }

  private cameraOf(key: string): Camera {
    const known = this.cameras.get(key);
    const camera = known ?? this.newCamera();
    if (known) this.cameras.delete(key);
    this.cameras.set(key, camera);
    if (this.cameras.size > MOST_CAMERAS) {
      const [idle] = this.cameras;
      if (idle) {
        idle[1].close();
        this.cameras.delete(idle[0]);
      }
    }
    return camera;
  }

  private newCamera(): Camera {
    const camera: Camera = new Camera(this.settings as SceneSettings, this.frames, (moments) => {
      const { state } = this.frames;
      const report = { things: camera.scene.size, moments: moments.length, pictures: state };
      this.tell(moments, report, (message) => this.node.send(message as never));
      this.show(moments.at(-1));
    });
    return camera;
  }

  /** Where frames have no time of their own, a clock that nobody sets. */
  private timeOf(timestamp: unknown, arrivedAt: number): number {
    if (this.config.timestampType === 'now') return arrivedAt;
    const iso = toIsoTimestamp(timestamp);
    if (iso !== undefined) return Date.parse(iso);
    const label = this.labelOf('timestamp');
    throw wrongInput(
      label,
      `The setting "${label}" holds no time. Use ISO 8601 text, a Date, or epoch milliseconds.`,
    );
  }

  private isoOf(at: number): string {
    const epoch = this.config.timestampType === 'now' ? at + Date.now() - performance.now() : at;
    return new Date(Math.round(epoch)).toISOString();
  }

  private tell(moments: readonly FrameMoment[], report: SceneReport, send: Send): void {
    for (const { detections, kept, since, until, durationMs, ...moment } of moments) {
      // A copy: the message may be told of once more, and what comes behind may change it.
      const message = this.RED.util.cloneMessage((kept ?? {}) as FlowMessage);
      send({
        ...message,
        payload: annotationLists(detections),
        moment: {
          id: randomUUID(),
          ...moment,
          since: this.isoOf(since),
          ...(until !== undefined && { until: this.isoOf(until) }),
          ...(durationMs !== undefined && { durationMs: Math.round(durationMs) }),
        },
        scene: report,
      });
    }
  }

  private show(last: FrameMoment | undefined): void {
    let things = 0;
    for (const { scene } of this.cameras.values()) things += scene.size;
    if (last) this.status.show(() => this.texts.moment(things, last));
    else this.status.showChange(() => this.texts.things(things));
  }

  private reset(): void {
    for (const camera of this.cameras.values()) camera.close();
    this.cameras.clear();
  }
}

/** Where something is hidden in pictures, nothing is kept that may be one. */
function sourceOf(payload: unknown, context: DetectionContext, hides: boolean): Buffer | undefined {
  if (!hides) return packSource({ payload, context });
  const { message, leftOut } = copyMessage({ _msgid: '', payload }, 0, { withoutPictures: true });
  return leftOut.length > 0 ? undefined : packSource({ payload: message.payload, context });
}

/** One value of `cameraBy` is one camera. */
function cameraKey(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
