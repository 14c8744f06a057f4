import assert from 'node:assert/strict';
import { SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ManyEventsReport } from '../../nodes/send/deliver-many';
import { visionEventImageDefaults, visionEventSendDefaults } from '../../nodes/shared/properties';
import { startEventStore, type EventStore } from '../../simulator/event-store';
import { helper, roboflow, TestFlow, type TestMessage } from '../support/node-red-helper';
import { SingleNodeFlow } from '../support/single-node-flow';
import { jpeg, png } from '../unit/images/made-pictures';

import visionEventImage = require('../../nodes/image/node');
import visionEventSend = require('../../nodes/send/node');

const KEY = 'edge-key-1';
const TIME = new Date().toISOString();

describe('a workspace whose target is a Local Event Store', function () {
  let store: EventStore;
  let outboxDir: string;

  before((done) => void helper.startServer(done));
  before(async () => {
    store = await startEventStore({ apiKey: KEY });
  });
  beforeEach(() => {
    store.reset();
    outboxDir = mkdtempSync(path.join(tmpdir(), 'vision-events-store-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(outboxDir, { recursive: true, force: true });
  });
  after(() => store.close());
  after((done) => void helper.stopServer(done));

  const workspace = (more: object = {}) => ({
    target: 'event-store' as const,
    baseUrl: store.url,
    eventStoreKey: KEY,
    outboxDir,
    batchLinger: 20,
    ...more,
  });
  const load = (event: object = {}, settings: object = {}) =>
    TestFlow.load(
      { timestamp: TIME, timestampType: 'str', detectionsType: 'none', ...event },
      workspace(settings),
    );
  const loadSend = (properties: Partial<typeof visionEventSendDefaults> = {}, settings: object = {}) =>
    SingleNodeFlow.load(
      {
        type: 'roboflow-vision-event-send',
        register: visionEventSend,
        properties: { ...visionEventSendDefaults, ...SENT_AS_IT_IS, workspace: 'workspace', ...properties },
      },
      workspace(settings),
    );
  const logLines = () =>
    helper
      .log()
      .args.flat()
      .map((entry: unknown) => JSON.stringify((entry as { msg?: unknown }).msg) ?? '');

  /** What a body of each event type consists of, by the description of `POST /v2/events` and Roboflow's own block. */
  const bodies: [type: string, dialog: object, eventData: (eventId: string) => object][] = [
    ['quality_check', { result: 'pass' }, (externalId) => ({ result: 'pass', externalId })],
    [
      'inventory_count',
      { location: 'dock 2', itemCount: '3', itemCountType: 'num', itemType: 'crate' },
      (externalId) => ({ location: 'dock 2', itemCount: 3, itemType: 'crate', externalId }),
    ],
    [
      'safety_alert',
      { alertType: 'no_hardhat', severity: 'high', description: 'gate 4' },
      (externalId) => ({ alertType: 'no_hardhat', severity: 'high', description: 'gate 4', externalId }),
    ],
    ['custom', { value: 'belt 7 stopped' }, (externalId) => ({ value: 'belt 7 stopped', externalId })],
  ];
  for (const [eventType, dialog, eventData] of bodies) {
    it(`${eventType}: the body is the store's own, our id in externalId`, async () => {
      const flow = await load({ eventType, ...dialog });
      const { out } = await flow.send({ payload: 1 });
      const eventId = out!.visionEvent!.eventId!;
      assert.deepEqual(store.events()[0]!.event, {
        inference_timestamp: TIME,
        event_schema: eventType,
        solution: 'quality-line-1',
        event_data: eventData(eventId),
      });
    });
  }

  it('operator_feedback has no externalId: id and comment stand in the metadata', async () => {
    const flow = await load({
      eventType: 'operator_feedback',
      relatedEventId: 'b2b3c1de-1111-4222-8333-444455556666',
      feedback: 'incorrect',
      comment: 'it was a shadow',
    });
    const { out } = await flow.send({ payload: 1 });
    assert.deepEqual(store.events()[0]!.event, {
      inference_timestamp: TIME,
      event_schema: 'operator_feedback',
      solution: 'quality-line-1',
      event_data: { relatedEventId: 'b2b3c1de-1111-4222-8333-444455556666', feedback: 'incorrect' },
      custom_metadata: { eventId: out!.visionEvent!.eventId, comment: 'it was a shadow' },
    });
  });

  it('every further field, both pictures as plain base64, boxes by their centre', async () => {
    const flow = await load({
      detectionsType: 'msg',
      result: 'fail',
      externalId: 'ASN-5521',
      deviceId: 'dock-cam-2',
      streamId: 'dock-2',
      workflowId: 'belt',
      workflowVersion: '3',
      imageLabel: 'workflow',
      imageLabelType: 'str',
      outputImage: 'annotated',
      outputImageType: 'msg',
      inputImage: 'original',
      inputImageType: 'msg',
      metadata: [{ key: 'line', value: 'A1', valueType: 'str' }],
    });
    const { out } = await flow.send({
      payload: roboflow({ class: 'bolt', x: 320, y: 240, confidence: 0.97 }),
      annotated: jpeg(64, 48),
      original: png(64, 48),
    });
    assert.deepEqual(store.events()[0]!.event, {
      inference_timestamp: TIME,
      event_schema: 'quality_check',
      solution: 'quality-line-1',
      event_data: { result: 'fail', externalId: 'ASN-5521' },
      device_id: 'dock-cam-2',
      stream_id: 'dock-2',
      workflow_id: 'belt',
      workflow_version: '3',
      images: [
        {
          base64Image: jpeg(64, 48).toString('base64'),
          inputBase64Image: png(64, 48).toString('base64'),
          label: 'workflow',
          objectDetections: [{ class: 'bolt', x: 320, y: 240, width: 40, height: 30, confidence: 0.97 }],
        },
      ],
      displayImagePosition: 0,
      custom_metadata: { line: 'A1', eventId: out!.visionEvent!.eventId },
    });
    assert.equal(store.requests.total, 1);
  });

  it('reports as for the cloud, with the id that the store gave', async () => {
    const flow = await load();
    const { out } = await flow.send({ payload: 1 });
    const { eventId, durationMs, ...report } = out!.visionEvent!;
    assert.ok(eventId && typeof durationMs === 'number');
    assert.deepEqual(report, {
      state: 'created',
      warnings: [],
      statusCode: 201,
      attempts: 1,
      storeId: store.events()[0]!.id,
    });
  });

  const refusals: [name: string, fault: object, code: string, text: RegExp][] = [
    ['400 with a text', { status: 400, body: { detail: 'bad request' } }, 'REJECTED', /bad request/],
    [
      '422 with a list',
      {
        status: 422,
        body: { detail: [{ loc: ['body', 'event_data', 'result'], msg: 'not permitted', type: 'x' }] },
      },
      'REJECTED',
      /body\.event_data\.result: not permitted/,
    ],
    ['529', { status: 529, body: { detail: 'Device storage full.' } }, 'SERVER_ERROR', /storage full/],
  ];
  for (const [name, fault, code, text] of refusals) {
    it(`${name}: ${code} with the store's own words, and no doubt`, async () => {
      const flow = await load();
      store.faults.always(fault);
      const { out, caught } = await flow.send({ payload: 1 });
      assert.equal(out, undefined);
      assert.equal(caught!.error!.code, code);
      assert.match(caught!.error!.message, text);
      assert.equal(caught!.visionEvent!.doubt, undefined);
    });
  }

  it('a wrong key is UNAUTHORIZED and names the setting; without a key none is sent', async () => {
    const wrong = await load({}, { eventStoreKey: 'another' });
    const { caught } = await wrong.send({ payload: 1 });
    assert.deepEqual([caught!.error!.code, caught!.statusCode], ['UNAUTHORIZED', 401]);
    assert.match(caught!.error!.message, /X-API-Key/);
    await helper.unload();
    const open = await startEventStore();
    try {
      const none = await load({}, { baseUrl: open.url, eventStoreKey: '' });
      assert.equal((await none.send({ payload: 1 })).out!.visionEvent!.state, 'created');
    } finally {
      await open.close();
    }
  });

  it('a lost answer leaves doubt, which report and error say; it is not sent again', async () => {
    const flow = await load();
    store.faults.next({ kind: 'lost-answer' });
    const { caught } = await flow.send({ payload: 1 });
    assert.equal(caught!.error!.code, 'NETWORK');
    assert.match(caught!.error!.message, /may have stored the event all the same/);
    assert.ok(caught!.error!.message.includes(caught!.visionEvent!.eventId!));
    assert.equal(caught!.visionEvent!.doubt, true);
    assert.equal(store.events().length, 1);
  });

  it('a store that does not run leaves no doubt', async () => {
    const flow = await load({}, { baseUrl: 'http://127.0.0.1:9' });
    const { caught } = await flow.send({ payload: 1 });
    assert.equal(caught!.error!.code, 'NETWORK');
    assert.equal(caught!.visionEvent!.doubt, undefined);
  });

  it('queued: waits while the store is full (529), and delivers with pictures once it has room', async () => {
    const flow = await load({ delivery: 'queue', outputImage: 'image', outputImageType: 'msg' });
    store.setFull(true);
    for (const payload of [1, 2]) await flow.send({ payload, image: jpeg(64, 48) });
    await flow.until(() => flow.statuses.some(({ fill, shape }) => fill === 'yellow' && shape === 'ring'));
    assert.equal(store.events().length, 0);
    store.setFull(false);
    await flow.until(() => store.events().length === 2, 20_000);
    for (const { event } of store.events()) {
      const [image] = event['images'] as Record<string, unknown>[];
      assert.equal(image!['base64Image'], jpeg(64, 48).toString('base64'));
    }
    await flow.until(() => flow.statuses.some(({ fill }) => fill === 'green'), 20_000);
  });

  it('queued: an event sent again after a lost answer is named in the log', async () => {
    const flow = await load({ delivery: 'queue' });
    store.faults.next({ kind: 'lost-answer' });
    const { out } = await flow.send({ payload: 1 });
    await flow.until(() => store.events().length === 2, 20_000);
    await flow.until(() => flow.statuses.some(({ fill }) => fill === 'green'), 20_000);
    const doubts = logLines().filter((line: string) => /may be twice in the Local Event Store/.test(line));
    assert.equal(doubts.length, 1, logLines().join('\n'));
    assert.ok(doubts[0]!.includes(out!.visionEvent!.eventId!));
  });

  it('many events go one by one; one that is refused stops no other', async () => {
    const flow = await loadSend();
    const events = ['a', 'b', 'c'].map((eventId) => ({
      eventId,
      eventType: 'custom',
      useCaseId: 'line',
      timestamp: TIME,
      eventData: eventId === 'b' ? { value: 'v', unknown: 1 } : { value: 'v' },
    }));
    const { out } = await flow.send({ payload: events });
    const report = (out as TestMessage).visionEvent as unknown as ManyEventsReport;
    assert.deepEqual(report.eventIds, ['a', 'c']);
    assert.deepEqual(
      report.failed.map(({ eventId, code, statusCode, doubt }) => [eventId, code, statusCode, doubt]),
      [['b', 'REJECTED', 422, undefined]],
    );
    store.faults.next({ kind: 'lost-answer' });
    const again = await flow.send({ payload: [events[0], events[2]] });
    const second = (again.out as TestMessage).visionEvent as unknown as ManyEventsReport;
    assert.equal(second.failed[0]!.doubt, true);
  });

  it('nodes that need the cloud say so', async () => {
    const flow = await SingleNodeFlow.load(
      {
        type: 'roboflow-vision-event-image',
        register: visionEventImage,
        properties: { ...visionEventImageDefaults, workspace: 'workspace' },
      },
      workspace(),
    );
    const { caught } = await flow.send({ payload: jpeg(8, 8) });
    assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
    assert.match(caught!.error!.message, /Local Event Store, which takes events and nothing else/);
    await flow.until(() => flow.statuses.includes('red cloudOnly'));
    assert.equal(store.requests.total, 0);
  });

  const settings: [name: string, settings: object, text: RegExp][] = [
    ['no address', { baseUrl: '' }, /has no base URL/],
    ["the cloud's address", { baseUrl: 'https://api.roboflow.com' }, /enter the address of the Event Store/],
    [
      'a key from a variable that is not set',
      { eventStoreKey: '${A_VARIABLE_THAT_NOBODY_SETS}' },
      /A_VARIABLE_THAT_NOBODY_SETS/,
    ],
  ];
  for (const [name, given, text] of settings) {
    it(`${name}: NOT_CONFIGURED, nothing sent`, async () => {
      const flow = await load({}, given);
      const { caught } = await flow.send({ payload: 1 });
      assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
      assert.match(caught!.error!.message, text);
      assert.equal(store.requests.total, 0, logLines().join('\n'));
    });
  }
});
