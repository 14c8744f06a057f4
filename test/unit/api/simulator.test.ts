import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { VisionEvent } from '../../../src/event/types';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { clientFor, endAll, failureOf } from './clients';

const USE_CASE = 'quality-line-1';

function event(fields: Partial<VisionEvent> = {}): VisionEvent {
  return {
    eventId: randomUUID(),
    eventType: 'quality_check',
    useCaseId: USE_CASE,
    timestamp: new Date().toISOString(),
    eventData: { result: 'pass' },
    ...fields,
  };
}

/** The smallest picture that is one: a GIF of one pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** The client against an API that another hand wrote from the same documentation. */
describe('VisionEventsClient and the simulator', () => {
  let simulator: Simulator;
  before(async () => (simulator = await startSimulator()));
  after(() => simulator.close());
  beforeEach(() => simulator.reset());
  afterEach(endAll);

  const client = (key = simulator.keys.full, options = {}) =>
    clientFor(simulator, { apiKey: key, ...options });

  it('an event arrives, and its warnings come back', async () => {
    const good = event();
    assert.deepEqual((await client().createEvent(good)).warnings, []);
    const bad = event({ eventData: { result: 'maybe' } });
    const { warnings } = await client().createEvent(bad);
    assert.equal(warnings[0]?.path, 'eventData.result');
    assert.deepEqual(
      simulator.events().map((stored) => stored.event['eventId']),
      [bad.eventId, good.eventId],
    );
  });

  it('a batch arrives', async () => {
    const batch = Array.from({ length: 100 }, () => event());
    const reply = await client().createEvents(batch);
    assert.equal(reply.created, 100);
    assert.deepEqual(new Set(reply.eventIds), new Set(batch.map(({ eventId }) => eventId)));
    assert.equal(simulator.events().length, 100);
  });

  it('a picture is uploaded, and an event with it is taken without warning', async () => {
    const metadata = { lens: '8 mm' };
    const image = { bytes: PIXEL, mediaType: 'image/gif', name: 'pixel.gif', metadata };
    const { sourceId, url } = await client().uploadPicture(image);
    assert.ok(sourceId && url);
    const { warnings } = await client().createEvent(event({ images: [{ sourceId }] }));
    assert.deepEqual(warnings, []);
  });

  it('refusals: key, scope, use case, strict field', async () => {
    const wrongKey = await failureOf(client('wrong-key').createEvent(event()), 'wrong-key');
    assert.equal(wrongKey.code, 'UNAUTHORIZED');
    const wrongScope = await failureOf(client(simulator.keys.read).createEvent(event()), simulator.keys.read);
    assert.equal(wrongScope.code, 'UNAUTHORIZED');
    for (const useCaseId of ['old-line', 'no-such-line']) {
      const error = await failureOf(client().createEvent(event({ useCaseId })));
      assert.equal(error.code, 'REJECTED');
      assert.notEqual(error.needsOperator, true, 'the address is right');
      assert.ok(error.serverMessage);
    }
    const strict = await failureOf(client().createEvent(event({ timestamp: 'yesterday' })));
    assert.equal(strict.code, 'REJECTED');
    assert.match(strict.message, /timestamp/);
  });

  it('use cases: create, find, rename, archive, restore', async () => {
    const { useCases } = client();
    const { id } = await useCases.create('Press 3');
    await useCases.rename(id, 'Press 4');
    await useCases.archive(id);
    assert.equal((await failureOf(client().createEvent(event({ useCaseId: id })))).code, 'REJECTED');
    await useCases.unarchive(id);
    assert.equal((await client().createEvent(event({ useCaseId: id }))).statusCode, 201);
    const { useCases: list } = await useCases.list();
    assert.equal(list.find((useCase) => useCase.id === id)?.name, 'Press 4');
    assert.equal((await failureOf(useCases.unarchive(id))).code, 'REJECTED');
    assert.equal((await failureOf(useCases.create('Press 4'))).code, 'REJECTED');
  });

  it('what was sent is read back in pages, described, and deleted', async () => {
    const sent = Array.from({ length: 25 }, () => event({ customMetadata: { shift: 'night', speed: 1.5 } }));
    await client().createEvents(sent);
    const ids: unknown[] = [];
    for await (const page of client().queryPages({ useCaseId: USE_CASE })) {
      ids.push(...page.events.map((found) => found['eventId']));
    }
    assert.equal(ids.length, 25);
    assert.deepEqual(new Set(ids), new Set(sent.map(({ eventId }) => eventId)));
    const { fields } = await client().metadataSchema(USE_CASE);
    assert.deepEqual(fields['speed'], { types: ['number'] });
    const reply = await client().deleteEvents(USE_CASE, [sent[0]!.eventId, 'never-sent']);
    assert.deepEqual(reply, { deleted: 1, notFound: ['never-sent'] });
  });

  it('a lost answer leaves a stored event and an error; sending it again does no harm', async () => {
    const lost = event();
    simulator.faults.next({ kind: 'lost-answer' });
    assert.equal((await failureOf(client().createEvent(lost))).code, 'NETWORK');
    assert.equal((await client().createEvent(lost)).statusCode, 201);
    assert.equal(simulator.events().length, 1);
  });

  it('a lost answer on a kept connection is made good without an error', async () => {
    const sender = client();
    await sender.createEvent(event());
    const lost = event();
    simulator.faults.next({ kind: 'lost-answer', onReusedConnection: true });
    const reply = await sender.createEvent(lost);
    assert.equal(reply.attempts, 2);
    assert.equal(simulator.events().length, 2);
  });

  it('faults that Roboflow or the network may have', async () => {
    const cases = [
      [{ kind: 'hang' }, 'TIMEOUT'],
      [{ kind: 'drip', ms: 50 }, 'TIMEOUT'],
      [{ kind: 'redirect' }, 'BAD_RESPONSE'],
      [{ kind: 'html' }, 'BAD_RESPONSE'],
      [{ kind: 'oversize' }, 'BAD_RESPONSE'],
      [{ status: 429, retryAfter: 2 }, 'RATE_LIMITED'],
      [{ status: 503 }, 'SERVER_ERROR'],
    ] as const;
    for (const [fault, code] of cases) {
      simulator.faults.next({ ...fault });
      const error = await failureOf(client(undefined, { timeoutMs: 500 }).createEvent(event()));
      assert.equal(error.code, code, JSON.stringify(fault));
    }
  });
});
