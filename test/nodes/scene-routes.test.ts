import assert from 'node:assert/strict';
import { visionEventSceneDefaults } from '../../nodes/shared/properties';
import { sceneRecorder } from '../../nodes/scene/recorder';
import { helper } from '../support/node-red-helper';
import { until } from '../support/until';
import { jpeg } from '../unit/images/made-pictures';

import scene = require('../../nodes/scene/node');
import completeNode = require('@node-red/nodes/core/common/24-complete.js');

interface Answer {
  status: number;
  text: string;
  body: { error?: { code: string; message: string } } & Record<string, unknown>;
}

/** As the route of the view answers. */
interface View {
  cameras: string[];
  camera?: string;
  at?: number;
  size?: { width: number; height: number };
  tracks: { id: string; points: number[][] }[];
  picture?: { at: number; dataUrl?: string };
}

const place = { z: 'tab', x: 100, y: 100 };
const SETTINGS = { ...visionEventSceneDefaults, timestamp: 'at', timestampType: 'msg' };
const START = 1_700_000_000_000;
const AREA = [
  [0, 0],
  [1, 0],
  [1, 1],
];

const person = (x: number, tracker_id?: number) => ({
  x,
  y: 250,
  width: 50,
  height: 100,
  class: 'person',
  class_id: 0,
  confidence: 0.9,
  tracker_id,
});
const frame = (at: number, predictions: object[], more: object = {}) => ({
  payload: { image: { width: 1000, height: 500 }, predictions },
  at: START + at,
  ...more,
});

describe('what a scene answers its dialog', () => {
  let handled: number;

  before((done) => void helper.startServer(done));
  afterEach(() => helper.unload());
  after((done) => void helper.stopServer(done));

  async function load(settings: object = {}, more: object[] = []) {
    handled = 0;
    await helper.load([scene, completeNode], [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'scene', type: 'roboflow-vision-event-scene', ...place, ...SETTINGS, ...settings, wires: [[]] },
      { id: 'complete', type: 'complete', ...place, scope: ['scene'], wires: [['completed']] },
      { id: 'completed', type: 'helper', ...place },
      ...more,
    ] as never);
    helper.getNode('completed').on('input', () => handled++);
  }
  async function send(...messages: object[]) {
    const before = handled;
    for (const message of messages) helper.getNode('scene').receive(message as never);
    await until(() => handled === before + messages.length, 'the frames to be handled');
  }
  const get = async (id: string, query = '') =>
    (await helper.request().get(`/vision-events/scenes/${id}/view${query}`)) as unknown as Answer;
  const view = async (query = '') => (await get('scene', query)).body as unknown as View;
  const post = async (body: object) =>
    (await helper.request().post('/vision-events/scenes/replay').send(body)) as unknown as Answer;
  const replay = (properties: object, more: object = {}) =>
    post({ id: 'scene', properties: { ...SETTINGS, ...properties }, ...more });

  it('is nothing of nodes that are not deployed, or of another type, however they are named', async () => {
    await load({}, [{ id: 'other', type: 'helper', ...place }]);
    for (const id of ['gone', 'other', '__proto__', 'constructor', '..%2f..', '%00', 'x'.repeat(5000)]) {
      const { status, body } = await get(id);
      assert.deepEqual([status, body.error?.code], [404, 'NOT_DEPLOYED'], id);
    }
    for (const id of ['gone', 'other', '__proto__', undefined]) {
      const { status, body } = await post({ id, properties: {} });
      assert.deepEqual([status, body.error?.code], [404, 'NOT_DEPLOYED'], id);
    }
  });

  it('is kept by no cache', async () => {
    await load();
    const { headers } = await helper.request().get('/vision-events/scenes/scene/view');
    assert.equal(headers['cache-control'], 'no-store');
  });

  it('names the field of a body that is wrong', async () => {
    await load();
    for (const [body, field] of [
      [{ id: 'scene' }, 'properties'],
      [{ id: 'scene', properties: [] }, 'properties'],
      [{ id: 7, properties: {} }, 'id'],
      [{ id: 'scene', properties: {}, camera: 7 }, 'camera'],
    ] as const) {
      const { status, body: answer } = await post(body);
      assert.equal(status, 400);
      assert.ok(answer.error?.message.startsWith(`${field}: `), answer.error?.message);
    }
    assert.equal((await post([])).status, 400);
    assert.equal((await replay({ mapping: 'x'.repeat(2 ** 20) })).status, 413);
    const form = await helper
      .request()
      .post('/vision-events/scenes/replay')
      .type('form')
      .send({ id: 'scene' });
    assert.equal(form.status, 415);
  });

  it('says which setting cannot be used', async () => {
    await load();
    await view();
    await send(...[0, 100, 200].map((at) => frame(at, [person(100)])));
    for (const [properties, message] of [
      [{ confirm: '7 of 5' }, /3 of 5/],
      [{ lostAfter: 'soon' }, /^The setting/],
      [{ lostAfter: '-1' }, /^The setting/],
      [{ zones: [{ name: 'a', kind: 'area', points: [], classes: '' }] }, /Draw zone 1 anew/],
      [{ zones: [null] }, /Draw zone 1 anew/],
      [{ zones: [{ kind: 'line', points: [['a', 'b'], [null], {}] }] }, /Draw zone 1 anew/],
    ] as [object, RegExp][]) {
      const { status, body } = await replay(properties);
      assert.equal(status, 502, JSON.stringify(body));
      assert.match(body.error?.message ?? '', message);
    }
  });

  it('takes hostile properties for those that the node has, or for none', async () => {
    await load();
    await view();
    await send(...[0, 100, 200].map((at) => frame(at, [person(100)])));
    const hostile = JSON.parse(
      `{"id":"scene","properties":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
        "moments":["appeared","__proto__",7,null,{"toString":1}],"confirm":{"hits":1},"lostAfter":[2],"classes":7,
        "zones":"everywhere","format":null,"mapping":{"list":"__proto__"},"trackBy":{},"anchor":"toString"}}`,
    ) as object;
    const { status, body } = await post(hostile);
    assert.deepEqual([status, body['count']], [200, 1]);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    const named = { zones: [{ name: '<script>alert(1)</script>', kind: 'area', points: AREA, classes: '' }] };
    const { headers } = await helper
      .request()
      .post('/vision-events/scenes/replay')
      .send({ id: 'scene', properties: { ...SETTINGS, ...named } });
    assert.match(String(headers['content-type']), /^application\/json/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const unreadable = await replay({ format: 'custom', mapping: '{"list": "predictions", "class"' });
    assert.deepEqual([unreadable.status, unreadable.body['unread']], [200, 3]);
  });

  it('is of the camera that was asked for, else of the one that sent last', async () => {
    await load({ cameraBy: 'topic', cameraByType: 'msg' });
    await view();
    for (const topic of ['gate', '__proto__', 'dock'])
      await send(...[0, 100, 200].map((at) => frame(at, [person(100)], { topic })));
    assert.deepEqual((await view()).cameras, ['__proto__', 'dock', 'gate']);
    for (const [query, camera] of [
      ['', 'dock'],
      ['?camera=gate', 'gate'],
      ['?camera=__proto__', '__proto__'],
      ['?camera=constructor', 'dock'],
      ['?camera[]=gate', 'dock'],
    ] as const)
      assert.equal((await view(query)).camera, camera, query);
    assert.equal((await replay({}, { camera: 'nowhere' })).body['count'], 1);
  });

  it('does not send a picture again that the dialog has', async () => {
    await load();
    await view();
    await send(frame(0, [person(100)], { frame: jpeg(1000, 500) }));
    const { picture } = await view();
    assert.ok(picture?.dataUrl);
    const again = await view(`?picture=${picture.at}`);
    assert.deepEqual(again.picture, { at: picture.at });
  });

  it('is at most 100 tracks of 50 points, and 200 moments, however much there was', async () => {
    await load();
    await view();
    const crowd = (at: number) =>
      frame(
        at,
        Array.from({ length: 150 }, (_value, id) => person(id * 5, id)),
      );
    await send(...Array.from({ length: 60 }, (_value, index) => crowd(index * 10)));
    const { tracks } = await view();
    assert.equal(tracks.length, 100);
    assert.ok(tracks.every(({ points }) => points.length <= 50 && points.length > 20));
    await send(...Array.from({ length: 5 }, (_value, index) => crowd(100_000 + index * 10)));
    const { body } = await replay({ moments: ['appeared', 'left'] });
    assert.deepEqual([body['count'], (body['moments'] as unknown[]).length], [450, 200]);
  });

  it('is of four nodes at a time; of a fifth nothing is kept, and that one is not told of the others', async () => {
    const nodes = Array.from({ length: 4 }, (_value, index) => ({
      id: `scene-${index}`,
      type: 'roboflow-vision-event-scene',
      ...place,
      ...SETTINGS,
      wires: [[]],
    }));
    await load({}, nodes);
    for (const { id } of nodes) await get(id);
    await view();
    assert.deepEqual(
      [...nodes.map(({ id }) => id), 'scene'].map((id) => sceneRecorder.isWatched(id)),
      [true, true, true, true, false],
    );
    await send(frame(0, [person(100)]));
    assert.deepEqual(await view(), { cameras: [] });
  });

  it('is forgotten when the node is deployed anew', async () => {
    await load();
    await view();
    await send(frame(0, [person(100)]));
    assert.equal((await view()).cameras.length, 1);
    await helper.unload();
    assert.equal(sceneRecorder.isWatched('scene'), false);
    await load();
    assert.deepEqual(await view(), { cameras: [] });
  });
});
