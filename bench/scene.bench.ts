/**
 * What a scene costs: microseconds a frame with 1, 10, 50 and 100 things, and memory over an hour of frames, in the
 * frames' own time.
 *
 * Usage: npx tsx bench/scene.bench.ts
 */
import { BestFrames } from '../src/scene/best-frames';
import { Scene } from '../src/scene/scene';
import { simulate } from '../test/support/scene-simulator';
import { SCENE_DEFAULTS } from '../test/support/scenes';

const PICTURE_BYTES = 100_000;
const HOUR_RATE = 5;

const newScene = () =>
  new Scene<Uint8Array>(
    { ...SCENE_DEFAULTS, moments: ['appeared', 'left', 'count'] },
    new BestFrames<Uint8Array>({
      limits: { frames: 200, bytes: 64e6 },
      measure: (kept) => kept.length,
      withoutPictures: () => new Uint8Array(0),
    }),
  );

function microsecondsPerFrame(things: number): number {
  const { frames, size } = simulate({ seed: 1, rate: 30, seconds: 20, things });
  const picture = new Uint8Array(0);
  const rounds = Array.from({ length: 5 }, () => {
    const scene = newScene();
    // of the processor, not of the wall: others run beside
    const before = process.cpuUsage();
    for (const { at, detections } of frames) scene.frame({ at, detections, size, kept: picture });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / frames.length;
  });
  return rounds.sort((a, b) => a - b)[2]!;
}

console.table(
  [1, 10, 50, 100].map((things) => {
    const cost = microsecondsPerFrame(things);
    return {
      things,
      'µs a frame': Math.round(cost),
      '% of a core at 30 frames/s': Number((cost * 30e-4).toFixed(2)),
    };
  }),
);

const scene = newScene();
const heap = () => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return Number(((heapUsed + arrayBuffers) / 1e6).toFixed(1));
};
for (let minutes = 0; minutes <= 60; minutes += 15) {
  const { frames, size } = simulate({ seed: minutes, rate: HOUR_RATE, seconds: 60 * 15, things: 10 });
  for (const { at, detections } of frames)
    scene.frame({ at: minutes * 60_000 + at, detections, size, kept: new Uint8Array(PICTURE_BYTES) });
  console.log(`after ${minutes + 15} min of frames: ${heap()} MB, ${scene.size} things`);
}
