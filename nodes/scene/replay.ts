import { BestFrames } from '../../src/scene/best-frames';
import { Scene } from '../../src/scene/scene';
import type { MomentKind, SceneDetection, SceneSettings } from '../../src/scene/types';
import type { RecordedFrame } from './recorder';
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
}

/**
 * The moments that settings would have made of some frames. It begins with an empty scene.
 *
 * @throws FlowError when zones need a size that no frame has
 */
export function replay(
  frames: readonly RecordedFrame[],
  settings: SceneSettings,
  isWanted: (detection: SceneDetection) => boolean,
): Replay {
  const scene = new Scene<number>(settings, new BestFrames<number>(WITHOUT_PICTURES));
  const end = frames.at(-1)?.seenAt ?? 0;
  const moments: ReplayedMoment[] = [];
  for (const frame of frames) {
    const detections = frame.detections.filter(isWanted);
    if (isSizeMissing(settings, frame.size, detections)) throw sizeNeeded();
    const agoMs = end - frame.seenAt;
    for (const { kind, class: name, trackId, zone, direction, count, durationMs } of scene.frame({
      ...frame,
      detections,
      kept: 0,
    }) ?? [])
      moments.push({ kind, class: name, trackId, zone, direction, count, durationMs, agoMs });
  }
  return {
    frames: frames.length,
    spanMs: end - (frames[0]?.seenAt ?? end),
    moments: moments.slice(-MOST_MOMENTS),
    count: moments.length,
  };
}

const WITHOUT_PICTURES = {
  limits: { frames: Infinity, bytes: Infinity },
  measure: () => 0,
  withoutPictures: (kept: number) => kept,
};
