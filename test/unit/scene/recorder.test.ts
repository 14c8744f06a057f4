import assert from 'node:assert/strict';
import { visionEventSceneDefaults } from '../../../nodes/shared/properties';
import { DetectionReader } from '../../../nodes/scene/detections';
import {
  KEPT_MS,
  packSource,
  SceneRecorder,
  WATCH_MS,
  type RecordedFrame,
} from '../../../nodes/scene/recorder';
import { replay } from '../../../nodes/scene/replay';
import { personAt, SCENE_DEFAULTS, SCENE_SIZE } from '../../support/scenes';
import { png } from '../images/made-pictures';

const AS_DEPLOYED = new DetectionReader(visionEventSceneDefaults).key;

const frameAt = (at: number, detections = [personAt([at / 40_000, 0.6])]): RecordedFrame => ({
  at,
  seenAt: at,
  detections,
  size: SCENE_SIZE,
  things: [],
  readBy: AS_DEPLOYED,
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

  it('are at most 2 MB of payloads of a camera, and none of more than 256 KB', () => {
    recorder.watch('node');
    const source = packSource({ payload: 'x'.repeat(250 * 1024), context: {} })!;
    for (let at = 0; at < 2000; at += 100)
      recorder.note('node', 'gate', { ...frameAt(at), source }, undefined);
    assert.equal(camera()!.frames.length, 8);
    assert.ok(camera()!.payloadBytes <= 2 * 2 ** 20);
    assert.equal(packSource({ payload: 'x'.repeat(256 * 1024), context: {} }), undefined);
    assert.equal(packSource({ payload: { read: () => 1 }, context: {} }), undefined);
  });

  it('is nothing at all once the operator has switched it off', () => {
    recorder.watch('node');
    recorder.switchOff();
    recorder.watch('node');
    recorder.note('node', 'gate', frameAt(0), undefined);
    assert.deepEqual([recorder.isWatched('node'), camera()], [false, undefined]);
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
    const { moments, count, spanMs } = replay(frames, settings, visionEventSceneDefaults);
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
    assert.equal(
      replay(frames, SCENE_DEFAULTS, { ...visionEventSceneDefaults, classes: 'forklift' }).count,
      0,
    );
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
      () => replay(unsized, { ...SCENE_DEFAULTS, zones: [zone] }, visionEventSceneDefaults),
      /size of the picture/,
    );
  });

  describe('with another format than the deployed one', () => {
    const mapping = JSON.stringify({
      list: 'rects',
      class: { const: 'person' },
      box: { convention: 'corner', units: 'pixel', fields: ['0', '1', '2', '3'] },
    });
    const config = { ...visionEventSceneDefaults, format: 'custom', mapping };
    const source = (payload: unknown) => packSource({ payload, context: {} });
    /** The deployed node could not read them. */
    const unread = frames.map(({ readBy: _readBy, ...frame }) => ({ ...frame, detections: [] }));
    const rects = unread.map((frame) => ({ ...frame, source: source({ rects: [[10, 10, 50, 100]] }) }));

    it('reads the payloads anew, also those that the deployed one could not read', () => {
      const { count, unread: left, asDeployed } = replay(rects, SCENE_DEFAULTS, config);
      assert.deepEqual([count, left, asDeployed], [1, 0, 0]);
    });

    it('follows each change of the mapping', () => {
      replay(rects, SCENE_DEFAULTS, config);
      const cats = { ...config, mapping: mapping.replace('person', 'cat') };
      assert.equal(replay(rects, SCENE_DEFAULTS, cats).moments[0]!.class, 'cat');
    });

    it('takes what the deployed one has found where the payload was too large to keep', () => {
      const { count, asDeployed } = replay(frames, SCENE_DEFAULTS, config);
      assert.deepEqual([count, asDeployed], [1, 100]);
    });

    it('tells how many frames it could not read, and why', () => {
      const other = replay(rects, SCENE_DEFAULTS, { ...config, format: 'frigate' });
      assert.deepEqual([other.count, other.unread], [0, 100]);
      assert.match(other.unreadBecause!, /^The payload does not fit "Format"/);
      assert.match(replay(unread, SCENE_DEFAULTS, config).unreadBecause!, /^Deploy to see/);
    });

    it('counts the size of the picture only where the dialog says that there is one', () => {
      const context = { picture: { width: 640, height: 480 } };
      const payload = { rects: [[10, 10, 50, 100]] };
      const pictured = unread.map((frame) => ({
        ...frame,
        size: undefined,
        source: packSource({ payload, context }),
      }));
      const points = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ] as const;
      const settings = {
        ...SCENE_DEFAULTS,
        zones: [{ name: 'all', kind: 'area', points, classes: [] }] as const,
      };
      assert.throws(() => replay(pictured, settings, config), /size of the picture/);
      assert.equal(replay(pictured, settings, { ...config, image: 'picture', imageType: 'msg' }).count, 1);
    });
  });
});
