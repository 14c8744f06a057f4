import { deserialize, serialize } from 'node:v8';
import type { DetectionContext } from '../../src/detections/types';
import { displaySize, pictureFormatOf, pictureSizeOf } from '../../src/images/formats';
import type { SceneFrame } from '../../src/scene/types';
import type { SeenThing } from '../../src/scene/scene';
import { MAX_PICTURE_BYTES } from '../shared/last-messages';
import { isShownByBrowsers } from '../shared/shown-picture';

/** How long frames are kept after a dialog looked last, ms. */
export const WATCH_MS = 10 * 60_000;
/** What is kept of each camera. */
export const KEPT_MS = 30_000;
/** Of one camera, however fast it is and however much it sees. */
const MOST_FRAMES = 1000;
const MOST_DETECTIONS = 10_000;
const MOST_PAYLOAD_BYTES = 2 * 1024 * 1024;
const MOST_CAMERAS = 8;
/** Of one frame. */
const MOST_SOURCE_BYTES = 256 * 1024;
/** Nodes whose dialogs are open at the same time, by all users of one Node-RED. */
const MOST_NODES = 4;
/** A picture is copied that often at most, ms. */
const PICTURE_INTERVAL_MS = 1000;

/** What a detector said of a frame, and what else was known of it: other settings can read it anew. */
export interface FrameSource {
  payload: unknown;
  context: DetectionContext;
}

/** A frame without its message and picture. */
export interface RecordedFrame extends Omit<SceneFrame<undefined>, 'kept'> {
  /** wall clock, ms */
  seenAt: number;
  /** the key of the reader that found the detections; undefined where the deployed settings could not read it */
  readBy?: string;
  /** a `FrameSource`, packed; absent where it is too large */
  source?: Buffer;
  /** as the deployed node follows them; empty where nothing is tracked */
  things: SeenThing[];
}

export interface RecordedPicture {
  /** wall clock, ms */
  at: number;
  mediaType: string;
  bytes: Buffer;
  size?: { width: number; height: number };
}

export interface RecordedCamera {
  frames: RecordedFrame[];
  detections: number;
  payloadBytes: number;
  picture?: RecordedPicture;
}

interface Watch {
  until: number;
  /** the one idle for longest comes first */
  cameras: Map<string, RecordedCamera>;
}

/**
 * The last seconds of the nodes whose dialogs are open: what was detected, and the last picture. Of others nothing is
 * kept.
 */
export class SceneRecorder {
  private readonly watches = new Map<string, Watch>();
  private off = false;
  private sweeping: NodeJS.Timeout | undefined;

  /** @param now ms of a monotonic clock */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The operator wants nothing kept. */
  switchOff(): void {
    this.off = true;
    this.watches.clear();
  }

  get isOff(): boolean {
    return this.off;
  }

  /** Whether somebody looks: only then is there something to note. */
  isWatched(nodeId: string): boolean {
    if (this.watches.size === 0) return false;
    const watch = this.watches.get(nodeId);
    return watch !== undefined && watch.until >= this.now();
  }

  /** @param picture a Buffer that may hold one */
  note(nodeId: string, camera: string, frame: RecordedFrame, picture: Uint8Array | undefined): void {
    const watch = this.watches.get(nodeId);
    if (!watch) return;
    const kept = watch.cameras.get(camera) ?? { frames: [], detections: 0, payloadBytes: 0 };
    watch.cameras.delete(camera);
    watch.cameras.set(camera, kept);
    if (watch.cameras.size > MOST_CAMERAS) watch.cameras.delete([...watch.cameras.keys()][0]!);
    kept.frames.push(frame);
    kept.detections += frame.detections.length;
    kept.payloadBytes += frame.source?.byteLength ?? 0;
    forgetOld(kept, frame.seenAt - KEPT_MS);
    if (picture && !(frame.seenAt - (kept.picture?.at ?? -Infinity) < PICTURE_INTERVAL_MS))
      kept.picture = pictureOf(picture, frame.seenAt) ?? kept.picture;
  }

  /** What is kept of a node, and keeps it for ten minutes more. */
  watch(nodeId: string): ReadonlyMap<string, RecordedCamera> {
    this.sweep();
    const until = this.now() + WATCH_MS;
    const watch = this.watches.get(nodeId) ?? { until, cameras: new Map<string, RecordedCamera>() };
    watch.until = until;
    if (this.off) return watch.cameras;
    if (this.watches.has(nodeId) || this.watches.size < MOST_NODES) this.watches.set(nodeId, watch);
    this.sweeping ??= setInterval(() => this.sweep(), WATCH_MS / 10).unref();
    return watch.cameras;
  }

  /** The node was closed: a redeployed node starts empty. */
  forget(nodeId: string): void {
    this.watches.delete(nodeId);
  }

  private sweep(): void {
    const now = this.now();
    for (const [nodeId, { until }] of this.watches) if (until < now) this.watches.delete(nodeId);
    if (this.watches.size > 0) return;
    clearInterval(this.sweeping);
    this.sweeping = undefined;
  }
}

/** One for all nodes: the admin route knows a node by its id only. */
export const sceneRecorder = new SceneRecorder();

function forgetOld(kept: RecordedCamera, before: number): void {
  const isTooMuch = () =>
    kept.frames.length > MOST_FRAMES ||
    kept.detections > MOST_DETECTIONS ||
    kept.payloadBytes > MOST_PAYLOAD_BYTES;
  while (kept.frames.length > 1 && (kept.frames[0]!.seenAt < before || isTooMuch())) {
    const { detections, source } = kept.frames.shift()!;
    kept.detections -= detections.length;
    kept.payloadBytes -= source?.byteLength ?? 0;
  }
}

/**
 * Packs what a detector said, so that nobody can change it and its size is known.
 *
 * @returns undefined for what is too large, or cannot be copied
 */
export function packSource(source: FrameSource): Buffer | undefined {
  try {
    const packed = serialize(source);
    return packed.byteLength <= MOST_SOURCE_BYTES ? packed : undefined;
  } catch {
    return undefined;
  }
}

export function unpackSource(packed: Buffer): FrameSource {
  return deserialize(packed) as FrameSource;
}

/** A copy: what comes behind the node may write into it. */
function pictureOf(bytes: Uint8Array, at: number): RecordedPicture | undefined {
  if (bytes.byteLength > MAX_PICTURE_BYTES) return undefined;
  const copy = Buffer.from(bytes);
  const format = pictureFormatOf(copy);
  if (!format || !isShownByBrowsers(format.mediaType)) return undefined;
  return {
    at,
    mediaType: format.mediaType,
    bytes: copy,
    size: displaySize(pictureSizeOf(format, copy) ?? {}),
  };
}
