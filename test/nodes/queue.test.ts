import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { visionEventSendDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, roboflow, TestFlow, type TestMessage } from '../support/node-red-helper';
import { refuseEvents } from '../support/refused-events';

const OUTBOX_NODE = {
  id: 'outbox',
  type: 'roboflow-vision-event-outbox',
  z: 'tab',
  x: 100,
  y: 200,
  workspace: 'workspace',
};
const SEND_NODE = {
  type: 'roboflow-vision-event-send',
  z: 'tab',
  x: 100,
  y: 300,
  ...visionEventSendDefaults,
};
/** Node-RED's level of log lines that are shown by default. */
const INFO = 40;

interface LogEntry {
  level: number;
  type?: string;
  msg: string;
}

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
      flow.statuses.some(({ fill, text }) => fill === 'green' && /delivered$/.test(text ?? '')),
    );
  });

  it('goes on to say that its own message was wrong while events of others are delivered', async () => {
    const settings = { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir, batchLinger: 20 };
    const other = { ...SEND_NODE, id: 'other', workspace: 'workspace', wires: [[]] };
    const flow = await TestFlow.load({ delivery: 'queue' }, settings, [other]);
    await flow.send({ payload: { what: 1 } });
    await flow.until(() => flow.statuses.at(-1)?.fill === 'red');
    const payload = {
      ...{ eventId: 'of-another', eventType: 'quality_check', useCaseId: 'quality-line-1' },
      ...{ timestamp: new Date().toISOString(), eventData: { result: 'pass' } },
    };
    helper.getNode('other').receive({ payload });
    await flow.until(() => simulator.events().length === 1);
    await delay(1200);
    assert.equal(flow.statuses.at(-1)?.fill, 'red');

    await flow.send({ payload: roboflow({ class: 'part' }) });
    await flow.until(() => flow.statuses.at(-1)?.fill === 'green');
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

  it('says of a first refusal what it is and when the event is tried again', async () => {
    const flow = await load();
    simulator.faults.next({ status: 422 });
    await flow.send({ payload: [] });
    await flow.until(() => flow.statuses.some(({ text }) => /status\.kept$/.test(text ?? '')));
    const lines = helper.log().args.map(([entry]) => (entry as LogEntry).msg);
    const told = lines.filter((line) => /422.*is kept and tried again in 10 min/.test(line));
    assert.equal(told.length, 1, lines.join('\n'));
  });

  it('counts what is dropped when the outbox is full, in the status and in the state', async () => {
    const flow = await load({ outboxMaxEvents: 3, outboxWhenFull: 'drop-oldest' });
    const state = listen('state');
    simulator.faults.always({ status: 503 });
    for (let i = 0; i < 5; i++) await flow.send({ payload: [] });
    await flow.until(() => flow.statuses.some(({ text }) => /dropped$/.test(text ?? '')));
    helper.getNode('outbox').receive({ payload: 'state' });
    await flow.until(() => state.some(({ payload }) => (payload as { dropped: number }).dropped === 2));
    const { lastError } = state.at(-1)!.payload as { lastError: { at: number } };
    assert.ok(Math.abs(Date.now() - lastError.at) < 60_000, `${lastError.at}`);
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
    const delivered = listen('delivered');
    for (let i = 0; i < 3; i++) await flow.send({ payload: [] });
    const { caught } = await flow.send({ payload: [] });
    assert.equal(caught!.error!.code, 'OUTBOX_FULL');
    assert.match(caught!.error!.message, /3/);
    simulator.faults.clear();
    helper.getNode('outbox').receive({ payload: 'flush' });
    await flow.until(() => delivered.length === 3);
    const { out } = await flow.send({ payload: [] });
    assert.equal(out!.visionEvent!.state, 'queued');
  });

  it('writes one log line when an outage begins and one when it ends, however many events come through it', async () => {
    const flow = await load();
    const delivered = listen('delivered');
    const lines = () =>
      helper
        .log()
        .args.map(([entry]) => entry as LogEntry)
        .filter(({ type, level }) => type?.startsWith('roboflow-vision-event') && level <= INFO)
        .map(({ msg }) => msg);
    simulator.faults.always({ status: 503 });
    for (let i = 0; i < 500; i++) flow.receive({ payload: [], number: i });
    await flow.until(() => flow.completed.length === 500);
    await flow.until(() => lines().length > 0);
    for (let i = 500; i < 1000; i++) flow.receive({ payload: [], number: i });
    await flow.until(() => flow.completed.length === 1000);
    simulator.faults.clear();
    helper.getNode('outbox').receive({ payload: 'flush' });
    await flow.until(() => delivered.length === 1000);
    assert.equal(simulator.events().length, 1000);
    const [begin, end, ...others] = lines();
    assert.match(begin ?? '', /503.*Events are kept and sent later; \d+ wait now/);
    assert.match(end ?? '', /delivered again after \d+ s and \d+ failed request\(s\); 1000 wait to be sent/);
    assert.deepEqual(others, []);
  }).timeout(20_000);

  it('counts single refused events when a command names them', async () => {
    await refuseEvents(outboxDir, { first: 'why', second: 'why', third: 'why' });
    const flow = await load();
    const state = listen('state');
    const command = async (payload: string, eventIds: unknown): Promise<TestMessage | undefined> => {
      const [before, caught] = [state.length, flow.caught.length];
      helper.getNode('outbox').receive({ payload, eventIds });
      await flow.until(
        () => state.some(({ count }, i) => i >= before && count !== undefined) || flow.caught.length > caught,
      );
      return state.find(({ count }, i) => i >= before && count !== undefined);
    };
    assert.equal((await command('discard-refused', ['second', 'nobody']))?.['count'], 1);
    assert.equal((await command('retry-refused', ['third']))?.['count'], 1);
    assert.equal(await command('discard-refused', 'first'), undefined);
    assert.match(flow.caught[0]!.error!.message, /msg.eventIds/);
    await flow.until(() => simulator.events().length === 1);
    assert.equal(simulator.events()[0]!.event['eventId'], 'third');
    assert.equal((await command('discard-refused', undefined))?.['count'], 1);
  });

  it('says by its status that refused events are kept, from the start until they are retried or discarded', async () => {
    await refuseEvents(outboxDir, { first: 'why', second: 'why' });
    const flow = await load();
    await flow.until(() =>
      flow.statuses.some(({ fill, text }) => fill === 'yellow' && text?.endsWith('refused')),
    );
    helper.getNode('outbox').receive({ payload: 'discard-refused' });
    await flow.until(() => flow.statuses.at(-1)?.text === undefined);
  });

  it('says that its folder cannot be used, by status, error and in the panel', async () => {
    const meta = path.join(outboxDir, 'meta.json');
    writeFileSync(meta, '{"format":"something else"}');
    const flow = await load();
    const isDiskError = ({ fill, text }: { fill?: string; text?: string }) =>
      fill === 'red' && text?.endsWith('OUTBOX_IO') === true;
    await flow.until(() => flow.statuses.some(isDiskError));
    const { caught } = await flow.send({ payload: [] });
    assert.equal(caught!.error!.code, 'OUTBOX_IO');
    const { body } = await helper.request().get('/vision-events/workspaces/workspace/outbox');
    assert.deepEqual([body.open, body.lastError.code], [false, 'OUTBOX_IO']);
    assert.match(body.lastError.message, /meta.json/);
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
    const statuses: (string | undefined)[] = [];
    const outbox = helper.getNode('outbox') as unknown as EventEmitter;
    outbox.on('call:status', ({ args }: { args: [{ text?: string }] }) => statuses.push(args[0].text));
    helper.getNode('outbox').receive({ payload: 'sing' });
    await flow.until(() => flow.caught.length === 1);
    assert.match(flow.caught[0]!.error!.message, /flush, pause, resume/);
    await flow.until(() => statuses.some((text) => text?.endsWith('wrongInput')));
  });

  describe('while the clock of the device is not set', () => {
    const { now } = Date;
    const begun = now();
    const in1970 = () => now() - begun + 40_000;
    beforeEach(() => {
      Date.now = in1970;
    });
    afterEach(() => {
      Date.now = now;
    });
    const logged = () => helper.log().args.map(([entry]) => (entry as LogEntry).msg);

    it('keeps an event, and gives it its right time once the clock is set', async () => {
      const flow = await load();
      const { out } = await flow.send({ payload: [] });
      assert.equal(out!.visionEvent!.state, 'queued');
      assert.deepEqual(out!.visionEvent!.warnings, []);
      await flow.until(() => logged().some((text) => /^Set this device's clock/.test(text)));
      await flow.until(() => flow.statuses.some(({ text }) => /retry|wait/.test(text ?? '')));
      assert.equal(simulator.events().length, 0);
      Date.now = now;
      helper.getNode('outbox').receive({ payload: 'flush' });
      // Another event wakes the sender before the next look at the clock.
      await flow.send({ payload: [] });
      await flow.until(() => simulator.events().length === 2);
      for (const { event } of simulator.events()) {
        assert.ok(Math.abs(Date.parse(event['timestamp'] as string) - now()) < 60_000);
      }
      assert.ok(logged().some((text) => /clock was set: 1 event/.test(text)));
    });

    it('takes a time of the flow at its word', async () => {
      const timestamp = new Date(now()).toISOString();
      const flow = await load({}, { timestamp, timestampType: 'str' });
      await flow.send({ payload: [] });
      await flow.until(() => simulator.events().length === 1);
      assert.equal(simulator.events()[0]!.event['timestamp'], timestamp);
    });

    it('sends nothing at once, and says why', async () => {
      const flow = await load({}, { delivery: 'send' });
      const { caught } = await flow.send({ payload: [] });
      assert.match(caught!.error!.message, /set this device's clock, it shows 1970-01-01/);
    });
  });

  it('stores a burst piece by piece, also when a deploy comes in the middle of it', async () => {
    // Several times as many as are stored at once, and few enough for a busy machine to store while a deploy waits.
    const BURST = 400;
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

  it('closes in time while another process has the folder, and takes nothing from it', async () => {
    const other = new DiskOutbox({ dir: outboxDir });
    await other.open();
    try {
      const flow = await load();
      flow.receive({ payload: [] });
      await delay(300);
      const begun = Date.now();
      await helper.unload();
      assert.ok(Date.now() - begun < 5000, `close took ${Date.now() - begun} ms`);
      assert.equal(other.stats().events, 0);
    } finally {
      await other.close(1000);
    }
    // Whoever waited for the folder has given up: the next one gets it.
    const flow = await load();
    await flow.send({ payload: [] });
    await flow.until(() => simulator.events().length === 1);
  });

  it('closes in time while a request is not answered, and keeps what waits', async () => {
    const flow = await load();
    simulator.faults.always({ kind: 'hang' });
    await flow.send({ payload: [] });
    await flow.until(() => simulator.requests.total > 0);
    const begun = Date.now();
    await helper.unload();
    assert.ok(Date.now() - begun < 5000, `close took ${Date.now() - begun} ms`);
    assert.ok(readdirSync(outboxDir, { recursive: true }).some((name) => String(name).endsWith('.chunk')));
    simulator.faults.clear();
    const again = await load();
    await again.until(() => simulator.events().length === 1);
  });
});
