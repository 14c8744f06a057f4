import assert from 'node:assert/strict';
import { statusFailure } from '../support/fake-target';
import { SenderBench, record } from '../support/sender-bench';
import { printedSeed, rounds, seededRandom } from '../support/seed';

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
  const waits = inStorm.slice(1).map(({ at }, index) => ({
    wait: at - (inStorm[index]?.at ?? 0) - bench.target.latency,
    ceiling: Math.min(60, 2 ** index) * SECOND,
  }));
  await bench.clock.advance(5 * MINUTE);
  return { bench, waits, mostAttempts: Math.max(...attempts.values()) };
}

/** With full jitter, half of the waits are shorter than half of what they may be. */
function shareInLowerHalf(waits: { wait: number; ceiling: number }[]): number {
  return waits.filter(({ wait, ceiling }) => wait < ceiling / 2).length / waits.length;
}

describe('fault 19: the server answers 500 for ten minutes', function () {
  this.timeout(60_000);

  it('retries with full jitter, at most 25 times an event, and refuses nothing', async () => {
    const seed = printedSeed('500 storm');
    const all: { wait: number; ceiling: number }[] = [];
    for (let round = 0; round < rounds(20); round++) {
      const { bench, waits, mostAttempts } = await storm(seededRandom(seed + round), 10 * MINUTE);
      waits.forEach(({ wait, ceiling }, index) => {
        assert.ok(wait >= 0 && wait <= ceiling, `wait ${index + 1} was ${wait} ms`);
      });
      all.push(...waits);
      assert.ok(mostAttempts <= 25, `${mostAttempts} attempts`);
      assert.equal(bench.outbox.buried.length, 0);
      assert.equal(bench.waiting, 0, 'all delivered after the storm');
    }
    const inLowerHalf = shareInLowerHalf(all);
    assert.ok(inLowerHalf > 0.35 && inLowerHalf < 0.65, `${inLowerHalf} of the waits in the lower half`);
  });

  it('control: a sender that does not wait is noticed', async () => {
    const { mostAttempts } = await storm(() => 0, 20 * SECOND);
    assert.ok(mostAttempts > 25, `${mostAttempts} attempts`);
  });

  it('control: waits without jitter are noticed', async () => {
    const { waits } = await storm(() => 0.9, 10 * MINUTE);
    assert.equal(shareInLowerHalf(waits), 0);
  });
});
