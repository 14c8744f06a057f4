import assert from 'node:assert/strict';
import { failure, type Answer } from '../support/fake-target';
import { SenderBench, picture, record } from '../support/sender-bench';
import { printedSeed, rounds, seededRandom } from '../support/seed';
import type { SenderSettings } from '../../src/delivery/sender/settings';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const EVENTS = 200;
const VERSIONS = 3;

/**
 * Every fifth request is processed, but its answer is lost, and it may be processed up to 25 s late.
 * Each event is appended in three versions while that goes on.
 */
async function lateAnswers(
  seed: number,
  settings: Partial<SenderSettings> = {},
  prepare: (bench: SenderBench) => void = () => undefined,
) {
  const random = seededRandom(seed);
  const bench = new SenderBench({ random: seededRandom(seed + 1), settings });
  prepare(bench);
  let lostAnswers = 0;
  bench.target.answer = (): Answer => {
    if (random() >= 0.2) return undefined;
    lostAnswers += 1;
    return { lost: failure('NETWORK'), landsAfter: Math.floor(random() * 25 * SECOND) };
  };
  bench.sender.start();
  for (let version = 1; version <= VERSIONS; version++) {
    for (let event = 0; event < EVENTS; event++) {
      const id = `e${event}`;
      const pictures = event % 20 === 0 ? [picture(`${id}v${version}`)] : [];
      await bench.append(record(id, { version, pictures }));
      await bench.clock.advance(random() * 200);
    }
  }
  await bench.clock.advance(20 * MINUTE);
  return { bench, lostAnswers, faults: faultsOf(bench) };
}

function faultsOf(bench: SenderBench): string[] {
  const faults: string[] = [];
  for (let event = 0; event < EVENTS; event++) {
    const id = `e${event}`;
    const bodies = bench.target.stored.get(id) ?? [];
    const versions = bodies.map((body) => Number(/version (\d)/.exec(body)?.[1]));
    for (let version = 1; version <= VERSIONS; version++) {
      const bodiesOfVersion = new Set(bodies.filter((_, index) => versions[index] === version));
      if (bodiesOfVersion.size !== 1)
        faults.push(`${id}: ${bodiesOfVersion.size} bodies of version ${version}`);
    }
    const isInOrder = versions.every((version, index) => version >= (versions[index - 1] ?? 0));
    if (!isInOrder) faults.push(`${id}: stored in the order ${versions.join(' ')}`);
  }
  return faults;
}

const LANDS_LATE = 10 * SECOND;

/**
 * Version 1 of an event is delivered, while an earlier request with it still is to land; then the sender gives way to
 * another one, which gets version 2. @returns the versions in the order in which the target stored them
 */
async function versionsAcrossRestart(
  unknownOutcome: (bench: SenderBench) => Promise<void>,
  next: (bench: SenderBench) => SenderBench['sender'],
  settings: Partial<SenderSettings> = {},
): Promise<string> {
  const bench = new SenderBench({ settings });
  bench.sender = bench.newSender([]);
  bench.sender.start();
  await unknownOutcome(bench);
  await bench.sender.stop(SECOND);
  bench.target.answer = () => undefined;
  bench.target.latency = 20;
  bench.sender = next(bench);
  bench.sender.start();
  await bench.append(record('x', { version: 2 }));
  await bench.clock.advance(2 * MINUTE);
  assert.equal(bench.waiting, 0);
  return (bench.target.stored.get('x') ?? []).map((body) => /version (\d)/.exec(body)?.[1]).join(' ');
}

const OUTCOMES: Record<string, (bench: SenderBench) => Promise<void>> = {
  'an answer was lost and the repeated request delivered': async (bench) => {
    let isFirst = true;
    bench.target.answer = (): Answer => {
      if (!isFirst) return undefined;
      isFirst = false;
      return { lost: failure('NETWORK'), landsAfter: LANDS_LATE };
    };
    await bench.append(record('x'));
    await bench.clock.advance(3 * SECOND);
    assert.equal(bench.waiting, 0);
  },
  'the client itself sent the request twice': async (bench) => {
    bench.target.answer = () => ({ sentTwice: { firstLandsAfter: LANDS_LATE } });
    await bench.append(record('x'));
    await bench.clock.advance(3 * SECOND);
    assert.equal(bench.waiting, 0);
  },
  'the request was under way': async (bench) => {
    bench.target.latency = 5 * SECOND;
    bench.target.answer = (request) => {
      bench.clock.setTimer(() => bench.target.land(request), LANDS_LATE);
      return undefined;
    };
    await bench.append(record('x'));
    await bench.clock.advance(SECOND);
    assert.equal(bench.waiting, 1);
  },
};

describe('fault 27: a sender gives way to another one while a request may still land', () => {
  for (const [name, outcome] of Object.entries(OUTCOMES)) {
    it(`stores the newer version last when ${name}`, async () => {
      const versions = await versionsAcrossRestart(outcome, (bench) =>
        bench.newSender(bench.sender.lateLandings()),
      );
      assert.match(versions, /^(1 )+2$/);
    });

    it(`control: a next sender that is told of nothing stores the older version last when ${name}`, async () => {
      const versions = await versionsAcrossRestart(outcome, (bench) => bench.newSender([]));
      assert.match(versions, /2 1$/);
    });
  }

  it('takes all that waits for under way for 30 s after an end without a word', async () => {
    const outcome = OUTCOMES['the request was under way'] ?? assert.fail();
    assert.match(await versionsAcrossRestart(outcome, (bench) => bench.newSender()), /^(1 )+2$/);
  });

  const acceptedAfterCrash = async (bench: SenderBench) => {
    await OUTCOMES['the request was under way']?.(bench);
    await bench.sender.stop(SECOND);
    bench.target.answer = () => undefined;
    bench.target.latency = 20;
    bench.sender = bench.newSender();
    bench.sender.start();
    await bench.clock.advance(3 * SECOND);
    assert.equal(bench.waiting, 0);
  };

  it('hands on what was accepted in the 30 s after an end without a word', async () => {
    const handedOn = (bench: SenderBench) => bench.newSender(bench.sender.lateLandings());
    assert.match(await versionsAcrossRestart(acceptedAfterCrash, handedOn), /^(1 )+2$/);
  });

  it('control: without it, a next sender stores the older version last', async () => {
    assert.match(await versionsAcrossRestart(acceptedAfterCrash, (bench) => bench.newSender([])), /2 1$/);
  });
});

describe('fault 23: requests are processed, but their answers are lost', function () {
  this.timeout(30_000);

  it('stores each version of each event with one body, and no older version over a newer one', async () => {
    const seed = printedSeed('lost answers');
    let lostInAll = 0;
    for (let round = 0; round < rounds(5); round++) {
      const { bench, lostAnswers, faults } = await lateAnswers(seed + round * 1000);
      assert.deepEqual(faults, []);
      assert.equal(bench.waiting, 0);
      assert.equal(bench.outbox.buried.length, 0);
      lostInAll += lostAnswers;
    }
    // Chance may spare a single round, but not all of them.
    assert.ok(lostInAll >= 5 * rounds(5), `${lostInAll} answers were lost`);
  });

  it('control: a sender that does not wait for late requests lets older versions overwrite newer ones', async () => {
    const faults: string[] = [];
    for (let seed = 1; seed <= 5; seed++)
      faults.push(...(await lateAnswers(seed, { lateLandingMs: 0 })).faults);
    assert.ok(faults.some((fault) => fault.includes('in the order')));
  });

  it('control: a sender that makes the body anew for a retry is noticed', async () => {
    const { faults } = await lateAnswers(1, {}, ({ outbox }) => {
      const lease = outbox.lease.bind(outbox);
      outbox.lease = async (max) => {
        const found = await lease(max);
        for (const event of found?.events ?? []) event.body += ' '.repeat(event.attempts);
        return found;
      };
    });
    assert.ok(faults.some((fault) => fault.includes('2 bodies of version')));
  });
});
