import assert from 'node:assert/strict';
import { startSimulator, type Fault, type Simulator } from '../../simulator/server';
import { helper, TestFlow } from '../support/node-red-helper';

describe('vision-event when sending fails', function () {
  let simulator: Simulator;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (properties: object = {}) =>
    TestFlow.load(
      { detectionsType: 'none' },
      { baseUrl: simulator.url, apiKey: simulator.keys.full, ...properties },
    );

  const cases: [name: string, fault: Fault, code: string, statusCode: number | undefined, text: RegExp][] = [
    [
      '400',
      { status: 400, body: { error: 'eventType is required' } },
      'REJECTED',
      400,
      /eventType is required/,
    ],
    ['401', { status: 401, body: { error: 'no' } }, 'UNAUTHORIZED', 401, /key/i],
    ['402', { status: 402, body: { error: 'no' } }, 'PAYMENT_REQUIRED', 402, /plan|billing/i],
    ['403', { status: 403, body: { error: 'no' } }, 'UNAUTHORIZED', 403, /key|scope/i],
    ['404', { status: 404, body: { error: 'Solution not found' } }, 'REJECTED', 404, /Solution not found/],
    ['409', { status: 409, body: { error: 'conflict' } }, 'REJECTED', 409, /conflict/],
    ['413', { status: 413, body: 'too large' }, 'REJECTED', 413, /large/],
    ['423', { status: 423, body: { error: 'paused' } }, 'PAYMENT_REQUIRED', 423, /billing|plan/i],
    ['429', { status: 429, retryAfter: 3, body: { error: 'slow' } }, 'RATE_LIMITED', 429, /./],
    ['500', { status: 500, body: 'oops' }, 'SERVER_ERROR', 500, /./],
    ['a redirect', { kind: 'redirect', location: 'http://127.0.0.1:9/' }, 'BAD_RESPONSE', 307, /base URL/i],
    ['an HTML page instead of JSON', { kind: 'html' }, 'BAD_RESPONSE', 201, /JSON/],
    ['a reply of 50 MB', { kind: 'oversize' }, 'BAD_RESPONSE', undefined, /large|MiB|bytes/i],
    ['a cut connection', { kind: 'reset' }, 'NETWORK', undefined, /./],
    ['a server that hangs', { kind: 'hang' }, 'TIMEOUT', undefined, /timeout|answer/i],
    ['a reply that drips', { kind: 'drip', ms: 200 }, 'TIMEOUT', undefined, /timeout|answer/i],
  ];

  for (const [name, fault, code, statusCode, text] of cases) {
    it(`${name} is ${code}: one error, nothing on the output, the next message goes through`, async () => {
      const flow = await load({ timeout: 600 });
      simulator.faults.always(fault);
      const { out, caught } = await flow.send({ payload: 1, topic: 'kept' });
      assert.equal(out, undefined);
      assert.equal(caught!.error!.code, code);
      assert.match(caught!.error!.message, text);
      assert.equal(caught!.error!.source.id, 'event');
      if (statusCode !== undefined) assert.equal(caught!.statusCode, statusCode);
      assert.equal(caught!['topic'], 'kept');
      assert.equal(typeof caught!.visionEvent!.eventId, 'string');
      await flow.until(() =>
        flow.statuses.some((status) => status.fill === 'red' && status.shape === 'ring'),
      );

      simulator.faults.clear();
      const { out: next } = await flow.send({ payload: 2 });
      assert.equal(next!.visionEvent!.state, 'created');
      assert.equal(flow.caught.length, 1, 'a second error came for one message');
      assert.equal(flow.completed.length, 1, 'Complete fired for a message that failed');
    });
  }

  it('a dead host is NETWORK', async () => {
    const flow = await load({ baseUrl: 'http://127.0.0.1:9' });
    const { caught } = await flow.send({});
    assert.equal(caught!.error!.code, 'NETWORK');
  });

  it('sends once more when a reused connection dies before any answer, with the same id', async () => {
    const flow = await load();
    await flow.send({});
    simulator.faults.next({ kind: 'reset', onReusedConnection: true });
    const { out } = await flow.send({});
    assert.equal(out!.visionEvent!.state, 'created');
    assert.equal(out!.visionEvent!.attempts, 2);
  });

  it('fails with BUSY once too many messages wait for a connection', async () => {
    const flow = await load({ maxWaiting: 5, timeout: 2000 });
    simulator.faults.always({ slowMs: 300 });
    for (let i = 0; i < 20; i++) flow.receive({ payload: i });
    await flow.until(() => flow.caught.length + flow.completed.length === 20);
    assert.equal(flow.caught.length, 20 - 8 - 5);
    assert.ok(flow.caught.every((message) => message.error!.code === 'BUSY'));
    for (const { visionEvent } of flow.caught) assert.deepEqual(visionEvent, { warnings: [] });
    assert.ok(simulator.requests.maxConcurrentConnections <= 8);
  });

  it('a redeploy during a request fails that message once, quickly, and the new workspace works', async () => {
    const flow = await load();
    simulator.faults.next({ kind: 'hang' });
    flow.receive({ payload: 'under way' });
    await flow.until(() => simulator.requests.total === 1);
    const begun = Date.now();
    await helper.unload();
    assert.ok(Date.now() - begun < 5000, 'close took longer than 5 s');
    const after = await load();
    const { out } = await after.send({ payload: 'after' });
    assert.equal(out!.visionEvent!.state, 'created');
  });
});
