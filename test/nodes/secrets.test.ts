import assert from 'node:assert/strict';
import { startSimulator, type Fault, type Simulator } from '../../simulator/server';
import { helper, TestFlow } from '../support/node-red-helper';
import { assertNoSecret } from '../support/secrets';

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
