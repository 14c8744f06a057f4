import assert from 'node:assert/strict';
import { KEPT_MS, SceneRecorder, WATCH_MS, type RecordedFrame } from '../../../nodes/scene/recorder';
import { replay } from '../../../nodes/scene/replay';
import { personAt, SCENE_DEFAULTS, SCENE_SIZE } from '../../support/scenes';
import { png } from '../images/made-pictures';

const frameAt = (at: number, detections = [personAt([at / 40_000, 0.6])]): RecordedFrame => ({
  at,
  seenAt: at,
  detections,
  size: SCENE_SIZE,
  things: [],
});

describe('what a scene keeps for its dialog', () => {
  let now: number;
  let recorder: SceneRecorder;
  beforeEach(() => {
    now = 0;
    recorder = new SceneRecorder(() => now);
  });
  const camera = (name = 'gate') => recorder.watch('node').get(name);

  it('is nothing while nobody looks, and nothing ten minutes after somebody did', () => {
    recorder.note('node', 'gate', frameAt(0), undefined);
    assert.equal(camera(), undefined);
    assert.equal(recorder.isWatched('node'), true);
    recorder.note('node', 'gate', frameAt(0), undefined);
    assert.equal(camera()!.frames.length, 1);
    now = WATCH_MS + 1;
    assert.equal(recorder.isWatched('node'), false);
    assert.equal(camera(), undefined);
  });

  it('are the last 30 seconds, at most 1,000 frames and 10,000 detections of a camera', () => {
    recorder.watch('node');
    for (let at = 0; at <= 60_000; at += 100) recorder.note('node', 'gate', frameAt(at), undefined);
    assert.equal(camera()!.frames[0]!.at, 60_000 - KEPT_MS);
    for (let at = 60_000; at < 62_000; at++) recorder.note('node', 'fast', frameAt(at), undefined);
    assert.equal(camera('fast')!.frames.length, 1000);
    const crowd = Array.from({ length: 300 }, () => personAt([0.5, 0.5]));
    for (let at = 0; at < 10_000; at += 100) recorder.note('node', 'crowd', frameAt(at, crowd), undefined);
    assert.equal(camera('crowd')!.detections, 9900);
  });

  it('are eight cameras; of more, the one idle for longest is forgotten', () => {
    recorder.watch('node');
    for (let n = 0; n < 9; n++) recorder.note('node', `camera ${n}`, frameAt(0), undefined);
    assert.deepEqual([...recorder.watch('node').keys()].sort()[0], 'camera 1');
  });

  it('is the last picture, a copy, where a browser can show it and it is not too large', () => {
    recorder.watch('node');
    const picture = png(64, 48);
    recorder.note('node', 'gate', frameAt(0), picture);
    assert.deepEqual(camera()!.picture!.size, { width: 64, height: 48 });
    assert.notEqual(camera()!.picture!.bytes, picture);
    recorder.note('node', 'gate', frameAt(5000), Buffer.from('no picture'));
    recorder.note('node', 'gate', frameAt(9000), Buffer.concat([picture, Buffer.alloc(2 ** 20)]));
    assert.equal(camera()!.picture!.at, 0);
  });
});

describe('a replay', () => {
  const frames = Array.from({ length: 100 }, (_value, index) => frameAt(index * 100));

  it('tells the moments that settings would have made, and how long ago', () => {
    const line = {
      name: 'gate',
      kind: 'line',
      points: [
        [0.1, 0],
        [0.1, 1],
      ],
      classes: [],
    } as const;
    const settings = { ...SCENE_DEFAULTS, moments: ['appeared', 'crossed'] as const, zones: [line] };
    const { moments, count, spanMs } = replay(frames, settings, () => true);
    assert.deepEqual(
      moments.map(({ kind, agoMs }) => [kind, agoMs]),
      [
        ['appeared', 9700],
        ['crossed', moments[1]!.agoMs],
      ],
    );
    assert.ok(Math.abs(moments[1]!.agoMs - 5900) <= 500);
    assert.deepEqual([count, spanMs], [2, 9900]);
  });

  it('leaves out what the settings do not let through', () => {
    assert.equal(replay(frames, SCENE_DEFAULTS, () => false).count, 0);
  });

  it('says that zones need the size of the picture', () => {
    const zone = {
      name: 'press',
      kind: 'area',
      points: [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
      classes: [],
    } as const;
    const unsized = frames.map(({ size: _size, ...frame }) => frame);
    assert.throws(
      () => replay(unsized, { ...SCENE_DEFAULTS, zones: [zone] }, () => true),
      /size of the picture/,
    );
  });
});
