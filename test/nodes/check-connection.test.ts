import assert from 'node:assert/strict';
import { startEventStore, type EventStore } from '../../simulator/event-store';
import { startSimulator, type Simulator } from '../../simulator/server';
import { makeCertificate } from '../support/certificates';
import { helper, TestFlow, WORKSPACE_ID } from '../support/node-red-helper';
import { startProxy } from '../support/proxies';
import { assertNoSecret } from '../support/secrets';
import { sendJson, startServer, stopServers } from '../support/servers';

const KEY = 'rf-secret-Qm7Zx81PvK3';
const STORE_KEY = 'store-secret-Yw25LkD9';
const PROXY_PASSWORD = 'proxy-secret-Tn40HsB7';
const DEAD_URL = 'http://127.0.0.1:9';
/** A name that only the proxy knows. */
const HOST = 'api.vision.test';

/** The steps that a check tells, by their names. */
type Steps = Record<string, { state: string; detail?: string }>;

const checked = async (values: object): Promise<{ steps: Steps; text: string }> => {
  const { body, status, text } = await helper
    .request()
    .post('/vision-events/check-connection')
    .send({ id: WORKSPACE_ID, apiKey: KEY, ...values });
  assert.equal(status, 200);
  const { steps } = body as { steps: { step: string; state: string; detail?: string }[] };
  return { steps: Object.fromEntries(steps.map(({ step, ...rest }) => [step, rest])), text };
};
const states = (steps: Steps) =>
  Object.fromEntries(Object.entries(steps).map(([step, { state }]) => [step, state]));
const check = async (values: object) => states((await checked(values)).steps);

const isSaved = (values: object) => Object.values(values).includes('__PWRD__');

describe('check connection', () => {
  let simulator: Simulator;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
  });
  beforeEach(() => simulator.reset());
  afterEach(async () => {
    await helper.unload();
    await stopServers();
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (otherNodes: object[] = [], keys: object = { apiKey: KEY }) =>
    TestFlow.load({ delivery: 'build' }, { baseUrl: simulator.url, ...keys }, otherNodes);
  const plainHttp = { proxy: 'none', tls: 'none' };

  it('goes through the gateway of the dialog, with its headers, saved or typed', async () => {
    const headerValues = JSON.stringify({ 'x-site-token': 'site-secret-Hw83LpQ4' });
    const server = await startServer((_received, response) => sendJson(response, 200, { data: [] }));
    const settings = { baseUrl: 'https://api.vision.test', gateway: server.url, headerNames: 'X-Site-Token' };
    await load([], { ...settings, apiKey: KEY, headerValues });
    for (const given of [headerValues, '__PWRD__']) {
      const { text } = await checked({ ...settings, headerValues: given });
      assertNoSecret('site-secret-Hw83LpQ4', text, 'the answer');
    }
    assert.equal(server.received.length, 2);
    for (const { url, headers } of server.received) {
      assert.match(url, /^\/proxy\?url=https%3A%2F%2Fapi\.vision\.test%2F/);
      assert.equal(headers['x-site-token'], 'site-secret-Hw83LpQ4');
    }
    const elsewhere = { ...settings, id: WORKSPACE_ID, gateway: `${server.url}/other`, apiKey: KEY };
    const { status } = await helper
      .request()
      .post('/vision-events/check-connection')
      .send({ ...elsewhere, headerValues: '__PWRD__' });
    assert.equal(status, 409, 'saved values went to another gateway');
    assert.equal(server.received.length, 2);
  });

  it('proves that the saved key reads, and says that the rest is unknown; nothing is created', async () => {
    await load();
    assert.deepEqual(await check({ baseUrl: simulator.url, apiKey: '__PWRD__' }), {
      settings: 'ok',
      host: 'ok',
      ...plainHttp,
      api: 'ok',
      read: 'ok',
      write: 'unknown',
      manage: 'unknown',
    });
    assert.equal(simulator.events().length, 0);
    assert.equal(simulator.requests.total, 1);
  });

  it('works with a key that was typed and never deployed, also as a variable', async () => {
    await load([], { apiKey: 'another-key' });
    assert.equal((await check({ baseUrl: simulator.url, apiKey: KEY }))['read'], 'ok');
    process.env['VISION_EVENTS_TEST_KEY'] = KEY;
    try {
      const variable = await check({ baseUrl: simulator.url, apiKey: '${VISION_EVENTS_TEST_KEY}' });
      assert.equal(variable['read'], 'ok');
    } finally {
      delete process.env['VISION_EVENTS_TEST_KEY'];
    }
    const unset = await check({ baseUrl: simulator.url, apiKey: '${VISION_EVENTS_TEST_KEY}' });
    assert.deepEqual([unset['settings'], unset['host']], ['failed', 'unknown']);
  });

  it('names the step that fails', async () => {
    await load();
    const refusedKey = await check({ baseUrl: simulator.url, apiKey: 'wrong-key-of-somebody' });
    assert.deepEqual(
      [refusedKey['api'], refusedKey['read'], refusedKey['write']],
      ['ok', 'failed', 'unknown'],
    );
    const writeOnly = await check({ baseUrl: simulator.url, apiKey: `${KEY}-write` });
    assert.deepEqual([writeOnly['read'], writeOnly['write']], ['failed', 'unknown']);
    const dead = await check({ baseUrl: DEAD_URL, apiKey: KEY });
    assert.deepEqual([dead['settings'], dead['host'], dead['api']], ['ok', 'failed', 'unknown']);
    const noTls = await check({ baseUrl: simulator.url.replace('http:', 'https:'), apiKey: KEY });
    assert.deepEqual([noTls['host'], noTls['tls'], noTls['api']], ['ok', 'failed', 'unknown']);
    const notUrl = await check({ baseUrl: 'somewhere', apiKey: KEY });
    assert.equal(notUrl['settings'], 'failed');
    const noKey = await check({ baseUrl: simulator.url, apiKey: '' });
    assert.equal(noKey['settings'], 'failed');
    simulator.faults.next({ status: 503 });
    const busy = await check({ baseUrl: simulator.url, apiKey: KEY });
    assert.deepEqual([busy['host'], busy['api'], busy['read']], ['ok', 'failed', 'unknown']);
  });

  it('never answers a key, typed or saved, not even when the server repeats it', async () => {
    await load();
    simulator.faults.always({ status: 400, body: { error: `Bearer ${KEY} and typed-key-1234567` } });
    for (const apiKey of ['__PWRD__', KEY, 'typed-key-1234567']) {
      const { text } = await checked({ baseUrl: simulator.url, apiKey });
      assert.match(text, /answered 400/);
      assertNoSecret(KEY, text, 'the answer');
      if (apiKey !== KEY && apiKey !== '__PWRD__') assertNoSecret(apiKey, text, 'the answer');
    }
  });

  describe('with a key that nobody typed', () => {
    const asked = async (values: object) => {
      const { status, body } = await helper
        .request()
        .post('/vision-events/check-connection')
        .send({ id: WORKSPACE_ID, ...values });
      return { status, error: (body as { error?: { code: string; message: string } }).error };
    };
    const seenElsewhere = async () => {
      const seen: unknown[] = [];
      const server = await startServer((received, response) => {
        seen.push(received);
        sendJson(response, 200, { useCases: [] });
      });
      return { seen, server };
    };

    it('asks for it once more when the address is another than the deployed one', async () => {
      process.env['VISION_EVENTS_TEST_KEY'] = KEY;
      await load([], { apiKey: KEY, eventStoreKey: STORE_KEY });
      const { seen, server } = await seenElsewhere();
      const stored = ['__PWRD__', '${VISION_EVENTS_TEST_KEY}'];
      const fields = stored.flatMap((key) => [
        { apiKey: key },
        { target: 'event-store', eventStoreKey: key },
      ]);
      for (const id of [WORKSPACE_ID, 'never-deployed']) {
        for (const values of fields.filter((each) => id === WORKSPACE_ID || !isSaved(each))) {
          const { status, error } = await asked({ id, baseUrl: server.url, ...values });
          assert.deepEqual([status, error?.code], [409, 'KEY_NEEDED'], JSON.stringify(values));
          assert.match(error?.message ?? '', /^Enter the key once more/);
        }
      }
      delete process.env['VISION_EVENTS_TEST_KEY'];
      assert.equal(seen.length, 0, 'a key left for another server');
      const sameHost = await asked({ baseUrl: simulator.url.replace('http:', 'https:'), apiKey: '__PWRD__' });
      assert.equal(sameHost.error?.code, 'KEY_NEEDED', 'the scheme belongs to the address');
    });

    it('asks for it once more when the address is now a path of this Node-RED', async () => {
      await load([], { apiKey: KEY });
      const { status, error } = await asked({ id: WORKSPACE_ID, baseUrl: '/stand-in', apiKey: '__PWRD__' });
      assert.deepEqual([status, error?.code], [409, 'KEY_NEEDED']);
    });

    it('tries one that was typed at any address, and a saved one on another path of the deployed address', async () => {
      await load();
      const { seen, server } = await seenElsewhere();
      assert.equal((await check({ baseUrl: server.url, apiKey: 'typed-key-1234567' }))['read'], 'ok');
      assert.equal(seen.length, 1);
      const prefixed = await check({ baseUrl: `${simulator.url}/gateway`, apiKey: '__PWRD__' });
      assert.equal(prefixed['host'], 'ok');
      assert.equal((await check({ baseUrl: 'somewhere', apiKey: '__PWRD__' }))['settings'], 'failed');
    });
  });

  describe('through a proxy', () => {
    /** Node-RED's own configuration node for it. */
    const proxyNode = (url: string) => ({ id: 'proxy', type: 'http proxy', url, noproxy: [] });
    const loadWithProxy = (url: string) =>
      load([
        proxyNode(url),
        { id: 'any-certificate', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: false },
      ]);

    it('says that it lets the connection through', async () => {
      const proxy = await startProxy(simulator.port);
      await loadWithProxy(proxy.url);
      const { steps } = await checked({ baseUrl: `http://${HOST}`, proxy: 'proxy' });
      assert.deepEqual(steps['proxy'], { state: 'ok', detail: `127.0.0.1:${proxy.port}` });
      assert.deepEqual(steps['host'], { state: 'ok', detail: `${HOST}:80` });
      assert.deepEqual([steps['api']?.state, steps['read']?.state], ['ok', 'ok']);
      assert.equal(proxy.seen.length, 1);
      assert.equal(simulator.events().length, 0);
    });

    it('names the steps in the order in which the request meets them', async () => {
      await load();
      const steps = Object.keys(await check({ baseUrl: simulator.url }));
      assert.deepEqual(steps, ['settings', 'proxy', 'host', 'tls', 'api', 'read', 'write', 'manage']);
    });

    for (const scheme of ['http', 'https']) {
      it(`that asks for a login says where it is set, for ${scheme}`, async () => {
        const proxy = await startProxy(simulator.port, 407);
        await loadWithProxy(proxy.url.replace('//', `//plant:${PROXY_PASSWORD}@`));
        const { steps, text } = await checked({ baseUrl: `${scheme}://${HOST}`, proxy: 'proxy' });
        assert.deepEqual(
          [steps['proxy']?.state, steps['host']?.state, steps['api']?.state],
          ['failed', 'unknown', 'unknown'],
        );
        assert.match(steps['proxy']?.detail ?? '', /407/);
        assert.match(
          steps['proxy']?.detail ?? '',
          /user name and password of the proxy in the proxy settings of the workspace/,
        );
        assertNoSecret(PROXY_PASSWORD, text, 'the answer');
      });
    }

    it('that is not there is what fails, not the server behind it', async () => {
      await loadWithProxy(DEAD_URL);
      const { steps } = await checked({ baseUrl: simulator.url, proxy: 'proxy' });
      assert.deepEqual([steps['proxy']?.state, steps['host']?.state], ['failed', 'unknown']);
      assert.match(
        steps['proxy']?.detail ?? '',
        /^Check the proxy settings of the workspace .*proxy 127\.0\.0\.1:9: /,
      );
    });

    it('that does not reach the server works itself', async () => {
      const proxy = await startProxy(simulator.port, 502);
      await loadWithProxy(proxy.url);
      const { steps } = await checked({ baseUrl: `https://${HOST}`, proxy: 'proxy' });
      assert.deepEqual(
        [steps['proxy']?.state, steps['host']?.state, steps['tls']?.state],
        ['ok', 'failed', 'unknown'],
      );
      assert.match(steps['host']?.detail ?? '', /could not reach the server/);
    });

    it('sees a certificate that is not trusted behind its tunnel, and one that is', async () => {
      const server = await startServer(
        (_received, response) => sendJson(response, 200, { useCases: [] }),
        makeCertificate([HOST]),
      );
      const proxy = await startProxy(server.port);
      await loadWithProxy(proxy.url);
      const way = { baseUrl: `https://${HOST}`, proxy: 'proxy' };
      const { steps } = await checked(way);
      assert.deepEqual(
        ['proxy', 'host', 'tls', 'api'].map((step) => steps[step]?.state),
        ['ok', 'ok', 'failed', 'unknown'],
      );
      assert.match(steps['tls']?.detail ?? '', /TLS configuration of the workspace/);
      const trusting = await check({ ...way, tls: 'any-certificate' });
      assert.deepEqual(
        ['proxy', 'host', 'tls', 'api', 'read'].map((step) => trusting[step]),
        ['ok', 'ok', 'ok', 'ok', 'ok'],
      );
    });

    it('that the settings lost is a fault of the settings', async () => {
      await load();
      const { steps } = await checked({ baseUrl: simulator.url, proxy: 'gone' });
      assert.equal(steps['settings']?.state, 'failed');
      assert.match(steps['settings']?.detail ?? '', /proxy settings .* choose them again/);
    });
  });

  describe('of a Local Event Store', () => {
    let store: EventStore;
    before(async () => {
      store = await startEventStore({ apiKey: STORE_KEY });
    });
    after(() => store.close());
    const target = () => ({ target: 'event-store', baseUrl: store.url, apiKey: '' });

    it('proves the way and its key, saved or typed, and stores nothing', async () => {
      await load([], { target: 'event-store', baseUrl: store.url, eventStoreKey: STORE_KEY });
      const works = { settings: 'ok', host: 'ok', ...plainHttp, api: 'ok' };
      assert.deepEqual(await check({ ...target(), eventStoreKey: '__PWRD__' }), works);
      assert.deepEqual(await check({ ...target(), eventStoreKey: STORE_KEY }), works);
      assert.equal(store.events().length, 0);
    });

    it('says which key is refused', async () => {
      await load();
      const { steps, text } = await checked({ ...target(), eventStoreKey: 'wrong-key-of-somebody' });
      assert.deepEqual([steps['host']?.state, steps['api']?.state], ['ok', 'failed']);
      assert.match(steps['api']?.detail ?? '', /X-API-Key of the Event Store/);
      assert.ok(!text.includes('wrong-key-of-somebody'));
    });
  });
});
