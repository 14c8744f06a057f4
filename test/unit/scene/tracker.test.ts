import assert from 'node:assert/strict';
import { Tracker } from '../../../src/scene/tracker';
import type { Boxed } from '../../../src/scene/track';
import type { SceneDetection } from '../../../src/scene/types';
import { Usual } from '../../../src/scene/usual';
import { seededRandom } from '../../support/seed';

const CONFIRMED_AT = 3;

const seenAt = (x: number, y: number, className = 'person'): Boxed<SceneDetection> => ({
  class: className,
  confidence: 0.9,
  box: { x, y, width: 60, height: 120 },
});
/** Goes 5 pixels to the right in each frame. */
const walker = (frame: number, className = 'person', y = 250) => seenAt(100 + 5 * frame, y, className);

describe('the tracker', () => {
  for (const [what, className, away] of [
    ['of another class', 'dog', 20],
    ['a good part away', 'person', 60],
  ] as const) {
    it(`does not take what comes before a thing for that thing when it is ${what}`, () => {
      const tracker = new Tracker(CONFIRMED_AT);
      const standing = seenAt(500, 250);
      for (let frame = 0; frame < 60; frame++) tracker.update(frame * 100, [standing]);
      const [known] = tracker.all;
      // the thing is hidden while another one goes by
      const passing = (frame: number) => seenAt(500, 250 + away + 4 * frame, className);
      for (let frame = 0; frame < 10; frame++) tracker.update(6000 + frame * 100, [passing(frame)]);
      const tracks = tracker.update(7000, [standing, passing(10)]);
      assert.equal(tracks[0], known);
      assert.notEqual(tracks[1], known);
    });
  }

  it('forgets what stood in the place of a thing for a frame, once the thing is seen there again', () => {
    const tracker = new Tracker(CONFIRMED_AT);
    for (let frame = 0; frame < 30; frame++) tracker.update(frame * 100, [walker(frame)]);
    tracker.update(3000, [walker(30, 'dog', 270)]);
    assert.equal(tracker.all.length, 2);
    tracker.update(3100, [walker(31)]);
    assert.deepEqual(
      tracker.all.map(({ frames }) => frames),
      [31],
    );
  });

  for (const [what, height, count] of [
    ['takes what is much larger than a thing at the edge of the picture for another one', 180, 2],
    ['takes what is much smaller there for the thing, half covered', 80, 1],
  ] as const) {
    it(what, () => {
      const tracker = new Tracker(CONFIRMED_AT);
      const picture = { width: 1000, height: 500 };
      const standing = { ...seenAt(20, 250), box: { x: 20, y: 250, width: 40, height: 120 } };
      for (let frame = 0; frame < 60; frame++) tracker.update(frame * 100, [standing], picture);
      tracker.update(6000, [{ ...standing, box: { ...standing.box, height } }], picture);
      assert.equal(tracker.all.length, count);
    });
  }

  it('looks less far from its place for a thing out of sight where the detector is less sure than usual', () => {
    const foundAgain = (confidence: number) => {
      const tracker = new Tracker(CONFIRMED_AT);
      for (let frame = 0; frame < 60; frame++) tracker.update(frame * 100, [seenAt(500, 250)]);
      const [track] = tracker.update(6500, [{ ...seenAt(560, 250), confidence }]);
      return track!.frames > 1;
    };
    assert.ok(foundAgain(0.9));
    assert.ok(!foundAgain(0.5));
  });

  it('follows a thing by its place alone where the detector wavers between classes', () => {
    const tracker = new Tracker(CONFIRMED_AT);
    const random = seededRandom(1);
    const ids = new Set<string>();
    for (let frame = 0; frame < 150; frame++) {
      const [track] = tracker.update(frame * 100, [walker(frame, random() < 0.5 ? 'person' : 'child')]);
      if (track!.frames >= CONFIRMED_AT) ids.add(track!.id);
    }
    assert.equal(ids.size, 1);
  });
});

describe('what is usual for a detector', () => {
  it('is that its classes waver when more than one in twenty is another one, also before anything is known', () => {
    const usual = new Usual();
    assert.ok(usual.wavers);
    for (let frame = 0; frame < 50; frame++) usual.learnClass(false);
    assert.ok(!usual.wavers);
    for (let frame = 0; frame < 60; frame++) usual.learnClass(frame % 5 === 0);
    assert.ok(usual.wavers);
  });

  it('is soon known: a few hundred things seen are enough', () => {
    const usual = new Usual();
    for (let sighting = 0; sighting < 300; sighting++) usual.learnMisfit(sighting % 20 === 0 ? 30 : 25);
    assert.ok(Math.abs(usual.misfit - 25) < 3, String(usual.misfit));
  });

  it('is the surprise below which most places lie', () => {
    const usual = new Usual();
    for (let frame = 0; frame < 20_000; frame++) usual.learnSurprise((frame % 100) / 2);
    assert.ok(Math.abs(usual.surprise - 47.5) < 3, String(usual.surprise));
  });
});
