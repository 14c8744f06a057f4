import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isolateRefused, namedInError } from '../../../src/delivery/sender/isolation';

/** Isolates in a batch of so many; the target refuses every group with a bad event in it. */
async function isolate(size: number, bad: Set<number>, giveUpAfter = Infinity) {
  const groups: number[][] = [];
  const accepted = new Set<number>();
  const refused = await isolateRefused(
    Array.from({ length: size }, (_, index) => index),
    false,
    {
      send: (group) => {
        groups.push(group);
        const isBad = group.some((event) => bad.has(event));
        if (!isBad) group.forEach((event) => accepted.add(event));
        return Promise.resolve(isBad ? { accepted: false, tooLarge: false } : { accepted: true });
      },
      giveUp: () => groups.length >= giveUpAfter,
    },
  );
  const refusedAlone = groups.filter((group) => group.length === 1 && bad.has(group[0] ?? -1)).flat();
  return { groups, accepted, refused, refusedAlone };
}

describe('isolation of refused events', () => {
  it('needs at most 15 requests for one bad event in a hundred, wherever it stands', async () => {
    for (let bad = 0; bad < 100; bad++) {
      const { groups, accepted, refusedAlone } = await isolate(100, new Set([bad]));
      assert.ok(groups.length <= 15, `${groups.length} requests for event ${bad}`);
      assert.equal(accepted.size, 99);
      assert.deepEqual(refusedAlone, [bad]);
    }
  });

  it('goes one by one when more than five are bad', async () => {
    const { groups } = await isolate(100, new Set(Array.from({ length: 100 }, (_, index) => index)));
    const singles = groups.filter(({ length }) => length === 1).length;
    assert.equal(singles, 100);
    assert.ok(groups.length <= 115, `${groups.length} requests`);
  });

  it('stops when it is told to', async () => {
    const { groups } = await isolate(100, new Set([1, 50, 99]), 4);
    assert.equal(groups.length, 4);
  });

  it('does not conclude from an accepted half that the other is bad, when the batch was only too large', async () => {
    const groups: number[][] = [];
    const refused = await isolateRefused([1, 2, 3, 4, 5, 6, 7, 8], true, {
      send: (group) => {
        groups.push(group);
        return Promise.resolve(group.length > 4 ? { accepted: false, tooLarge: true } : { accepted: true });
      },
      giveUp: () => false,
    });
    assert.equal(refused, 0);
    assert.deepEqual(groups, [
      [5, 6, 7, 8],
      [1, 2, 3, 4],
    ]);
  });

  it('accepts each good event once and tries each bad one alone once (property)', async () => {
    const seed = Date.now() % 2 ** 31;
    console.log(`      isolation property: seed ${seed}`);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 100 }).chain((size) =>
          fc.record({
            size: fc.constant(size),
            bad: fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { minLength: 1 }),
          }),
        ),
        async ({ size, bad }) => {
          const { groups, accepted, refused, refusedAlone } = await isolate(size, new Set(bad));
          assert.equal(accepted.size, size - bad.length);
          assert.equal(refused, bad.length);
          assert.deepEqual(
            [...refusedAlone].sort((a, b) => a - b),
            [...bad].sort((a, b) => a - b),
          );
          const sendsOfGood = groups.filter((group) => !group.some((e) => bad.includes(e))).flat();
          assert.equal(sendsOfGood.length, new Set(sendsOfGood).size, 'no good event was accepted twice');
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  describe('events named by an error', () => {
    const batch = ['aa-00000001', 'bb-00000002', 'cc-00000003'].map((eventId) => ({ eventId }));
    const named = (message: string) => namedInError(message, batch).map(({ eventId }) => eventId.slice(0, 2));

    it('are found by position and by id', () => {
      assert.deepEqual(named('host answered 400: events[1].timestamp must be a date'), ['bb']);
      assert.deepEqual(named('events.2.eventType is required'), ['cc']);
      assert.deepEqual(named('[0].eventId is required'), ['aa']);
      assert.deepEqual(named('event cc-00000003 is too old'), ['cc']);
    });

    it('are none when the error speaks of no event', () => {
      assert.deepEqual(named('host:443 answered 400: eventType is required'), []);
    });
  });
});
