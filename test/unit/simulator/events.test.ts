import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { event, post } from './client';

describe('simulator: POST /vision-events', () => {
  let simulator: Simulator;
  before(async () => (simulator = await startSimulator({ maxEventsKept: 5 })));
  after(() => simulator.close());
  beforeEach(() => simulator.reset());

  it('stores a good event and answers as documented', async () => {
    const good = event({ eventId: 'one', deviceId: 'cam-1', customMetadata: { line: 'A1', t: 72.5 } });
    const answer = await post(simulator, '/vision-events', good);
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.body, { eventId: 'one', created: true });
    const [stored] = simulator.events();
    assert.deepEqual(stored?.event, good);
    assert.equal(stored?.received, JSON.stringify(good));
    assert.equal(stored?.deviceId, 'cam-1');
  });

  it('refuses a fault in each of the four strict fields with 400, and stores nothing', async () => {
    const day = 24 * 60 * 60 * 1000;
    const broken: [Record<string, unknown>, string][] = [
      [{ eventId: undefined }, 'eventId is required'],
      [{ eventId: 7 }, 'eventId must be a string'],
      [{ eventType: undefined }, 'eventType is required'],
      [
        { eventType: 'party' },
        'eventType must be one of [quality_check, inventory_count, safety_alert, custom, operator_feedback]',
      ],
      [{ useCaseId: undefined }, 'useCaseId is required'],
      [{ useCaseId: 'x'.repeat(257) }, 'useCaseId length must be less than or equal to 256 characters long'],
      [{ timestamp: undefined }, 'timestamp is required'],
      [{ timestamp: 'yesterday' }, 'timestamp must be in iso format'],
      [
        { timestamp: new Date(Date.now() - 367 * day).toISOString() },
        'timestamp must be between one year ago and tomorrow',
      ],
      [
        { timestamp: new Date(Date.now() + 2 * day).toISOString() },
        'timestamp must be between one year ago and tomorrow',
      ],
    ];
    for (const [fields, error] of broken) {
      const answer = await post(simulator, '/vision-events', event(fields));
      assert.deepEqual([answer.status, answer.body], [400, { error }]);
    }
    assert.deepEqual(simulator.events(), []);
  });

  it('refuses an unknown and an archived use case', async () => {
    const unknown = await post(simulator, '/vision-events', event({ useCaseId: 'nowhere' }));
    assert.deepEqual([unknown.status, unknown.body], [404, { error: 'Solution not found' }]);
    const archived = await post(simulator, '/vision-events', event({ useCaseId: 'old-line' }));
    assert.deepEqual([archived.status, archived.body], [400, { error: 'Solution is archived' }]);
  });

  it('accepts any other fault, lists it in Joi words, and keeps less', async () => {
    const answer = await post(
      simulator,
      '/vision-events',
      event({
        eventType: 'operator_feedback',
        eventData: { feedback: 'perhaps' },
        images: [{ objectDetections: [{ class: 'a', x: 1, y: 1, width: 1, height: 1, confidence: 2 }] }],
        customMetadata: { nested: {} },
        workflowVersion: 'v'.repeat(65),
        colour: 'red',
      }),
    );
    assert.equal(answer.status, 201);
    assert.equal(answer.body.created, true);
    const warnings = answer.body.warnings as { type: string; path: string }[];
    assert.deepEqual(warnings.map(({ type, path }) => `${path} ${type}`).sort(), [
      'colour object.unknown',
      'customMetadata.nested alternatives.types',
      'eventData.feedback any.only',
      'eventData.relatedEventId any.required',
      'images.0.objectDetections.0.confidence number.max',
      'workflowVersion string.max',
    ]);
    assert.deepEqual(
      warnings.find(({ path }) => path === 'eventData.relatedEventId'),
      { type: 'any.required', path: 'eventData.relatedEventId', value: null, valueType: 'object' },
    );
    const kept = simulator.events()[0]!.event;
    assert.deepEqual(kept.eventData, {});
    for (const lost of ['images', 'customMetadata', 'workflowVersion', 'colour'])
      assert.ok(!(lost in kept), lost);
  });

  it('takes up to 1,000 images, also of pictures that it does not have, and nothing else in them', async () => {
    const images = (count: number, more: object = {}) =>
      Array.from({ length: count }, (_, n) => ({ label: `camera ${n}`, sourceId: 'not-here', ...more }));
    const stored = async (fields: Record<string, unknown>) => {
      const answer = await post(simulator, '/vision-events', event(fields));
      assert.equal(answer.status, 201);
      const warnings = (answer.body.warnings ?? []) as { type: string; path: string }[];
      return {
        images: (simulator.events()[0]!.event.images as unknown[] | undefined)?.length,
        warnings: warnings.map(({ type, path }) => `${type} ${path}`),
      };
    };
    const position = { displayImagePosition: 999 };
    assert.deepEqual(await stored({ images: images(1000), ...position }), { images: 1000, warnings: [] });
    assert.deepEqual(await stored({ images: images(1001) }), {
      images: undefined,
      warnings: ['array.max images'],
    });
    assert.deepEqual(await stored({ images: images(2, { metadata: { camera: 1 } }) }), {
      images: undefined,
      warnings: ['object.unknown images.0.metadata', 'object.unknown images.1.metadata'],
    });
  });

  it('overwrites by id as a whole, and says created all the same', async () => {
    await post(simulator, '/vision-events', event({ eventId: 'same', deviceId: 'old' }));
    await post(simulator, '/vision-events', event({ eventId: 'other' }));
    const again = await post(simulator, '/vision-events', event({ eventId: 'same' }));
    assert.deepEqual([again.status, again.body], [201, { eventId: 'same', created: true }]);
    assert.deepEqual(
      simulator.events().map(({ eventId, timesStored }) => [eventId, timesStored]),
      [
        ['same', 2],
        ['other', 1],
      ],
    );
    assert.ok(!('deviceId' in simulator.events()[0]!.event));
  });

  it('keeps no more events than told, the latest', async () => {
    for (let i = 0; i < 8; i++) await post(simulator, '/vision-events', event({ eventId: `e${i}` }));
    assert.deepEqual(
      simulator.events().map(({ eventId }) => eventId),
      ['e7', 'e6', 'e5', 'e4', 'e3'],
    );
  });

  it('refuses what is not a JSON object', async () => {
    for (const body of ['{"eventId":', '[]', 'null', '']) {
      assert.equal((await post(simulator, '/vision-events', body)).status, 400, body);
    }
  });

  it('answers 413 to a body beyond its limit', async () => {
    const small = await startSimulator({ maxJsonBytes: 1000 });
    try {
      const answer = await post(small, '/vision-events', event({ deviceId: 'x'.repeat(1000) }));
      assert.equal(answer.status, 413);
    } finally {
      await small.close();
    }
  });
});

describe('simulator: POST /vision-events/batch', () => {
  let simulator: Simulator;
  before(async () => (simulator = await startSimulator()));
  after(() => simulator.close());
  beforeEach(() => simulator.reset());

  it('counts what it created and lists the ids; the last of equal ids wins', async () => {
    const events = [event({ eventId: 'a' }), event({ eventId: 'b' }), event({ eventId: 'a', deviceId: 'z' })];
    const answer = await post(simulator, '/vision-events/batch', { events });
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.body, { created: 2, eventIds: ['a', 'b'] });
    assert.equal(simulator.events().find(({ eventId }) => eventId === 'a')?.deviceId, 'z');
  });

  it('refuses the whole batch for one strict fault, naming the place', async () => {
    const answer = await post(simulator, '/vision-events/batch', {
      events: [event(), event({ eventType: undefined })],
    });
    assert.deepEqual([answer.status, answer.body], [400, { error: 'events[1].eventType is required' }]);
    assert.deepEqual(simulator.events(), []);
  });

  it('takes 1 to 100 events', async () => {
    const many = (count: number) => Array.from({ length: count }, () => event());
    assert.equal((await post(simulator, '/vision-events/batch', { events: many(100) })).body.created, 100);
    assert.equal((await post(simulator, '/vision-events/batch', { events: many(101) })).status, 400);
    assert.equal((await post(simulator, '/vision-events/batch', { events: [] })).status, 400);
    assert.equal((await post(simulator, '/vision-events/batch', {})).body.error, 'events is required');
  });

  it('puts the place before the path of a warning', async () => {
    const events = [event(), event({ eventData: { result: 'maybe' } })];
    const answer = await post(simulator, '/vision-events/batch', { events });
    assert.deepEqual(answer.body.warnings, [
      { type: 'any.only', path: 'events.1.eventData.result', value: 'maybe', valueType: 'string' },
    ]);
  });
});
