import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEventStore, type EventStore } from '../../simulator/event-store';
import { startSimulator, type Fault, type Simulator } from '../../simulator/server';
import { helper, TestFlow } from '../support/node-red-helper';
import { assertNoSecret } from '../support/secrets';
import { sendJson, startServer, stopServers } from '../support/servers';
import { jpeg } from '../unit/images/made-pictures';

const KEY = 'rf-secret-Zx81QmPv77';

describe('the API key', function () {
  let simulator: Simulator;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  it('the check itself finds a key in text, JSON, inspected errors, base64 and URLs', () => {
    const error = Object.assign(new Error('failed'), {
      config: { headers: { Authorization: `Bearer ${KEY}` } },
    });
    for (const output of [`Bearer ${KEY}`, { a: [{ b: KEY }] }, error, Buffer.from(KEY).toString('base64')]) {
      assert.throws(() => assertNoSecret(KEY, output, 'the control'), /shows in the control/);
    }
  });

  const faults: [string, Fault | undefined][] = [
    ['no fault', undefined],
    ...[400, 401, 402, 403, 404, 409, 413, 418, 423, 429, 500, 503].map((status): [string, Fault] => [
      String(status),
      // a careless server repeats the key in its answer
      { status, body: { error: `refused the key ${KEY}`, hint: `Authorization: Bearer ${KEY}` } },
    ]),
    ['an echoed key in plain text', { status: 400, body: `header Authorization: Bearer ${KEY}` }],
    ['redirect', { kind: 'redirect', location: `http://127.0.0.1:9/?api_key=${KEY}` }],
    ['html', { kind: 'html' }],
    ['oversize', { kind: 'oversize' }],
    ['reset', { kind: 'reset' }],
    ['hang', { kind: 'hang' }],
    ['drip', { kind: 'drip', ms: 100 }],
  ];
  for (const [name, fault] of faults) {
    it(`is in no message, status, error or log line: ${name}`, async () => {
      const flow = await TestFlow.load(
        { detectionsType: 'none' },
        { baseUrl: simulator.url, apiKey: KEY, timeout: 500 },
      );
      if (fault) simulator.faults.always(fault);
      await flow.send({ payload: 1 });
      assert.equal(simulator.requests.total > 0, true, 'nothing was sent, so nothing was tested');
      assertNoSecret(KEY, flow.out, 'the output');
      assertNoSecret(KEY, flow.caught, 'the caught message');
      assertNoSecret(KEY, flow.completed, 'the Complete message');
      assertNoSecret(KEY, flow.statuses, 'a status');
      assertNoSecret(KEY, helper.log().args, 'the log');
    });
  }

  it('is in no message or log line when a server repeats it in an answer of success', async () => {
    const flow = await TestFlow.load(
      { detectionsType: 'none', eventId: 'echo-1', eventIdType: 'str' },
      { baseUrl: simulator.url, apiKey: KEY },
    );
    const echoes = [
      `Bearer ${KEY}`,
      Buffer.from(`Bearer ${KEY}`).toString('base64'),
      encodeURIComponent(KEY),
    ];
    const body = { eventId: 'echo-1', warnings: echoes.map((value) => ({ value })), deprecations: echoes };
    simulator.faults.always({ status: 201, body });
    const { out } = await flow.send({ payload: 1 });
    assert.equal((out!.visionEvent as { serverWarnings: unknown[] }).serverWarnings.length, 3);
    assertNoSecret(KEY, [flow.out, flow.completed, flow.statuses], 'a message or status');
    assert.ok(!JSON.stringify(out).includes(Buffer.from(`Bearer ${KEY}`).toString('base64').slice(12, 24)));
    assertNoSecret(KEY, helper.log().args, 'the log');
  });

  it('is in nothing that a bundle leaves behind', async () => {
    const flow = await TestFlow.load(
      { detectionsType: 'none', outputImage: 'image', outputImageType: 'msg' },
      { baseUrl: simulator.url, apiKey: KEY, timeout: 500, transport: 'bundle' },
    );
    for (const [, fault] of faults) {
      simulator.faults.clear();
      if (fault) simulator.faults.always(fault);
      await flow.send({ payload: 1, image: jpeg(8, 8) });
    }
    assert.ok(simulator.requests.count('POST', '/vision-events/bundle') >= faults.length - 2);
    assertNoSecret(KEY, [flow.out, flow.caught, flow.completed, flow.statuses], 'a message or status');
    assertNoSecret(KEY, helper.log().args, 'the log');
  });

  it('a key with a line break is refused without being shown', async () => {
    const flow = await TestFlow.load(
      { detectionsType: 'none' },
      { baseUrl: simulator.url, apiKey: `${KEY}\nX: 1` },
    );
    const { caught } = await flow.send({ payload: 1 });
    assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
    assertNoSecret(KEY, [flow.caught, flow.statuses, helper.log().args], 'what a refused key left behind');
  });
});

describe('the values of extra headers', () => {
  const VARIABLE = 'VISION_EVENTS_TEST_SITE_TOKEN';
  const TOKEN = 'site-secret-Hw83/LpQ4';

  before((done) => void helper.startServer(done));
  before(() => (process.env[VARIABLE] = TOKEN));
  afterEach(async () => {
    await helper.unload();
    await stopServers();
  });
  after(() => delete process.env[VARIABLE]);
  after((done) => void helper.stopServer(done));

  const loadWith = (url: string, headerValues: string, headerNames = 'X-Site-Token') =>
    TestFlow.load({ detectionsType: 'none' }, { baseUrl: url, apiKey: KEY, headerNames, headerValues });

  for (const statusCode of [201, 400, 401, 500]) {
    it(`come from the environment, and are in no output when a server repeats them in a ${statusCode}`, async () => {
      const echo = [`Bearer ${TOKEN}`, Buffer.from(TOKEN).toString('base64'), encodeURIComponent(TOKEN)];
      const server = await startServer((_received, response) =>
        sendJson(response, statusCode, { error: echo.join(' '), warnings: echo.map((value) => ({ value })) }),
      );
      const values = JSON.stringify({ 'x-site-token': `Bearer \${${VARIABLE}}` });
      const flow = await loadWith(server.url, values);
      await flow.send({ payload: 1 });
      assert.equal(server.received[0]?.headers['x-site-token'], `Bearer ${TOKEN}`);
      assertNoSecret(TOKEN, [flow.out, flow.caught, flow.completed, flow.statuses], 'a message or status');
      assertNoSecret(TOKEN, helper.log().args, 'the log');
    });
  }

  for (const [what, values, names, code] of [
    ['a header without a value', '{}', 'X-Site-Token', /X-Site-Token has no value/],
    [
      'a variable that is not set',
      '{"x-site-token":"${NO_SUCH_VARIABLE}"}',
      'X-Site-Token',
      /NO_SUCH_VARIABLE/,
    ],
    [
      'values that are not JSON',
      `secret ${TOKEN}`,
      'X-Site-Token',
      /Open the workspace and enter them again/,
    ],
    [
      'a value with a line break',
      `{"x-site-token":"${TOKEN}\\nX: 1"}`,
      'X-Site-Token',
      /X-Site-Token.*no header can carry/,
    ],
    ['a header that the request decides itself', `{"host":"${TOKEN}"}`, 'Host', /"Host" cannot be used/],
  ] as const) {
    it(`${what}: an error that names the setting, and nothing is sent`, async () => {
      const server = await startServer((_received, response) => sendJson(response, 201, {}));
      const flow = await loadWith(server.url, values, names);
      const { caught } = await flow.send({ payload: 1 });
      assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
      assert.match(caught!.error!.message, code);
      assert.equal(server.received.length, 0);
      assertNoSecret(TOKEN, [flow.caught, flow.statuses, helper.log().args], 'an error');
    });
  }
});

describe('the X-API-Key of a Local Event Store', function () {
  let store: EventStore;

  before((done) => void helper.startServer(done));
  before(async () => {
    store = await startEventStore({ apiKey: KEY });
  });
  beforeEach(() => store.reset());
  afterEach(() => helper.unload());
  after(() => store.close());
  after((done) => void helper.stopServer(done));

  const echo = { detail: `refused the key ${KEY}`, error: `X-API-Key: ${KEY}` };
  const faults: [string, Fault | undefined][] = [
    ['no fault', undefined],
    ...[400, 401, 403, 422, 500, 529].map((status): [string, Fault] => [
      String(status),
      { status, body: echo },
    ]),
    ['a list', { status: 422, body: { detail: [{ loc: ['header', KEY], msg: `got ${KEY}` }] } }],
    ['redirect', { kind: 'redirect', location: `http://127.0.0.1:9/?key=${KEY}` }],
    ['reset', { kind: 'reset' }],
    ['lost-answer', { kind: 'lost-answer' }],
    ['hang', { kind: 'hang' }],
  ];
  for (const delivery of ['send', 'queue'] as const) {
    for (const [name, fault] of faults) {
      it(`is in no message, status, error or log line: ${delivery}, ${name}`, async () => {
        const outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-secrets-'));
        try {
          const flow = await TestFlow.load(
            { detectionsType: 'none', delivery },
            { target: 'event-store', baseUrl: store.url, eventStoreKey: KEY, timeout: 300, outboxDir },
          );
          if (fault) store.faults.always(fault);
          await flow.send({ payload: 1 });
          await flow.until(() => store.requests.total > 0);
          await flow.until(() => flow.statuses.length > 0);
          assertNoSecret(KEY, [flow.out, flow.caught, flow.completed, flow.statuses], 'a message or status');
          assertNoSecret(KEY, helper.log().args, 'the log');
          await helper.unload();
          for (const file of readdirSync(outboxDir, { recursive: true, withFileTypes: true })) {
            if (file.isFile()) {
              const text = readFileSync(path.join(file.parentPath, file.name), 'latin1');
              assertNoSecret(KEY, text, `the outbox file ${file.name}`);
            }
          }
        } finally {
          rmSync(outboxDir, { recursive: true, force: true });
        }
      });
    }
  }
});
