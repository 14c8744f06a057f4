import assert from 'node:assert/strict';
import { EVENT_SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import type { NodeAPI } from 'node-red';
import { registerAdminRoutes } from '../../nodes/workspace/admin-routes';
import { registerSceneRoutes } from '../../nodes/scene/routes';
import { registerTryRoutes } from '../../nodes/vision-event/routes';
import { copyMessage, KEEP_MS, LastMessages, MAX_MESSAGE_BYTES } from '../../nodes/shared/last-messages';
import { visionEventDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { nodeFileLayer } from '../../src/delivery/outbox/disk/file-layer';
import { EVENT_NODE_ID, helper, roboflow, TestFlow, WORKSPACE_ID } from '../support/node-red-helper';
import { refuseEvents } from '../support/refused-events';
import { assertNoSecret } from '../support/secrets';
import { until } from '../support/until';
import { busy, jpegOf, painted } from '../unit/images/work/painted';

const KEY = 'rf-secret-Qm7Zx81PvK3';
/** A PNG of 1 × 1 pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

interface Answer {
  status: number;
  text: string;
  // Whatever the route answers; each test looks at what it is about.
  body: Record<string, unknown>;
}

/** What the trial route answers, as far as the tests look at it. */
interface Trial {
  event: {
    eventType: string;
    eventData: Record<string, unknown>;
    images: { objectDetections: { class: string; x: number; y: number; width: number; height: number }[] }[];
    comment?: string;
  };
  detections: { format: string; count: number; notes: string[] };
  imageSizes: ({ width: number; height: number } | null)[];
  errors: { path: string }[];
  warnings: { type: string; path: string }[];
  isStoredWhole: boolean;
  asStored?: { eventData: unknown };
  error?: { code: string; message: string };
  pictures: {
    role: string;
    bytes: number;
    dataUrl?: string;
    size?: { width: number; height: number };
    before?: { bytes: number; size?: { width: number; height: number } };
  }[];
  message: { at: number; leftOut: string[] };
}

const ask = {
  get: async (path: string): Promise<Answer> => helper.request().get(`/vision-events/${path}`),
  post: async (path: string, body: object = {}): Promise<Answer> =>
    helper.request().post(`/vision-events/${path}`).send(body),
};

const ROUTES: [method: 'get' | 'post', path: string, permissions: string[]][] = [
  ['get', 'workspaces/w/outbox', ['roboflow-vision-event-workspace.read']],
  ['post', 'workspaces/w/outbox/pause', ['roboflow-vision-event-workspace.write']],
  ['post', 'workspaces/w/outbox/refused/r/retry', ['roboflow-vision-event-workspace.write']],
  ['get', 'workspaces/w/outbox/refused/r', ['roboflow-vision-event-workspace.read']],
  ['get', 'live', ['roboflow-vision-event-workspace.read']],
  ['get', 'live/workspaces', ['roboflow-vision-event-workspace.read']],
  ['get', 'live/1/picture', ['roboflow-vision-event-workspace.read']],
  ['post', 'workspaces/w/live/retry', ['roboflow-vision-event-workspace.write']],
  ['get', 'workspaces/w/metadata-schema/u', ['roboflow-vision-event-workspace.read']],
  ['get', 'editor', ['roboflow-vision-event-workspace.read']],
  ['get', 'nodes/n/last-payload', ['roboflow-vision-event-workspace.read']],
  ['get', 'scenes/s/view', ['roboflow-vision-event-workspace.read']],
  ['get', 'nodes/n/last-message', ['roboflow-vision-event-workspace.read']],
  ['post', 'check-connection', ['roboflow-vision-event-workspace.write', 'flows.write']],
  ['post', 'use-cases/list', ['roboflow-vision-event-workspace.write', 'flows.write']],
  ['post', 'use-cases/create', ['roboflow-vision-event-workspace.write', 'flows.write']],
  ['post', 'test-event', ['roboflow-vision-event-workspace.write', 'flows.write']],
  ['post', 'try', ['roboflow-vision-event-workspace.write', 'flows.write']],
  ['post', 'scenes/replay', ['roboflow-vision-event-workspace.write', 'flows.write']],
];

function registerAllRoutes(RED: NodeAPI): void {
  registerAdminRoutes(RED);
  registerTryRoutes(RED);
  registerSceneRoutes(RED);
}

describe('admin routes', function () {
  let simulator: Simulator;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (event: Partial<typeof visionEventDefaults> = {}, apiKey = KEY, baseUrl = simulator.url) =>
    TestFlow.load({ delivery: 'build', ...event }, { baseUrl, apiKey, timeout: 2000 });

  describe('permissions and bounds', () => {
    it('let nobody in without each permission, under its right name', async () => {
      const app = express();
      const asked: string[] = [];
      const RED = {
        settings: {},
        httpAdmin: app,
        auth: {
          needsPermission: (name: string) => (_request: unknown, response: express.Response) => {
            asked.push(name);
            response.status(401).end();
          },
        },
      };
      registerAllRoutes(RED as unknown as NodeAPI);
      const registered: string[] = [];
      for (const layer of (app as unknown as { _router: { stack: RouteLayer[] } })._router.stack) {
        if (layer.route) registered.push(layer.route.path);
      }
      assert.equal(registered.length, ROUTES.length, 'a route is missing from this test');
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      for (const [method, path, [first]] of ROUTES) {
        asked.length = 0;
        const answer = await fetch(`http://127.0.0.1:${port}/vision-events/${path}`, { method });
        assert.equal(answer.status, 401, path);
        assert.deepEqual(asked, [first], path);
      }
      await new Promise((resolve) => server.close(resolve));
    });

    it('answer HEAD as they answer GET, without the body', async () => {
      await load();
      for (const [method, path] of ROUTES) {
        if (method !== 'get') continue;
        const own = path.replace('/w/', `/${WORKSPACE_ID}/`).replace('/n/', `/${EVENT_NODE_ID}/`);
        const answer = await helper.request().head(`/vision-events/${own}`);
        assert.equal(answer.status, (await ask.get(own)).status, own);
        assert.ok(!answer.text, own);
      }
    });

    it('what runs with settings that are not deployed also asks for the right to deploy', async () => {
      const app = express();
      const granted = new Set<string>();
      const RED = {
        settings: {},
        httpAdmin: app,
        auth: {
          needsPermission:
            (name: string) => (_request: unknown, response: express.Response, next: express.NextFunction) =>
              granted.has(name) ? next() : response.status(401).end(),
        },
        nodes: { eachNode: () => undefined, getNode: () => null },
      };
      registerAllRoutes(RED as unknown as NodeAPI);
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const status = async (path: string) =>
        (await fetch(`http://127.0.0.1:${port}/vision-events/${path}`, { method: 'POST' })).status;
      for (const [, path] of ROUTES.filter(([, , permissions]) => permissions.includes('flows.write'))) {
        granted.clear();
        granted.add('roboflow-vision-event-workspace.write');
        assert.equal(await status(path), 401, path);
        granted.add('flows.write');
        assert.notEqual(await status(path), 401, path);
      }
      await new Promise((resolve) => server.close(resolve));
    });

    it('refuse large bodies, other content types and what is not an object', async () => {
      await load();
      const large = await ask.post('try', { payload: 'x'.repeat(1024 * 1024) });
      assert.equal(large.status, 413);
      const form = await helper.request().post('/vision-events/try').type('form').send({ payload: 'x' });
      assert.equal(form.status, 415);
      const list = await ask.post('try', []);
      assert.equal(list.status, 400);
      assert.deepEqual((await ask.post('try', {})).body['error'], {
        code: 'BAD_REQUEST',
        message: 'properties: The properties of the dialog are missing.',
      });
    });

    it('name the field of a body that is wrong', async () => {
      await load();
      const wrong: [path: string, body: object, field: string][] = [
        ['try', { properties: {}, useLast: 'yes' }, 'useLast'],
        ['try', { properties: [] }, 'properties'],
        ['check-connection', { id: WORKSPACE_ID, baseUrl: 7 }, 'baseUrl'],
        ['check-connection', { id: WORKSPACE_ID, timeout: 'soon' }, 'timeout'],
        ['use-cases/create', { name: ['x'] }, 'name'],
        ['test-event', { useCase: ' ' }, 'useCase'],
      ];
      for (const [path, body, field] of wrong) {
        const answer = await ask.post(path, body);
        assert.equal(answer.status, 400, path);
        const { code, message } = answer.body['error'] as { code: string; message: string };
        assert.equal(code, 'BAD_REQUEST');
        assert.ok(message.startsWith(`${field}: `), message);
      }
    });

    it('answer hostile ids, names and properties without harm', async () => {
      await load();
      for (const id of [
        '__proto__',
        'constructor',
        '..%2f..%2fetc',
        '%00',
        'x'.repeat(5000),
        '%3Cscript%3E',
      ]) {
        assert.equal((await ask.get(`workspaces/${id}/outbox`)).status, 404, id);
        assert.equal((await ask.get(`nodes/${id}/last-message`)).status, 404, id);
      }
      assert.equal((await ask.post(`workspaces/${WORKSPACE_ID}/outbox/__proto__`)).status, 404);
      assert.equal((await ask.post(`workspaces/${WORKSPACE_ID}/outbox/constructor`)).status, 404);
      const hostile = JSON.parse(
        '{"properties":{"__proto__":{"polluted":1},"format":{"a":1},"metadata":[null,5,{"key":{}}],"labels":7},"payload":{"__proto__":{"polluted":1}}}',
      ) as object;
      assert.equal((await ask.post('try', hostile)).status, 200);
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    });
  });

  describe('use cases', () => {
    /** As the editor holds a deployed workspace: its key is saved, so nobody knows it. */
    const saved = (changes: object = {}) => ({
      id: WORKSPACE_ID,
      target: 'cloud',
      baseUrl: simulator.url,
      apiKey: '__PWRD__',
      headerValues: '__PWRD__',
      ...changes,
    });
    const names = ({ body }: Answer) => (body['useCases'] as { name: string }[]).map(({ name }) => name);
    const codeOf = ({ body }: Answer) => (body['error'] as { code: string }).code;

    it('are listed and created with the saved key', async () => {
      await load();
      assert.deepEqual(names(await ask.post('use-cases/list', saved())), [
        'Dock count',
        'Quality, line 1',
        'Site safety',
      ]);
      const created = await ask.post('use-cases/create', saved({ name: '  Lid check ' }));
      assert.equal(created.body['name'], 'Lid check');
      assert.equal(typeof created.body['id'], 'string');
      assert.ok(names(await ask.post('use-cases/list', saved())).includes('Lid check'));
    });

    it('are listed for a workspace that was never deployed', async () => {
      await load();
      const fresh = { id: 'new', target: 'cloud', baseUrl: simulator.url, apiKey: KEY };
      assert.equal(names(await ask.post('use-cases/list', fresh)).length, 3);
      const store = await ask.post('use-cases/list', { ...fresh, target: 'event-store' });
      assert.match((store.body['error'] as { message: string }).message, /^Enter the id of the use case/);
    });

    it('tell why they cannot be listed or created, and never as a lost session', async () => {
      await load({}, `${KEY}-write`);
      const refused = await ask.post('use-cases/list', saved());
      assert.equal(refused.status, 502);
      assert.equal(codeOf(refused), 'UNAUTHORIZED');
      for (const name of ['', '   ', 'x'.repeat(257), { a: 1 }, undefined]) {
        assert.equal(codeOf(await ask.post('use-cases/create', saved({ name }))), 'BAD_REQUEST');
      }
    });

    it('are not asked for at another address than the deployed one with a key that nobody typed', async () => {
      await load();
      const asked = simulator.requests.total;
      for (const baseUrl of ['https://elsewhere.test', '/stand-in'])
        for (const path of ['use-cases/list', 'use-cases/create', 'test-event']) {
          const answer = await ask.post(path, {
            ...saved({ baseUrl }),
            name: 'Lid check',
            useCase: 'dock-count',
          });
          assert.equal(answer.status, 409, path);
          assert.equal(codeOf(answer), 'KEY_NEEDED', path);
        }
      assert.equal(simulator.requests.total, asked);
      process.env['VISION_EVENTS_TEST_URL'] = simulator.url;
      const variable = await ask.post('use-cases/list', saved({ baseUrl: '${VISION_EVENTS_TEST_URL}' }));
      delete process.env['VISION_EVENTS_TEST_URL'];
      assert.equal(variable.status, 200);
    });

    it('take a test event that says that it is one', async () => {
      await load();
      const answer = await ask.post('test-event', saved({ useCase: 'dock-count', deviceId: 'press-4' }));
      assert.equal(answer.status, 200);
      const [{ event } = assert.fail('no event arrived')] = simulator.events();
      assert.equal(event['eventId'], answer.body['eventId']);
      assert.equal(event['useCaseId'], 'dock-count');
      assert.equal(event['deviceId'], 'press-4');
      assert.deepEqual(event['customMetadata'], { test: true });
      assert.deepEqual(simulator.events()[0]?.warnings, []);
    });

    it('have a schema of their metadata', async () => {
      const flow = await load({
        delivery: 'send',
        detectionsType: 'none',
        metadata: [{ key: 'shift', value: '2', valueType: 'num' }],
      });
      await flow.send({ payload: 1 });
      const answer = await ask.get(`workspaces/${WORKSPACE_ID}/metadata-schema/quality-line-1`);
      assert.deepEqual(answer.body, { fields: { shift: { types: ['number'] } } });
      const wrong = await ask.get(`workspaces/${WORKSPACE_ID}/metadata-schema/..`);
      assert.notEqual(wrong.status, 200);
    });
  });

  describe('outbox', () => {
    it('is not opened by looking at it', async () => {
      await load();
      const { body } = await ask.get(`workspaces/${WORKSPACE_ID}/outbox`);
      assert.equal(body['open'], false);
      const pause = await ask.post(`workspaces/${WORKSPACE_ID}/outbox/pause`);
      assert.equal((pause.body['error'] as { code: string }).code, 'NOT_OPEN');
    });

    it('tells what waits and what was refused, and obeys', async () => {
      const outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-admin-'));
      await refuseEvents(outboxDir, { 'refused-1': `the server said no to ${KEY}` });
      const flow = await TestFlow.load(
        { delivery: 'queue', detectionsType: 'none' },
        { baseUrl: simulator.url, apiKey: KEY, outboxDir, batchLinger: 0 },
      );
      const command = async (name: string) =>
        (await ask.post(`workspaces/${WORKSPACE_ID}/outbox/${name}`)).body;
      const state = async () => (await ask.get(`workspaces/${WORKSPACE_ID}/outbox`)).body;
      await flow.send({ payload: 1 });
      await until(async () => (await state())['events'] === 0, 'an empty outbox');
      assert.equal((await command('pause'))['state'], 'paused');
      await flow.send({ payload: 2 });
      const paused = await state();
      assert.deepEqual([paused['open'], paused['state'], paused['events']], [true, 'paused', 1]);
      assert.ok((paused['bytes'] as number) > 0);

      const [refused] = paused['refusedEvents'] as Record<string, unknown>[];
      const { id, refusedAt, ...rest } = refused ?? {};
      assert.match(String(id), /^\d{10}-[\da-f]{8}$/);
      assert.ok(Math.abs((refusedAt as number) - Date.now()) < 60_000);
      assert.deepEqual(rest, {
        eventId: 'refused-1',
        code: 'REJECTED',
        statusCode: 400,
        reason: 'the server said no to [API key]',
      });
      await command('retry-refused');
      assert.equal((await command('resume'))['refused'], 0);
      await until(() => simulator.events().length === 3, 'three events');
      assert.equal((await command('discard-refused'))['open'], true);
      await helper.unload();
      rmSync(outboxDir, { recursive: true });
    });

    it('tells that its folder does not outlive the machine', async function () {
      const memory = '/dev/shm';
      if (!existsSync(memory) || (await nodeFileLayer.forgets(memory)) !== 'tmpfs') this.skip();
      const outboxDir = mkdtempSync(path.join(memory, 'vision-events-admin-'));
      try {
        await TestFlow.load({ delivery: 'queue' }, { baseUrl: simulator.url, apiKey: KEY, outboxDir });
        const state = async () => (await ask.get(`workspaces/${WORKSPACE_ID}/outbox`)).body;
        await until(async () => (await state())['open'] === true, 'an open outbox');
        assert.equal((await state())['forgets'], 'tmpfs');
      } finally {
        await helper.unload();
        rmSync(outboxDir, { recursive: true });
      }
    });

    describe('single refused events', () => {
      let outboxDir: string;

      beforeEach(async () => {
        outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-admin-'));
        await refuseEvents(outboxDir, { first: 'why', second: `no to ${KEY}`, third: 'x'.repeat(5000) });
        await TestFlow.load(
          { delivery: 'queue', detectionsType: 'none' },
          { baseUrl: simulator.url, apiKey: KEY, outboxDir, batchLinger: 0 },
        );
        await until(async () => (await look())['open'] === true, 'an open outbox');
      });
      afterEach(async () => {
        await helper.unload();
        rmSync(outboxDir, { recursive: true });
      });

      const look = async () => (await ask.get(`workspaces/${WORKSPACE_ID}/outbox`)).body;
      const order = (id: string, command: string) =>
        ask.post(`workspaces/${WORKSPACE_ID}/outbox/refused/${id}/${command}`);
      const listed = (state: Record<string, unknown>) =>
        state['refusedEvents'] as { id: string; eventId: string }[];
      const eventIds = (state: Record<string, unknown>) => listed(state).map(({ eventId }) => eventId);

      it('are retried and discarded without the others', async () => {
        const [first, second] = listed(await look());
        const retried = await order(first!.id, 'retry');
        assert.equal(retried.status, 200);
        assert.deepEqual([retried.body['count'], eventIds(retried.body)], [1, ['second', 'third']]);
        await until(() => simulator.events().length === 1, 'one event');
        assert.equal(simulator.events()[0]?.event['eventId'], 'first');
        const discarded = await order(second!.id, 'discard');
        assert.deepEqual([discarded.body['count'], eventIds(discarded.body)], [1, ['third']]);
        assert.equal(simulator.events().length, 1);
      });

      it('that are gone by now are not an error, and bring back nothing', async () => {
        const [first, second] = listed(await look());
        const [once, twice] = await Promise.all([order(first!.id, 'retry'), order(first!.id, 'retry')]);
        assert.deepEqual([once.status, twice.status], [200, 200]);
        assert.deepEqual([once.body['count'], twice.body['count']].sort(), [0, 1]);
        assert.equal((await order(second!.id, 'discard')).body['count'], 1);
        for (const command of ['discard', 'retry']) {
          const { status, body } = await order(second!.id, command);
          assert.deepEqual([status, body['count'], eventIds(body)], [200, 0, ['third']]);
        }
        await until(async () => (await look())['events'] === 0, 'an empty outbox');
        assert.deepEqual(
          simulator.events().map(({ event }) => event['eventId']),
          ['first'],
        );
      });

      it('are told of in bounds and without the key', async () => {
        const [first] = listed(await look());
        for (const { text, body } of [await order(first!.id, 'retry'), await order(first!.id, 'discard')]) {
          assertNoSecret(KEY, text, 'the answer');
          const reasons = (body['refusedEvents'] as { reason: string }[]).map(({ reason }) => reason);
          assert.deepEqual(reasons, ['no to [API key]', 'x'.repeat(500)]);
        }
      });

      it('are left alone by hostile ids and unknown commands', async () => {
        const [first] = listed(await look());
        for (const id of ['__proto__', '..%2f..%2fmeta', '*', '%00', '0'.repeat(65), '%3Cscript%3E']) {
          const { status, text } = await order(id, 'discard');
          assert.equal(status, 400, id);
          assert.doesNotMatch(text, /script|meta/);
        }
        for (const command of ['__proto__', 'constructor', 'discard-refused']) {
          assert.equal((await order(first!.id, command)).status, 404, command);
        }
        assert.equal(
          (await ask.get(`workspaces/${WORKSPACE_ID}/outbox/refused/${first!.id}/discard`)).status,
          404,
        );
        assert.deepEqual(eventIds(await look()), ['first', 'second', 'third']);
      });
    });

    it('says that it is not open when asked to retry an event of it', async () => {
      await load();
      const { status, body } = await ask.post(
        `workspaces/${WORKSPACE_ID}/outbox/refused/0000000001-aa/retry`,
      );
      assert.deepEqual([status, (body['error'] as { code: string }).code], [409, 'NOT_OPEN']);
    });
  });

  describe('try it', () => {
    const attempt = async (properties: object, more: object): Promise<Trial> => {
      const { body, status, text } = await ask.post('try', {
        id: EVENT_NODE_ID,
        properties: {
          ...visionEventDefaults,
          ...EVENT_SENT_AS_IT_IS,
          workspace: WORKSPACE_ID,
          useCase: 'quality-line-1',
          ...properties,
        },
        ...more,
      });
      assert.equal(status, 200, text);
      return body as unknown as Trial;
    };

    it('makes the same event as the runtime makes of the same message', async () => {
      const properties = {
        delivery: 'build' as const,
        result: 'scratch',
        resultType: 'detected',
        minConfidence: '0.5',
        eventId: 'id',
        eventIdType: 'msg',
        timestamp: 'at',
        timestampType: 'msg',
      };
      const flow = await load(properties);
      await ask.get(`nodes/${EVENT_NODE_ID}/last-message`);
      const { out } = await flow.send({
        payload: roboflow({ class: 'scratch' }, { class: 'dent', confidence: 0.2 }),
        id: 'event-1',
        at: Date.now(),
      });
      const trial = await attempt(properties, { useLast: true });
      assert.deepEqual(trial.event, JSON.parse(JSON.stringify(out?.payload)));
      assert.deepEqual(trial.detections, out?.visionEvent?.detections);
      assert.deepEqual(trial.imageSizes, [{ width: 640, height: 480 }]);
      assert.deepEqual([trial.isStoredWhole, trial.warnings.length, trial.error], [true, 0, undefined]);
      assert.equal(simulator.requests.total, 0);
    });

    it('uses the unsaved settings, and says what the API would store', async () => {
      await load();
      const trial = await attempt(
        { eventType: 'safety_alert', severity: 'urgent', severityType: 'str', description: 'fallen' },
        { payload: roboflow({ class: 'person' }) },
      );
      assert.equal(trial.event.eventType, 'safety_alert');
      assert.deepEqual(trial.asStored?.eventData, {});
      assert.equal(trial.isStoredWhole, false);
      assert.ok(trial.warnings.some(({ path }) => path === 'eventData.severity'));
    });

    it('tells errors as the runtime does, with what is known so far', async () => {
      await load();
      const unknown = await attempt({}, { payload: { what: 'is this' } });
      assert.match(unknown.error?.code ?? '', /^DETECTIONS_/);
      const noUseCase = await attempt({ useCase: '' }, { payload: roboflow({ class: 'a' }) });
      assert.equal(noUseCase.error?.code, 'EVENT_INVALID');
      assert.equal(noUseCase.errors[0]?.path, 'useCaseId');
      assert.equal(noUseCase.event.images[0]?.objectDetections.length, 1);
      const stopped = await attempt(
        { onWarnings: 'stop', comment: 'x', severity: 'x', eventType: 'safety_alert' },
        { payload: [] },
      );
      assert.equal(stopped.error?.code, 'EVENT_WARNINGS');
    });

    it('works for a node that was never deployed, and strikes keys out of whatever it answers', async () => {
      await load();
      process.env['VISION_EVENTS_TEST_KEY'] = KEY;
      try {
        const { body, text } = await ask.post('try', {
          id: 'never-deployed',
          properties: {
            ...visionEventDefaults,
            ...EVENT_SENT_AS_IT_IS,
            eventType: 'operator_feedback',
            useCase: 'u',
            detectionsType: 'none',
            comment: 'VISION_EVENTS_TEST_KEY',
            commentType: 'env',
          },
          payload: 1,
        });
        assertNoSecret(KEY, text, 'the answer');
        assert.equal((body as unknown as Trial).event.comment, '[API key]');
      } finally {
        delete process.env['VISION_EVENTS_TEST_KEY'];
      }
    });

    it('has the last message that the node saw before its dialog was opened', async () => {
      const flow = await load({ delivery: 'build' });
      assert.deepEqual((await ask.get('editor')).body, {});
      await flow.send({ payload: roboflow({ class: 'before' }) });
      const kept = (await ask.get(`nodes/${EVENT_NODE_ID}/last-message`)).body;
      assert.ok(Math.abs((kept['at'] as number) - Date.now()) < 60_000);
      const trial = await attempt({}, { useLast: true });
      assert.equal(trial.event.images[0]?.objectDetections[0]?.class, 'before');
      const { body } = await ask.get(`nodes/${EVENT_NODE_ID}/last-payload`);
      assert.deepEqual(body['payload'], roboflow({ class: 'before' }));
    });

    it('knows the size of the picture that an example speaks of', async () => {
      await load();
      const fractions = [{ class: 'cup', box: [0.25, 0.25, 0.5, 0.5] }];
      const mapping = JSON.stringify({
        list: '',
        class: 'class',
        box: { convention: 'corner', units: 'fraction', fields: 'box' },
      });
      const trial = await attempt({ format: 'custom', mapping }, { payload: fractions, isExample: true });
      assert.deepEqual(trial.imageSizes, [{ width: 640, height: 480 }]);
    });

    describe('keeps messages', () => {
      let now: number;
      let messages: LastMessages;
      beforeEach(() => {
        now = 0;
        messages = new LastMessages(() => now);
      });
      const note = (node = 'n') => messages.note(node, { _msgid: 'm', payload: now });

      it('only while an editor is open, or was within ten minutes', () => {
        note();
        assert.equal(messages.last('n'), undefined);
        messages.editorIsOpen();
        now = KEEP_MS;
        note();
        assert.equal(messages.last('n')?.message.payload, KEEP_MS);
        now = KEEP_MS + 1;
        note('late');
        assert.equal(messages.last('late'), undefined);
      });

      it('for ten minutes', () => {
        messages.editorIsOpen();
        note();
        now = KEEP_MS;
        assert.equal(messages.last('n')?.message.payload, 0);
        now = KEEP_MS + 1;
        assert.equal(messages.last('n'), undefined);
      });

      it('of a few nodes, and of none when the operator wants that', () => {
        messages.editorIsOpen();
        for (let node = 0; node < 17; node++) note(`n${node}`);
        assert.equal(messages.last('n0'), undefined);
        assert.ok(messages.last('n16'));
        messages.switchOff();
        messages.editorIsOpen();
        note('n16');
        assert.equal(messages.watch('n16'), undefined);
      });

      it('more often of a node whose dialog shows them', () => {
        messages.editorIsOpen();
        note('shown');
        note('other');
        messages.watch('shown');
        now = 500;
        note('shown');
        note('other');
        assert.equal(messages.last('shown')?.message.payload, 500);
        assert.equal(messages.last('other')?.message.payload, 0);
      });
    });

    it('copies what a message holds, bounded, and shares nothing with it', () => {
      const message: Record<string, unknown> = {
        _msgid: 'm',
        payload: { a: [1, { b: 'c' }] },
        when: new Date(0),
      };
      message['itself'] = message;
      message['call'] = () => 1;
      message['long'] = 'x'.repeat(2 * 1024 * 1024);
      message['rows'] = Array.from({ length: 100_000 }, (_, row) => ({ row }));
      const { message: copy, leftOut } = copyMessage(message as never);
      assert.deepEqual(copy.payload, { a: [1, { b: 'c' }] });
      assert.notEqual(copy.payload, message['payload']);
      assert.ok(JSON.stringify(copy).length < 2 * MAX_MESSAGE_BYTES);
      assert.deepEqual(leftOut.slice(0, 3), ['itself', 'call', 'long']);
      assert.ok(leftOut.some((path) => /^rows\[\d+\]/.test(path)));
    });

    it('keeps small pictures and says what it left out', async () => {
      const flow = await load({
        delivery: 'build',
        detectionsType: 'none',
        inputImage: 'picture',
        inputImageType: 'msg',
      });
      await ask.get(`nodes/${EVENT_NODE_ID}/last-message`);
      await flow.send({ payload: 1, picture: PNG, film: Buffer.alloc(1024 * 1024 + 1), req: { socket: 1 } });
      const trial = await attempt(
        { detectionsType: 'none', inputImage: 'picture', inputImageType: 'msg' },
        { useLast: true },
      );
      assert.deepEqual(trial.message.leftOut, ['film', 'req']);
      const [picture] = trial.pictures;
      assert.deepEqual(picture?.size, { width: 1, height: 1 });
      assert.equal(picture?.dataUrl, `data:image/png;base64,${PNG.toString('base64')}`);
      assert.equal(picture?.before, undefined);
    });

    describe('of a picture', () => {
      const PERSON = { class: 'person', x: 80, y: 60, width: 64, height: 48, confidence: 0.9 };
      const payload = { image: { width: 320, height: 240 }, predictions: [PERSON] };
      const takes = { inputImage: 'picture', inputImageType: 'msg', eventType: 'custom' };
      let photo: Buffer;
      before(async () => {
        photo = await jpegOf(painted(320, 240, busy));
      });
      const isOriginal = (text: string) => text.includes(photo.toString('base64').slice(200, 300));

      it('shows it as it would leave, with its bytes and size before', async () => {
        const flow = await load({ ...takes, delivery: 'send' });
        await ask.get(`nodes/${EVENT_NODE_ID}/last-message`);
        await flow.send({ payload, picture: photo });
        const reduces = {
          ...takes,
          delivery: 'send' as const,
          pictureMaxSide: '160',
          outputImageType: 'drawn',
        };
        const { pictures, event } = await attempt(reduces, { useLast: true });
        assert.deepEqual(
          pictures.map(({ role, size, before }) => [role, size, before]),
          ['output', 'input'].map((role) => [
            role,
            { width: 160, height: 120 },
            { bytes: photo.length, size: { width: 320, height: 240 } },
          ]),
        );
        assert.ok(pictures.every(({ bytes }) => bytes < photo.length));
        assert.equal(event.images[0]!.objectDetections[0]!.x, 40);
      });

      it('that is hidden in has it as it left, and never as it came', async () => {
        const hides = { ...takes, delivery: 'send' as const, hideClasses: 'person' };
        const flow = await load(hides);
        await ask.get(`nodes/${EVENT_NODE_ID}/last-message`);
        await flow.send({ payload: { ...payload, snapshot: photo.toString('base64') }, picture: photo });
        const { text, body } = await ask.post('try', {
          ...{ id: EVENT_NODE_ID, useLast: true },
          properties: { ...visionEventDefaults, ...EVENT_SENT_AS_IT_IS, useCase: 'u', ...hides },
        });
        const [picture, ...others] = (body as unknown as Trial).pictures;
        assert.deepEqual(others, []);
        assert.equal(picture!.before!.bytes, photo.length);
        assert.ok(picture!.dataUrl!.startsWith('data:image/jpeg;base64,'));
        assert.equal(isOriginal(text), false);
        assert.equal(isOriginal((await ask.get(`nodes/${EVENT_NODE_ID}/last-payload`)).text), false);
      });

      it('that is hidden in is not shown of a node that only builds: it goes on as it came', async () => {
        const hides = { ...takes, delivery: 'build' as const, hideClasses: 'person' };
        const flow = await load(hides);
        await ask.get(`nodes/${EVENT_NODE_ID}/last-message`);
        await flow.send({ payload, picture: photo });
        const { text, body } = await ask.post('try', {
          ...{ id: EVENT_NODE_ID, useLast: true },
          properties: { ...visionEventDefaults, ...EVENT_SENT_AS_IT_IS, useCase: 'u', ...hides },
        });
        assert.deepEqual((body as unknown as Trial).pictures, []);
        assert.equal(isOriginal(text), false);
      });

      it('is kept of no node while another one hides', async () => {
        const other = {
          id: 'other',
          type: 'roboflow-vision-event',
          ...visionEventDefaults,
          hideExcept: 'part',
        };
        const at = { z: 'tab', x: 100, y: 100, wires: [] };
        const flow = await TestFlow.load({ ...takes, delivery: 'build' }, undefined, [{ ...other, ...at }]);
        await ask.get(`nodes/${EVENT_NODE_ID}/last-message`);
        await flow.send({ payload, picture: photo });
        const trial = await attempt(takes, { useLast: true });
        assert.deepEqual(trial.message.leftOut, ['picture']);
        assert.deepEqual(trial.pictures, []);
      });
    });
  });
});

interface RouteLayer {
  route?: { path: string };
}
