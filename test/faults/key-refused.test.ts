import assert from 'node:assert/strict';
import { statusFailure } from '../support/fake-target';
import { SenderBench, picture, record } from '../support/sender-bench';
import { printedSeed, rounds, seededRandom } from '../support/seed';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** An hour of one answer while events come in; then the key is accepted, and a redeploy says so. */
async function anHourOf(statusCode: number, seed: number, withRedeploy = true) {
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

  bench.target.answer = () => undefined;
  const renewedAt = bench.clock.monotonic();
  if (withRedeploy) {
    await bench.sender.stop(5 * SECOND);
    bench.sender = bench.newSender();
    bench.sender.start();
  }
  await bench.clock.advance(MINUTE);
  const acceptedSince = [...bench.target.acceptedAt.values()].filter((at) => at >= renewedAt);
  return { bench, requestsInTheHour, resumedAfter: Math.min(...acceptedSince) - renewedAt };
}

describe('fault 20: the key is refused for an hour, then renewed', () => {
  for (const statusCode of [401, 402, 403, 423]) {
    it(`${statusCode}: few probes, nothing lost, delivery resumes at once with the redeploy`, async () => {
      const seed = printedSeed('key refused');
      for (let round = 0; round < rounds(3); round++) {
        const { bench, requestsInTheHour, resumedAfter } = await anHourOf(statusCode, seed + round);
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
      }
    });
  }

  it('control: an hour of 503 makes more requests, so the count can fail', async () => {
    const { requestsInTheHour } = await anHourOf(503, 1);
    assert.ok(requestsInTheHour > 10, `${requestsInTheHour} requests`);
  });

  it('control: without the redeploy, delivery waits for the next probe', async () => {
    const { resumedAfter } = await anHourOf(401, 1, false);
    assert.ok(resumedAfter > 5 * SECOND, `resumed after ${resumedAfter} ms`);
  });
});
