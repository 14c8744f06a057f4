import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Moment } from '../../../src/scene/types';
import { film, newScene, personAt, SCENE_SIZE, tellFrames, type Way } from '../../support/scenes';

const kinds = (moments: readonly Moment<number>[]) => moments.map(({ kind }) => kind);
/** Walks from left to right through the middle of the picture, in ten seconds. */
const walk: Way = (at) => (at <= 10_000 ? [at / 10_000, 0.6] : undefined);
const stand: Way = () => [0.5, 0.6];

describe('scene', () => {
  it('tells a thing once when it appears and once when it is gone', () => {
    const told = film(newScene(), [walk], { seconds: 15 });
    assert.deepEqual(kinds(told), ['appeared', 'left']);
    assert.equal(told[0]!.trackId, told[1]!.trackId);
    assert.deepEqual([told[1]!.since, told[1]!.until], [0, 10_000]);
  });

  it('does not tell what was seen too seldom to be sure', () => {
    const seldom: Way = (at) => (at === 1000 || at === 1100 ? [0.5, 0.5] : undefined);
    assert.deepEqual(film(newScene(), [seldom], { seconds: 8 }), []);
  });

  it('knows a thing again that was hidden for less than the time after which it is lost', () => {
    const hidden: Way = (at) => (at > 3000 && at < 4500 ? undefined : walk(at));
    assert.deepEqual(kinds(film(newScene({ moments: ['appeared'] }), [hidden], { seconds: 12 })), [
      'appeared',
    ]);
  });

  it('says of no one who is seen again in the first frame after that time that he left', () => {
    const hiddenFor = (ms: number): Way => {
      return (at) => (at > 3000 && at < 3000 + ms ? undefined : stand(at));
    };
    assert.deepEqual(kinds(film(newScene(), [hiddenFor(2010)], { seconds: 8 })), ['appeared']);
    assert.deepEqual(kinds(film(newScene(), [hiddenFor(2210)], { seconds: 8 })), [
      'appeared',
      'left',
      'appeared',
    ]);
  });

  it('takes one who comes in near where another went out for another one', () => {
    const told = tellFrames(newScene({ moments: ['appeared'] }), 80, (frame) => {
      const leaving = frame < 40 ? [[0.8 + frame / 200, 0.6] as const] : [];
      const entering = frame >= 50 ? [[0.99 - (frame - 50) / 200, 0.68] as const] : [];
      return [...leaving, ...entering].map((anchor) => personAt(anchor));
    });
    assert.equal(new Set(told.map(({ trackId }) => trackId)).size, 2);
  });

  it('knows a thing again whose class is mistaken in the first frame after it was hidden', () => {
    const told = tellFrames(newScene({ moments: ['appeared'] }), 60, (frame) => {
      const isHidden = frame >= 30 && frame < 40;
      const box = { x: 100 + frame * 10, y: 250, width: 60, height: 120 };
      // it stopped behind the pillar
      if (frame >= 40) box.x -= 60;
      return isHidden ? [] : [{ class: frame === 40 ? 'dog' : 'person', confidence: 0.9, box }];
    });
    assert.deepEqual(kinds(told), ['appeared']);
  });

  it('takes a thing of another size in the place of a hidden one for another one', () => {
    const told = tellFrames(newScene({ moments: ['appeared'] }), 60, (frame) => {
      const isLater = frame >= 40;
      const box = { x: 500, y: 250, width: isLater ? 90 : 60, height: isLater ? 180 : 120 };
      return frame >= 30 && !isLater ? [] : [{ class: 'person', confidence: 0.9, box }];
    });
    assert.equal(new Set(told.map(({ trackId }) => trackId)).size, 2);
  });

  it('takes one who comes in at the edge of the picture for another one than who is hidden not far from there', () => {
    const told = tellFrames(newScene({ moments: ['appeared'] }), 60, (frame) => {
      if (frame < 30) return [personAt([0.885, 0.6])];
      return frame < 40 ? [] : [personAt([0.99 - (frame - 40) / 2000, 0.6])];
    });
    assert.equal(new Set(told.map(({ trackId }) => trackId)).size, 2);
  });

  it('takes a thing for one that is seen as another class from some time on', () => {
    const told = tellFrames(newScene({ moments: ['appeared'] }), 120, (frame) => [
      personAt([0.2 + frame / 400, 0.6], frame < 60 ? 'person' : 'child'),
    ]);
    assert.deepEqual(kinds(told), ['appeared']);
  });

  it('knows a thing again that grows as it comes in at the edge of the picture, missed now and then', () => {
    const told = tellFrames(newScene({ moments: ['appeared'] }), 40, (frame) => {
      const right = 10 + frame * 12;
      const left = Math.max(0, right - 200);
      const box = { x: (left + right) / 2, y: 250, width: right - left, height: 120 };
      return frame % 8 > 4 ? [] : [{ class: 'car', confidence: 0.9, box }];
    });
    assert.deepEqual(kinds(told), ['appeared']);
  });

  it('follows what moves nearly by its own length from frame to frame, from the first step on', () => {
    const told = tellFrames(
      newScene({ moments: ['appeared'] }),
      14,
      (frame) => {
        const box = { x: 50 + frame * 64, y: 250, width: 80, height: 60 };
        return [{ class: 'scratch', confidence: 0.9, box }];
      },
      200,
    );
    assert.equal(told.length, 1);
  });

  for (const [what, place, className] of [
    ['turned while it was hidden', [0.33, 0.55], 'person'],
    ['is seen as another class at first', [0.39, 0.6], 'child'],
  ] as const) {
    it(`knows a thing again that ${what}`, () => {
      const told = tellFrames(newScene({ moments: ['appeared'] }), 80, (frame) => {
        const isHidden = frame >= 30 && frame < 40;
        const anchor = frame < 30 ? ([0.2 + frame / 200, 0.6] as const) : place;
        const detection = personAt(anchor, frame === 40 ? className : 'person');
        return isHidden ? [] : [detection];
      });
      assert.equal(told.length, 1);
    });
  }

  it('takes a thing whose class wavers for one', () => {
    const scene = newScene({ moments: ['appeared', 'left'] });
    const told: Moment<number>[] = [];
    for (let frame = 0; frame < 50; frame++) {
      const detection = personAt(stand(0)!, frame % 4 === 3 ? 'child' : 'person');
      told.push(...scene.frame({ at: frame * 100, detections: [detection], kept: frame })!);
    }
    assert.deepEqual(
      told.map(({ class: name }) => name),
      ['person'],
    );
  });

  it('follows the ids of the detector where it sends them, however far a thing jumps', () => {
    const scene = newScene({ moments: ['appeared'] });
    const told: Moment<number>[] = [];
    for (let frame = 0; frame < 20; frame++) {
      const detection = { ...personAt([frame % 2 ? 0.1 : 0.9, 0.5]), trackId: '17' };
      told.push(...scene.frame({ at: frame * 100, detections: [detection], kept: frame })!);
    }
    assert.deepEqual(
      told.map(({ trackId }) => trackId),
      ['17'],
    );
  });

  it('tells who stays in an area, by the feet, with its name', () => {
    const zone = {
      name: 'press',
      kind: 'area',
      points: [
        [0.4, 0.5],
        [0.6, 0.5],
        [0.6, 0.7],
        [0.4, 0.7],
      ],
      classes: [],
    } as const;
    const settings = { moments: ['stayed'] as const, stayAfter: 3000, zones: [zone] };
    const [stayed, ...others] = film(newScene(settings), [stand], { seconds: 10 });
    assert.deepEqual([stayed!.zone, stayed!.durationMs, others.length], ['press', 3000, 0]);
    assert.deepEqual(
      film(newScene({ ...settings, anchor: 'center' }), [() => [0.5, 0.75]], { seconds: 6 }).length,
      1,
    );
    assert.deepEqual(film(newScene(settings), [() => [0.5, 0.75]], { seconds: 6 }), []);
  });

  it('tells the direction in which a line is crossed, and not that of one who stands on it', () => {
    const line = {
      name: 'gate',
      kind: 'line',
      points: [
        [0.5, 1],
        [0.5, 0],
      ],
      classes: [],
    } as const;
    const settings = { moments: ['crossed'] as const, zones: [line] };
    // seen from below upwards, the right of the line is the right of the picture
    const [crossed, ...others] = film(newScene(settings), [walk], { seconds: 10 });
    assert.deepEqual([crossed!.zone, crossed!.direction, others.length], ['gate', 'in', 0]);
    const back: Way = (at) => [1 - at / 10_000, 0.6];
    assert.deepEqual(film(newScene(settings), [back], { seconds: 10 })[0]!.direction, 'out');
    const trembling: Way = (at) => [0.5 + ((at / 100) % 2 ? 0.003 : -0.003), 0.6];
    assert.deepEqual(film(newScene(settings), [trembling], { seconds: 10 }), []);
  });

  it('tells a count once it holds, with as many detections', () => {
    const late: Way = (at) => (at > 5000 ? [0.2, 0.6] : undefined);
    const told = film(newScene({ moments: ['count'] }), [stand, late], { seconds: 10 });
    assert.deepEqual(
      told.map(({ count, detections }) => [count, detections.length]),
      [
        [1, 1],
        [2, 2],
      ],
    );
  });

  it('tells the crossings of each interval', () => {
    const line = {
      name: 'belt',
      kind: 'line',
      points: [
        [0.5, 1],
        [0.5, 0],
      ],
      classes: ['person'],
    } as const;
    const settings = { moments: ['count'] as const, zones: [line], countEvery: 6000 };
    const told = film(newScene(settings), [walk], { seconds: 13 }).filter(({ zone }) => zone === 'belt');
    assert.deepEqual(
      told.map(({ count, direction }) => [count, direction]),
      [
        [1, 'in'],
        [0, 'in'],
      ],
    );
  });

  it('sends the best frame: large and sure, and not cut off by the edge', () => {
    const best: Way = (at) => [Math.min(0.02 + at / 5000, 0.5), 0.6];
    const [appeared] = film(newScene({ moments: ['appeared'] }), [best], { seconds: 3 });
    assert.ok(appeared!.kept! >= 1, String(appeared!.kept));
  });

  it('lets the clock decide when no frame comes', () => {
    const scene = newScene({ moments: ['left'] });
    film(scene, [stand], { seconds: 2 });
    assert.equal(scene.size, 1);
    assert.deepEqual(scene.quiet(3000), []);
    assert.deepEqual(kinds(scene.quiet(scene.quietDueAt!)), ['left']);
    assert.equal(scene.quietDueAt, undefined);
  });

  it('leaves out a frame that is older than the last one', () => {
    const scene = newScene();
    assert.ok(scene.frame({ at: 1000, detections: [], kept: 1 }));
    assert.equal(scene.frame({ at: 999, detections: [], kept: 2 }), undefined);
    assert.equal(scene.frame({ at: NaN, detections: [], kept: 2 }), undefined);
  });

  it('without tracking, takes a class for one thing, there or not there', () => {
    const told = film(newScene({ trackBy: 'never' }), [stand, walk, () => [0.1, 0.9]], { seconds: 15 });
    assert.deepEqual(kinds(told), ['appeared']);
  });

  it('ends a thing when the detector says so, and waits for that however long it is silent', () => {
    const scene = newScene({ moments: ['appeared', 'left'] });
    const detection = { ...personAt([0.5, 0.5]), trackId: 'a' };
    const single = { isConfirmed: true, saysEnd: true };
    const told = [0, 60_000, 120_000].flatMap((at, kept) =>
      scene.frame({ at, detections: [detection], single: { ...single, isEnd: kept === 2 }, kept })!,
    );
    assert.deepEqual(kinds(told), ['appeared', 'left']);
  });

  it('never throws, tells no moment twice, and no one leaves who did not appear', () => {
    const detection = fc.record({
      class: fc.constantFrom('a', 'b', ''),
      confidence: fc.oneof(fc.double({ min: 0, max: 1 }), fc.constant(NaN)),
      box: fc.option(fc.record({ x: fc.double(), y: fc.double(), width: fc.double(), height: fc.double() }), {
        nil: undefined,
      }),
      trackId: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
    });
    const calm = fc.integer({ min: 0, max: 9 }).map((place) => personAt([place / 10, 0.5]));
    const frame = fc.record({
      wait: fc.integer({ min: -500, max: 3000 }),
      detections: fc.array(fc.oneof(calm, detection), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 40 }),
        fc.constantFrom('auto' as const, 'never' as const),
        (frames, trackBy) => {
          const scene = newScene({
            moments: ['appeared', 'left', 'stayed', 'crossed', 'count'],
            stayAfter: 1000,
            trackBy,
          });
          let at = 0;
          const told = frames.flatMap(({ wait, detections }, kept) => {
            at += wait;
            return scene.frame({ at, detections, size: SCENE_SIZE, kept }) ?? [];
          });
          const open = new Map<string, Set<string>>();
          for (const { kind, trackId, count } of told) {
            if (kind === 'count') assert.ok(count! >= 0);
            if (kind === 'count' || kind === 'crossed') continue;
            const seen = open.get(trackId!) ?? new Set();
            assert.ok(!seen.has(kind), `${kind} twice`);
            assert.equal(seen.has('appeared'), kind !== 'appeared', kind);
            open.set(trackId!, kind === 'left' ? new Set() : seen.add(kind));
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
