import assert from 'node:assert/strict';
import { statusFailure } from '../support/fake-target';
import { SenderBench, record } from '../support/sender-bench';
import { printedSeed, rounds, seededRandom } from '../support/seed';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Thirty minutes in which every request gets 400, with a backlog and live events of two use cases; then it heals. */
async function refusedForHalfAnHour(seed: number, refusedForEver: (id: string) => boolean = () => false) {
  const bench = new SenderBench({ random: seededRandom(seed) });
  bench.sender.start();
  await bench.appendMany(150, 'early');
  await bench.clock.advance(10 * SECOND);
  const healsAt = bench.clock.monotonic() + 30 * MINUTE;
  bench.target.answer = ({ eventIds, at }) =>
    at < healsAt || eventIds.some(refusedForEver) ? statusFailure(400) : undefined;
  await bench.appendMany(500);
  const requestsBefore = bench.target.requests.length;
  for (let i = 0; i < 60; i++) {
    await bench.append(record(`live${i}`), record(`gate${i}`, { useCaseId: 'gate' }));
    await bench.clock.advance(30 * SECOND);
  }
  const requestsWhileRefused = bench.target.requests.length - requestsBefore;
  await bench.clock.advance(40 * MINUTE);
  return { bench, requestsWhileRefused };
}

describe('fault 22: the server refuses everything for thirty minutes', function () {
  this.timeout(60_000);

  it('buries nothing, asks seldom, and delivers all when it heals', async () => {
    const seed = printedSeed('everything refused');
    for (let round = 0; round < rounds(5); round++) {
      const { bench, requestsWhileRefused } = await refusedForHalfAnHour(seed + round);
      assert.equal(bench.outbox.buried.length, 0);
      assert.equal(bench.target.stored.size, 150 + 500 + 120);
      assert.equal(bench.waiting, 0);
      // Each of the 120 live events is a probe; beside them only the backlog is asked for, every five minutes.
      assert.ok(requestsWhileRefused < 150, `${requestsWhileRefused} requests`);
      const told = bench.outages.map(({ phase, useCaseId }) => `${phase} ${useCaseId}`).sort();
      assert.deepEqual(told, ['begin dock', 'begin gate', 'end dock', 'end gate']);
    }
  });

  it('control: an event that stays bad after the healing is buried, so the harness sees dead letters', async () => {
    const { bench } = await refusedForHalfAnHour(1, (id) => id === 'e1');
    assert.deepEqual(
      bench.outbox.buried.map(({ eventId }) => eventId),
      ['e1'],
    );
  });
});
