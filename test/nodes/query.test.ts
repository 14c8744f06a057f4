import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { visionEventQueryDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, type TestMessage } from '../support/node-red-helper';
import { assertNoSecret } from '../support/secrets';
import { SingleNodeFlow } from '../support/single-node-flow';

import visionEventQuery = require('../../nodes/query/node');
import splitNode = require('@node-red/nodes/core/sequence/17-split.js');

const KEY = 'rf-secret-Qu37yK3y';
const USE_CASE = 'quality-line-1';
const DAY = 24 * 60 * 60 * 1000;

type Properties = Partial<typeof visionEventQueryDefaults>;
type Event = Record<string, unknown> & { eventId: string };
interface Report {
  count: number;
  pages: number;
  lookbackDays?: number;
  complete: boolean;
  warnings?: string[];
}

const reportOf = (message: TestMessage | undefined) => message?.visionEvent as unknown as Report;
const idsOf = (payload: unknown) => (payload as Event[]).map(({ eventId }) => eventId);

describe('roboflow-vision-event-query', function () {
  let simulator: Simulator;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (
    properties: Properties = {},
    workspace: object | null = {},
    behind?: Parameters<typeof SingleNodeFlow.load>[2],
  ) =>
    SingleNodeFlow.load(
      {
        type: 'roboflow-vision-event-query',
        register: visionEventQuery,
        properties: {
          ...visionEventQueryDefaults,
          workspace: 'workspace',
          useCase: USE_CASE,
          startTime: '',
          ...properties,
        },
      },
      workspace === null ? undefined : { baseUrl: simulator.url, apiKey: KEY, ...workspace },
      behind,
    );

  /**
   * Puts events into the simulator, a second apart, the first the oldest; answers with their ids, newest first as a
   * query does.
   */
  async function put(count: number, change: (i: number) => object = () => ({})): Promise<string[]> {
    const events = Array.from({ length: count }, (_, i) => ({
      eventId: `event-${i}`,
      eventType: 'quality_check',
      useCaseId: USE_CASE,
      timestamp: new Date(Date.now() - (count - i) * 1000).toISOString(),
      eventData: { result: 'pass' },
      ...change(i),
    }));
    for (let start = 0; start < events.length; start += 100) {
      const reply = await fetch(`${simulator.url}/vision-events/batch`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events: events.slice(start, start + 100) }),
      });
      assert.equal(reply.status, 201, await reply.text());
    }
    return events.map(({ eventId }) => eventId).reverse();
  }

  const queries = () => simulator.requests.count('POST', '/vision-events/query');

  describe('reading to the end', () => {
    it('gives all events of all pages in one message, which keeps its other properties', async () => {
      const ids = await put(2300);
      const flow = await load();
      const { out } = await flow.send({ payload: 'go', topic: 'kept', parts: { id: 'outer' } });
      assert.deepEqual(idsOf(out!.payload), ids);
      assert.equal(out!['topic'], 'kept');
      assert.deepEqual(out!['parts'], { id: 'outer' });
      assert.deepEqual(reportOf(out), { count: 2300, pages: 3, lookbackDays: 14, complete: true });
      assert.equal(queries(), 3);
      await flow.until(() => flow.statuses.includes('green events'));
      assert.deepEqual([flow.completed, flow.caught.length], [1, 0]);
    });

    it('gives each page with parts; the last knows the count', async () => {
      const ids = await put(2300);
      const flow = await load({ deliver: 'page' });
      flow.receive({ payload: 'go', topic: 'kept', parts: { id: 'outer', index: 3 } });
      await flow.until(() => flow.completed === 1 && flow.out.length === 3);
      assert.deepEqual(
        flow.out.flatMap(({ payload }) => idsOf(payload)),
        ids,
      );
      const parts = flow.out.map((message) => message['parts'] as Record<string, unknown>);
      assert.equal(new Set(parts.map(({ id }) => id)).size, 1);
      assert.deepEqual(
        parts.map(({ type, index, count, parts: outer }) => ({ type, index, count, outer })),
        [0, 1, 2].map((index) => ({
          type: 'array',
          index,
          count: index === 2 ? 3 : undefined,
          outer: { id: 'outer', index: 3 },
        })),
      );
      assert.ok(flow.out.every((message) => message['topic'] === 'kept'));
      assert.deepEqual(
        flow.out.map((message) => [reportOf(message).count, reportOf(message).complete]),
        [
          [1000, false],
          [2000, false],
          [2300, true],
        ],
      );
    });

    for (const [deliver, messages] of [
      ['page', 2],
      ['event', 1200],
    ] as const) {
      it(`a join node makes one list again: ${deliver}`, async () => {
        const ids = await put(1200);
        const flow = await load(
          { deliver },
          {},
          {
            first: 'join',
            nodes: [{ id: 'join', type: 'join', mode: 'auto' }],
            register: [splitNode],
          },
        );
        let joined = 0;
        helper.getNode('join').on('input', () => joined++);
        const { out } = await flow.send({ payload: 'go', parts: { id: 'outer', index: 1 } });
        assert.deepEqual(idsOf(out!.payload), ids);
        assert.equal(joined, messages);
        assert.deepEqual(out!['parts'], { id: 'outer', index: 1 });
        assert.equal(reportOf(out).complete, true);
      });
    }

    it('parts of one query share nothing that a node behind could change', async () => {
      await put(3);
      const flow = await load({ deliver: 'event' });
      flow.receive({ payload: 'go', facts: { line: 1 } });
      await flow.until(() => flow.out.length === 3);
      (flow.out[0]!['facts'] as { line: number }).line = 2;
      assert.deepEqual(flow.out[1]!['facts'], { line: 1 });
    });

    it('stops at the limit, asks for no more than that, and says that there is more', async () => {
      const ids = await put(2300);
      const flow = await load({ limit: '1200' });
      const { out } = await flow.send({});
      assert.deepEqual(idsOf(out!.payload), ids.slice(0, 1200));
      assert.deepEqual(reportOf(out), { count: 1200, pages: 2, lookbackDays: 14, complete: false });
      assert.deepEqual(await asked({ limit: '20' }), { useCaseId: USE_CASE, limit: 20 });
    });

    it('a page that is too large to be read is asked for again, smaller', async () => {
      const tooLarge = { events: [{ eventId: 'a', note: 'x'.repeat(17 * 1024 * 1024) }], hasMore: false };
      const server = await StandIn.start([
        tooLarge,
        tooLarge,
        { events: [{ eventId: 'a' }], hasMore: false },
      ]);
      try {
        const flow = await load({}, { baseUrl: server.url });
        const { out } = await flow.send({});
        assert.deepEqual(idsOf(out!.payload), ['a']);
        assert.deepEqual(
          server.bodies.map(({ limit }) => limit),
          [1000, 250, 63],
        );
      } finally {
        await server.close();
      }
    });

    it('a server that brings more than the limit: no more leaves, and the report does not say complete', async () => {
      const server = await StandIn.start([
        { events: [{ eventId: 'a' }, { eventId: 'b' }, { eventId: 'c' }], hasMore: false },
      ]);
      try {
        const flow = await load({ limit: '2' }, { baseUrl: server.url });
        const { out } = await flow.send({});
        assert.deepEqual(idsOf(out!.payload), ['a', 'b']);
        assert.deepEqual(reportOf(out), { count: 2, pages: 1, complete: false });
      } finally {
        await server.close();
      }
    });

    for (const [deliver, payloads] of [
      ['array', [[]]],
      ['page', [[]]],
      ['event', []],
    ] as const) {
      it(`without any event that matches, ${deliver} gives ${payloads.length} empty messages`, async () => {
        const flow = await load({ deliver });
        flow.receive({});
        await flow.until(() => flow.completed === 1 && flow.out.length >= payloads.length);
        assert.deepEqual(
          flow.out.map(({ payload }) => payload),
          payloads,
        );
        if (deliver === 'page') assert.equal((flow.out[0]!['parts'] as { count: number }).count, 1);
      });
    }
  });

  /** What the query of a node with these settings asks for, on its first page. */
  async function asked(properties: Properties, message: object = {}): Promise<Record<string, unknown>> {
    const server = await StandIn.start([{ events: [], hasMore: false }]);
    try {
      await helper.unload();
      const flow = await load(properties, { baseUrl: server.url });
      const { caught } = await flow.send(message);
      if (caught) throw Object.assign(new Error(caught.error!.message), { code: caught.error!.code });
      return server.bodies[0]!;
    } finally {
      await server.close();
    }
  }

  describe('what is asked for', () => {
    it('types, times and every kind of filter, as "Query Vision Events" takes them', async () => {
      const body = await asked(
        {
          useCase: 'topic',
          useCaseType: 'msg',
          eventTypes: 'quality_check, custom',
          startTime: '2026-11-19T01:00:00+01:00',
          endTime: 'until',
          endTimeType: 'msg',
          filters: [
            { on: 'deviceId', field: '', operator: 'eq', value: 'cam', valueType: 'msg' },
            { on: 'streamId', field: '', operator: 'neq', value: 'test', valueType: 'str' },
            { on: 'workflowId', field: '', operator: 'eq', value: '17', valueType: 'num' },
            { on: 'externalId', field: '', operator: 'eq', value: 'lot-1', valueType: 'str' },
            { on: 'metadata', field: 'belt speed', operator: 'gt', value: '1', valueType: 'num' },
            { on: 'metadata', field: 'open', operator: 'eq', value: 'true', valueType: 'bool' },
            { on: 'eventField', field: 'result', operator: 'eq', value: 'fail', valueType: 'str' },
            { on: 'eventField', field: 'item_count', operator: 'gte', value: '12', valueType: 'str' },
            { on: 'imageMetadata', field: 'lens', operator: 'neq', value: '8mm', valueType: 'str' },
            { on: 'imageCount', field: '', operator: 'gt', value: '1', valueType: 'num' },
            { on: 'hasWarnings', field: '', operator: 'eq', value: 'true', valueType: 'bool' },
            { on: 'feedbackStatus', field: '', operator: 'eq', value: 'incorrect,none', valueType: 'str' },
            {
              on: 'detection',
              field: '',
              operator: 'in',
              value: 'scratch, dent',
              valueType: 'str',
              confidence: '0.8',
              confidenceOperator: 'gt',
            },
          ],
        },
        { topic: 'dock-count', cam: 'cam-7', until: Date.UTC(2026, 10, 20) },
      );
      assert.deepEqual(body, {
        useCaseId: 'dock-count',
        eventTypes: ['quality_check', 'custom'],
        startTime: '2026-11-19T00:00:00.000Z',
        endTime: '2026-11-20T00:00:00.000Z',
        deviceId: { operator: 'eq', value: 'cam-7' },
        streamId: { operator: 'neq', value: 'test' },
        workflowId: { operator: 'eq', value: '17' },
        externalId: { operator: 'eq', value: 'lot-1' },
        customMetadataFilters: [
          { field: 'belt speed', operator: 'gt', value: 1, type: 'number' },
          { field: 'open', operator: 'eq', value: true, type: 'boolean' },
        ],
        eventFieldFilters: [
          { column: 'result', operator: 'eq', value: 'fail' },
          { column: 'item_count', operator: 'gte', value: 12 },
        ],
        imageCount: { operator: 'gt', value: 1 },
        hasWarnings: true,
        feedbackStatus: ['incorrect', 'none'],
        detection: {
          operator: 'in',
          value: ['scratch', 'dent'],
          confidence: { operator: 'gt', value: 0.8 },
        },
        imageMetadataFilters: [{ field: 'lens', operator: 'neq', value: '8mm', type: 'string' }],
        limit: 1000,
      });
    });

    it('a class from the message, with or without a confidence, and a list of them', async () => {
      const detected = (operator: 'eq' | 'not_in', confidence?: string) => ({
        filters: [
          { on: 'detection', field: '', operator, value: 'wanted', valueType: 'msg', confidence } as const,
        ],
      });
      const one = await asked(detected('eq', ''), { wanted: 'dent' });
      assert.deepEqual(one['detection'], { operator: 'eq', value: 'dent' });
      const list = await asked(detected('not_in', '1'), { wanted: ['dent', 'scratch'] });
      const confidence = { operator: 'gte', value: 1 };
      assert.deepEqual(list['detection'], { operator: 'not_in', value: ['dent', 'scratch'], confidence });
    });

    const relative: [text: string, ms: number][] = [
      ['-45s', 45_000],
      ['-30m', 30 * 60_000],
      ['-1h', 3_600_000],
      ['-1.5h', 5_400_000],
      ['-7d', 7 * DAY],
      ['-2w', 14 * DAY],
    ];
    for (const [text, ms] of relative) {
      it(`${text} is so long before now`, async () => {
        const before = Date.now();
        const { startTime } = await asked({ startTime: text });
        const start = Date.parse(startTime as string);
        assert.ok(start >= before - ms && start <= Date.now() - ms, String(startTime));
      });
    }

    it('the simulator filters by all of it', async () => {
      await put(40, (i) => ({
        deviceId: `cam-${i % 2}`,
        eventData: { result: i % 4 === 0 ? 'fail' : 'pass' },
        customMetadata: { speed: i },
      }));
      const flow = await load({
        eventTypes: 'quality_check',
        startTime: '-1d',
        filters: [
          { on: 'deviceId', field: '', operator: 'eq', value: 'cam-0', valueType: 'str' },
          { on: 'eventField', field: 'result', operator: 'eq', value: 'fail', valueType: 'str' },
          { on: 'metadata', field: 'speed', operator: 'gte', value: '20', valueType: 'num' },
        ],
      });
      const { out } = await flow.send({});
      assert.deepEqual(idsOf(out!.payload), ['event-36', 'event-32', 'event-28', 'event-24', 'event-20']);
    });

    const filter = { on: 'deviceId', field: '', operator: 'eq', value: 'cam', valueType: 'str' } as const;
    const wrong: [name: string, properties: Properties, text: RegExp][] = [
      ['no use case', { useCase: '' }, /"useCase" is empty/],
      ['a use case that is an object', { useCase: 'payload', useCaseType: 'msg' }, /"useCase" holds no text/],
      ['a start that is not a time', { startTime: 'yesterday' }, /"startTime" holds no time.*-1h/],
      ['a start without a unit', { startTime: '-5' }, /"startTime" holds no time/],
      ['an end from the message that is not a time', { endTime: 'payload', endTimeType: 'msg' }, /"endTime"/],
      ['a start after the end', { startTime: '-1h', endTime: '-2h' }, /lies after the end/],
      ['a limit that is not a number', { limit: 'many' }, /limit "many"/],
      ['a limit of half an event', { limit: '0.5' }, /limit/],
      ['a filter without a value', { filters: [{ ...filter, value: '' }] }, /filter deviceId has no value/],
      [
        'a filter whose value the message lacks',
        { filters: [{ ...filter, value: 'device', valueType: 'msg' }] },
        /filter deviceId has no value.*not sent/,
      ],
      [
        'a filter by an object',
        { filters: [{ ...filter, value: 'payload', valueType: 'msg' }] },
        /filter deviceId has a value that is neither text/,
      ],
      ['two filters on one id', { filters: [filter, filter] }, /two filters on "deviceId"/],
      ['a filter without its field', { filters: [{ ...filter, on: 'metadata' }] }, /lacks the name/],
      [
        'a field that is not a column',
        { filters: [{ ...filter, on: 'eventField', field: 'itemCount' }] },
        /no event field "itemCount".*item_count/,
      ],
      [
        'a count that is none',
        { filters: [{ ...filter, on: 'eventField', field: 'item_count', value: 'many' }] },
        /item_count" has a value that is not a number/,
      ],
      ['half a picture', { filters: [{ ...filter, on: 'imageCount', value: '0.5' }] }, /number of pictures/],
      [
        'a doubtful flag',
        { filters: [{ ...filter, on: 'hasWarnings', value: 'maybe' }] },
        /neither true nor/,
      ],
      [
        'a feedback that nobody can give',
        { filters: [{ ...filter, on: 'feedbackStatus', value: 'correct,right' }] },
        /"right", which is none of correct/,
      ],
      [
        'a confidence in percent',
        { filters: [{ ...filter, on: 'detection', confidence: '80' }] },
        /confidence gte 80.*0 to 1/,
      ],
      [
        'a class without a name',
        { filters: [{ ...filter, on: 'detection', value: ' , ', operator: 'in' }] },
        /no value/,
      ],
      [
        'two classes for one comparison',
        { filters: [{ ...filter, on: 'detection', value: 'payload', valueType: 'msg' }] },
        /neither text/,
      ],
      [
        'an operator that does not go with it',
        { filters: [{ ...filter, operator: 'in' }] },
        /cannot compare by "in".*eq, neq/,
      ],
      [
        'a filter on something else',
        { filters: [{ ...filter, on: 'colour' as never }] },
        /no filter on "colour"/,
      ],
    ];
    for (const [name, properties, text] of wrong) {
      it(`${name}: one error that names the field, and nothing is sent`, async () => {
        const flow = await load(properties);
        const { out, caught } = await flow.send({ payload: { a: 1 } });
        assert.equal(out, undefined);
        assert.equal(caught!.error!.code, 'EVENT_INVALID');
        assert.match(caught!.error!.message, text);
        assert.equal(queries(), 0);
        await flow.until(() => flow.statuses.includes('red wrongInput'));
      });
    }
  });

  describe('warnings', () => {
    it('a start before the days that the workspace answers for', async () => {
      await put(2);
      const flow = await load({ startTime: '-30d' });
      const { out } = await flow.send({});
      assert.equal(reportOf(out).count, 2);
      assert.match(reportOf(out).warnings!.join(), /last 14 days only/);
      await flow.until(() => flow.statuses.includes('yellow events'));
    });

    it('none for a start exactly so many days ago', async () => {
      const flow = await load({ startTime: '-14d' });
      const { out } = await flow.send({});
      assert.equal(reportOf(out).warnings, undefined);
    });

    const event = (eventId: string) => ({ eventId });
    const endless: [name: string, pages: object[], events: string[], text: RegExp][] = [
      [
        'a cursor that repeats',
        [{ events: [event('a'), event('b')], hasMore: true, nextCursor: 'c1' }],
        ['a', 'b', 'a', 'b'],
        /cursor a second time/,
      ],
      [
        'cursors that go in a circle',
        [
          { events: [event('a')], hasMore: true, nextCursor: 'c1' },
          { events: [event('b')], hasMore: true, nextCursor: 'c2' },
          { events: [event('c')], hasMore: true, nextCursor: 'c1' },
        ],
        ['a', 'b', 'c'],
        /cursor a second time/,
      ],
      [
        'an empty page that promises more',
        [
          { events: [event('a')], hasMore: true, nextCursor: 'c1' },
          { events: [], hasMore: true, nextCursor: 'c2' },
        ],
        ['a'],
        /empty page/,
      ],
      [
        'more without a cursor',
        [{ events: [event('a')], hasMore: true, nextCursor: null }],
        ['a'],
        /no cursor/,
      ],
    ];
    for (const [name, pages, events, text] of endless) {
      for (const deliver of ['array', 'page', 'event'] as const) {
        it(`${name} ends the query with a warning: ${deliver}`, async () => {
          const server = await StandIn.start(pages);
          try {
            const flow = await load({ deliver }, { baseUrl: server.url });
            flow.receive({});
            await flow.until(() => flow.completed === 1);
            const last = flow.out.at(-1)!;
            const got = flow.out.flatMap(({ payload }) => payload as Event | Event[]);
            assert.deepEqual(idsOf(got), events);
            assert.equal(reportOf(last).complete, false);
            assert.match(reportOf(last).warnings!.join(), text);
            if (deliver !== 'array') {
              assert.equal((last['parts'] as { count: number }).count, flow.out.length);
            }
            const logged = helper.log().args as [{ level: number; msg: unknown }][];
            assert.ok(logged.some(([{ msg }]) => text.test(String(msg))));
          } finally {
            await server.close();
          }
        });
      }
    }

    it('an end that is an empty page after a full one is not a fault: the last event carries the count', async () => {
      const server = await StandIn.start([
        { events: [event('a'), event('b')], hasMore: true, nextCursor: 'c1' },
        { events: [], hasMore: false, nextCursor: null },
      ]);
      try {
        const flow = await load({ deliver: 'event' }, { baseUrl: server.url });
        flow.receive({});
        await flow.until(() => flow.completed === 1);
        const parts = flow.out.map((message) => message['parts'] as { index: number; count?: number });
        assert.deepEqual(
          parts.map(({ index, count }) => [index, count]),
          [
            [0, undefined],
            [1, 2],
          ],
        );
        assert.deepEqual(reportOf(flow.out[1]), { count: 2, pages: 2, complete: true });
      } finally {
        await server.close();
      }
    });
  });

  describe('failures', () => {
    const refused: [name: string, status: number, code: string, text: RegExp][] = [
      ['a key that is refused', 401, 'UNAUTHORIZED', /key/],
      ['a key without the scope', 403, 'UNAUTHORIZED', /vision-events:read/],
      ['a use case that does not exist', 404, 'REJECTED', /use case.*Solution not found/],
      ['a query that the server does not understand', 400, 'REJECTED', /as told/],
      ['too many requests', 429, 'RATE_LIMITED', /^Slow down/],
      ['a fault of the server', 503, 'SERVER_ERROR', /^Try again later/],
    ];
    for (const [name, status, code, text] of refused) {
      it(`${name} (${status}) on the first page: one error at once`, async () => {
        const flow = await load();
        const error = status === 404 ? 'Solution not found' : 'as told';
        simulator.faults.always({ status, body: { error } });
        const { out, caught } = await flow.send({ topic: 'kept' });
        assert.equal(out, undefined);
        assert.deepEqual([caught!.error!.code, caught!.statusCode], [code, status]);
        assert.match(caught!.error!.message, text);
        assert.equal(caught!['topic'], 'kept');
        assert.deepEqual(reportOf(caught), { count: 0, pages: 0, complete: false });
        assert.equal(queries(), 1);
        await flow.until(() => flow.statuses.includes(`red ${code}`));
        simulator.faults.clear();
        assert.ok((await flow.send({})).out);
      });
    }

    it('the real refusals of the simulator: a key that only writes, an unknown use case', async () => {
      const writer = await load({}, { apiKey: simulator.keys.write });
      assert.equal((await writer.send({})).caught!.statusCode, 403);
      await helper.unload();
      const unknown = await load({ useCase: 'no-such-one' });
      assert.equal((await unknown.send({})).caught!.statusCode, 404);
    });

    it('reads an archived use case: its events stay', async () => {
      const ids = await put(3);
      const archived = await fetch(`${simulator.url}/vision-events/use-cases/${USE_CASE}/archive`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}` },
      });
      assert.equal(archived.status, 200);
      const flow = await load();
      assert.deepEqual(idsOf((await flow.send({})).out!.payload), ids);
    });

    it('a later page is asked for again when its failure may pass', async () => {
      const ids = await put(1500);
      const flow = await load();
      simulator.faults.next({ kind: 'none' });
      simulator.faults.next({ status: 429, retryAfter: 0 });
      simulator.faults.next({ status: 503, retryAfter: 0 });
      const { out } = await flow.send({});
      assert.deepEqual(idsOf(out!.payload), ids);
      assert.equal(queries(), 4);
      assert.equal(flow.caught.length, 0);
    });

    it('a later page that is refused: what was read before is out, the error says how much', async () => {
      const ids = await put(1500);
      const flow = await load({ deliver: 'event' });
      simulator.faults.next({ kind: 'none' });
      simulator.faults.next({ status: 403, body: { error: 'no' } });
      flow.receive({});
      await flow.until(() => flow.caught.length === 1 && flow.out.length === 1000);
      assert.deepEqual(idsOf(flow.out.map(({ payload }) => payload)), ids.slice(0, 1000));
      assert.deepEqual(reportOf(flow.caught[0]), {
        count: 1000,
        pages: 1,
        lookbackDays: 14,
        complete: false,
      });
      assert.equal(flow.completed, 0);
    });

    it('fails each message without a workspace', async () => {
      const flow = await load({ workspace: '' }, null);
      for (let i = 0; i < 2; i++) {
        assert.equal((await flow.send({})).caught!.error!.code, 'NOT_CONFIGURED');
      }
      await flow.until(() => flow.statuses.includes('red noWorkspace'));
    });

    it('shows the key nowhere', async () => {
      await put(2);
      const flow = await load();
      await flow.send({});
      simulator.faults.always({ status: 400, body: { error: `refused the key ${KEY}` } });
      await flow.send({});
      assert.deepEqual([flow.out.length, flow.caught.length], [1, 1]);
      assertNoSecret(
        KEY,
        [flow.out, flow.caught, flow.statuses, helper.log().args],
        'what a query leaves behind',
      );
    });
  });

  describe('stopping', () => {
    it('msg.reset ends a query that hangs: done without an error, nothing leaves, the next one works', async () => {
      const ids = await put(2);
      const flow = await load();
      simulator.faults.next({ kind: 'hang' });
      flow.receive({});
      await flow.until(() => queries() === 1);
      flow.receive({ reset: true });
      await flow.until(() => flow.completed === 2);
      await flow.until(() => flow.statuses.includes('grey stopped'));
      assert.deepEqual([flow.out.length, flow.caught.length], [0, 0]);
      assert.deepEqual(idsOf((await flow.send({ reset: false })).out!.payload), ids);
    });

    it('msg.reset between pages: no further page is asked for', async () => {
      const server = await StandIn.start([endlessPage]);
      try {
        const flow = await load({ deliver: 'page' }, { baseUrl: server.url });
        flow.receive({});
        await flow.until(() => flow.out.length >= 3);
        flow.receive({ reset: true });
        await flow.until(() => flow.completed === 2);
        const [out, requests] = [flow.out.length, server.bodies.length];
        await new Promise((resolve) => setTimeout(resolve, 50));
        // A request that was under way may still arrive.
        assert.equal(flow.out.length, out);
        assert.ok(server.bodies.length <= requests + 1);
        assert.equal(flow.caught.length, 0);
      } finally {
        await server.close();
      }
    });

    it('msg.reset ends the wait before another attempt', async () => {
      await put(1500);
      const flow = await load();
      simulator.faults.next({ kind: 'none' });
      simulator.faults.next({ status: 503, retryAfter: 600 });
      flow.receive({});
      await flow.until(() => flow.statuses.includes('yellow retryReading'));
      flow.receive({ reset: true });
      await flow.until(() => flow.completed === 2);
    });

    it('a deploy while paging ends it quickly, with nothing after it', async () => {
      const server = await StandIn.start([endlessPage]);
      try {
        const flow = await load({ deliver: 'page' }, { baseUrl: server.url });
        flow.receive({});
        await flow.until(() => flow.out.length >= 3);
        const shown: unknown[] = [];
        helper.getNode('node').status = (status) => void shown.push(status);
        const begun = Date.now();
        await helper.unload();
        assert.ok(Date.now() - begun < 5000, 'close took longer than 5 s');
        const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
        // A request that was under way may still arrive.
        await pause();
        const [requests, out] = [server.bodies.length, flow.out.length];
        await pause();
        assert.deepEqual([server.bodies.length, flow.out.length], [requests, out]);
        assert.deepEqual(shown.at(-1), {});
      } finally {
        await server.close();
      }
    });

    it('asks for a page only after the messages of the one before were taken', async () => {
      const server = await StandIn.start([endlessPage]);
      try {
        const flow = await load({ deliver: 'page', limit: '20' }, { baseUrl: server.url });
        const ahead: number[] = [];
        helper.getNode('out').on('input', () => ahead.push(server.bodies.length - flow.out.length));
        flow.receive({});
        await flow.until(() => flow.completed === 1);
        assert.equal(flow.out.length, 10);
        assert.deepEqual(new Set(ahead), new Set([0]));
      } finally {
        await server.close();
      }
    });
  });
});

const endlessPage = (request: number) => ({
  events: [{ eventId: `a-${request}` }, { eventId: `b-${request}` }],
  hasMore: true,
  nextCursor: `cursor-${request}`,
});

type Page = object | ((request: number) => object);

/** A server that answers with given pages in turn, the last one for ever: a server as the real one should not be. */
class StandIn {
  readonly bodies: Record<string, unknown>[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(pages: Page[]): Promise<StandIn> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        standIn.bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
        const page = pages[Math.min(standIn.bodies.length, pages.length) - 1];
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(typeof page === 'function' ? page(standIn.bodies.length) : page));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const standIn = new StandIn(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return standIn;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
