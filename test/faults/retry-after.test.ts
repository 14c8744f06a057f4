import assert from 'node:assert/strict';
import { parseRetryAfter } from '../../src/api/retry-after';
import { RETRY_POLICY } from '../../src/delivery/sender/retry-policy';
import { statusFailure } from '../support/fake-target';
import { SenderBench } from '../support/sender-bench';
import { printedSeed, rounds, seededRandom } from '../support/seed';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** After one failure, with a little for the request to begin. */
const OWN_BACKOFF = RETRY_POLICY.backoffBase + 50;

/** @returns ms from the answer 429 to the next request that begins */
async function waitAfter429(seed: number, header: (wallNow: number) => string | undefined): Promise<number> {
  const bench = new SenderBench({ random: seededRandom(seed) });
  bench.sender.start();
  await bench.appendMany(1000);
  let limitedAt: number | undefined;
  bench.target.answer = ({ at }) => {
    // Not the first requests: two are to be under way when the limit strikes.
    if (limitedAt !== undefined || bench.target.requests.length < 5) return undefined;
    limitedAt = at;
    const asked = parseRetryAfter(header(bench.clock.now()), undefined, bench.clock.now());
    return statusFailure(429, 'too many requests', asked);
  };
  await bench.clock.advance(30 * MINUTE);
  assert.equal(bench.target.stored.size, 1000);
  assert.equal(bench.outbox.buried.length, 0);
  const answeredAt = (limitedAt ?? NaN) + bench.target.latency;
  // A request of the same ms began before the answer was read.
  const next = bench.target.requests.find(({ at }) => at > answeredAt);
  return (next?.at ?? Infinity) - answeredAt;
}

describe('fault 18: the server asks for time by Retry-After', function () {
  this.timeout(60_000);

  const seeds = (title: string) => {
    const seed = printedSeed(title);
    return Array.from({ length: rounds(10) }, (_, index) => seed + index);
  };
  const cases: [name: string, header: (wallNow: number) => string, min: number][] = [
    ['1', () => '1', SECOND],
    ['120', () => '120', 120 * SECOND],
    ['99999', () => '99999', 15 * MINUTE],
    ['a date', (wallNow) => new Date(wallNow + 60 * SECOND).toUTCString(), 59 * SECOND],
  ];
  for (const [name, header, min] of cases) {
    it(`${name}: no request to the host before, and one soon after`, async () => {
      for (const seed of seeds(`Retry-After ${name}`)) {
        const wait = await waitAfter429(seed, header);
        assert.ok(wait >= min, `seed ${seed}: ${wait} ms`);
        assert.ok(wait <= min * 1.1 + 2 * SECOND, `seed ${seed}: ${wait} ms`);
      }
    });
  }

  it('garbage: the own backoff', async () => {
    for (const seed of seeds('Retry-After garbage')) {
      const wait = await waitAfter429(seed, () => 'soon, perhaps');
      assert.ok(wait <= OWN_BACKOFF, `seed ${seed}: ${wait} ms`);
    }
  });

  it('control: without the header a request comes long before', async () => {
    const wait = await waitAfter429(1, () => undefined);
    assert.ok(wait < Math.min(...cases.map(([, , min]) => min)), `${wait} ms`);
  });
});
