import assert from 'node:assert/strict';
import { visionEventUseCaseDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, type TestMessage } from '../support/node-red-helper';
import { assertNoSecret } from '../support/secrets';
import { SingleNodeFlow } from '../support/single-node-flow';

import visionEventUseCase = require('../../nodes/use-case/node');

const KEY = 'rf-secret-Uc91Wq0a';
const USE_CASE = 'quality-line-1';
const ARCHIVED = 'old-line';

type Properties = Partial<typeof visionEventUseCaseDefaults>;

describe('roboflow-vision-event-use-case', function () {
  let simulator: Simulator;
  const unhandled: unknown[] = [];
  const remember = (reason: unknown) => unhandled.push(reason);

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
    process.on('unhandledRejection', remember);
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => {
    process.off('unhandledRejection', remember);
    void helper.stopServer(done);
  });
  after(() => assert.deepEqual(unhandled, []));

  const load = (properties: Properties = {}, workspace: object | null = {}) =>
    SingleNodeFlow.load(
      {
        type: 'roboflow-vision-event-use-case',
        register: visionEventUseCase,
        properties: { ...visionEventUseCaseDefaults, workspace: 'workspace', ...properties },
      },
      workspace === null ? undefined : { baseUrl: simulator.url, apiKey: KEY, ...workspace },
    );
  /** Carries out one action with a node made for it, and takes the node away. */
  async function act(properties: Properties, message: object = {}, workspace: object = {}) {
    const flow = await load(properties, workspace);
    const answer = await flow.send({ topic: 'kept', ...message });
    assert.equal((answer.out ?? answer.caught)!['topic'], 'kept');
    await helper.unload();
    return { ...answer, statuses: flow.statuses };
  }
  const listedIds = (message: TestMessage | undefined) =>
    (message!.payload as { id: string }[]).map(({ id }) => id);
  const deletes = () => simulator.requests.count('POST', '/vision-events/delete');

  async function put(count: number, change: object = {}): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, i) => `event-${i}`);
    for (let start = 0; start < count; start += 100) {
      const events = ids.slice(start, start + 100).map((eventId) => ({
        eventId,
        eventType: 'custom',
        useCaseId: USE_CASE,
        timestamp: new Date().toISOString(),
        eventData: { value: 'x' },
        ...change,
      }));
      const reply = await fetch(`${simulator.url}/vision-events/batch`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events }),
      });
      assert.equal(reply.status, 201, await reply.text());
    }
    return ids;
  }

  describe('lists', () => {
    const lists: [listStatus: Properties['listStatus'], ids: string[]][] = [
      ['active', ['quality-line-1', 'dock-count', 'site-safety']],
      ['inactive', [ARCHIVED]],
      ['all', ['quality-line-1', 'dock-count', 'site-safety', ARCHIVED]],
    ];
    for (const [listStatus, ids] of lists) {
      it(`${listStatus}`, async () => {
        const { out, statuses } = await act({ listStatus });
        assert.deepEqual(listedIds(out), ids);
        assert.deepEqual(out!.visionEvent, { action: 'list', lookbackDays: 14 });
        assert.ok(statuses.includes('blue sending'));
      });
    }

    it('from a server that says solutions and knows no status', async () => {
      const older = await startSimulator({ apiKey: KEY, listKey: 'solutions' });
      try {
        const { out } = await act({ listStatus: 'all' }, {}, { baseUrl: older.url });
        assert.deepEqual(listedIds(out), lists[2]![1]);
        const same = { solutions: [{ id: 'a', name: 'A' }, { id: 'b' }] };
        older.faults.always({ status: 200, body: same });
        const twice = await act({ listStatus: 'all' }, {}, { baseUrl: older.url });
        assert.deepEqual(twice.out!.payload, [
          { id: 'a', name: 'A' },
          { id: 'b', name: 'b' },
        ]);
      } finally {
        await older.close();
      }
    });

    it('shows the number once done', async () => {
      const flow = await load();
      await flow.send({});
      await flow.until(() => flow.statuses.includes('green useCase.list'));
      assert.equal(flow.completed, 1);
    });
  });

  describe('changes use cases', () => {
    it('create, rename, archive, restore, each seen in the next list', async () => {
      const created = await act(
        { action: 'create', useCaseName: 'payload', useCaseNameType: 'msg' },
        { payload: '  Paint shop ' },
      );
      const { id, name } = created.out!.payload as { id: string; name: string };
      assert.equal(name, 'Paint shop');
      assert.deepEqual(created.out!.visionEvent, { action: 'create' });

      const byId: Properties = { useCase: 'id', useCaseType: 'msg' };
      const renamed = await act({ action: 'rename', ...byId, useCaseName: 'Paint shop 2' }, { id });
      assert.deepEqual(renamed.out!.payload, { id, name: 'Paint shop 2' });

      const archived = await act({ action: 'archive', ...byId }, { id });
      assert.deepEqual(archived.out!.payload, { id, status: 'inactive' });
      assert.deepEqual(listedIds((await act({ listStatus: 'inactive' })).out), [ARCHIVED, id]);

      const restored = await act({ action: 'unarchive', ...byId }, { id });
      assert.deepEqual(restored.out!.payload, { id, status: 'active' });
      const list = (await act({})).out!.payload as { id: string; name: string }[];
      assert.equal(list.find((one) => one.id === id)!.name, 'Paint shop 2');
    });

    const refused: [name: string, properties: Properties, statusCode: number, text: RegExp][] = [
      [
        'a name that is taken',
        { action: 'create', useCaseName: 'Dock count' },
        400,
        /A solution with this name already exists/,
      ],
      [
        'renaming to a name that is taken',
        { action: 'rename', useCase: USE_CASE, useCaseName: 'Dock count' },
        400,
        /already exists/,
      ],
      [
        'renaming an unknown one',
        { action: 'rename', useCase: 'gone', useCaseName: 'X' },
        404,
        /Solution not found/,
      ],
      ['archiving an unknown one', { action: 'archive', useCase: 'gone' }, 404, /Solution not found/],
      [
        'restoring an active one',
        { action: 'unarchive', useCase: USE_CASE },
        400,
        /Solution is not archived/,
      ],
      ['the schema of an unknown one', { action: 'schema', useCase: 'gone' }, 404, /Solution not found/],
      ['an id with slashes', { action: 'schema', useCase: '../../x' }, 404, /./],
    ];
    for (const [name, properties, statusCode, text] of refused) {
      it(`${name}: ${statusCode}, one error with the server's own words`, async () => {
        const { out, caught } = await act(properties);
        assert.equal(out, undefined);
        assert.deepEqual([caught!.error!.code, caught!.statusCode], ['REJECTED', statusCode]);
        assert.match(caught!.error!.message, text);
      });
    }

    it('a name that is taken as 409, a conflict', async () => {
      simulator.faults.next({ status: 409, body: { error: 'A use case with this name already exists' } });
      const { caught } = await act({ action: 'create', useCaseName: 'Dock count' });
      assert.deepEqual([caught!.error!.code, caught!.statusCode], ['REJECTED', 409]);
      assert.match(caught!.error!.message, /already exists/);
    });

    it('a key that may only write or read: 403 names the scope that is missing', async () => {
      const list = await act({}, {}, { apiKey: simulator.keys.write });
      assert.match(list.caught!.error!.message, /vision-events:read/);
      const create = await act({ action: 'create', useCaseName: 'X' }, {}, { apiKey: simulator.keys.read });
      assert.equal(create.caught!.error!.code, 'UNAUTHORIZED');
      assert.match(create.caught!.error!.message, /vision-events:manage/);
      const unknown = await act({}, {}, { apiKey: 'not-a-key' });
      assert.equal(unknown.caught!.statusCode, 401);
    });

    it('an answer that is lost is not repeated: the second attempt would be told that the name is taken', async () => {
      const flow = await load({ action: 'create', useCaseName: 'payload', useCaseNameType: 'msg' });
      await flow.send({ payload: 'first' });
      simulator.faults.next({ kind: 'lost-answer', onReusedConnection: true });
      const { caught } = await flow.send({ payload: 'second' });
      assert.equal(caught!.error!.code, 'NETWORK');
      assert.equal(simulator.requests.count('POST', '/vision-events/use-cases'), 2);
    });
  });

  describe('reads metadata schemas', () => {
    it('of events', async () => {
      await put(2, { customMetadata: { shift: 'early', speed: 1.5 } });
      await put(1, { customMetadata: { shift: 2 } });
      const { out } = await act({ action: 'schema', useCase: USE_CASE });
      assert.deepEqual(out!.payload, {
        useCaseId: USE_CASE,
        fields: { shift: { types: ['number', 'string'] }, speed: { types: ['number'] } },
      });
      const path = `/vision-events/custom-metadata-schema/${USE_CASE}`;
      assert.equal(simulator.requests.count('GET', path), 1);
    });

    it('of pictures', async () => {
      const { out } = await act({ action: 'schema', useCase: USE_CASE, schemaOf: 'images' });
      assert.deepEqual(out!.payload, { useCaseId: USE_CASE, fields: {} });
      const path = `/vision-events/image-metadata-schema/${USE_CASE}`;
      assert.equal(simulator.requests.count('GET', path), 1);
    });
  });

  describe('deletes events', () => {
    const deletion: Properties = { action: 'delete-events', useCase: USE_CASE };

    it('those that are named, each once, and says which were not found', async () => {
      const ids = await put(3);
      const { out } = await act(deletion, { payload: [ids[0], ids[2], ids[0], 'never-sent'] });
      assert.deepEqual(out!.payload, { deleted: 2, notFound: ['never-sent'] });
      assert.deepEqual(out!.visionEvent, {
        action: 'delete-events',
        deleted: 2,
        notFound: ['never-sent'],
      });
      assert.deepEqual(
        simulator.events().map(({ eventId }) => eventId),
        [ids[1]],
      );
    });

    const forms: [name: string, properties: Properties, message: object][] = [
      ['typed into the dialog', { eventIds: 'event-0, event-2', eventIdsType: 'str' }, {}],
      ['as JSON', { eventIds: '["event-0","event-2"]', eventIdsType: 'json' }, {}],
      [
        'by JSONata from events',
        { eventIds: '[payload.eventId]', eventIdsType: 'jsonata' },
        { payload: [{ eventId: 'event-0' }, { eventId: 'event-2' }] },
      ],
    ];
    for (const [name, properties, message] of forms) {
      it(`ids ${name}`, async () => {
        await put(3);
        const { out } = await act({ ...deletion, ...properties }, message);
        assert.deepEqual(out!.payload, { deleted: 2, notFound: [] });
      });
    }

    it('one id as a text', async () => {
      await put(2);
      const { out } = await act(deletion, { payload: 'event-1' });
      assert.deepEqual(out!.payload, { deleted: 1, notFound: [] });
    });

    it('none for an empty list, also by the JSONata of the help', async () => {
      await put(1);
      assert.deepEqual((await act(deletion, { payload: [] })).out!.payload, { deleted: 0, notFound: [] });
      const byJsonata = { ...deletion, eventIds: '[payload.eventId]', eventIdsType: 'jsonata' };
      assert.deepEqual((await act(byJsonata, { payload: [] })).out!.payload, { deleted: 0, notFound: [] });
      assert.equal(deletes(), 0);
      assert.equal(simulator.events().length, 1);
    });

    const wrong: [name: string, payload: unknown, text: RegExp][] = [
      ['nothing', undefined, /must give the ids/],
      ['true', true, /must give the ids/],
      ['an object', { all: true }, /must give the ids/],
      ['an empty text', '', /must give the ids/],
      ['a list of events', [{ eventId: 'event-0' }], /Entry 0.*\[payload\.eventId\]/],
      ['a list with a gap', ['event-0', null], /Entry 1/],
    ];
    for (const [name, payload, text] of wrong) {
      it(`refuses ${name}: nothing is deleted`, async () => {
        await put(1);
        const { caught } = await act(deletion, { payload });
        assert.equal(caught!.error!.code, 'EVENT_INVALID');
        assert.match(caught!.error!.message, text);
        assert.equal(deletes(), 0);
      });
    }

    it('has no word for all', async () => {
      await put(2);
      for (const payload of ['all', '*', ['*']]) {
        const { out } = await act(deletion, { payload });
        assert.equal((out!.payload as { deleted: number }).deleted, 0);
      }
      assert.equal(simulator.events().length, 2);
    });

    it('2,500 in three requests with one result', async () => {
      const ids = await put(2500);
      const { out } = await act(deletion, { payload: [...ids, 'never-sent'] });
      assert.deepEqual(out!.payload, { deleted: 2500, notFound: ['never-sent'] });
      assert.equal(deletes(), 3);
      assert.equal(simulator.events().length, 0);
    });

    it('that fails half-way says what was deleted before', async () => {
      const ids = await put(1500);
      simulator.faults.next({ kind: 'none', endpoint: 'delete' });
      simulator.faults.next({ status: 503, endpoint: 'delete' });
      const { out, caught } = await act(deletion, { payload: ['never-sent', ...ids] });
      assert.equal(out, undefined);
      assert.equal(caught!.error!.code, 'SERVER_ERROR');
      assert.match(caught!.error!.message, /^999 events were deleted, then it failed\./);
      assert.deepEqual(caught!.visionEvent, {
        action: 'delete-events',
        deleted: 999,
        notFound: ['never-sent'],
      });
      assert.equal(simulator.events().length, 501);
    });

    it('of an unknown use case: 404, and nothing else', async () => {
      await put(1);
      const { caught } = await act({ ...deletion, useCase: 'gone' }, { payload: ['event-0'] });
      assert.deepEqual([caught!.error!.code, caught!.statusCode], ['REJECTED', 404]);
      assert.deepEqual(caught!.visionEvent, { action: 'delete-events', deleted: 0, notFound: [] });
    });

    it('a deploy half-way ends it, and the error says how much was deleted', async () => {
      const ids = await put(1500);
      const flow = await load(deletion);
      simulator.faults.next({ kind: 'none', endpoint: 'delete' });
      simulator.faults.next({ kind: 'hang', endpoint: 'delete' });
      const errors: Error[] = [];
      helper.getNode('node').error = (error: unknown) => void errors.push(error as Error);
      flow.receive({ payload: ids });
      await flow.until(() => deletes() === 2);
      const begun = Date.now();
      await helper.unload();
      assert.ok(Date.now() - begun < 5000, 'close took longer than 5 s');
      await flow.until(() => errors.length > 0);
      assert.match(errors[0]!.message, /deploy.*1000 events were deleted before/);
      assert.equal(errors.length, 1);
    });
  });

  describe('wrong settings', () => {
    const long = 'x'.repeat(257);
    const wrong: [name: string, properties: Properties, text: RegExp][] = [
      ['create without a name', { action: 'create' }, /"useCaseName" is empty/],
      ['create with blanks for a name', { action: 'create', useCaseName: '   ' }, /"useCaseName"/],
      ['create with a name too long', { action: 'create', useCaseName: long }, /257 characters/],
      ['rename without a use case', { action: 'rename', useCaseName: 'X' }, /"useCase" is empty/],
      ['rename without a name', { action: 'rename', useCase: USE_CASE }, /"useCaseName" is empty/],
      ['archive without a use case', { action: 'archive' }, /"useCase" is empty/],
      [
        'a use case from the message that is missing',
        { action: 'schema', useCase: 'id', useCaseType: 'msg' },
        /useCase/,
      ],
      ['delete without a use case', { action: 'delete-events' }, /"useCase" is empty/],
    ];
    for (const [name, properties, text] of wrong) {
      it(`${name}: nothing is sent`, async () => {
        const { out, caught } = await act(properties, { payload: ['event-0'] });
        assert.equal(out, undefined);
        assert.equal(caught!.error!.code, 'EVENT_INVALID');
        assert.match(caught!.error!.message, text);
        assert.equal(simulator.requests.total, 0);
      });
    }

    it('fails each message without a workspace', async () => {
      const flow = await load({ workspace: '' }, null);
      for (let i = 0; i < 2; i++) {
        assert.equal((await flow.send({})).caught!.error!.code, 'NOT_CONFIGURED');
      }
      await flow.until(() => flow.statuses.includes('red noWorkspace'));
    });
  });

  it('shows the key nowhere, whatever the server says', async () => {
    for (const action of ['list', 'create', 'rename', 'archive', 'schema', 'delete-events'] as const) {
      const flow = await load({ action, useCase: USE_CASE, useCaseName: `New ${action}` });
      await flow.send({ payload: ['event-0'] });
      simulator.faults.next({ status: 400, body: { error: `refused ${KEY}`, hint: `Bearer ${KEY}` } });
      await flow.send({ payload: ['event-0'] });
      assert.deepEqual([flow.out.length, flow.caught.length], [1, 1], action);
      assertNoSecret(KEY, [flow.out, flow.caught, flow.statuses, helper.log().args], action);
      await helper.unload();
    }
  });
});
