import assert from 'node:assert/strict';
import { visionEventDefaults, visionEventSceneDefaults } from '../../nodes/shared/properties';
import { helper, warningsOf } from '../support/node-red-helper';
import { until } from '../support/until';
import { jpeg } from '../unit/images/made-pictures';

import scene = require('../../nodes/scene/node');
import visionEvent = require('../../nodes/vision-event/node');
import catchNode = require('@node-red/nodes/core/common/25-catch.js');
import completeNode = require('@node-red/nodes/core/common/24-complete.js');

interface SceneMessage {
  payload: Record<string, unknown[]>;
  moment: Record<string, unknown> & { kind: string; id: string };
  scene: { notes?: string[]; things: number };
  [property: string]: unknown;
}

const place = { z: 'tab', x: 100, y: 100 };
const person = (x: number, tracker_id?: number) => ({
  image: { width: 1000, height: 500 },
  predictions: [
    { x, y: 250, width: 50, height: 100, class: 'person', class_id: 0, confidence: 0.9, tracker_id },
  ],
});
const empty = { image: { width: 1000, height: 500 }, predictions: [] };

describe('roboflow-vision-event-scene', () => {
  let out: SceneMessage[];
  let completed: SceneMessage[];
  let caught: { error: { message: string; code?: string } }[];

  before((done) => void helper.startServer(done));
  afterEach(() => helper.unload());
  after((done) => void helper.stopServer(done));

  async function load(settings: Partial<typeof visionEventSceneDefaults> = {}, behind: object[] = []) {
    [out, completed, caught] = [[], [], []];
    await helper.load([scene, visionEvent, catchNode, completeNode], [
      { id: 'tab', type: 'tab', label: 'test' },
      {
        id: 'scene',
        type: 'roboflow-vision-event-scene',
        ...place,
        ...visionEventSceneDefaults,
        ...settings,
        wires: [[behind.length ? 'event' : 'out']],
      },
      ...behind,
      { id: 'out', type: 'helper', ...place },
      { id: 'complete', type: 'complete', ...place, scope: ['scene'], wires: [['completed']] },
      { id: 'completed', type: 'helper', ...place },
      { id: 'catch', type: 'catch', ...place, scope: null, uncaught: false, wires: [['caught']] },
      { id: 'caught', type: 'helper', ...place },
    ] as never);
    for (const [id, list] of [
      ['out', out],
      ['completed', completed],
      ['caught', caught],
    ] as const)
      helper.getNode(id).on('input', (message) => list.push(message as never));
  }

  const own = { timestamp: 'at', timestampType: 'msg' };
  async function send(...messages: object[]) {
    const before = completed.length + caught.length;
    for (const message of messages) helper.getNode('scene').receive(message as never);
    await until(
      () => completed.length + caught.length >= before + messages.length,
      'the frames to be handled',
    );
  }
  const frames = (count: number, payload: (frame: number) => unknown, more: object = {}, from = 0) =>
    Array.from({ length: count }, (_value, frame) => ({
      payload: payload(from + frame),
      at: 1_700_000_000_000 + (from + frame) * 100,
      ...more,
    }));

  it('sends one message when a thing is confirmed, with its own detections and the rest of the message', async () => {
    await load(own);
    await send(...frames(10, (frame) => person(100 + frame), { topic: 'gate', picture: Buffer.from('jpg') }));
    assert.equal(out.length, 1);
    const [{ payload, moment, topic, picture }] = out as [SceneMessage];
    assert.deepEqual(
      [moment.kind, moment['class'], topic, String(picture as Buffer)],
      ['appeared', 'person', 'gate', 'jpg'],
    );
    assert.match(moment.id, /^[0-9a-f-]{36}$/);
    assert.equal(moment['since'], new Date(1_700_000_000_000).toISOString());
    assert.deepEqual(Object.keys(payload), ['objectDetections']);
    assert.deepEqual(Object.keys(payload['objectDetections']![0] as object).sort(), [
      'class',
      'confidence',
      'height',
      'width',
      'x',
      'y',
    ]);
  });

  it('uses the track ids of the detector', async () => {
    await load(own);
    await send(...frames(6, (frame) => person(frame % 2 ? 900 : 100, 42)));
    assert.deepEqual(
      out.map(({ moment }) => moment['trackId']),
      ['42'],
    );
  });

  it('keeps cameras apart', async () => {
    await load({ ...own, cameraBy: 'topic', cameraByType: 'msg' });
    const [a, b] = ['a', 'b'].map((topic) => frames(5, () => person(100), { topic }));
    await send(...a!.flatMap((message, index) => [message, b![index]!]));
    assert.deepEqual(
      out.map(({ topic }) => topic),
      ['a', 'b'],
    );
  });

  it('follows 1,000 cameras; of more, the one idle for longest is forgotten', async () => {
    await load({ ...own, cameraBy: 'topic', cameraByType: 'msg', confirm: '1' });
    const frame = (camera: number, index: number) =>
      frames(1, () => person(100), { topic: camera }, index)[0]!;
    await send(...Array.from({ length: 1001 }, (_value, camera) => frame(camera, 0)));
    assert.equal(out.length, 1001);
    // the first was forgotten, so it begins anew; the last was not
    await send(frame(1000, 1), frame(0, 1));
    assert.deepEqual(
      out.slice(1001).map(({ topic }) => topic),
      [0],
    );
  });

  it('says that a frame older than the last one was left out', async () => {
    await load(own);
    await send(...frames(2, () => empty).reverse());
    assert.deepEqual(
      completed.map(({ scene: report }) => report.notes),
      [undefined, ['late-frame']],
    );
  });

  it('says when frames come too seldom to follow anything, and what to set', async () => {
    await load({ ...own, lostAfter: '0.05' });
    const warnings = warningsOf('scene');
    await send(...frames(6, () => person(100)));
    assert.deepEqual(
      completed.map(({ scene: { notes } }) => notes),
      [undefined, ...Array<string[]>(5).fill(['frame-gap'])],
    );
    assert.equal(warnings.length, 1);
    assert.match(String(warnings[0]), /^Set ".*" \(lostAfter\) to 1 s or more: frames come 0\.1 s apart/);
  });

  it('takes a pause for a pause', async () => {
    await load(own);
    const warnings = warningsOf('scene');
    await send(...frames(4, () => person(100)), ...frames(4, () => person(100), {}, 400));
    assert.deepEqual(completed.map(({ scene: { notes } }) => notes).filter(Boolean), [['frame-gap']]);
    assert.deepEqual(warnings, []);
  });

  it('forgets everything at msg.reset', async () => {
    await load(own);
    await send(...frames(4, () => person(100)), { reset: true }, ...frames(4, () => person(100), {}, 4));
    assert.deepEqual(
      out.map(({ moment }) => moment.kind),
      ['appeared', 'appeared'],
    );
  });

  it('counts where only a line is drawn what crosses it in each interval, not the whole picture', async () => {
    const points: [number, number][] = [
      [0.5, 1],
      [0.5, 0],
    ];
    const zones = [{ name: 'belt', kind: 'line' as const, points, classes: '' }];
    await load({ ...own, moments: ['count'], countEvery: '6', zones });
    await send(...frames(130, (frame) => person(200 + frame * 5)));
    assert.deepEqual(
      out.map(({ moment }) => [moment['zone'], moment['count']]),
      [
        ['belt', 0],
        ['belt', 1],
      ],
    );
  });

  it('lets the clock decide when no frame comes any more', async () => {
    await load({ moments: ['left'], lostAfter: '0.2' });
    await send(...frames(4, () => person(100)));
    await until(() => out.length === 1, 'the message of the moment');
    assert.equal(out[0]!.moment.kind, 'left');
  });

  it('needs the size of the picture for zones, and says how to give it', async () => {
    const zones = [
      {
        name: 'gate',
        kind: 'area' as const,
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
        ] as [number, number][],
        classes: '',
      },
    ];
    await load({ ...own, zones });
    const unsized = [{ x: 5, y: 5, width: 5, height: 5, class: 'person', class_id: 0, confidence: 1 }];
    await send({ payload: unsized, at: 1_700_000_000_000 });
    assert.equal(caught[0]!.error.code, 'DETECTIONS_IMAGE_SIZE_REQUIRED');
  });

  it('fails each message when a setting cannot be used', async () => {
    await load({ confirm: '7 of 5' });
    await send({ payload: empty });
    assert.match(caught[0]!.error.message, /3 of 5/);
  });

  it('gives the event behind it its id, metadata, alert type and count', async () => {
    const event = {
      id: 'event',
      type: 'roboflow-vision-event',
      ...place,
      ...visionEventDefaults,
      delivery: 'build',
      eventType: 'safety_alert',
      useCase: 'gate',
      wires: [['out']],
    };
    const zones = [
      {
        name: 'gate',
        kind: 'area' as const,
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 1],
        ] as [number, number][],
        classes: '',
      },
    ];
    await load({ ...own, moments: ['stayed'], stayAfter: '1', zones }, [event]);
    await send(...frames(15, () => person(100)));
    await until(() => out.length === 1, 'the message of the moment');
    const [{ payload, moment }] = out as [SceneMessage];
    const built = payload as unknown as { eventId: string; eventData: object; customMetadata: object };
    assert.equal(built.eventId, moment.id);
    assert.deepEqual(built.eventData, { alertType: 'person_stayed' });
    assert.deepEqual(built.customMetadata, { zone: 'gate', duration_s: 1, track: 'own-1' });
  });

  it('replays the last frames with the format of its dialog, also those that the deployed one cannot read', async () => {
    await load({ ...own, format: 'frigate' });
    const mapping = JSON.stringify({
      list: 'rects',
      class: { const: 'person' },
      box: { convention: 'corner', units: 'pixel', fields: ['0', '1', '2', '3'] },
    });
    const replay = async (settings: object) => {
      const properties = { ...visionEventSceneDefaults, ...own, ...settings };
      const body = { id: 'scene', properties };
      const answer = await helper.request().post('/vision-events/scenes/replay').send(body);
      const { count, unread, unreadBecause } = answer.body as Record<string, unknown>;
      return { count, unread, unreadBecause };
    };
    await replay({});
    await send(...frames(5, () => ({ rects: [[10, 20, 30, 60]] })));
    assert.equal(caught.length, 5);
    const asDeployed = await replay({ format: 'frigate' });
    assert.deepEqual([asDeployed.count, asDeployed.unread], [0, 5]);
    assert.match(String(asDeployed.unreadBecause), /^The payload does not fit "Format"/);
    assert.deepEqual(await replay({ format: 'custom', mapping }), {
      count: 1,
      unread: 0,
      unreadBecause: undefined,
    });
  });

  it('replays what it had read also when another of its settings cannot be used', async () => {
    await load({ ...own, confirm: '7 of 5' });
    const properties = { ...visionEventSceneDefaults, ...own };
    const replay = async () => {
      const body = { id: 'scene', properties };
      return (await helper.request().post('/vision-events/scenes/replay').send(body)).body as {
        count: number;
      };
    };
    await replay();
    await send(...frames(5, () => person(100)));
    assert.deepEqual([caught.length, (await replay()).count], [5, 1]);
  });

  it('keeps nothing of a payload that may be a picture while another node hides something in pictures', async () => {
    const hiding = { ...visionEventDefaults, delivery: 'build', hideClasses: 'person', wires: [['out']] };
    await load(own, [{ id: 'event', type: 'roboflow-vision-event', ...place, ...hiding }]);
    const mapping = JSON.stringify({
      list: 'predictions',
      class: 'class',
      box: { convention: 'centre', units: 'pixel', fields: '' },
    });
    const properties = { ...visionEventSceneDefaults, ...own, format: 'custom', mapping };
    const replay = async () => {
      const body = { id: 'scene', properties };
      return (await helper.request().post('/vision-events/scenes/replay').send(body)).body as {
        asDeployed: number;
      };
    };
    await replay();
    const visualization = jpeg(1000, 500).toString('base64').padEnd(2000, 'A');
    await send(...frames(5, () => ({ ...person(100), visualization })));
    assert.equal((await replay()).asDeployed, 5);
  });

  for (const [what, hiding, isShown] of [
    ['shows its dialog the last picture', {}, true],
    [
      'shows its dialog no picture while another node hides something in pictures',
      { hideClasses: 'person' },
      false,
    ],
  ] as const) {
    it(what, async () => {
      const event = { ...visionEventDefaults, delivery: 'build', ...hiding, wires: [['out']] };
      await load(own, [{ id: 'event', type: 'roboflow-vision-event', ...place, ...event }]);
      interface View {
        at?: number;
        picture?: { dataUrl?: string };
      }
      const view = async () =>
        (await helper.request().get('/vision-events/scenes/scene/view')).body as unknown as View;
      await view();
      await send(...frames(1, () => person(100), { frame: jpeg(1000, 500) }));
      const { at, picture } = await view();
      assert.ok(at !== undefined);
      assert.equal(picture?.dataUrl?.startsWith('data:image/jpeg;base64,'), isShown ? true : undefined);
    });
  }
});
