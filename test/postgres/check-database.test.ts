import assert from 'node:assert/strict';
import { helper, TestFlow, WORKSPACE_ID } from '../support/node-red-helper';
import { PostgresServer } from '../support/postgres-server';
import { freePort } from '../support/real-node-red';
import { assertNoSecret } from '../support/secrets';

const PASSWORD = 'db-secret-Vk39TqX5';
const NO_SERVER = 'http://127.0.0.1:9';

describe('check connection, of the database', () => {
  let server: PostgresServer;
  before(async function () {
    server = await PostgresServer.start(this);
    await server.sql(`create role keeper login password '${PASSWORD}'`);
    await server.sql('grant create on database postgres to keeper');
    await server.sql('create role guest login');
    await server.requirePassword('keeper');
  });
  before((done) => void helper.startServer(done));
  afterEach(() => helper.unload());
  after((done) => void helper.stopServer(done));
  after(() => server?.stop());

  /** A URL has no user of its own, as in the dialog. */
  const url = () => `postgres://127.0.0.1:${server.port}/postgres`;

  async function check(values: object): Promise<{ state: string; detail: string }> {
    const { body, status, text } = await helper
      .request()
      .post('/vision-events/check-connection')
      .send({ id: WORKSPACE_ID, apiKey: 'key', baseUrl: NO_SERVER, keepWaiting: 'postgres', ...values });
    assert.equal(status, 200, text);
    assertNoSecret(PASSWORD, text, 'the answer');
    const { steps } = body as { steps: { step: string; state: string; detail: string }[] };
    return steps.find(({ step }) => step === 'database') ?? assert.fail('no step for the database');
  }

  const saved = () => ({ postgresUrl: url(), postgresUser: 'keeper', postgresPassword: PASSWORD });
  const load = (settings: object) => TestFlow.load({ delivery: 'build' }, { apiKey: 'key', ...settings });

  it('tells version, place and time of a sound one', async () => {
    await load({});
    const { state, detail } = await check(saved());
    assert.equal(state, 'ok', detail);
    assert.match(
      detail,
      new RegExp(`^PostgreSQL \\d+\\.\\d+, 127\\.0\\.0\\.1:${server.port}/postgres, [\\d.]+ ms$`),
    );
  });

  it('tells what is wrong, and what mends it', async () => {
    await load({});
    const wrong: [object, RegExp][] = [
      [{ postgresPassword: 'another' }, /^Correct user or password/],
      [{ postgresUser: 'guest', postgresPassword: '' }, /^Let the user create tables/],
      [{ postgresUrl: `postgres://127.0.0.1:${await freePort()}/postgres` }, /^Start PostgreSQL/],
      [{ postgresUrl: '' }, /^Enter where PostgreSQL is/],
      [{ postgresTls: 'gone' }, /^Choose the TLS settings of the database again/],
    ];
    for (const [values, reason] of wrong) {
      const { state, detail } = await check({ ...saved(), ...values });
      assert.equal(state, 'failed');
      assert.match(detail, reason);
    }
  });

  it('uses the saved password at the deployed address, and nowhere else', async () => {
    await load({ keepWaiting: 'postgres', ...saved() });
    const unchanged = { ...saved(), postgresUser: '__PWRD__', postgresPassword: '__PWRD__' };
    assert.equal((await check(unchanged)).state, 'ok');
    const elsewhere = await check({
      ...unchanged,
      postgresUrl: `postgres://localhost:${server.port}/postgres`,
    });
    assert.equal(elsewhere.state, 'failed');
    assert.match(elsewhere.detail, /^Enter the password of the database once more/);
  });

  it('is not asked while events are kept on this machine', async () => {
    await load({});
    const { body } = await helper
      .request()
      .post('/vision-events/check-connection')
      .send({ id: WORKSPACE_ID, apiKey: 'key', baseUrl: NO_SERVER, keepWaiting: 'disk', ...saved() });
    const { steps } = body as { steps: { step: string }[] };
    assert.ok(!steps.some(({ step }) => step === 'database'));
  });
});
