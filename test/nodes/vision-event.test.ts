import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator/server';
import { png } from '../unit/images/made-pictures';
import { EVENT_NODE_ID, helper, roboflow, TestFlow, warningsOf } from '../support/node-red-helper';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('roboflow-vision-event', function () {
  let simulator: Simulator;
  let workspace: { baseUrl: string; apiKey: string };

  before((done) => void helper.startServer(done));
  before(async () => {
    simulator = await startSimulator();
    workspace = { baseUrl: simulator.url, apiKey: simulator.keys.full };
  });
  beforeEach(() => simulator.reset());
  afterEach(() => helper.unload());
  after(() => simulator.close());
  after((done) => void helper.stopServer(done));

  it('builds an event without workspace and network', async () => {
    const flow = await TestFlow.load({ delivery: 'build', result: 'scratch', resultType: 'detected' });
    const { out } = await flow.send({ payload: roboflow({ class: 'scratch' }), topic: 'line 1' });
    const event = out!.payload as Record<string, unknown>;
    assert.match(String(event['eventId']), UUID_V4);
    assert.match(String(event['timestamp']), /^\d{4}-.*Z$/);
    assert.deepEqual(event['eventData'], { result: 'fail' });
    assert.deepEqual(event['images'], [
      { objectDetections: [{ class: 'scratch', x: 100, y: 120, width: 40, height: 30, confidence: 0.9 }] },
    ]);
    assert.equal(out!['topic'], 'line 1');
    assert.equal(out!.visionEvent!.state, 'built');
    assert.equal(out!.visionEvent!.eventId, event['eventId']);
    const sizes = [{ width: 640, height: 480 }];
    const said = { format: 'roboflow', count: 1, dropped: 0, notes: [], sizes };
    assert.deepEqual(out!.visionEvent!.detections, said);
    assert.equal(simulator.requests.total, 0);
  });

  it('says that boxes may lie elsewhere in the picture that goes with them, and what mends it', async () => {
    const picture = { outputImage: 'image', outputImageType: 'msg' };
    const lastStatus = async (properties: object, image?: Buffer) => {
      const flow = await TestFlow.load({ delivery: 'build', ...picture, ...properties });
      const warned = warningsOf(EVENT_NODE_ID);
      for (let times = 0; times < 2; times++)
        await flow.send({ payload: roboflow({ class: 'scratch' }), image });
      const { fill, text } = flow.statuses.at(-1)!;
      await helper.unload();
      return { fill, text: text!.split('.').at(-1), warned };
    };
    // the detector saw 640 by 480
    const misplaced = await lastStatus({}, png(64, 40));
    assert.deepEqual([misplaced.fill, misplaced.text], ['yellow', 'misplaced']);
    assert.equal(misplaced.warned.length, 1);
    assert.match(String(misplaced.warned[0]), /^Tick "Scale boxes" or enter the right sizes: /);
    for (const [properties, image] of [
      [{ scaleToImage: true }, png(64, 48)],
      [{}, png(640, 480)],
    ] as const) {
      const { fill, warned } = await lastStatus(properties, image);
      assert.deepEqual([fill, warned], ['green', []]);
    }
    const unpictured = await lastStatus({ outputImageType: 'none' }, png(64, 40));
    assert.equal(unpictured.fill, 'green');
  });

  it('says so when it read an unusual form of time', async () => {
    const flow = await TestFlow.load({ delivery: 'build', timestamp: 'at', timestampType: 'msg' });
    const { out } = await flow.send({ payload: [], at: Date.now() * 1000 });
    assert.match(String((out!.payload as { timestamp: string }).timestamp), /^\d{4}-.*Z$/);
    assert.deepEqual(out!.visionEvent!.notes, ['timestamp-microseconds']);
    const { out: usual } = await flow.send({ payload: [], at: Date.now() });
    assert.equal(usual!.visionEvent!.notes, undefined);
  });

  describe('values that follow from the detections', () => {
    const rows = {
      format: 'custom',
      mapping: JSON.stringify({
        list: 'found',
        class: 'name',
        box: { convention: 'corner', units: 'pixel', fields: 'box' },
      }),
    };
    const scratch = { name: 'scratch', box: [1, 2, 3, 4] };
    const unreadable = { name: 'dent', box: [1, 2, 'wide', 4] };
    const quality = { ...rows, result: 'scratch', resultType: 'detected' };
    const count = { ...rows, eventType: 'inventory_count', itemCountType: 'count' };
    const alert = { ...rows, eventType: 'safety_alert', alertTypeType: 'topClass' };

    for (const [name, properties, found, eventData, uncertain] of [
      [
        'a fail that the rows read decide stands',
        quality,
        [scratch, unreadable],
        { result: 'fail' },
        undefined,
      ],
      ['no pass', quality, [{ ...scratch, name: 'dust' }, unreadable], {}, ['result']],
      ['no count', count, [scratch, unreadable], {}, ['itemCount']],
      ['no top class', alert, [scratch, unreadable], {}, ['alertType']],
    ] as const) {
      it(`rows that cannot be read: ${name}`, async () => {
        const flow = await TestFlow.load({ delivery: 'build', ...properties });
        const { out } = await flow.send({ payload: { found } });
        assert.deepEqual((out!.payload as { eventData: object }).eventData, eventData);
        assert.deepEqual(out!.visionEvent!.uncertain, uncertain);
        assert.deepEqual(out!.visionEvent!.detections?.notes.includes('bad-number'), true);
        const status = flow.statuses.at(-1)!;
        assert.equal(status.fill, 'yellow');
        // the text itself is in the catalogue, which is not loaded here
        assert.match(status.text!, /status\.oneRead$/);
      });
    }

    it('none where nobody looked: no detections, or a list that may be missing', async () => {
      const lenient = JSON.stringify({ ...JSON.parse(rows.mapping), whenListMissing: 'empty' });
      for (const properties of [
        { ...count, mapping: lenient },
        { ...quality, mapping: lenient },
        { ...count, detectionsType: 'none' },
      ]) {
        const flow = await TestFlow.load({ delivery: 'build', ...properties });
        const { out } = await flow.send({ payload: { frame: 7 } });
        assert.deepEqual((out!.payload as { eventData: object }).eventData, {});
        assert.equal(out!.visionEvent!.uncertain, undefined);
        await helper.unload();
      }
    });

    it('rows that the settings leave out were read', async () => {
      const flow = await TestFlow.load({ delivery: 'build', ...quality, classes: 'dust' });
      const { out } = await flow.send({ payload: { found: [scratch] } });
      assert.deepEqual((out!.payload as { eventData: object }).eventData, { result: 'pass' });
      assert.equal(flow.statuses.at(-1)!.fill, 'green');
    });
  });

  it('posts the event and reports what the API answered', async () => {
    const flow = await TestFlow.load({ result: 'pass' }, { ...workspace, deviceId: 'camera-7' });
    const { out } = await flow.send({ payload: roboflow({ class: 'part' }) });
    const [stored] = simulator.events();
    assert.deepEqual(stored!.event, out!.payload);
    assert.equal((out!.payload as { deviceId: string }).deviceId, 'camera-7');
    assert.equal(out!.visionEvent!.state, 'created');
    assert.equal(out!.visionEvent!.statusCode, 201);
    assert.equal(out!.visionEvent!.attempts, 1);
    assert.equal(typeof out!.visionEvent!.durationMs, 'number');
    assert.deepEqual(out!.visionEvent!.warnings, []);
  });

  it('keeps the rest of the message: _msgid and unknown properties survive', async () => {
    const flow = await TestFlow.load({}, workspace);
    const { out } = await flow.send({
      _msgid: 'my-id',
      payload: [],
      parts: { id: 'x', index: 0 },
      req: { a: 1 },
    });
    assert.equal(out!['_msgid'], 'my-id');
    assert.deepEqual(out!['parts'], { id: 'x', index: 0 });
    assert.deepEqual(out!['req'], { a: 1 });
  });

  it('reads the report of an earlier node before it makes its own', async () => {
    const flow = await TestFlow.load(
      { eventId: 'visionEvent.eventId', eventIdType: 'msg', result: 'visionEvent.state', resultType: 'msg' },
      workspace,
    );
    const eventId = 'a5f3e2f0-98a4-4e9e-9a3c-2c8f3f0f8a11';
    const earlier = { eventId, state: 'pass', warnings: [{ type: 'of_the_earlier' }] };
    const { out } = await flow.send({ payload: [], visionEvent: earlier });
    assert.equal((out!.payload as { eventId: string }).eventId, eventId);
    assert.deepEqual((out!.payload as { eventData: object }).eventData, { result: 'pass' });
    assert.deepEqual(out!.visionEvent!.warnings, []);
    assert.equal(out!.visionEvent!.state, 'created');
  });

  it('shows the Complete node the message as it came, and the output a message of its own', async () => {
    const flow = await TestFlow.load({ result: 'pass' }, workspace);
    const payload = roboflow({ class: 'part' });
    const { out } = await flow.send({ payload, topic: 'line 1' });
    await flow.until(() => flow.completed.length === 1);
    assert.deepEqual(flow.completed[0]!.payload, payload);
    assert.deepEqual(flow.completed[0]!.visionEvent, flow.out[0]!.visionEvent);
    assert.equal(flow.completed[0]!['topic'], 'line 1');
    assert.equal((out!.payload as { eventType: string }).eventType, 'quality_check');
  });

  for (const [eventType, properties, eventData] of [
    ['quality_check', { result: 'fail', externalId: 'batch 9' }, { result: 'fail', externalId: 'batch 9' }],
    [
      'inventory_count',
      { location: 'dock 2', itemCount: 'part', itemCountType: 'count', itemType: 'crate' },
      { location: 'dock 2', itemCount: 2, itemType: 'crate' },
    ],
    [
      'safety_alert',
      { alertTypeType: 'topClass', severity: 'high', description: 'look' },
      { alertType: 'no_helmet', severity: 'high', description: 'look' },
    ],
    ['custom', { value: 'note', valueType: 'msg' }, { value: 'from the message' }],
    [
      'operator_feedback',
      { relatedEventId: 'a5f3e2f0-98a4-4e9e-9a3c-2c8f3f0f8a11', feedback: 'correct' },
      { relatedEventId: 'a5f3e2f0-98a4-4e9e-9a3c-2c8f3f0f8a11', feedback: 'correct' },
    ],
  ] as const) {
    it(`posts ${eventType} with its own fields only`, async () => {
      const flow = await TestFlow.load({ eventType, ...properties }, workspace);
      await flow.send({
        payload: roboflow({ class: 'part' }, { class: 'part' }, { class: 'no helmet', confidence: 0.99 }),
        note: 'from the message',
      });
      assert.deepEqual(simulator.events()[0]!.event['eventData'], eventData);
      assert.deepEqual(simulator.events()[0]!.warnings, []);
    });
  }

  it('reads every typed input: message, context, number, JSONata, metadata rows over an object', async () => {
    const flow = await TestFlow.load(
      {
        eventType: 'seen.type',
        eventTypeType: 'msg',
        useCase: '"quality-" & line',
        useCaseType: 'jsonata',
        eventId: 'seen.id',
        eventIdType: 'msg',
        timestamp: 'seen.at',
        timestampType: 'msg',
        streamId: 'stream',
        streamIdType: 'flow',
        workflowVersion: '7',
        metadataFrom: 'extra',
        metadataFromType: 'msg',
        metadata: [
          { key: 'shift', value: 'night', valueType: 'str' },
          { key: 'temperature', value: '21.5', valueType: 'num' },
          { key: 'door open', value: 'true', valueType: 'bool' },
          { key: 'order', value: 'order', valueType: 'msg' },
        ],
      },
      workspace,
    );
    helper.getNode('event').context().flow.set('stream', 'belt-2');
    const at = Date.now() - 60_000;
    await flow.send({
      payload: [],
      line: 'line-1',
      order: 'A-77',
      seen: { type: 'custom', id: 'my-own-id', at: new Date(at) },
      extra: { shift: 'day', site: 'Ulm' },
    });
    const event = simulator.events()[0]!.event;
    assert.equal(event['eventId'], 'my-own-id');
    assert.equal(event['eventType'], 'custom');
    assert.equal(event['useCaseId'], 'quality-line-1');
    assert.equal(event['timestamp'], new Date(at).toISOString());
    assert.equal(event['streamId'], 'belt-2');
    assert.equal(event['workflowVersion'], '7');
    assert.deepEqual(event['customMetadata'], {
      shift: 'night',
      site: 'Ulm',
      temperature: 21.5,
      'door open': true,
      order: 'A-77',
    });
  });

  it('neither sends nor evaluates what the dialog hides because it belongs to another event type', async () => {
    const ofOtherTypes = { comment: 'A_VARIABLE_THAT_NOBODY_SETS', commentType: 'env', severity: 'high' };
    const flow = await TestFlow.load(
      { ...ofOtherTypes, itemCount: '((', itemCountType: 'jsonata' },
      workspace,
    );
    const { out } = await flow.send({ payload: [] });
    const event = out!.payload as Record<string, unknown>;
    assert.deepEqual(event['eventData'], {});
    assert.equal('comment' in event, false);
  });

  it("sends the comment of an operator's feedback", async () => {
    const feedback = { eventType: 'operator_feedback', relatedEventId: 'seen', feedback: 'correct' };
    const flow = await TestFlow.load({ ...feedback, comment: 'note', commentType: 'msg' }, workspace);
    const { out } = await flow.send({ payload: [], note: 'checked by hand' });
    assert.equal((out!.payload as Record<string, unknown>)['comment'], 'checked by hand');
  });

  it('keeps only detections at or above the confidence and of the classes', async () => {
    const flow = await TestFlow.load({ minConfidence: '0.5', classes: 'part, crate' }, workspace);
    await flow.send({
      payload: roboflow(
        { class: 'part', confidence: 0.5 },
        { class: 'part', confidence: 0.49 },
        { class: 'person', confidence: 0.9 },
        { class: 'crate', confidence: 0.7 },
      ),
    });
    const [image] = simulator.events()[0]!.event['images'] as { objectDetections: { class: string }[] }[];
    assert.deepEqual(
      image!.objectDetections.map((detection) => detection.class),
      ['part', 'crate'],
    );
  });

  it('sends an event without detections when told so', async () => {
    const flow = await TestFlow.load({ detectionsType: 'none', result: 'pass' }, workspace);
    const { out } = await flow.send({ payload: 'whatever' });
    assert.equal((out!.payload as { images?: unknown }).images, undefined);
    assert.equal(out!.visionEvent!.detections, undefined);
    assert.deepEqual(simulator.events()[0]!.event['eventData'], { result: 'pass' });
  });

  describe('warnings', () => {
    const feedback = { eventType: 'operator_feedback', feedback: 'correct', detectionsType: 'none' };
    const missing = {
      type: 'any.required',
      path: 'eventData.relatedEventId',
      value: null,
      valueType: 'object',
    };

    it('predicts what the API will answer, and sends', async () => {
      const flow = await TestFlow.load(feedback, workspace);
      const { out } = await flow.send({});
      assert.deepEqual(out!.visionEvent!.warnings, [missing]);
      assert.deepEqual(out!.visionEvent!.serverWarnings, [missing]);
      await flow.until(() => flow.statuses.some((status) => status.fill === 'yellow'));
    });

    it('keeps the event back when told to stop', async () => {
      const flow = await TestFlow.load({ ...feedback, onWarnings: 'stop' }, workspace);
      const { caught } = await flow.send({});
      assert.equal(caught!.error!.code, 'EVENT_WARNINGS');
      assert.deepEqual(caught!.visionEvent!.warnings, [missing]);
      assert.equal(simulator.requests.total, 0);
    });

    it('fixes what it can when told to, and says so', async () => {
      const flow = await TestFlow.load({ result: ' FAIL ', onWarnings: 'repair' }, workspace);
      const { out } = await flow.send({ payload: [] });
      assert.deepEqual(out!.visionEvent!.repaired, [
        { path: 'eventData.result', from: ' FAIL ', to: 'fail' },
      ]);
      assert.deepEqual(out!.visionEvent!.warnings, []);
      assert.deepEqual(simulator.events()[0]!.event['eventData'], { result: 'fail' });
    });
  });

  describe('cooldown', () => {
    it('holds back a second event of the same key, not of another', async () => {
      const flow = await TestFlow.load(
        { cooldown: '60', cooldownBy: 'camera', cooldownByType: 'msg' },
        workspace,
      );
      const first = await flow.send({ payload: [], camera: 'a' });
      const second = await flow.send({ payload: [], camera: 'a' });
      const other = await flow.send({ payload: [], camera: 'b' });
      assert.equal(first.out!.visionEvent!.state, 'created');
      assert.equal(second.out!.visionEvent!.state, 'throttled');
      assert.equal(other.out!.visionEvent!.state, 'created');
      assert.equal(simulator.events().length, 2);
    });

    it('does not count an event that could not be sent', async () => {
      const flow = await TestFlow.load({ cooldown: '60' }, workspace);
      simulator.faults.next({ status: 500 });
      const failed = await flow.send({ payload: [] });
      const second = await flow.send({ payload: [] });
      assert.equal(failed.caught!.error!.code, 'SERVER_ERROR');
      assert.equal(second.out!.visionEvent!.state, 'created');
    });
  });

  describe('strict fields', () => {
    for (const [what, properties, message] of [
      ['no use case', { useCase: '' }, /useCaseId/],
      ['an unknown event type', { eventType: 'birthday' }, /eventType/],
      [
        'a timestamp of another century',
        { timestamp: '1999-01-01T00:00:00Z', timestampType: 'str' },
        /timestamp/,
      ],
      [
        'an event id that is missing in the message',
        { eventId: 'nothing.there', eventIdType: 'msg' },
        /eventId/,
      ],
    ] as const) {
      it(`${what} is EVENT_INVALID, and nothing is sent`, async () => {
        const flow = await TestFlow.load(properties, workspace);
        const { out, caught } = await flow.send({ payload: [] });
        assert.equal(out, undefined);
        assert.equal(caught!.error!.code, 'EVENT_INVALID');
        assert.match(caught!.error!.message, message);
        assert.equal(simulator.requests.total, 0);
      });
    }
  });
});
