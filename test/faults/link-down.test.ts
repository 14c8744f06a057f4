import assert from 'node:assert/strict';
import { failure } from '../support/fake-target';
import { SenderBench, picture, record } from '../support/sender-bench';
import { isLongRun, printedSeed, rounds, seededRandom } from '../support/seed';
import type { SenderSettings } from '../../src/delivery/sender/settings';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

interface Outage {
  random: () => number;
  /** ms */
  down: number;
  settings?: Partial<SenderSettings>;
  prepare?: (bench: SenderBench) => void;
}

/** An event every 5 s while the link is down, every tenth with a picture; then live events every 2 s. */
async function linkDown({ random, down, settings, prepare }: Outage) {
  const bench = new SenderBench({ random, settings });
  prepare?.(bench);
  bench.target.answer = () => (bench.clock.monotonic() < down ? failure('NETWORK') : undefined);
  bench.sender.start();
  let appended = 0;
  const appendedAt = new Map<string, number>();
  const append = () => {
    const id = `e${++appended}`;
    appendedAt.set(id, bench.clock.monotonic());
    return bench.append(record(id, { pictures: appended % 10 === 0 ? [picture(id)] : [] }));
  };
  while (bench.clock.monotonic() < down) {
    await append();
    await bench.clock.advance(5 * SECOND);
  }
  for (let i = 0; i < 250; i++) {
    await append();
    await bench.clock.advance(2 * SECOND);
  }
  await bench.clock.advance(10 * SECOND);

  const requestTimes = bench.target.requestsBetween(down, Infinity).map(({ at }) => at);
  const firstSuccess = Math.min(...bench.target.acceptedAt.values());
  const live = [...appendedAt].filter(([, at]) => at > firstSuccess);
  return {
    bench,
    appended,
    firstAttemptAfter: (requestTimes[0] ?? Infinity) - down,
    mostInASecond: mostWithin(requestTimes, SECOND),
    liveDelays: live.map(([id, at]) => (bench.target.acceptedAt.get(id) ?? Infinity) - at),
  };
}

function mostWithin(times: number[], windowMs: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
}

describe('fault 17: the link is down for six hours', function () {
  this.timeout(isLongRun ? 900_000 : 120_000);

  it('delivers everything, soon after the link is up, at the set pace, with live events in between', async () => {
    const seed = printedSeed('link down');
    for (let round = 0; round < rounds(1); round++) {
      const result = await linkDown({ random: seededRandom(seed + round), down: 6 * HOUR });
      const { bench, appended, firstAttemptAfter, mostInASecond, liveDelays } = result;
      assert.equal(bench.target.stored.size, appended);
      assert.equal(bench.waiting, 0);
      assert.equal(bench.outbox.buried.length, 0);
      assert.ok(firstAttemptAfter <= 300 * SECOND, `first attempt after ${firstAttemptAfter} ms`);
      assert.ok(mostInASecond <= 20, `${mostInASecond} requests in a second`);
      assert.ok(liveDelays.length > 50, 'there were live events during the drain');
      assert.ok(Math.max(...liveDelays) < 5 * SECOND, `delayed by ${Math.max(...liveDelays)} ms`);
      assert.equal(new Set(bench.target.pictures).size, bench.target.pictures.length, 'no upload twice');
      assert.deepEqual(
        bench.outages.map(({ phase }) => phase),
        ['begin', 'end'],
      );
    }
  });

  it('control: a sender that waits four times as long is noticed', async () => {
    const { firstAttemptAfter } = await linkDown({ random: () => 4, down: HOUR });
    assert.ok(firstAttemptAfter > 300 * SECOND, `first attempt after ${firstAttemptAfter} ms`);
  });

  it('control: an undamped drain and a drain without live turns are noticed', async () => {
    const undamped = await linkDown({
      random: seededRandom(1),
      down: 2 * HOUR,
      settings: { requestsPerSecond: Infinity },
    });
    assert.ok(undamped.mostInASecond > 20, `${undamped.mostInASecond} requests in a second`);
    const oldestOnly = await linkDown({
      random: seededRandom(1),
      down: 2 * HOUR,
      prepare: ({ outbox }) => {
        const lease = outbox.lease.bind(outbox);
        outbox.lease = (max) => lease({ ...max, newest: false });
      },
    });
    assert.ok(
      Math.max(...oldestOnly.liveDelays) > 5 * SECOND,
      `delayed by ${Math.max(...oldestOnly.liveDelays)} ms`,
    );
  });
});
