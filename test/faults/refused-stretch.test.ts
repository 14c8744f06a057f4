import assert from 'node:assert/strict';
import { statusFailure } from '../support/fake-target';
import { SenderBench, record } from '../support/sender-bench';
import { printedSeed, rounds, seededRandom } from '../support/seed';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const isBad = (id: string) => id.startsWith('bad');

function newBench(seed: number): SenderBench {
  const bench = new SenderBench({ random: seededRandom(seed) });
  bench.target.answer = ({ eventIds }) => (eventIds.some(isBad) ? statusFailure(400) : undefined);
  bench.sender.start();
  return bench;
}

/** How 300 events come that the target refuses, all before the good ones. */
const ARRIVALS: Record<string, (bench: SenderBench) => Promise<void>> = {
  'together with the first good ones': (bench) => bench.appendMany(300, 'bad'),
  'a minute before the first good ones': async (bench) => {
    await bench.appendMany(300, 'bad');
    await bench.clock.advance(MINUTE);
  },
  'ten a second': async (bench) => {
    for (let second = 0; second < 30; second++) {
      await bench.appendMany(10, `bad${second}-`);
      await bench.clock.advance(SECOND);
    }
  },
};

/**
 * The bad events, then 100 good ones at once and one a second, all of one use case. @returns the ages of the good ones,
 * ms
 */
async function goodAfterBad(
  arrive: (bench: SenderBench) => Promise<void>,
  seed: number,
  minutes: number,
  spoil: (bench: SenderBench) => void = () => undefined,
) {
  const bench = newBench(seed);
  spoil(bench);
  await arrive(bench);
  const storedAt = new Map<string, number>();
  const append = async (ids: string[]) => {
    for (const id of ids) storedAt.set(id, bench.clock.monotonic());
    await bench.append(...ids.map((id) => record(id)));
  };
  await append(Array.from({ length: 100 }, (_, index) => `good${index}`));
  for (let second = 0; second < minutes * 60; second++) {
    await append([`live${second}`]);
    await bench.clock.advance(SECOND);
  }
  const ages = [...storedAt]
    .map(([id, at]) => (bench.target.acceptedAt.get(id) ?? Infinity) - at)
    .sort((a, b) => a - b);
  // The last one is under way still.
  return { bench, median: ages[ages.length >> 1] ?? NaN, longest: ages.at(-2) ?? NaN };
}

/** The most requests with a refused event in them within any minute. */
function mostRefusedInAMinute({ target }: SenderBench): number {
  const times = target.requests.filter(({ eventIds }) => eventIds.some(isBad)).map(({ at }) => at);
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE).length));
}

describe('fault 26: a stretch of refused events before good ones of the same use case', function () {
  this.timeout(300_000);

  for (const [name, arrive] of Object.entries(ARRIVALS)) {
    it(`holds no good event back when the bad ones come ${name}`, async () => {
      const seed = printedSeed('refused stretch');
      for (let round = 0; round < rounds(1, 10); round++) {
        const { bench, median, longest } = await goodAfterBad(arrive, seed + round, 30);
        assert.ok(median <= 3 * SECOND, `median age ${median} ms`);
        assert.ok(longest <= 30 * SECOND, `longest age ${longest} ms`);
        const most = mostRefusedInAMinute(bench);
        assert.ok(most <= 64, `${most} requests in a minute`);
        assert.equal(bench.outbox.buried.length, 300, 'each bad event had its two lone trials');
        assert.ok(bench.outbox.buried.every(({ eventId }) => isBad(eventId)));
      }
    });
  }

  it('asks at most three times a minute for a use case that takes nothing, though events keep coming', async () => {
    const bench = newBench(1);
    for (let second = 0; second < 3600; second++) {
      await bench.append(record(`bad${second}`));
      await bench.clock.advance(SECOND);
    }
    const requests = bench.target.requestsBetween(5 * MINUTE, 60 * MINUTE).length;
    assert.ok(requests > 0 && requests <= 55 * 3, `${requests} requests in 55 minutes`);
    assert.equal(bench.outbox.buried.length, 0);
  });

  it('control: a sender that knows no younger events holds them back for minutes', async () => {
    const { longest } = await goodAfterBad(ARRIVALS['ten a second'] ?? assert.fail(), 1, 10, ({ sender }) => {
      sender['memory'].isBehindRefused = () => true;
    });
    assert.ok(longest > MINUTE, `longest age ${longest} ms`);
  });
});

/** One in a hundred of a backlog is refused. @returns how many good ones still wait after so many minutes */
async function goodLeftOfScattered(
  seed: number,
  minutes: number,
  spoil: (bench: SenderBench) => void = () => undefined,
): Promise<number> {
  const random = seededRandom(seed);
  const bench = newBench(seed);
  spoil(bench);
  const ids = Array.from({ length: 3000 }, (_, index) => `${random() < 0.01 ? 'bad' : 'good'}${index}`);
  await bench.append(...ids.map((id) => record(id)));
  await bench.clock.advance(minutes * MINUTE);
  return ids.filter((id) => !isBad(id) && !bench.target.acceptedAt.has(id)).length;
}

describe('fault 28: a backlog with one refused event in a hundred', function () {
  this.timeout(120_000);

  it('delivers the 99 others within the budget of lone trials: 3,000 in ten minutes', async () => {
    const seed = printedSeed('scattered refusals');
    for (let round = 0; round < rounds(1, 10); round++)
      assert.equal(await goodLeftOfScattered(seed + round, 10), 0);
  });

  it('control: a sender that sends what was refused together once more spends the budget on that', async () => {
    const left = await goodLeftOfScattered(1, 20, ({ sender }) => {
      sender['memory'].refusedTogether = () => undefined;
    });
    assert.ok(left > 500, `${left} good ones left`);
  });
});
