import assert from 'node:assert/strict';
import { statusFailure } from '../support/fake-target';
import { SenderBench, picture, printedSeed, record, seededRandom } from '../support/sender-bench';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** An hour of one answer while events come in; then a redeploy with a key that is accepted. */
async function anHourOf(statusCode: number, seed: number) {
  const bench = new SenderBench({ random: seededRandom(seed) });
  bench.sender.start();
  await bench.appendMany(100, 'before');
  await bench.clock.advance(10 * SECOND);
  const requestsBefore = bench.target.requests.length;

  bench.target.answer = () => statusFailure(statusCode);
  for (let minute = 0; minute < 60; minute++) {
    const id = `e${minute}`;
    await bench.append(record(id, { pictures: minute % 7 === 0 ? [picture(id)] : [] }));
    await bench.append(record(`${id}b`));
    await bench.clock.advance(MINUTE);
  }
  const requestsInTheHour = bench.target.requests.length - requestsBefore;

  await bench.sender.stop(5 * SECOND);
  bench.target.answer = () => undefined;
  const redeployedAt = bench.clock.monotonic();
  bench.sender = bench.newSender();
  bench.sender.start();
  await bench.clock.advance(MINUTE);
  const resumedAfter =
    (bench.target.requestsBetween(redeployedAt, Infinity)[0]?.at ?? Infinity) - redeployedAt;
  return { bench, requestsInTheHour, resumedAfter };
}

describe('fault 20: the key is refused for an hour, then renewed', () => {
  for (const statusCode of [401, 402, 403, 423]) {
    it(`${statusCode}: few probes, nothing lost, delivery resumes at once with the redeploy`, async () => {
      const { bench, requestsInTheHour, resumedAfter } = await anHourOf(
        statusCode,
        printedSeed('key refused'),
      );
      assert.ok(requestsInTheHour <= 10, `${requestsInTheHour} requests`);
      assert.ok(requestsInTheHour >= 4, 'it was probed');
      assert.equal(bench.outbox.buried.length, 0);
      assert.ok(resumedAfter < 5 * SECOND, `resumed after ${resumedAfter} ms`);
      assert.equal(bench.waiting, 0);
      assert.equal(bench.target.stored.size, 220);
      assert.deepEqual(
        bench.outages.map(({ phase, kind }) => [phase, kind]),
        [['begin', 'operator']],
      );
    });
  }

  it('control: an hour of 503 makes more requests, so the count can fail', async () => {
    const { requestsInTheHour } = await anHourOf(503, 1);
    assert.ok(requestsInTheHour > 10, `${requestsInTheHour} requests`);
  });
});
