import assert from 'node:assert/strict';
import { statusFailure } from '../support/fake-target';
import { SenderBench, record } from '../support/sender-bench';
import { printedSeed, rounds, seededRandom } from '../support/seed';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A hundred events of which some are refused for ever, without a word which; a live event each minute. */
async function hundredWith(poisoned: string[], seed: number) {
  const bench = new SenderBench({ random: seededRandom(seed) });
  bench.target.answer = ({ eventIds }) =>
    eventIds.some((id) => poisoned.includes(id)) ? statusFailure(400, 'validation failed') : undefined;
  bench.sender.start();
  await bench.appendMany(100);
  await bench.clock.advance(5 * SECOND);
  const requestsOfIsolation = bench.target.requests.length;
  const storedAfterIsolation = bench.target.stored.size;
  for (let minute = 0; minute < 25; minute++) {
    await bench.append(record(`live${minute}`));
    await bench.clock.advance(MINUTE);
  }
  const loneFailures = bench.target.requests
    .filter(({ eventIds }) => eventIds.length === 1 && poisoned.includes(eventIds[0] ?? ''))
    .map(({ at }) => at);
  return { bench, requestsOfIsolation, storedAfterIsolation, loneFailures };
}

describe('fault 21: one event in a hundred is refused', () => {
  it('delivers the others at once, and the one goes to the dead letters after two lone failures', async () => {
    const seed = printedSeed('poison event');
    const random = seededRandom(seed);
    for (let round = 0; round < rounds(30); round++) {
      const poisoned = `e${1 + Math.floor(random() * 100)}`;
      const result = await hundredWith([poisoned], seed + round);
      const { bench, loneFailures } = result;
      assert.ok(result.requestsOfIsolation <= 20, `${result.requestsOfIsolation} requests, ${poisoned}`);
      assert.equal(result.storedAfterIsolation, 99);
      assert.deepEqual(
        bench.outbox.buried.map(({ eventId }) => eventId),
        [poisoned],
      );
      assert.equal(loneFailures.length, 2);
      assert.ok((loneFailures[1] ?? 0) - (loneFailures[0] ?? 0) >= 10 * MINUTE);
      assert.equal(bench.target.stored.size, 99 + 25);
      assert.equal(bench.waiting, 0);
      const [refused] = bench.refused;
      assert.deepEqual(
        [refused?.eventId, refused?.statusCode, refused?.message],
        [poisoned, 400, 'validation failed'],
      );
    }
  });

  it('does not bury it while nothing else is accepted', async () => {
    const bench = new SenderBench();
    bench.target.answer = () => statusFailure(400);
    bench.sender.start();
    await bench.append(record('only'));
    await bench.clock.advance(60 * MINUTE);
    assert.equal(bench.outbox.buried.length, 0);
    assert.equal(bench.waiting, 1);
  });

  it('several of them, tried a second time at the same moment, hold no new event back', async () => {
    const bench = new SenderBench();
    const isBad = (id: string) => id.startsWith('bad');
    bench.target.answer = ({ eventIds }) => (eventIds.some(isBad) ? statusFailure(400) : undefined);
    bench.sender.start();
    for (let n = 0; n < 8; n++) {
      await bench.append(record(`bad${n}`));
      await bench.append(record(`good${n}`));
      await bench.clock.advance(2 * SECOND);
    }
    assert.equal(bench.waiting, 8);
    const second = bench.target.requests.length;
    await bench.clock.advance(10 * MINUTE);
    assert.ok(bench.target.requests.length >= second + 8, 'all had their second trial');
    await bench.append(record('new'));
    await bench.clock.advance(10 * SECOND);
    assert.ok(bench.target.stored.has('new'));
    assert.equal(bench.outbox.buried.length, 8);
  });

  it('control: more bad events cost more requests, and all of them are seen among the dead', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `e${1 + index * 8}`);
    const { bench, requestsOfIsolation } = await hundredWith(many, 1);
    assert.ok(requestsOfIsolation > 20, `${requestsOfIsolation} requests`);
    assert.equal(bench.outbox.buried.length, 12);
  });
});
