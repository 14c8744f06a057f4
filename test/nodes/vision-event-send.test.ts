import assert from 'node:assert/strict';
import { SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ManyEventsReport } from '../../nodes/send/deliver-many';
import { visionEventSendDefaults } from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, type TestMessage } from '../support/node-red-helper';
import { SingleNodeFlow } from '../support/single-node-flow';

import visionEventSend = require('../../nodes/send/node');

let lastId = 0;
const built = (more: object = {}): Record<string, unknown> => ({
  eventId: `event-${++lastId}`,
  eventType: 'quality_check',
  useCaseId: 'quality-line-1',
  timestamp: new Date().toISOString(),
  eventData: { result: 'pass' },
  ...more,
});
const many = (message: TestMessage | undefined) => message!.visionEvent as unknown as ManyEventsReport;
const idsOf = (events: Record<string, unknown>[]) => events.map(({ eventId }) => eventId);

describe('roboflow-vision-event-send', function () {
  let simulator: Simulator;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => {
    simulator.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-send-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  const load = (properties: Partial<typeof visionEventSendDefaults> = {}, workspace: object = {}) =>
    SingleNodeFlow.load(
      {
        type: 'roboflow-vision-event-send',
        register: visionEventSend,
        properties: { ...visionEventSendDefaults, ...SENT_AS_IT_IS, workspace: 'workspace', ...properties },
      },
      { baseUrl: simulator.url, apiKey: simulator.keys.full, outboxDir, batchLinger: 20, ...workspace },
    );
  const requests = () => simulator.requests.entries.map((entry) => `${entry.method} ${entry.path}`);
  const storedIds = () => new Set(simulator.events().map(({ event }) => event['eventId']));

  describe('one event', () => {
    it('is sent as it is and reported as by vision-event', async () => {
      const flow = await load({}, { deviceId: 'press-4' });
      const event = built();
      const { out } = await flow.send({ payload: event, topic: 'kept' });
      assert.deepEqual(out!.payload, { ...event, deviceId: 'press-4' });
      assert.deepEqual(simulator.events()[0]!.event, out!.payload);
      const { durationMs, ...report } = out!.visionEvent!;
      assert.equal(typeof durationMs, 'number');
      assert.deepEqual(report, {
        eventId: event['eventId'],
        state: 'created',
        warnings: [],
        statusCode: 201,
        attempts: 1,
      });
      assert.equal(out!['topic'], 'kept');
      await flow.until(() => flow.statuses.includes('green sent'));
    });

    it('keeps the device that it names', async () => {
      const flow = await load({}, { deviceId: 'press-4' });
      await flow.send({ payload: built({ deviceId: 'press-5' }) });
      assert.equal(simulator.events()[0]!.event['deviceId'], 'press-5');
    });

    it('is queued, and delivered in the background', async () => {
      const flow = await load({ delivery: 'queue' });
      const { out } = await flow.send({ payload: built() });
      assert.equal(out!.visionEvent!.state, 'queued');
      await flow.until(() => simulator.events().length === 1);
    });

    const cyclic: Record<string, unknown> = built();
    cyclic['self'] = cyclic;
    const unusable: [name: string, payload: unknown, text: RegExp][] = [
      ['nothing', undefined, /found nothing/],
      ['null', null, /found null/],
      ['a text', '{"eventId":"a"}', /JSON node/],
      ['a Buffer', Buffer.from('{}'), /found a Buffer/],
      ['a number', 7, /found a number/],
      ['no strict fields', {}, /eventId is missing/],
      ['an old timestamp', built({ timestamp: '2001-01-01T00:00:00Z' }), /more than one year ago/],
      ['a cycle', cyclic, /cannot be written as JSON/],
    ];
    for (const [name, payload, text] of unusable) {
      it(`${name}: one EVENT_INVALID, nothing sent, the next message goes through`, async () => {
        const flow = await load();
        const { out, caught } = await flow.send({ payload });
        assert.equal(out, undefined);
        assert.equal(caught!.error!.code, 'EVENT_INVALID');
        assert.match(caught!.error!.message, text);
        assert.equal(simulator.requests.total, 0);
        assert.ok((await flow.send({ payload: built() })).out);
        assert.equal(flow.caught.length, 1);
      });
    }

    describe('with "stop", an event without eventData', () => {
      const { eventData: _data, ...bare } = built();

      it('goes, with the warning in the report', async () => {
        const flow = await load({ onWarnings: 'stop' });
        const { out } = await flow.send({ payload: bare });
        assert.equal(out!.visionEvent!.state, 'created');
        assert.deepEqual(
          out!.visionEvent!.warnings.map(({ type, path }) => [type, path]),
          [['any.required', 'eventData']],
        );
        assert.deepEqual(simulator.events()[0]!.warnings, out!.visionEvent!.warnings);
      });

      it('does not go when something else is wrong too, or when it is operator feedback', async () => {
        const flow = await load({ onWarnings: 'stop' });
        for (const wrong of [{ comment: 5 }, { eventData: null }, { eventType: 'operator_feedback' }]) {
          const { caught } = await flow.send({ payload: { ...bare, ...wrong } });
          assert.equal(caught!.error!.code, 'EVENT_WARNINGS', JSON.stringify(wrong));
        }
        assert.equal(simulator.requests.total, 0);
      });
    });

    it('stops on warnings, repairs, or sends all the same', async () => {
      const doubtful = () => built({ eventData: { result: 'fine' } });
      const stop = await load({ onWarnings: 'stop' });
      const { caught } = await stop.send({ payload: doubtful() });
      assert.equal(caught!.error!.code, 'EVENT_WARNINGS');
      assert.equal(caught!.visionEvent!.warnings[0]!.path, 'eventData.result');
      await helper.unload();
      const repair = await load({ onWarnings: 'repair' });
      const fixed = (await repair.send({ payload: built({ eventData: { result: 'FAIL' } }) })).out!;
      assert.deepEqual(fixed.visionEvent!.repaired, [{ path: 'eventData.result', from: 'FAIL', to: 'fail' }]);
      assert.deepEqual(simulator.events()[0]!.event, fixed.payload);
      await helper.unload();
      const send = await load();
      const sent = (await send.send({ payload: doubtful() })).out!;
      assert.equal(sent.visionEvent!.serverWarnings![0]!.path, 'eventData.result');
    });
  });

  describe('many events', () => {
    it('go out in one batch a use case; the report speaks of each', async () => {
      const flow = await load();
      const events = [built(), built({ useCaseId: 'dock-count' }), built({ eventData: { result: 'fine' } })];
      const { out } = await flow.send({ payload: events });
      assert.deepEqual(out!.payload, events);
      const report = many(out);
      assert.equal(report.state, 'created');
      assert.equal(report.created, 3);
      assert.deepEqual(report.eventIds, idsOf(events));
      assert.deepEqual(
        report.warnings.map((warnings) => warnings.map(({ path: where }) => where)),
        [[], [], ['eventData.result']],
      );
      assert.equal(report.serverWarnings![2]![0]!.path, 'eventData.result');
      assert.deepEqual(report.failed, []);
      assert.deepEqual(requests(), ['POST /vision-events/batch', 'POST /vision-events']);
    });

    it('come as {events: […]} too, and from another property', async () => {
      const flow = await load({ events: 'req.body' });
      const events = [built(), built()];
      const { out } = await flow.send({ payload: 1, req: { body: { events } } });
      assert.deepEqual(out!.payload, events);
      assert.equal(many(out).created, 2);
    });

    it('an empty list needs no request', async () => {
      const flow = await load();
      const { out } = await flow.send({ payload: [] });
      assert.deepEqual([out!.payload, many(out).created, many(out).failed], [[], 0, []]);
      assert.equal(simulator.requests.total, 0);
    });

    it('a list of 250 goes in three batches', async () => {
      const flow = await load();
      const { out } = await flow.send({ payload: Array.from({ length: 250 }, () => built()) });
      assert.equal(many(out).created, 250);
      assert.deepEqual(requests(), Array<string>(3).fill('POST /vision-events/batch'));
    });

    it('what the API would refuse is not sent, and stops no other', async () => {
      const flow = await load();
      const events = [built(), { eventType: 'custom' }, 'text', built({ timestamp: 'yesterday' })];
      const { out } = await flow.send({ payload: events });
      const report = many(out);
      assert.equal(report.created, 1);
      assert.deepEqual(
        report.failed.map(({ eventId, code }) => [eventId, code]),
        [
          [null, 'EVENT_INVALID'],
          [null, 'EVENT_INVALID'],
          [events[3] && (events[3] as { eventId: string }).eventId, 'EVENT_INVALID'],
        ],
      );
      assert.equal(report.warnings.length, 4);
      assert.deepEqual(out!.payload, events);
      assert.equal(simulator.events().length, 1);
      await flow.until(() => flow.statuses.includes('yellow someFailed'));
    });

    it('of one id the last is sent', async () => {
      const flow = await load();
      const events = [built({ eventId: 'same' }), built(), built({ eventId: 'same', comment: 'last' })];
      const { out } = await flow.send({ payload: events });
      assert.deepEqual([many(out).created, many(out).replaced], [2, 1]);
      const stored = simulator.events().map(({ event }) => event);
      assert.equal(stored.find(({ eventId }) => eventId === 'same')!['comment'], 'last');
    });

    it('an archived use case fails its events alone, with the status', async () => {
      const flow = await load();
      const events = [built(), built({ useCaseId: 'old-line' }), built({ useCaseId: 'old-line' }), built()];
      const { out } = await flow.send({ payload: events });
      const report = many(out);
      assert.deepEqual(storedIds(), new Set([events[0]!['eventId'], events[3]!['eventId']]));
      assert.deepEqual(report.eventIds, [events[0]!['eventId'], events[3]!['eventId']]);
      assert.deepEqual(idsOf(report.failed as never), [events[1]!['eventId'], events[2]!['eventId']]);
      assert.ok(report.failed.every(({ code, statusCode }) => code === 'REJECTED' && statusCode! >= 400));
    });

    it('nothing accepted is an error with the first code; the report is on the message', async () => {
      const flow = await load({}, { timeout: 500 });
      const cases: [status: number, code: string, requests: number][] = [
        [401, 'UNAUTHORIZED', 1],
        [402, 'PAYMENT_REQUIRED', 1],
        [423, 'PAYMENT_REQUIRED', 1],
        [400, 'REJECTED', 3],
        [503, 'SERVER_ERROR', 1],
      ];
      for (const [status, code, expected] of cases) {
        simulator.reset();
        simulator.faults.always({ status, body: { error: 'as told' } });
        const { out, caught } = await flow.send({ payload: [built(), built()] });
        assert.equal(out, undefined);
        assert.deepEqual([caught!.error!.code, caught!.statusCode], [code, status]);
        assert.equal(many(caught).failed.length, 2);
        assert.equal(many(caught).state, undefined);
        assert.equal(simulator.requests.total, expected);
      }
      const { caught } = await flow.send({ payload: [{}, {}] });
      assert.equal(caught!.error!.code, 'EVENT_INVALID');
    });

    it('a batch that dies on the way: its events failed, those of the next batch arrived', async () => {
      const flow = await load({}, { timeout: 500 });
      simulator.faults.next({ kind: 'hang' });
      const { out } = await flow.send({ payload: Array.from({ length: 101 }, () => built()) });
      assert.equal(many(out).created, 1);
      assert.equal(many(out).failed.length, 100);
      assert.ok(many(out).failed.every(({ code }) => code === 'TIMEOUT'));
    });

    it('with "stop", events with warnings are failed, the others sent', async () => {
      const flow = await load({ onWarnings: 'stop' });
      const { out } = await flow.send({ payload: [built({ eventData: { result: 'fine' } }), built()] });
      assert.equal(many(out).created, 1);
      assert.equal(many(out).failed[0]!.code, 'EVENT_WARNINGS');
    });

    it('with "repair", payload and report show what was fixed', async () => {
      const flow = await load({ onWarnings: 'repair' });
      const { out } = await flow.send({ payload: [built(), built({ eventData: { result: 'FAIL' } })] });
      assert.deepEqual(
        many(out).repaired!.map((list) => list.length),
        [0, 1],
      );
      const sent = out!.payload as { eventData: object }[];
      assert.deepEqual(sent[1]!.eventData, { result: 'fail' });
    });

    it('are queued in one go and all arrive; a full outbox takes none', async () => {
      const flow = await load({ delivery: 'queue' }, { outboxMaxEvents: 10 });
      simulator.faults.always({ status: 503 });
      const eleven = Array.from({ length: 11 }, () => built());
      const { caught } = await flow.send({ payload: eleven });
      assert.equal(caught!.error!.code, 'OUTBOX_FULL');
      assert.equal(many(caught).failed.length, 11);
      const { out } = await flow.send({ payload: [{}, ...eleven.slice(0, 8)] });
      assert.deepEqual([many(out).state, many(out).created, many(out).failed.length], ['queued', 8, 1]);
      simulator.faults.clear();
      await flow.until(() => simulator.events().length === 8, 20_000);
      assert.deepEqual(storedIds(), new Set(many(out).eventIds));
    });
  });

  it('fails each message without a workspace', async () => {
    const flow = await load({ workspace: '' });
    const { caught } = await flow.send({ payload: [built()] });
    assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
    await flow.until(() => flow.statuses.includes('red noWorkspace'));
  });
});
