import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lockFolder } from '../../src/delivery/disk-outbox/folder-lock';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, roboflow, TestFlow, type TestMessage } from '../support/node-red-helper';

const OUTBOX_NODE = {
  id: 'outbox',
  type: 'vision-event-outbox',
  z: 'tab',
  x: 100,
  y: 200,
  workspace: 'workspace',
};
const helperNode = (id: string) => ({ id, type: 'helper', z: 'tab', x: 300, y: 200 });

describe('vision-event with delivery "queue"', function () {
  let simulator: Simulator;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => {
    simulator.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-outbox-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (workspace: object = {}, event: object = {}) =>
    TestFlow.load(
      { delivery: 'queue', ...event },
      { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir, batchLinger: 20, ...workspace },
      [
        { ...OUTBOX_NODE, wires: [['delivered'], ['refused'], ['state']] },
        ...['delivered', 'refused', 'state'].map(helperNode),
      ],
    );
  const listen = (id: string) => {
    const messages: TestMessage[] = [];
    helper.getNode(id).on('input', (message: unknown) => messages.push(message as TestMessage));
    return messages;
  };

  it('answers once the event is safe, and delivers it in the background', async () => {
    const flow = await load();
    const delivered = listen('delivered');
    const { out } = await flow.send({ payload: roboflow({ class: 'part' }) });
    assert.equal(out!.visionEvent!.state, 'queued');
    await flow.until(() => delivered.length === 1);
    assert.deepEqual(simulator.events()[0]!.event, out!.payload);
    const receipt = delivered[0]!.payload as Record<string, unknown>;
    assert.equal(receipt['eventId'], out!.visionEvent!.eventId);
    assert.equal(receipt['statusCode'], 201);
    assert.deepEqual(receipt['warnings'], []);
    assert.equal(typeof receipt['ageMs'], 'number');
    await flow.until(() =>
      flow.statuses.some(({ fill, text }) => fill === 'green' && /sent/.test(text ?? '')),
    );
  });

  it('keeps events while the server is away and across a restart, and delivers each once it is back', async () => {
    const flow = await load();
    simulator.faults.always({ status: 503 });
    const ids: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const { out } = await flow.send({ payload: [], number: i });
      ids.push(out!.visionEvent!.eventId);
    }
    await flow.until(() => flow.statuses.some(({ fill, shape }) => fill === 'yellow' && shape === 'ring'));
    await helper.unload();
    simulator.faults.clear();
    assert.equal(simulator.events().length, 0);

    const again = await load();
    await again.until(() => simulator.events().length === 5);
    assert.deepEqual(new Set(simulator.events().map(({ event }) => event['eventId'])), new Set(ids));
  });

  it('keeps events while the key is refused, says so in red, and goes on with a new key', async () => {
    const flow = await load({ apiKey: 'expired' });
    const state = listen('state');
    await flow.send({ payload: [] });
    await flow.until(() => flow.statuses.some(({ fill, text }) => fill === 'red' && /kept/.test(text ?? '')));
    helper.getNode('outbox').receive({ payload: 'state' });
    await flow.until(() => state.length > 0);
    const last = state[state.length - 1]!.payload as Record<string, unknown>;
    assert.equal(last['state'], 'waiting');
    assert.equal(last['events'], 1);
    assert.equal((last['lastError'] as { code: string }).code, 'UNAUTHORIZED');
    await helper.unload();
    const again = await load();
    await again.until(() => simulator.events().length === 1);
  });

  it('uploads the picture first, in the background, once', async () => {
    const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
    const flow = await load({}, { outputImage: 'image', outputImageType: 'msg' });
    simulator.faults.next({ status: 500, endpoint: 'event' });
    await flow.send({ payload: roboflow({ class: 'part' }), image: gif });
    await flow.until(() => simulator.events().length === 1);
    const [image] = simulator.events()[0]!.event['images'] as { sourceId?: string }[];
    assert.match(image!.sourceId!, /^ve-img-/);
    assert.equal(simulator.requests.entries.filter(({ path: url }) => url.endsWith('/upload')).length, 1);
  });

  it('fails with OUTBOX_FULL when it is full, and takes events again once there is room', async () => {
    const flow = await load({ outboxMaxEvents: 3 });
    simulator.faults.always({ status: 503 });
    for (let i = 0; i < 3; i++) await flow.send({ payload: [] });
    const { caught } = await flow.send({ payload: [] });
    assert.equal(caught!.error!.code, 'OUTBOX_FULL');
    assert.match(caught!.error!.message, /3/);
    simulator.faults.clear();
    helper.getNode('outbox').receive({ payload: 'flush' });
    await flow.until(() => simulator.events().length === 3);
    const { out } = await flow.send({ payload: [] });
    assert.equal(out!.visionEvent!.state, 'queued');
  });

  it('takes commands, and refuses others', async () => {
    const flow = await load();
    const state = listen('state');
    helper.getNode('outbox').receive({ payload: 'pause' });
    await flow.until(() => state.length > 0);
    assert.equal((state[0]!.payload as { state: string }).state, 'paused');
    await flow.send({ payload: [] });
    assert.equal(simulator.requests.total, 0);
    helper.getNode('outbox').receive({ payload: 'resume' });
    await flow.until(() => simulator.events().length === 1);
    helper.getNode('outbox').receive({ payload: 'sing' });
    await flow.until(() => flow.caught.length === 1);
    assert.match(flow.caught[0]!.error!.message, /flush, pause, resume/);
  });

  it('stores a burst piece by piece, also when a deploy comes in the middle of it', async () => {
    const BURST = 1500;
    const flow = await load({ outboxWhenFull: 'reject' });
    simulator.faults.always({ status: 503 });
    for (let i = 0; i < BURST; i++) flow.receive({ payload: [] });
    await flow.until(() => flow.completed.length > 0);
    assert.ok(flow.completed.length < BURST, 'the first message was done only when all of them were');
    const begun = Date.now();
    await helper.unload();
    assert.ok(Date.now() - begun < 5000, 'close took longer than 5 s');

    simulator.faults.clear();
    const again = await load();
    await again.until(() => simulator.events().length >= BURST);
    assert.equal(simulator.events().length, BURST);
  });

  it('closes in time while another process holds the folder', async () => {
    const lock = await lockFolder(outboxDir, 1000, () => undefined);
    await load();
    const begun = Date.now();
    await helper.unload();
    assert.ok(Date.now() - begun < 5000, 'close took longer than 5 s');
    await lock.release();
  });

  it('deletes nothing when the workspace is closed: its folder keeps what waits', async () => {
    const flow = await load();
    simulator.faults.always({ status: 503 });
    await flow.send({ payload: [] });
    const begun = Date.now();
    await helper.unload();
    assert.ok(Date.now() - begun < 5000, 'close took longer than 5 s');
    assert.ok(readdirSync(outboxDir, { recursive: true }).some((name) => String(name).endsWith('.chunk')));
  });
});
