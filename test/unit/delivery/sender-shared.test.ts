import assert from 'node:assert/strict';
import type { EventTrouble } from '../../../src/delivery/outbox/outbox';
import { failure, statusFailure } from '../../support/fake-target';
import { SenderBench, picture, record } from '../../support/sender-bench';
import type { SenderOutbox } from '../../support/sender-outbox';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Keeps what senders note of an event, as an outbox does that several workers share. */
function keepNotes(outbox: SenderOutbox, now: () => number): void {
  const kept = new Map<string, { trouble: EventTrouble; at: number }>();
  const settle = outbox.settle.bind(outbox);
  outbox.settle = (lease, outcome) => {
    for (const { id, trouble } of outcome.notes ?? []) if (trouble) kept.set(id, { trouble, at: now() });
    return settle(lease, outcome);
  };
  const lease = outbox.lease.bind(outbox);
  outbox.lease = async (max) => {
    const leased = await lease(max);
    for (const event of leased?.events ?? []) {
      const { trouble, at } = kept.get(event.id) ?? {};
      if (!trouble || at === undefined) continue;
      const { refusedAloneMsAgo: ago } = trouble;
      event.trouble = { ...trouble, ...(ago !== undefined && { refusedAloneMsAgo: ago + now() - at }) };
    }
    return leased;
  };
}

/** Another worker of the queue takes the place of the one before. */
async function changeWorker(bench: SenderBench): Promise<void> {
  await bench.sender.stop(SECOND);
  bench.sender = bench.newSender([]);
  bench.sender.start();
}

describe('Sender of an outbox that others share', () => {
  describe('a lease that may be with others', () => {
    for (const kind of ['events', 'pictures'] as const) {
      it(`sends no ${kind} of it, gives them back and sends them when they are its own again`, async () => {
        const bench = new SenderBench();
        let isHeld = false;
        const lease = bench.outbox.lease.bind(bench.outbox);
        bench.outbox.lease = async (max) => {
          const leased = await lease(max);
          return leased && { ...leased, isHeld: () => isHeld };
        };
        bench.outbox.settle = ((settle) => (leased, outcome) => {
          assert.deepEqual(isHeld ? [] : outcome.acked, []);
          isHeld = true;
          // As the queue knows the lease that it gave out.
          return settle(leased, outcome);
        })(bench.outbox.settle.bind(bench.outbox));
        bench.sender.start();
        await bench.append(record('a', kind === 'pictures' ? { pictures: [picture('p')] } : {}));
        await bench.clock.advance(0);
        assert.equal(isHeld, true, 'it was given back');
        await bench.clock.advance(5 * SECOND);
        assert.deepEqual(bench.storedIds(), ['a']);
        assert.equal(bench.target.requests.length, kind === 'pictures' ? 2 : 1);
      });
    }
  });

  /** @returns ends the leases of the outbox */
  function mayLoseLeases({ outbox }: SenderBench): AbortController {
    const end = new AbortController();
    const lease = outbox.lease.bind(outbox);
    outbox.lease = async (max) => {
      const leased = await lease(max);
      const isHeld = () => !end.signal.aborted;
      return leased && Object.assign(leased, { isHeld, lost: end.signal });
    };
    return end;
  }

  describe('a lease that may be lost', () => {
    it('is given back when the sender stops, its request called off', async () => {
      const bench = new SenderBench();
      bench.target.latency = MINUTE;
      mayLoseLeases(bench);
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(SECOND);
      assert.equal(bench.sender.state().inFlight, 1);
      await bench.sender.stop(5 * SECOND);
      assert.deepEqual([bench.sender.state().inFlight, bench.clock.pendingTimers], [0, 0]);
      assert.deepEqual([bench.waiting, bench.outbox.stats().leased], [1, 0]);
    });
  });

  describe('a request that outlives its lease', () => {
    const SLOW = MINUTE;

    for (const kind of ['packed', 'picture', 'event'] as const) {
      it(`is called off when it is a ${kind} request, and not counted against event or host`, async () => {
        const bench = new SenderBench();
        if (kind === 'packed') bench.target.takePacked();
        bench.target.latency = SLOW;
        const end = mayLoseLeases(bench);
        const outcomes: unknown[] = [];
        const settle = bench.outbox.settle.bind(bench.outbox);
        bench.outbox.settle = (leased, { acked, retry, dead }) => {
          outcomes.push({ acked, retry, dead });
          return settle(leased, { acked, retry, dead });
        };
        bench.sender.start();
        await bench.append(record('a', kind === 'event' ? {} : { pictures: [picture('p')] }));
        await bench.clock.advance(10 * SECOND);
        assert.deepEqual(
          bench.target.requests.map((request) => request.kind),
          [kind],
        );
        assert.equal(bench.sender.state().inFlight, 1);
        bench.outbox.lease = () => Promise.resolve(undefined);
        end.abort();
        await bench.clock.advance(SECOND);
        assert.equal(bench.sender.state().inFlight, 0);
        assert.deepEqual(outcomes, [{ acked: [], retry: [], dead: [] }]);
        await bench.clock.advance(2 * SLOW);
        assert.deepEqual(bench.storedIds(), []);
        assert.deepEqual([bench.sender.state().retries, bench.sender.state().breaker], [0, 'closed']);
      });
    }
  });

  describe('a suspicion', () => {
    /** An event that is refused for ever, while others are accepted; each minute another worker is at work. */
    async function refusals(prepare: (bench: SenderBench) => void): Promise<SenderBench> {
      const bench = new SenderBench();
      prepare(bench);
      bench.target.answer = ({ eventIds }) => (eventIds.includes('bad') ? statusFailure(400) : undefined);
      bench.sender.start();
      await bench.append(record('bad'));
      for (let minute = 0; minute < 12; minute++) {
        await bench.append(record(`good${minute}`));
        await bench.clock.advance(MINUTE);
        await changeWorker(bench);
      }
      return bench;
    }
    const buried = ({ outbox }: SenderBench) => outbox.buried.map(({ eventId }) => eventId);

    it('is known to whoever sends next: refused alone twice ten minutes apart, the event is dead', async () => {
      const bench = await refusals(({ outbox, clock }) => keepNotes(outbox, () => clock.monotonic()));
      assert.deepEqual(buried(bench), ['bad']);
      const trials = bench.target.requests.filter(({ eventIds }) => eventIds.includes('bad'));
      assert.deepEqual(
        trials.map(({ eventIds }) => eventIds.length),
        [1, 1],
      );
    });

    it('control: each worker would begin anew', async () => {
      assert.deepEqual(buried(await refusals(() => undefined)), []);
    });

    it('counts the attempts of all workers', async () => {
      const bench = new SenderBench();
      keepNotes(bench.outbox, () => bench.clock.monotonic());
      bench.target.answer = () => failure('NETWORK');
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(30);
      await changeWorker(bench);
      bench.target.answer = () => undefined;
      await bench.clock.advance(MINUTE);
      assert.deepEqual(
        bench.delivered.map(({ attempts }) => attempts),
        [2],
      );
    });

    it('is over once the event was refused for good and given another chance', async () => {
      const bench = new SenderBench();
      bench.target.answer = ({ eventIds }) => (eventIds.includes('bad') ? statusFailure(400) : undefined);
      bench.sender.start();
      await bench.append(record('bad'));
      await bench.clock.advance(MINUTE);
      await bench.append(record('good'));
      // Another worker buries it, and somebody retries it: here it is an event with no attempt again.
      const lease = bench.outbox.lease.bind(bench.outbox);
      bench.outbox.lease = async (max) => {
        const leased = await lease(max);
        for (const event of leased?.events ?? []) event.attempts = 0;
        return leased;
      };
      await bench.clock.advance(10 * MINUTE);
      assert.deepEqual(buried(bench), [], 'the second refusal is the first one of its new life');
    });
  });
});
