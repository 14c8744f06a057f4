import assert from 'node:assert/strict';
import {
  FAILURES_BEFORE_GIVING_UP,
  sendMany,
  type EventToSend,
} from '../../../src/delivery/sender/send-many';
import { systemSenderClock } from '../../../src/delivery/sender/clock';
import { FakeTarget, statusFailure, failure, type TargetRequest } from '../../support/fake-target';

const event = (eventId: string, useCaseId = 'a', padding = ''): EventToSend => ({
  eventId,
  useCaseId,
  body: JSON.stringify({ eventId, useCaseId, padding }),
});
const numbered = (count: number, useCaseId?: string) =>
  Array.from({ length: count }, (_, index) => event(`e${index}`, useCaseId));
const ids = (list: { event: EventToSend }[]) => list.map(({ event: { eventId } }) => eventId);

describe('sendMany', () => {
  let target: FakeTarget;
  beforeEach(() => {
    target = new FakeTarget(systemSenderClock);
    target.latency = 0;
  });
  const shape = () => target.requests.map(({ kind, eventIds }) => `${kind} ${eventIds.length}`);
  const hasBad = ({ eventIds }: TargetRequest) => eventIds.includes('e3');

  it('makes batches of one use case, of 100 events and about 1 MiB, and sends a lone event alone', async () => {
    const large = Array.from({ length: 3 }, (_, index) => event(`l${index}`, 'b', 'x'.repeat(400_000)));
    const sent = await sendMany([...numbered(205), ...large, event('alone', 'c')], target);
    assert.equal(sent.accepted.length, 209);
    assert.deepEqual(shape(), ['batch 100', 'batch 100', 'batch 5', 'batch 2', 'event 1', 'event 1']);
    for (const { bodies } of target.requests) {
      const useCases = new Set(bodies.map((body) => (JSON.parse(body) as EventToSend).useCaseId));
      assert.equal(useCases.size, 1);
    }
  });

  it('sends a refused batch one by one: only the bad event fails', async () => {
    target.answer = (request) => (hasBad(request) ? statusFailure(400, 'bad') : undefined);
    const sent = await sendMany(numbered(6), target);
    assert.deepEqual(ids(sent.failed), ['e3']);
    assert.equal(sent.failed[0]!.failure.statusCode, 400);
    assert.deepEqual(ids(sent.accepted), ['e0', 'e1', 'e2', 'e4', 'e5']);
    assert.deepEqual(shape(), ['batch 6', ...Array<string>(6).fill('event 1')]);
  });

  it('halves a batch that is too large', async () => {
    target.answer = ({ eventIds }) => (eventIds.length > 3 ? statusFailure(413) : undefined);
    const sent = await sendMany(numbered(8), target);
    assert.equal(sent.accepted.length, 8);
    assert.deepEqual(shape(), ['batch 8', 'batch 4', 'batch 2', 'batch 2', 'batch 4', 'batch 2', 'batch 2']);
  });

  it('sends again alone what the reply does not name', async () => {
    target.answer = ({ kind }) => (kind === 'batch' ? { omit: ['e1', 'e2'] } : undefined);
    const sent = await sendMany(numbered(4), target);
    assert.deepEqual(new Set(ids(sent.accepted)), new Set(['e0', 'e1', 'e2', 'e3']));
    assert.deepEqual(shape(), ['batch 4', 'event 1', 'event 1']);
  });

  for (const status of [401, 402, 403, 423]) {
    it(`${status} stops: nothing more is sent, everything left has failed with it`, async () => {
      target.answer = (request) => (hasBad(request) ? statusFailure(status) : undefined);
      const other = event('other', 'b');
      const sent = await sendMany([other, ...numbered(150)], target);
      assert.deepEqual(ids(sent.accepted), ['other']);
      assert.equal(sent.failed.length, 150);
      assert.ok(sent.failed.every(({ failure: { statusCode } }) => statusCode === status));
      assert.deepEqual(shape(), ['event 1', 'batch 100']);
    });
  }

  it('a 5xx fails its batch and no other; a dead link is given up', async () => {
    target.answer = (request) => (hasBad(request) ? statusFailure(503) : undefined);
    const once = await sendMany(numbered(150), target);
    assert.deepEqual([once.accepted.length, once.failed.length], [50, 100]);
    target.answer = () => failure('NETWORK');
    target.requests.length = 0;
    const dead = await sendMany(numbered(1000), target);
    assert.equal(dead.failed.length, 1000);
    assert.equal(target.requests.length, FAILURES_BEFORE_GIVING_UP);
  });
});
