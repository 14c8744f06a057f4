import { BestFrames } from '../../src/scene/best-frames';
import { Scene } from '../../src/scene/scene';
import type { MomentKind, SceneFrame, SceneSettings } from '../../src/scene/types';
import type { VisionEventSceneProperties } from '../shared/properties';
import { detectionFilter, DetectionReader, hasPicture } from './detections';
import { unpackSource, type RecordedFrame } from './recorder';
import { isSizeMissing, sizeNeeded } from './settings';

/** More would not be read. */
const MOST_MOMENTS = 200;

export interface ReplayedMoment {
  kind: MomentKind;
  class?: string;
  trackId?: string;
  zone?: string;
  direction?: 'in' | 'out';
  count?: number;
  durationMs?: number;
  /** how long before the last frame, ms */
  agoMs: number;
}

export interface Replay {
  frames: number;
  /** from the first frame to the last, ms */
  spanMs: number;
  moments: ReplayedMoment[];
  /** how many there are, also of those that are left out */
  count: number;
  /** frames of too large a payload: their detections are those that the deployed settings found */
  asDeployed: number;
  /** frames that could not be read, and why not the first of them */
  unread: number;
  unreadBecause?: string;
}

/**
 * The moments that the settings of a dialog would have made of some frames. It begins with an empty scene.
 *
 * @throws FlowError when zones need a size that no frame has
 */
export function replay(
  frames: readonly RecordedFrame[],
  settings: SceneSettings,
  config: VisionEventSceneProperties,
): Replay {
  const scene = new Scene<number>(settings, new BestFrames<number>(WITHOUT_PICTURES));
  const isWanted = detectionFilter(config);
  const rereader = new Rereader(config);
  const end = frames.at(-1)?.seenAt ?? 0;
  const moments: ReplayedMoment[] = [];
  for (const { at, seenAt, ...frame } of rereader.readAll(frames)) {
    const detections = frame.detections.filter(isWanted);
    if (isSizeMissing(settings, frame.size, detections)) throw sizeNeeded();
    const agoMs = end - seenAt;
    const told = scene.frame({ ...frame, at, detections, kept: 0 }) ?? [];
    for (const { kind, class: name, trackId, zone, direction, count, durationMs } of told)
      moments.push({ kind, class: name, trackId, zone, direction, count, durationMs, agoMs });
  }
  const { asDeployed, unread, unreadBecause } = rereader;
  return {
    frames: frames.length,
    spanMs: end - (frames[0]?.seenAt ?? end),
    moments: moments.slice(-MOST_MOMENTS),
    count: moments.length,
    asDeployed,
    unread,
    ...(unreadBecause !== undefined && { unreadBecause }),
  };
}

type ReadFrame = Pick<SceneFrame<undefined>, 'detections' | 'size' | 'single'>;

/**
 * What the settings of the last replay found in each frame: the next one, three seconds later, asks for most of them
 * again.
 */
let known: { key: string; frames: WeakMap<RecordedFrame, ReadFrame | Error> } = {
  key: '',
  frames: new WeakMap(),
};

/** Reads recorded frames as a dialog says, where it reads otherwise than the deployed node. */
class Rereader {
  asDeployed = 0;
  unread = 0;
  unreadBecause: string | undefined;
  private readonly reader: DetectionReader;
  private readonly hasPicture: boolean;

  constructor(config: VisionEventSceneProperties) {
    this.reader = new DetectionReader(config);
    this.hasPicture = hasPicture(config);
    if (known.key !== this.reader.key) known = { key: this.reader.key, frames: new WeakMap() };
  }

  /** Those that cannot be read are left out, as by the node. */
  readAll(frames: readonly RecordedFrame[]): (ReadFrame & Pick<RecordedFrame, 'at' | 'seenAt'>)[] {
    return frames.flatMap((frame) => {
      const { at, seenAt } = frame;
      const read = this.read(frame);
      if (!(read instanceof Error)) return [{ ...read, at, seenAt }];
      this.unread++;
      this.unreadBecause ??= read.message;
      return [];
    });
  }

  private read(frame: RecordedFrame): ReadFrame | Error {
    if (frame.readBy === this.reader.key) return frame;
    if (!frame.source) {
      if (frame.readBy === undefined) return new Error(TOO_LARGE);
      this.asDeployed++;
      return frame;
    }
    const read = known.frames.get(frame) ?? this.convert(frame.source);
    known.frames.set(frame, read);
    return read;
  }

  private convert(source: Buffer): ReadFrame | Error {
    const { payload, context } = unpackSource(source);
    try {
      const { result, all } = this.reader.read(payload, {
        ...context,
        ...(!this.hasPicture && { picture: undefined }),
      });
      return { detections: all, size: result.images[0]?.imageSize, single: result.single };
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

const TOO_LARGE =
  'Deploy to see what the node makes of it: the payload is too large to be kept for a replay.';

const WITHOUT_PICTURES = {
  limits: { frames: Infinity, bytes: Infinity },
  measure: () => 0,
  withoutPictures: (kept: number) => kept,
};
