import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LiveAnswer } from '../../nodes/shared/live-event';
import { liveEvents } from '../../nodes/shared/live-events';
import type { visionEventDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { decode } from '../../src/images/work/codec';
import type { Pixels } from '../../src/images/work/pixels';
import { EVENT_NODE_ID, helper, TestFlow, WORKSPACE_ID } from '../support/node-red-helper';
import { refuseEvents } from '../support/refused-events';
import { assertNoSecret } from '../support/secrets';
import { until } from '../support/until';
import { at, busy, difference, jpegOf, painted } from '../unit/images/work/painted';

const KEY = 'rf-secret-Lv83QzPw51x';
const PERSON = { class: 'person', x: 80, y: 60, width: 64, height: 48, confidence: 0.9 };
const found = (...predictions: object[]) => ({ image: { width: 320, height: 240 }, predictions });

/** How much neighbouring pixels differ where the person is. */
const detailOf = (pixels: Pixels) =>
  Array.from({ length: 20 }, (_pixel, step) =>
    difference(at(pixels, 70 + step, 60), at(pixels, 71 + step, 60)),
  ).reduce((sum, one) => sum + one, 0);

describe('the live view', function () {
  let simulator: Simulator;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
  });
  beforeEach(() => {
    simulator.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-live-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (event: Partial<typeof visionEventDefaults>) =>
    TestFlow.load(event, { baseUrl: simulator.url, apiKey: KEY, timeout: 2000, outboxDir, batchLinger: 0 });
  const get = (route: string) => helper.request().get(`/vision-events/${route}`);
  const look = async (since = '') => (await get(`live?since=${since}`)).body as LiveAnswer;
  /** The one event that happened after that. */
  const next = (since: string, state: string) =>
    until(async () => {
      const { events } = await look(since);
      return events.find((event) => event.state === state);
    }, `an event that is ${state}`);

  it('shows how an event is stored and delivered, its node, and how many were delivered this minute', async () => {
    const flow = await load({ delivery: 'queue', detectionsType: 'none', eventId: 'id', eventIdType: 'msg' });
    const { cursor } = await look();
    await flow.send({ payload: 1, id: 'live-1' });
    const event = await next(cursor, 'delivered');
    assert.equal(event.eventId, 'live-1');
    assert.deepEqual(event.node, { id: EVENT_NODE_ID, type: 'roboflow-vision-event' });
    assert.equal((event.event as { useCaseId: string }).useCaseId, 'quality-line-1');
    const { workspaces } = (await get('live/workspaces')).body as {
      workspaces: { id: string; open: boolean; minutes: number[]; events: number }[];
    };
    const [workspace] = workspaces;
    assert.deepEqual([workspace?.id, workspace?.open, workspace?.events], [WORKSPACE_ID, true, 0]);
    assert.equal(
      workspace?.minutes.reduce((sum, count) => sum + count, 0),
      1,
    );
  });

  it('shows why an event did not leave, also when there is none yet', async () => {
    simulator.faults.always({ status: 400, body: { error: 'bad field' } });
    const flow = await load({ delivery: 'send', detectionsType: 'msg', detections: 'payload' });
    const { cursor } = await look();
    await flow.send({ payload: found(PERSON) });
    const refused = await next(cursor, 'refused');
    assert.match(refused.error?.message ?? '', /bad field/);
    assert.equal(refused.isKept, false);
    assert.ok(refused.event);
    await flow.send({ payload: 'no detections' });
    const failed = await next(cursor, 'failed');
    assert.equal(failed.event, null);
    assert.match(failed.error?.code ?? '', /^DETECTIONS_/);
  });

  it('shows a picture only as it leaves: what is hidden is hidden here too', async () => {
    const photo = await jpegOf(painted(320, 240, busy), 95, 1);
    const hides = { hideClasses: 'person', inputImage: 'image', inputImageType: 'msg' } as const;
    const takes = { detectionsType: 'msg', detections: 'payload', ...hides } as const;
    const flow = await load({ delivery: 'send', ...takes });
    const { cursor } = await look();
    await flow.send({ payload: found(PERSON), image: photo });
    const { id, picture } = await next(cursor, 'delivered');
    assert.equal(picture, 'kept');
    const answer = await get(`live/${id}/picture`).buffer(true);
    assert.equal(answer.headers['content-type'], 'image/jpeg');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    const shown = await decode(answer.body as Buffer, 'image/jpeg');
    const original = await decode(photo, 'image/jpeg');
    assert.ok(detailOf(shown) < detailOf(original) / 4, 'the person is to be seen');
    // In doubt it does not leave, so it is not shown either.
    await flow.send({ payload: 'no detections', image: photo });
    assert.equal((await next(cursor, 'failed')).picture, 'none');
    // What is only built keeps its pictures as they came, for the node that takes them.
    await helper.unload();
    const building = await load({ delivery: 'build', ...takes });
    await building.send({ payload: found(PERSON), image: photo });
    assert.equal((await next(cursor, 'built')).picture, 'none');
  });

  it('never answers the key, whoever put it in', async () => {
    simulator.faults.always({ status: 400, body: { error: `Authorization: Bearer ${KEY}` } });
    const flow = await load({
      delivery: 'send',
      detectionsType: 'none',
      comment: 'text',
      commentType: 'msg',
    });
    const { cursor } = await look();
    await flow.send({ payload: 1, text: `the key ${KEY}` });
    await next(cursor, 'refused');
    for (const route of ['live', 'live/workspaces', 'live/1/picture', `workspaces/${WORKSPACE_ID}/outbox`])
      assertNoSecret(KEY, (await get(route)).text, route);
  });

  it('shows a refused event of the outbox, and retries or discards events by their own ids', async () => {
    await refuseEvents(outboxDir, { one: 'no', two: `no ${KEY}` });
    await load({ delivery: 'queue', detectionsType: 'none' });
    const outbox = `workspaces/${WORKSPACE_ID}/outbox`;
    const refused = await until(async () => {
      const { refusedEvents } = (await get(outbox)).body as {
        refusedEvents?: { id: string; eventId: string }[];
      };
      return refusedEvents?.length === 2 && refusedEvents;
    }, 'the outbox to open');
    const { body } = await get(`${outbox}/refused/${refused[0]!.id}`);
    assert.equal((body as { event: { eventId: string } }).event.eventId, 'one');
    assert.equal((await get(`${outbox}/refused/abc`)).status, 404);
    const order = async (command: string, eventId: unknown) =>
      helper.request().post(`/vision-events/workspaces/${WORKSPACE_ID}/live/${command}`).send({ eventId });
    assert.equal((await order('retry', 'one')).body.count, 1);
    await until(() => simulator.events().some(({ event }) => event['eventId'] === 'one'), 'it to arrive');
    const { body: discarded } = await order('discard', 'two');
    assert.deepEqual([discarded.count, discarded.refused], [1, 0]);
    assert.equal((await order('discard', 'two')).body.count, 0);
    assert.equal((await order('explode', 'two')).status, 404);
    assert.equal((await order('retry', 5)).status, 400);
  });

  it('costs a message nothing while nobody looks', async () => {
    (liveEvents as unknown as { forget(): void }).forget();
    const flow = await load({ delivery: 'build', detectionsType: 'none' });
    await flow.send({ payload: 1 });
    assert.equal(liveEvents.size, 0);
    // Only asking for events says that somebody looks.
    await get('live/workspaces');
    await flow.send({ payload: 1 });
    assert.equal(liveEvents.size, 0);
    await look();
    await flow.send({ payload: 1 });
    assert.ok(liveEvents.size > 0);
  });
});
