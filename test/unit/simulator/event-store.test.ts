import assert from 'node:assert/strict';
import { startEventStore, type EventStore } from '../../../simulator/event-store';

describe('simulator: Local Event Store', () => {
  let store: EventStore;
  before(async () => (store = await startEventStore({ apiKey: 'edge-key' })));
  after(() => store.close());
  beforeEach(() => store.reset());

  const call = async (method: string, path: string, body?: unknown, key: string | null = 'edge-key') => {
    const response = await fetch(store.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...(key !== null && { 'X-API-Key': key }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const localEvent = (fields: Record<string, unknown> = {}) => ({
    inference_timestamp: '2026-11-20T08:15:30.250000+00:00',
    event_schema: 'inventory_count',
    event_data: { itemCount: 3, externalId: 'x' },
    solution: null,
    images: [
      {
        base64Image: '/9j/4AAQ',
        objectDetections: [{ class: 'crate', x: 2, y: 2, width: 2, height: 2, confidence: 0.9 }],
      },
    ],
    displayImagePosition: 0,
    custom_metadata: { line: 'A1' },
    ...fields,
  });

  it('stores an event under an id of its own; a repeated post is stored twice', async () => {
    const first = await call('POST', '/v2/events', localEvent());
    const second = await call('POST', '/v2/events', localEvent());
    assert.equal(first.status, 201);
    assert.notEqual(first.body.id, second.body.id);
    assert.deepEqual(store.events()[0]?.event, localEvent());
    const latest = await call('GET', '/v2/events/latest/query?limit=1');
    assert.deepEqual(latest.body.events, [{ id: second.body.id, ...localEvent() }]);
  });

  it('asks for its key everywhere but at /health', async () => {
    assert.equal((await call('GET', '/health', undefined, null)).status, 200);
    assert.equal((await call('POST', '/v2/events', localEvent(), null)).status, 401);
    assert.equal((await call('POST', '/v2/events', localEvent(), 'wrong')).status, 401);
    const open = await startEventStore();
    try {
      assert.equal((await fetch(`${open.url}/v2/events/latest/query`)).status, 200);
    } finally {
      await open.close();
    }
  });

  it('is strict: a fault refuses the event, with a list or a text as detail', async () => {
    const faults: [Record<string, unknown>, string][] = [
      [{ inference_timestamp: undefined }, 'inference_timestamp'],
      [{ event_schema: 'party' }, 'event_schema'],
      [{ event_data: { itemCount: -1 } }, 'event_data.itemCount'],
      [{ event_data: { colour: 'red' } }, 'event_data.colour'],
      [{ eventId: 'mine' }, 'eventId'],
      [{ images: [{ base64Image: 'data:image/jpeg;base64,/9j/4AAQ' }] }, 'images.0.base64Image'],
      [{ custom_metadata: { nested: {} } }, 'custom_metadata.nested'],
    ];
    for (const [fields, path] of faults) {
      const answer = await call('POST', '/v2/events', localEvent(fields));
      assert.equal(answer.status, 422, path);
      const detail = answer.body.detail as { loc: (string | number)[]; msg: string }[];
      assert.equal(detail[0]?.loc.join('.'), `body.${path}`);
    }
    const broken = await call('POST', '/v2/events', '{');
    assert.equal(broken.status, 400);
    assert.equal(typeof broken.body.detail, 'string');
    assert.deepEqual(store.events(), []);
  });

  it('answers 529 while it is full', async () => {
    store.setFull(true);
    const full = await call('POST', '/v2/events', localEvent());
    assert.deepEqual([full.status, full.body.error], [529, 'capacity_blocked']);
    store.setFull(false);
    assert.equal((await call('POST', '/v2/events', localEvent())).status, 201);
  });

  it('plays faults and counts requests like the cloud', async () => {
    store.faults.next({ status: 500, body: { detail: [{ loc: ['body'], msg: 'x', type: 'y' }] } });
    assert.equal((await call('POST', '/v2/events', localEvent())).status, 500);
    assert.deepEqual(store.requests.byStatus, { 500: 1 });
  });
});
