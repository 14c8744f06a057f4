import assert from 'node:assert/strict';
import { simulate, type SimulatedDetection, type SimulationSettings } from '../../support/scene-simulator';
import { newScene } from '../../support/scenes';
import { isLongRun } from '../../support/seed';

const SEEDS = Array.from({ length: isLongRun ? 40 : 12 }, (_, index) => index + 1);

/**
 * Of the things that are to be seen for a second or more and never hidden for too long: how many are told exactly
 * once.
 */
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
  if (isLongRun)
    console.log(
      `      ${JSON.stringify(settings)}: ${once} of ${judged}, ${((100 * once) / judged).toFixed(1)} %`,
    );
  return { share: once / judged, falseMoments };
}

describe('scene, in simulated scenes of known truth', () => {
  // what was measured, less a little: a change that makes it worse shall be seen
  for (const [rate, things, floor] of [
    [10, 1, 0.99],
    [10, 3, 0.99],
    [10, 10, 0.98],
    [10, 20, 0.98],
    [10, 50, 0.98],
    [5, 3, 0.98],
    [5, 10, 0.96],
    [30, 3, 0.98],
    [30, 10, 0.97],
  ] as const) {
    it(`tells ${floor * 100} % of ${things} things at ${rate} frames a second exactly once`, () => {
      const { share, falseMoments } = toldOnce({ rate, things });
      assert.ok(share >= floor, `${(share * 100).toFixed(1)} %`);
      assert.ok(falseMoments <= SEEDS.length, `${falseMoments} false`);
    });
  }

  for (const [things, floor] of [
    [3, 0.89],
    [10, 0.74],
  ] as const) {
    it(`tells ${floor * 100} % of ${things} things once of which the detector boxes what is not covered`, () => {
      const { share } = toldOnce({ rate: 10, things, onlyVisible: true });
      assert.ok(share >= floor, `${(share * 100).toFixed(1)} %`);
    });
  }

  it('tells 92 % of 3 things at a frame a second exactly once, of those seen long enough, when lostAfter suits', () => {
    const { share } = toldOnce({ rate: 1, things: 3 }, { lostAfter: 5000, visible: 6000 });
    assert.ok(share >= 0.92, `${(share * 100).toFixed(1)} %`);
  });
});
