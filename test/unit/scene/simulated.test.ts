import assert from 'node:assert/strict';
import { simulate, type SimulatedDetection, type SimulationSettings } from '../../support/scene-simulator';
import { newScene } from '../../support/scenes';

const SEEDS = [1, 2, 3, 4];

/** Of the things that are to be seen for a second or more and never hidden for too long: how many are told exactly once. */
function toldOnce(
  settings: Omit<SimulationSettings, 'seed' | 'seconds'>,
  { lostAfter = 2000, visible = 1000 } = {},
): {
  share: number;
  falseMoments: number;
} {
  let [once, judged, falseMoments] = [0, 0, 0];
  for (const seed of SEEDS) {
    const { frames, things, size } = simulate({ seed, seconds: 60, ...settings });
    const scene = newScene<SimulatedDetection>({ moments: ['appeared'], lostAfter });
    const told = new Map<number, number>();
    frames.forEach(({ at, detections }, kept) => {
      for (const {
        detections: [seen],
      } of scene.frame({ at, detections, size, kept }) ?? [])
        told.set(seen!.thing, (told.get(seen!.thing) ?? 0) + 1);
    });
    falseMoments += told.get(-1) ?? 0;
    const fair = things.filter(
      ({ visibleMs, longestHidden }) => visibleMs >= visible && longestHidden < lostAfter,
    );
    judged += fair.length;
    once += fair.filter(({ thing }) => told.get(thing) === 1).length;
  }
  return { share: once / judged, falseMoments };
}

describe('scene, in simulated scenes of known truth', () => {
  // what was measured, less a little: a change that makes it worse shall be seen
  for (const [rate, things, floor] of [
    [10, 1, 0.98],
    [10, 3, 0.98],
    [10, 10, 0.96],
    [10, 20, 0.94],
    [10, 50, 0.9],
    [5, 3, 0.98],
    [5, 10, 0.96],
    [30, 3, 0.95],
    [30, 10, 0.95],
  ] as const) {
    it(`tells ${floor * 100} % of ${things} things at ${rate} frames a second exactly once`, () => {
      const { share, falseMoments } = toldOnce({ rate, things });
      assert.ok(share >= floor, `${(share * 100).toFixed(1)} %`);
      assert.ok(falseMoments <= 3, `${falseMoments} false`);
    });
  }

  it('tells 95 % of 3 things at a frame a second exactly once, of those seen long enough, when lostAfter suits', () => {
    const { share } = toldOnce({ rate: 1, things: 3 }, { lostAfter: 5000, visible: 6000 });
    assert.ok(share >= 0.95, `${(share * 100).toFixed(1)} %`);
  });
});
