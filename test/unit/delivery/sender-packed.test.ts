import assert from 'node:assert/strict';
import { mayBeStored } from '../../../src/delivery/sender/retry-policy';
import { failure, statusFailure } from '../../support/fake-target';
import { SenderBench, picture, record } from '../../support/sender-bench';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const withPicture = (eventId: string) =>
  record(eventId, { pictures: [picture('out'), picture('in', 'input')] });

describe('Sender to a target that takes pictures together with their event', () => {
  const kinds = (bench: SenderBench) => bench.target.requests.map(({ kind }) => kind);

  it('sends an event with pictures in one request, the others in batches', async () => {
    const bench = new SenderBench();
    bench.target.takePacked();
    await bench.append(record('a'), withPicture('p'), record('b'));
    bench.sender.start();
    await bench.clock.advance(SECOND);
    assert.deepEqual(kinds(bench), ['packed', 'batch']);
    assert.equal(bench.target.requests[0]!.picture, `${withPicture('p').body}+output+input`);
    assert.deepEqual(bench.delivered.map(({ eventId }) => eventId).sort(), ['a', 'b', 'p']);
    assert.equal(bench.waiting, 0);
  });

  it('sends the same again after a failure', async () => {
    const bench = new SenderBench();
    bench.target.takePacked();
    let failures = 2;
    bench.target.answer = () => (failures-- > 0 ? statusFailure(503) : undefined);
    await bench.append(withPicture('p'));
    bench.sender.start();
    await bench.clock.advance(10 * SECOND);
    assert.deepEqual(kinds(bench), ['packed', 'packed', 'packed']);
    assert.equal(new Set(bench.target.requests.map(({ picture: packed }) => packed)).size, 1);
    assert.equal(bench.delivered[0]!.attempts, 3);
    assert.equal(bench.delivered[0]!.mayBeTwice, undefined, 'the same id overwrites');
  });

  it('uploads first what is too large for one request', async () => {
    const bench = new SenderBench();
    bench.target.takePacked(10);
    await bench.append(withPicture('p'));
    bench.sender.start();
    await bench.clock.advance(SECOND);
    assert.deepEqual(kinds(bench), ['picture', 'picture', 'event']);
  });

  it('goes on separately with an event whose first picture was uploaded before the setting changed', async () => {
    const bench = new SenderBench();
    bench.target.answer = ({ picture: name }) => (name === 'in' ? statusFailure(503) : undefined);
    await bench.append(withPicture('p'));
    bench.sender.start();
    await bench.clock.advance(100);
    assert.deepEqual(kinds(bench), ['picture', 'picture']);
    await bench.sender.stop(0);
    bench.target.answer = () => undefined;
    bench.target.takePacked();
    bench.sender = bench.newSender();
    bench.sender.start();
    await bench.clock.advance(MINUTE);
    assert.deepEqual(kinds(bench).slice(2), ['picture', 'event']);
    assert.match(bench.target.shown('p')!, /ve-img-1-out/);
  });

  it('a refused event holds up no other, and dies after the second lone refusal', async () => {
    const bench = new SenderBench();
    bench.target.takePacked();
    bench.target.answer = ({ eventIds }) => (eventIds.includes('bad') ? statusFailure(400) : undefined);
    await bench.append(withPicture('bad'), withPicture('p'), record('a'));
    bench.sender.start();
    await bench.clock.advance(SECOND);
    assert.deepEqual(bench.storedIds().sort(), ['a', 'p']);
    await bench.append(record('later'));
    await bench.clock.advance(21 * MINUTE);
    assert.deepEqual(
      bench.refused.map(({ eventId }) => eventId),
      ['bad'],
    );
  });

  it('an event that cannot be read goes to the dead letters', async () => {
    const bench = new SenderBench();
    bench.target.packEvent = () => Promise.reject(new SyntaxError('no JSON'));
    await bench.append(withPicture('p'));
    bench.sender.start();
    await bench.clock.advance(SECOND);
    assert.equal(bench.refused[0]!.code, 'EVENT_DAMAGED');
    assert.equal(bench.target.requests.length, 0);
  });

  it('hands a backlog of pictures back after a while, so that other events are not held up for long', async () => {
    const bench = new SenderBench({ settings: { concurrency: 1 } });
    bench.target.takePacked();
    bench.target.latency = 500;
    await bench.append(...Array.from({ length: 20 }, (_, index) => withPicture(`p${index}`)));
    bench.sender.start();
    await bench.clock.advance(3 * SECOND);
    assert.ok(bench.delivered.length >= 4, 'the first slice is settled');
    await bench.clock.advance(MINUTE);
    assert.equal(bench.delivered.length, 20);
    assert.equal(bench.target.requests.length, 20, 'none was sent twice');
  });
});

describe('Sender to a target that gives its own ids', () => {
  const bench = () => {
    const made = new SenderBench();
    made.target.takePacked();
    made.target.givesOwnIds = true;
    return made;
  };

  it('sends every event alone, with or without pictures, and uploads nothing', async () => {
    const { sender, target, clock, ...rest } = bench();
    await rest.outbox.append([record('a'), withPicture('p'), record('b')]);
    sender.start();
    await clock.advance(SECOND);
    assert.deepEqual(
      target.requests.map(({ kind, eventIds }) => [kind, ...eventIds]),
      [
        ['packed', 'a'],
        ['packed', 'p'],
        ['packed', 'b'],
      ],
    );
  });

  it('waits while the target is full (529), for hours, and buries nothing', async () => {
    const { sender, target, clock, outbox, delivered, refused } = bench();
    let full = true;
    target.answer = () => (full ? statusFailure(529) : undefined);
    await outbox.append([record('a'), record('b')]);
    sender.start();
    await clock.advance(3 * 60 * MINUTE);
    const inTheLastHour = target.requestsBetween(2 * 60 * MINUTE, 3 * 60 * MINUTE).length;
    assert.ok(inTheLastHour >= 12 && inTheLastHour <= 60, `${inTheLastHour} attempts in an hour`);
    full = false;
    await clock.advance(11 * MINUTE);
    assert.deepEqual(target.acceptedAt.size, 2);
    assert.deepEqual(refused, []);
    assert.deepEqual(
      delivered.map(({ mayBeTwice }) => mayBeTwice),
      [undefined, undefined],
      'a full store has stored nothing',
    );
    assert.equal(sender.state().doubtful, 0);
  });

  it('says which events may be there twice after a lost answer, and counts them', async () => {
    const { sender, target, clock, outbox, delivered } = bench();
    let first = true;
    target.answer = ({ eventIds }) => {
      if (!first || eventIds[0] !== 'lost') return undefined;
      first = false;
      return { lost: failure('TIMEOUT'), landsAfter: 0 };
    };
    await outbox.append([record('lost'), record('b')]);
    sender.start();
    await clock.advance(10 * SECOND);
    assert.equal(target.stored.get('lost')!.length, 2);
    assert.deepEqual(
      delivered.map(({ eventId, mayBeTwice }) => [eventId, mayBeTwice]),
      [
        ['lost', true],
        ['b', undefined],
      ],
    );
    assert.equal(sender.state().doubtful, 1);
  });
});

describe('mayBeStored', () => {
  const cases: [what: string, failure: Parameters<typeof mayBeStored>[0], expected: boolean][] = [
    ['no answer in time', failure('TIMEOUT'), true],
    ['a cut connection', failure('NETWORK'), true],
    ['a success that cannot be read', failure('BAD_RESPONSE', 201), true],
    ['500', statusFailure(500), true],
    ['504', statusFailure(504), true],
    ['a refused connection', Object.assign(failure('NETWORK'), { notSent: true }), false],
    ['503', statusFailure(503), false],
    ['529', statusFailure(529), false],
    ['429', statusFailure(429), false],
    ['400', statusFailure(400), false],
    ['401', statusFailure(401), false],
  ];
  for (const [what, given, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(mayBeStored(given), expected));
  }
});
