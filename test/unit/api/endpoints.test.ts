import assert from 'node:assert/strict';
import { MAX_QUERY_EVENTS } from '../../../src/api/query';
import { parseBatchReply } from '../../../src/api/replies';
import type { Target } from '../../../src/api/target';
import { clientFor, endAll, failureOf } from './clients';
import { EVENT, KEY, sendJson, startServer } from '../../support/servers';

const events = ['a', 'b', 'c'].map((eventId) => ({ ...EVENT, eventId }));

describe('VisionEventsClient.createEvents', () => {
  afterEach(endAll);

  it('sends texts and objects in one body, byte for byte', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 201, { created: 2, eventIds: ['a', 'b'] }),
    );
    const text = '{ "eventId": "a" }';
    const reply = await clientFor(server).createEvents([text, events[1]!]);
    assert.equal(server.received[0]?.url, '/vision-events/batch');
    assert.equal(server.received[0]?.body.toString(), `{"events":[${text},${JSON.stringify(events[1])}]}`);
    assert.deepEqual(reply.eventIds, ['a', 'b']);
    assert.equal(reply.created, 2);
  });

  it('refuses no events and more than 100, before sending', async () => {
    const client = clientFor({ url: 'http://127.0.0.1:9' });
    for (const count of [0, 101]) {
      const error = await failureOf(client.createEvents(Array.from({ length: count }, () => EVENT)));
      assert.equal(error.code, 'REJECTED');
      assert.match(error.message, /1 to 100/);
    }
  });

  it('success without ids is not a success', async () => {
    const server = await startServer((_, response) => sendJson(response, 201, { created: 3 }));
    assert.equal((await failureOf(clientFor(server).createEvents(events))).code, 'BAD_RESPONSE');
  });

  it('is a target for the sender', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 201, { created: 1, eventIds: ['a'], warnings: { a: [{ type: 't', path: 'p' }] } }),
    );
    const target: Target = clientFor(server).target();
    const receipt = await target.postBatch(events.map((event) => JSON.stringify(event)));
    assert.deepEqual(receipt.eventIds, ['a']);
    assert.equal(receipt.warningsByEvent['a']?.[0]?.path, 'p');
    assert.equal(receipt.attempts, 1);
  });
});

describe('parseBatchReply', () => {
  const warning = { type: 'any.only', path: 'eventData.result', value: 'maybe', valueType: 'string' };
  const parse = (body: unknown, ids = ['a', 'b', 'c']) =>
    parseBatchReply(
      { statusCode: 201, headers: {}, body: JSON.stringify(body), attempts: 1, durationMs: 1 },
      () => ids,
    );
  const base = { created: 3, eventIds: ['a', 'b', 'c'] };
  const toB = { b: [warning] };

  const shapes: [string, unknown][] = [
    ['a list that names the event', [{ ...warning, eventId: 'b' }]],
    ['a list that names the index', [{ ...warning, index: 1 }]],
    ['a path that starts with the index', [{ ...warning, path: '[1].eventData.result' }]],
    ['a path that starts with the bare index', [{ ...warning, path: '1.eventData.result' }]],
    ['a path that starts with events.1', [{ ...warning, path: 'events.1.eventData.result' }]],
    ['a path that starts with events[1]', [{ ...warning, path: 'events[1].eventData.result' }]],
    ['a path as a list', [{ ...warning, path: ['events', 1, 'eventData', 'result'] }]],
    ['a list of lists', [[], [warning], []]],
    ['an object by id', { b: [warning] }],
    ['an object by index', { 1: [warning] }],
    ['an object with a single warning', { b: warning }],
  ];
  for (const [what, warnings] of shapes) {
    it(`reads ${what}`, () => {
      const reply = parse({ ...base, warnings });
      assert.deepEqual({ ...reply.warningsByEvent }, toB);
      assert.deepEqual(reply.warnings, []);
    });
  }

  it('reads a list of results', () => {
    const results = [{ eventId: 'a' }, { eventId: 'b', warnings: [warning] }, { eventId: 'c' }];
    const reply = parse({ created: 3, results });
    assert.deepEqual(reply.eventIds, ['a', 'b', 'c']);
    assert.deepEqual({ ...reply.warningsByEvent }, toB);
  });

  it('keeps what cannot be attributed', () => {
    const reply = parse({
      ...base,
      warnings: [warning, { ...warning, path: '7.eventData.result' }, 'text', null],
    });
    assert.deepEqual({ ...reply.warningsByEvent }, {});
    assert.deepEqual(reply.warnings, [
      warning,
      { ...warning, path: '7.eventData.result' },
      { type: 'unknown', path: '', value: 'text', valueType: 'string' },
      { type: 'unknown', path: '', value: null, valueType: 'object' },
    ]);
  });

  it('reads a path inside the event as such', () => {
    const reply = parse({ ...base, warnings: [{ ...warning, path: 'images.0.keypoints' }] });
    assert.equal(reply.warnings[0]?.path, 'images.0.keypoints');
  });

  it('takes any event id', () => {
    const warnings = JSON.parse('{"__proto__":[{"type":"t","path":"p"}]}') as unknown;
    const reply = parseBatchReply(
      {
        statusCode: 201,
        headers: {},
        body: '{"eventIds":["__proto__"],"warnings":{"__proto__":[{"type":"t","path":"p"}]}}',
        attempts: 1,
        durationMs: 1,
      },
      () => ['__proto__'],
    );
    assert.ok(warnings);
    assert.equal(reply.warningsByEvent['__proto__']?.[0]?.path, 'p');
    assert.equal(({} as Record<string, unknown>)['0'], undefined);
  });
});

describe('VisionEventsClient.query', () => {
  afterEach(endAll);

  it('posts the filters and reads the page', async () => {
    const page = { events: [{ eventId: 'a' }], nextCursor: 'n', hasMore: true, lookbackDays: 14 };
    const server = await startServer((_, response) => sendJson(response, 200, page));
    const filters = { useCaseId: 'use-1', eventTypes: ['custom'], limit: 50 };
    const { events, nextCursor, hasMore, lookbackDays } = await clientFor(server).query(filters);
    assert.deepEqual({ events, nextCursor, hasMore, lookbackDays }, page);
    assert.equal(server.received[0]?.url, '/vision-events/query');
    assert.deepEqual(JSON.parse(server.received[0]?.body.toString() ?? ''), filters);
  });

  it('takes a page larger than other replies, but not one without end', async () => {
    const big = { events: [{ eventId: 'a', text: 'x'.repeat(3 * 1024 * 1024) }] };
    const server = await startServer((_, response, index) => {
      if (index === 0) sendJson(response, 200, big);
      else response.writeHead(200).end(Buffer.alloc(17 * 1024 * 1024, ' '));
    });
    const client = clientFor(server);
    assert.equal((await client.query({ useCaseId: 'u' })).events.length, 1);
    const error = await failureOf(client.query({ useCaseId: 'u' }));
    assert.equal(error.code, 'BAD_RESPONSE');
    assert.match(error.message, /16 MiB/);
  });

  it('success without a list of events is not a success', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, { hasMore: false }));
    assert.equal((await failureOf(clientFor(server).query({ useCaseId: 'u' }))).code, 'BAD_RESPONSE');
  });

  it('pages are asked for one by one, with the same filters', async () => {
    const server = await startServer((_, response, index) =>
      sendJson(response, 200, {
        events: [{ eventId: `e${index}` }],
        nextCursor: index < 2 ? `c${index}` : null,
        hasMore: index < 2,
      }),
    );
    const ids: unknown[] = [];
    let taken = 0;
    for await (const page of clientFor(server).queryPages({ useCaseId: 'u' })) {
      taken += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(server.received.length, taken, 'no page is asked for before the last was taken');
      ids.push(...page.events.map((event) => event['eventId']));
    }
    assert.deepEqual(ids, ['e0', 'e1', 'e2']);
    const bodies = server.received.map(({ body }) => JSON.parse(body.toString()) as unknown);
    assert.deepEqual(bodies, [
      { useCaseId: 'u', limit: MAX_QUERY_EVENTS },
      { useCaseId: 'u', limit: MAX_QUERY_EVENTS, cursor: 'c0' },
      { useCaseId: 'u', limit: MAX_QUERY_EVENTS, cursor: 'c1' },
    ]);
  });

  for (const [what, answer] of Object.entries({
    'an empty page': { events: [], nextCursor: 'c', hasMore: true },
    'no cursor': { events: [{ eventId: 'a' }], hasMore: true },
    'the server saying so': { events: [{ eventId: 'a' }], nextCursor: 'c', hasMore: false },
  })) {
    it(`paging ends by ${what}`, async () => {
      const server = await startServer((_, response) => sendJson(response, 200, answer));
      let pages = 0;
      for await (const _page of clientFor(server).queryPages({ useCaseId: 'u' })) pages += 1;
      assert.equal(pages, 1);
      assert.equal(server.received.length, 1);
    });
  }

  it('a cursor that repeats ends it, and the last page says so', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 200, { events: [{ eventId: 'a' }], nextCursor: 'same', hasMore: true }),
    );
    const endings: unknown[] = [];
    for await (const { ending } of clientFor(server).queryPages({ useCaseId: 'u' })) endings.push(ending);
    assert.deepEqual(endings, [undefined, 'cursor-repeats']);
    assert.equal(server.received.length, 2);
  });

  it('ends at a limit', async () => {
    const server = await startServer((_, response) =>
      sendJson(response, 200, {
        events: [{ eventId: 'a' }, { eventId: 'b' }],
        nextCursor: 'c',
        hasMore: true,
      }),
    );
    const pages = [];
    for await (const page of clientFor(server).queryPages({ useCaseId: 'u' }, { limit: 2 })) pages.push(page);
    assert.deepEqual(
      pages.map(({ events, ending }) => [events.length, ending]),
      [[2, 'limit']],
    );
    assert.equal((JSON.parse(server.received[0]!.body.toString()) as { limit: number }).limit, 2);
  });
});

describe('use cases, schema, deleting', () => {
  afterEach(endAll);

  const answering = (status: number, body: unknown) =>
    startServer((_, response) => sendJson(response, status, body));

  for (const key of ['useCases', 'solutions']) {
    it(`lists from "${key}"`, async () => {
      const list = [{ id: 'u1', name: 'Dock', status: 'active' }, { id: 7 }, { name: 'no id' }, null];
      const server = await answering(200, { [key]: list, lookbackDays: 30 });
      const reply = await clientFor(server).useCases.list({ status: 'inactive' });
      assert.deepEqual(reply, {
        useCases: [
          { id: 'u1', name: 'Dock', status: 'active' },
          { id: '7', name: '7' },
        ],
        lookbackDays: 30,
      });
      assert.equal(server.received[0]?.method, 'GET');
      assert.equal(server.received[0]?.url, '/vision-events/use-cases?status=inactive');
      assert.equal(server.received[0]?.headers.authorization, `Bearer ${KEY}`);
    });
  }

  it('a list that is none', async () => {
    const server = await answering(200, { useCases: {} });
    assert.equal((await failureOf(clientFor(server).useCases.list())).code, 'BAD_RESPONSE');
  });

  it('creates, renames, archives, restores', async () => {
    const server = await startServer(({ method }, response) =>
      sendJson(
        response,
        200,
        method === 'PUT' || method === 'POST' ? { id: 'u 1', name: 'Dock', success: true } : {},
      ),
    );
    const { useCases } = clientFor(server);
    assert.deepEqual(await useCases.create('Dock'), { id: 'u 1', name: 'Dock' });
    assert.deepEqual(await useCases.rename('u 1', 'Dock'), { id: 'u 1', name: 'Dock' });
    await useCases.archive('u/1');
    await useCases.unarchive('u/1');
    assert.deepEqual(
      server.received.map(({ method, url, body }) => `${method} ${url} ${body.toString()}`),
      [
        'POST /vision-events/use-cases {"name":"Dock"}',
        'PUT /vision-events/use-cases/u%201 {"name":"Dock"}',
        'POST /vision-events/use-cases/u%2F1/archive ',
        'POST /vision-events/use-cases/u%2F1/unarchive ',
      ],
    );
  });

  it('a name that is taken', async () => {
    const server = await answering(400, { error: 'A solution with this name already exists' });
    const error = await failureOf(clientFor(server).useCases.create('Dock'));
    assert.equal(error.code, 'REJECTED');
    assert.match(error.message, /already exists/);
  });

  for (const id of ['', '.', '..']) {
    it(`"${id}" does not become another path`, async () => {
      const server = await answering(200, {});
      const client = clientFor(server);
      for (const request of [client.useCases.archive(id), client.metadataSchema(id)]) {
        assert.equal((await failureOf(request)).code, 'REJECTED');
      }
      assert.equal(server.received.length, 0);
    });
  }

  it('reads the metadata schema', async () => {
    const fields = { shift: { types: ['string'] }, 'belt speed': { types: ['number', 'string'] }, odd: 7 };
    const server = await answering(200, { fields });
    const schema = await clientFor(server).metadataSchema('u 1');
    assert.deepEqual(schema, { fields: { ...fields, odd: { types: [] } } });
    assert.equal(server.received[0]?.url, '/vision-events/custom-metadata-schema/u%201');
  });

  it('deletes 2,500 events in three requests with one result', async () => {
    const server = await startServer(({ body }, response) => {
      const { eventIds } = JSON.parse(body.toString()) as { eventIds: string[] };
      sendJson(response, 200, { deleted: eventIds.length - 1, notFound: [eventIds[0]] });
    });
    const ids = Array.from({ length: 2_500 }, (_, index) => `e${index}`);
    const reply = await clientFor(server).deleteEvents('u1', ids);
    assert.deepEqual(reply, { deleted: 2_497, notFound: ['e0', 'e1000', 'e2000'] });
    assert.deepEqual(
      server.received.map(
        ({ body }) => (JSON.parse(body.toString()) as { eventIds: string[] }).eventIds.length,
      ),
      [1_000, 1_000, 500],
    );
  });

  it('says how many were deleted before it failed', async () => {
    const server = await startServer((_, response, index) => {
      if (index === 0) sendJson(response, 200, { deleted: 1_000, notFound: [] });
      else sendJson(response, 503, { error: 'busy' }, { 'retry-after': '3' });
    });
    const ids = Array.from({ length: 1_500 }, (_, index) => `e${index}`);
    const error = await failureOf(clientFor(server).deleteEvents('u1', ids));
    assert.equal(error.code, 'SERVER_ERROR');
    assert.equal(error.retryAfterMs, 3_000);
    assert.match(error.message, /^1000 events were deleted/);
  });
});
