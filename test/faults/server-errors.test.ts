import assert from 'node:assert/strict';
import { statusFailure } from '../support/fake-target';
import { SenderBench, printedSeed, record, seededRandom } from '../support/sender-bench';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

async function storm(random: () => number, stormMs: number) {
  const bench = new SenderBench({ random });
  bench.target.answer = () => (bench.clock.monotonic() < stormMs ? statusFailure(500) : undefined);
  bench.sender.start();
  await bench.appendMany(50);
  while (bench.clock.monotonic() < stormMs) {
    await bench.append(record(`live${bench.clock.monotonic()}`));
    await bench.clock.advance(20 * SECOND);
  }
  const inStorm = bench.target.requestsBetween(0, stormMs);
  const attempts = new Map<string, number>();
  for (const { eventIds } of inStorm) {
    for (const id of eventIds) attempts.set(id, (attempts.get(id) ?? 0) + 1);
  }
  const intervals = inStorm.slice(1).map(({ at }, index) => at - (inStorm[index]?.at ?? 0));
  await bench.clock.advance(5 * MINUTE);
  return { bench, intervals, mostAttempts: Math.max(...attempts.values()) };
}

describe('fault 19: the server answers 500 for ten minutes', () => {
  it('retries with full jitter, at most 25 times an event, and refuses nothing', async () => {
    const seed = printedSeed('500 storm');
    const shares: number[] = [];
    for (let round = 0; round < 20; round++) {
      const { bench, intervals, mostAttempts } = await storm(seededRandom(seed + round), 10 * MINUTE);
      intervals.forEach((interval, index) => {
        const ceiling = Math.min(60, 2 ** index) * SECOND;
        const wait = interval - bench.target.latency;
        assert.ok(wait >= 0 && wait <= ceiling, `wait ${index + 1} was ${wait} ms`);
        shares.push(wait / ceiling);
      });
      assert.ok(mostAttempts <= 25, `${mostAttempts} attempts`);
      assert.equal(bench.outbox.buried.length, 0);
      assert.equal(bench.waiting, 0, 'all delivered after the storm');
    }
    const inLowerHalf = shares.filter((share) => share < 0.5).length / shares.length;
    assert.ok(inLowerHalf > 0.35 && inLowerHalf < 0.65, `${inLowerHalf} of the waits in the lower half`);
  });

  it('control: a sender that does not wait is noticed', async () => {
    const { mostAttempts } = await storm(() => 0, 20 * SECOND);
    assert.ok(mostAttempts > 25, `${mostAttempts} attempts`);
  });
});
