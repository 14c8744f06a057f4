import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { helper, roboflow, TestFlow } from '../support/node-red-helper';

const PNG_SIGNATURE = Buffer.from([
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
]);

function cyclic(): object {
  const payload: Record<string, unknown> = { predictions: [] };
  payload['itself'] = payload;
  return payload;
}

describe('vision-event given bad input', function () {
  let simulator: Simulator;
  const unhandled: unknown[] = [];
  const remember = (reason: unknown) => unhandled.push(reason);

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
    process.on('unhandledRejection', remember);
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => {
    process.off('unhandledRejection', remember);
    void helper.stopServer(done);
  });

  const throwing = {
    get boxes() {
      throw new Error('boo');
    },
  };
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
  const uncopied: [name: string, message: () => object][] = [
    ['a getter that throws in the payload', () => ({ payload: throwing })],
    ['a getter that throws beside it', () => ({ payload: 'hello', other: throwing })],
    [
      'a getter of the message itself that throws',
      () =>
        Object.defineProperty({ payload: 'hello' }, 'x', Object.getOwnPropertyDescriptor(throwing, 'boxes')!),
    ],
    ['20,000 levels', () => ({ payload: nested(20_000) })],
  ];
  for (const [name, message] of uncopied) {
    it(`${name}: the error reaches the Catch node although Node-RED cannot copy the message`, async () => {
      const flow = await TestFlow.load({}, { baseUrl: simulator.url, apiKey: simulator.keys.full });
      const { out, caught } = await flow.send(Object.assign(message(), { _msgid: 'm-1' }));
      assert.equal(out, undefined);
      assert.equal(flow.caught.length, 1);
      assert.equal(caught!._msgid, 'm-1');
      assert.match(caught!.error!.code!, /^(DETECTIONS_|UNEXPECTED)/);
      assert.deepEqual(unhandled, []);
    });
  }

  it('a message that no Complete node can get is told to the Catch node, after it was sent on', async () => {
    const flow = await TestFlow.load(
      { detectionsType: 'none' },
      { baseUrl: simulator.url, apiKey: simulator.keys.full },
    );
    const { out, caught } = await flow.send({ payload: 1, other: throwing });
    assert.equal(out!.visionEvent!.state, 'created');
    assert.equal(caught!.error!.code, 'UNEXPECTED');
    assert.match(
      caught!.error!.message,
      /The message was handled, but no Complete node could get a copy of it: boo$/,
    );
  });

  const cases: [name: string, payload: () => unknown, code: RegExp][] = [
    ['a text that is not JSON', () => 'hello', /^DETECTIONS_PAYLOAD_NOT_JSON$/],
    ['broken JSON', () => '{"predictions":[', /^DETECTIONS_PAYLOAD_NOT_JSON$/],
    ['JSON with a bare NaN', () => '{"predictions":[{"x":NaN}]}', /^DETECTIONS_PAYLOAD_NOT_JSON$/],
    ['10 MB of text', () => 'x'.repeat(10_000_000), /^DETECTIONS_PAYLOAD_NOT_JSON$/],
    ['a picture', () => Buffer.concat([PNG_SIGNATURE, Buffer.alloc(5000)]), /^DETECTIONS_PAYLOAD_NOT_JSON$/],
    ['null', () => null, /^DETECTIONS_/],
    ['nothing', () => undefined, /^DETECTIONS_/],
    ['a number', () => 17, /^DETECTIONS_/],
    ['an object that is not a detection', () => ({ temperature: 21 }), /^DETECTIONS_UNKNOWN_FORMAT$/],
    ['a cyclic object that is not a detection', cyclic, /^DETECTIONS_/],
    ["a detector's error", () => ({ error: 'model not loaded' }), /^DETECTIONS_ERROR_PAYLOAD$/],
    ['100,000 numbers', () => Array.from({ length: 100_000 }, (_, i) => i), /^DETECTIONS_UNKNOWN_FORMAT$/],
  ];
  for (const [name, payload, code] of cases) {
    it(`${name}: one clear error, and the next good message goes through`, async () => {
      const flow = await TestFlow.load({}, { baseUrl: simulator.url, apiKey: simulator.keys.full });
      const { out, caught } = await flow.send({ payload: payload() });
      assert.equal(out, undefined);
      assert.match(caught!.error!.code!, code);
      assert.ok(caught!.error!.message.length > 20, 'the message says too little');
      assert.ok(caught!.error!.message.length < 1000, 'the message repeats the payload');
      const next = await flow.send({ payload: roboflow({ class: 'part' }) });
      assert.equal(next.out!.visionEvent!.state, 'created');
      assert.deepEqual(unhandled, []);
    });
  }

  it('rows with NaN coordinates are left out and counted', async () => {
    const flow = await TestFlow.load({}, { baseUrl: simulator.url, apiKey: simulator.keys.full });
    const { out } = await flow.send({ payload: roboflow({ class: 'part' }, { class: 'part', x: NaN }) });
    assert.equal(out!.visionEvent!.detections!.dropped, 1);
    assert.deepEqual(out!.visionEvent!.detections!.notes, ['bad-number']);
  });

  it('100,000 detections become the 1,000 most confident', async () => {
    const flow = await TestFlow.load({}, { baseUrl: simulator.url, apiKey: simulator.keys.full });
    const rows = Array.from({ length: 100_000 }, () => ({ class: 'part', x: 100 }));
    const { out } = await flow.send({ payload: roboflow(...rows) });
    const [image] = simulator.events()[0]!.event['images'] as { objectDetections: unknown[] }[];
    assert.equal(image!.objectDetections.length, 1000);
    assert.deepEqual(out!.visionEvent!.detections!.notes, ['list-capped']);
  });

  for (const delivery of ['send', 'queue'] as const) {
    it(`metadata that contains itself is one clear error (${delivery})`, async () => {
      const flow = await TestFlow.load(
        { delivery, metadataFrom: 'extra', metadataFromType: 'msg' },
        {
          baseUrl: simulator.url,
          apiKey: simulator.keys.full,
          outboxDir: mkdtempSync(path.join(tmpdir(), 'outbox-')),
        },
      );
      const extra: Record<string, unknown> = { line: 'A1' };
      extra['itself'] = extra;
      const { caught } = await flow.send({ payload: [], extra });
      assert.equal(caught!.error!.code, 'EVENT_INVALID');
      assert.match(caught!.error!.message, /Metadata/);
      assert.equal(simulator.events().length, 0);
    });
  }

  for (const [name, properties] of [
    ['JSONata that fails', { externalId: '$number("x")', externalIdType: 'jsonata' }],
    ['JSONata that does not parse', { externalId: '(((', externalIdType: 'jsonata' }],
    ['broken JSON in a field', { metadataFrom: '{', metadataFromType: 'json' }],
  ] as const) {
    it(`${name} names the field`, async () => {
      const flow = await TestFlow.load(properties, {
        baseUrl: simulator.url,
        apiKey: simulator.keys.full,
      });
      const { caught } = await flow.send({ payload: [] });
      assert.equal(caught!.error!.code, 'EVENT_INVALID');
      assert.match(caught!.error!.message, new RegExp(Object.keys(properties)[0]!));
    });
  }

  it('JSONata that fails beside a variable that is not set fails the message only, and ends no process', async () => {
    const flow = await TestFlow.load(
      { deviceId: '$number("x")', deviceIdType: 'jsonata', workflowId: '${NOT_SET_ANYWHERE}' },
      { baseUrl: simulator.url, apiKey: simulator.keys.full },
    );
    // An unhandled rejection would end this run as well.
    const { caught } = await flow.send({ payload: [] });
    assert.equal(caught!.error!.code, 'NOT_CONFIGURED');
  });
});
