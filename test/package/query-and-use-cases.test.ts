import assert from 'node:assert/strict';
import {
  visionEventQueryDefaults,
  visionEventUseCaseDefaults,
  workspaceDefaults,
} from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { answerWith } from '../support/answering-flow';
import type { RealNodeRed, FlowNode } from '../support/real-node-red';
import { sharedNodeRed } from '../support/shared-node-red';
import { assertNoSecret } from '../support/secrets';

const KEY = 'rf-query-secret-41Qx';
const SLOW_MS = 180_000;
const ACTIONS = ['list', 'create', 'rename', 'archive', 'unarchive', 'schema', 'delete-events'] as const;

interface Answer {
  status: number;
  payload?: Record<string, unknown> & Record<string, unknown>[];
  report?: Record<string, unknown>;
  error?: { code: string; message: string };
}

/** One route for each action, and one for a query; a message's payload names the use case and what else is asked. */
function flow(baseUrl: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const route = (name: string, node: object): FlowNode[] => [
    { id: `in-${name}`, type: 'http in', ...place, url: `/${name}`, method: 'post', wires: [[name]] },
    { ...(node as FlowNode), id: name, ...place, workspace: 'workspace', wires: [['answer']] },
  ];
  const asked = { useCase: 'payload.useCase', useCaseType: 'msg' };
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      baseUrl,
      timeout: 3000,
      credentials: { apiKey: KEY },
    },
    ...ACTIONS.flatMap((action) =>
      route(action, {
        ...visionEventUseCaseDefaults,
        ...asked,
        type: 'roboflow-vision-event-use-case',
        action,
        useCaseName: 'payload.name',
        useCaseNameType: 'msg',
        eventIds: 'payload.eventIds',
      }),
    ),
    ...route('query', {
      ...visionEventQueryDefaults,
      ...asked,
      type: 'roboflow-vision-event-query',
      limit: '500',
    }),
    { id: 'catch', type: 'catch', ...place, scope: null, wires: [['fault']] },
    ...answerWith('answer', '{"payload": payload, "report": visionEvent}', 200),
    ...answerWith('fault', '{"error": error}', 500),
  ];
}

describe('query and use cases in a real Node-RED', function () {
  this.timeout(SLOW_MS);
  let simulator: Simulator;
  let nodeRed: RealNodeRed;

  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
    nodeRed = await sharedNodeRed('4.1');
    await nodeRed.deploy(flow(simulator.url));
  });
  beforeEach(() => simulator.reset());
  after(async () => {
    assertNoSecret(KEY, nodeRed.log(), "Node-RED's log");
    await simulator.close();
  });

  async function ask(route: string, payload: object): Promise<Answer> {
    const reply = await fetch(`${nodeRed.url}/${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(payload),
    });
    const text = await reply.text();
    assertNoSecret(KEY, text, `the answer of ${route}`);
    return { status: reply.status, ...(JSON.parse(text) as Omit<Answer, 'status'>) };
  }

  async function post(count: number, useCaseId = 'dock-count'): Promise<string[]> {
    const events = Array.from({ length: count }, (_, i) => ({
      eventId: `event-${i}`,
      eventType: 'inventory_count',
      useCaseId,
      timestamp: new Date(Date.now() - i * 1000).toISOString(),
      eventData: { itemCount: i },
      customMetadata: { shift: 'night' },
    }));
    for (let at = 0; at < events.length; at += 100) {
      const reply = await fetch(`${simulator.url}/vision-events/batch`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ events: events.slice(at, at + 100) }),
      });
      assert.equal(reply.status, 201);
    }
    return events.map(({ eventId }) => eventId);
  }

  const failsWith = ({ status, error }: Answer, code: string, text: RegExp) => {
    assert.equal(status, 500);
    assert.equal(error?.code, code);
    assert.match(error?.message ?? '', text);
  };

  it('lists, creates, renames, archives and restores a use case', async () => {
    const created = await ask('create', { name: 'Gate 7' });
    assert.equal(created.status, 200, JSON.stringify(created.error));
    const id = String(created.payload?.['id']);
    await ask('rename', { useCase: id, name: 'Gate 8' });
    const names = async () => ((await ask('list', {})).payload ?? []).map((useCase) => useCase['name']);
    assert.ok((await names()).includes('Gate 8'));
    assert.equal((await ask('archive', { useCase: id })).status, 200);
    assert.ok(!(await names()).includes('Gate 8'));
    assert.equal((await ask('unarchive', { useCase: id })).status, 200);
    assert.ok((await names()).includes('Gate 8'));
  });

  it('reads the metadata schema, and deletes events by their ids, 1,000 a call', async () => {
    const ids = await post(1200);
    const schema = await ask('schema', { useCase: 'dock-count' });
    assert.match(JSON.stringify(schema.payload), /"shift":\{"types":\["string"\]\}/);
    const deleted = await ask('delete-events', { useCase: 'dock-count', eventIds: [...ids, 'never-seen'] });
    assert.equal(deleted.payload?.['deleted'], 1200);
    assert.deepEqual(deleted.payload?.['notFound'], ['never-seen']);
    assert.equal(simulator.events().length, 0);
    assert.equal(simulator.requests.count('POST', '/vision-events/delete'), 2);
  });

  it('says what is wrong: name taken, unknown, not archived, no list of ids', async () => {
    failsWith(await ask('create', { name: 'Dock count' }), 'REJECTED', /already exists/);
    failsWith(await ask('rename', { useCase: 'nobody', name: 'x' }), 'REJECTED', /not found/);
    failsWith(await ask('unarchive', { useCase: 'dock-count' }), 'REJECTED', /not archived/);
    failsWith(await ask('delete-events', { useCase: 'dock-count' }), 'EVENT_INVALID', /Event ids/);
  });

  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [403, 'UNAUTHORIZED'],
    [404, 'REJECTED'],
    [409, 'REJECTED'],
  ] as const) {
    it(`${status} is ${code} for every action and for a query`, async () => {
      simulator.faults.always({ status, body: { error: 'as the test wants it' } });
      const asked = { useCase: 'dock-count', name: 'x', eventIds: ['a'] };
      for (const route of [...ACTIONS, 'query'])
        failsWith(await ask(route, asked), code, /as the test wants it/);
    });
  }

  it('reads all events of a use case, page by page', async () => {
    const ids = await post(250);
    const { payload, report } = await ask('query', { useCase: 'dock-count' });
    assert.deepEqual(
      payload?.map((event) => event['eventId']),
      ids,
    );
    assert.equal(report?.['complete'], true);
    assert.equal((await ask('query', { useCase: 'site-safety' })).payload?.length, 0);
  });

  it('ends at a cursor that repeats and at an empty page that promises more', async () => {
    const page = { eventId: 'a', eventType: 'custom', eventData: {} };
    const always = (events: object[]) =>
      simulator.faults.always({
        status: 200,
        endpoint: 'query',
        body: { events, nextCursor: 'the-same', hasMore: true, lookbackDays: 14 },
      });
    for (const events of [[page], []]) {
      simulator.reset();
      always(events);
      const { report, status } = await ask('query', { useCase: 'dock-count' });
      assert.equal(status, 200);
      assert.equal(report?.['complete'], false);
      assert.ok(simulator.requests.count('POST', '/vision-events/query') <= 3);
    }
  });
});
