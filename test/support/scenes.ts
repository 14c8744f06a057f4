import { BestFrames } from '../../src/scene/best-frames';
import { Scene } from '../../src/scene/scene';
import type { Moment, SceneDetection, SceneSettings } from '../../src/scene/types';

/** The defaults of the node, in the scene's own units. */
export const SCENE_DEFAULTS: SceneSettings = {
  moments: ['appeared', 'left'],
  confirm: { hits: 3, frames: 5 },
  lostAfter: 2000,
  stayAfter: 10_000,
  countStable: 2000,
  zones: [],
  anchor: 'bottom',
  trackBy: 'auto',
};

export const SCENE_SIZE = { width: 1000, height: 500 };

/** Keeps frames as they are: each weighs so many bytes. */
export function frameStore<Kept>(bytes = 1000, limits = { frames: 200, bytes: 64e6 }): BestFrames<Kept> {
  return new BestFrames<Kept>({ limits, measure: () => bytes, withoutPictures: (kept) => kept });
}

export function newScene<Detection extends SceneDetection = SceneDetection>(
  settings: Partial<SceneSettings> = {},
): Scene<number, Detection> {
  return new Scene<number, Detection>({ ...SCENE_DEFAULTS, ...settings }, frameStore<number>());
}

/**
 * One thing on its way: where its anchor is at a time, in fractions of the picture, or undefined when it is not seen.
 */
export type Way = (at: number) => readonly [x: number, y: number] | undefined;

/** Frames of a scene in which things go their ways; `at` from 0. What is told, the clock's part included. */
export function film(
  scene: Scene<number>,
  ways: readonly Way[],
  { seconds, rate = 10, className = 'person' }: { seconds: number; rate?: number; className?: string },
): Moment<number>[] {
  const everyMs = 1000 / rate;
  const seen = (frame: number) =>
    ways.flatMap((way) => {
      const anchor = way(frame * everyMs);
      return anchor ? [personAt(anchor, className)] : [];
    });
  return tellFrames(scene, seconds * rate, seen, everyMs);
}

/** What is told of so many frames, by what is seen in each. */
export function tellFrames(
  scene: Scene<number>,
  frames: number,
  seen: (frame: number) => SceneDetection[],
  everyMs = 100,
): Moment<number>[] {
  const told: Moment<number>[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const at = frame * everyMs;
    told.push(...(scene.frame({ at, detections: seen(frame), size: SCENE_SIZE, kept: frame }) ?? []));
  }
  return told;
}

/** 40 by 100 pixels, standing on the point. */
export function personAt([x, y]: readonly [number, number], className = 'person'): SceneDetection {
  return {
    class: className,
    confidence: 0.9,
    box: { x: x * SCENE_SIZE.width, y: y * SCENE_SIZE.height - 50, width: 40, height: 100 },
  };
}
