import assert from 'node:assert/strict';
import { OutboxDamage, OutboxError } from '../../../src/delivery/outbox/outbox';
import { LEASE_BATCHES } from '../../../src/delivery/sender/leases';
import type { SuspectedEvent } from '../../../src/delivery/sender/types';
import { failure, statusFailure } from '../../support/fake-target';
import { SenderBench, picture, record } from '../../support/sender-bench';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('Sender', () => {
  describe('batches', () => {
    it('sends a single event at once through the single endpoint', async () => {
      const bench = new SenderBench();
      bench.sender.start();
      await bench.clock.advance(5 * SECOND);
      await bench.append(record('a'));
      await bench.clock.advance(30);
      assert.deepEqual(
        bench.target.requests.map(({ kind, at }) => [kind, at]),
        [['event', 5000]],
      );
      assert.deepEqual(bench.delivered, [
        { eventId: 'a', statusCode: 201, attempts: 1, ageMs: 20, warnings: [] },
      ]);
      assert.equal(bench.sender.state().state, 'idle');
    });

    it('lets events share a request when others went out less than the linger ago', async () => {
      const bench = new SenderBench();
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(100);
      await bench.append(record('b'));
      await bench.clock.advance(200);
      await bench.append(record('c'));
      await bench.clock.advance(2 * SECOND);
      assert.deepEqual(
        bench.target.requests.map(({ kind, at, eventIds }) => [kind, at, eventIds]),
        [
          ['event', 0, ['a']],
          ['batch', 1000, ['b', 'c']],
        ],
      );
    });

    it('does not linger when a batch is full', async () => {
      const bench = new SenderBench({ settings: { concurrency: 1 } });
      await bench.appendMany(250);
      bench.sender.start();
      await bench.clock.advance(2 * SECOND);
      assert.deepEqual(
        bench.target.requests.map(({ at, eventIds }) => [at, eventIds.length]),
        [
          [0, 100],
          [20, 100],
          [1000, 50],
        ],
      );
    });

    it('takes several full batches of a backlog at once, in order, and tells the outbox of them together', async () => {
      const bench = new SenderBench({ settings: { concurrency: 1 } });
      const settled: number[] = [];
      const settle = bench.outbox.settle.bind(bench.outbox);
      bench.outbox.settle = (lease, outcome) => {
        settled.push(outcome.acked.length);
        return settle(lease, outcome);
      };
      await bench.appendMany(LEASE_BATCHES * 100 + 120);
      bench.sender.start();
      await bench.clock.advance(2 * SECOND);
      const sizes = bench.target.requests.map(({ eventIds }) => eventIds.length);
      assert.deepEqual(sizes, [...Array.from({ length: LEASE_BATCHES + 1 }, () => 100), 20]);
      assert.deepEqual(settled, [LEASE_BATCHES * 100, 100, 20]);
      const sent = bench.target.requests.flatMap(({ eventIds }) => eventIds);
      assert.deepEqual(sent, [...bench.target.stored.keys()]);
      assert.deepEqual(
        sent,
        sent.map((_, index) => `e${index + 1}`),
      );
    });

    it('begins a second lane as soon as the target has proved well, not at the end of a long lease', async () => {
      const bench = new SenderBench();
      bench.target.latency = SECOND;
      await bench.appendMany(LEASE_BATCHES * 200);
      bench.sender.start();
      await bench.clock.advance(3 * SECOND);
      assert.deepEqual(
        bench.target.requests.slice(0, 3).map(({ at }) => at),
        [0, SECOND, SECOND],
      );
    });

    it('takes a single batch where an event that is sent again is stored twice', async () => {
      const bench = new SenderBench();
      const leases: number[] = [];
      const lease = bench.outbox.lease.bind(bench.outbox);
      bench.outbox.lease = (max) => {
        leases.push(max.events);
        return lease(max);
      };
      Object.assign(bench.target, { givesOwnIds: true });
      await bench.appendMany(LEASE_BATCHES * 100);
      bench.sender.start();
      await bench.clock.advance(SECOND);
      assert.ok(leases.length > 0);
      assert.ok(Math.max(...leases) <= 100);
    });

    it('keeps requests below the byte limit and halves the limit for good after 413', async () => {
      const bench = new SenderBench({ settings: { batchBytes: 200_000, concurrency: 1 } });
      const big = 'x'.repeat(10_000);
      for (let i = 0; i < 30; i++) {
        await bench.append(record(`e${i}`, { body: JSON.stringify({ eventId: `e${i}`, big }) }));
      }
      const sizeOf = (bodies: string[]) => bodies.join().length;
      bench.target.answer = ({ bodies }) => (sizeOf(bodies) > 120_000 ? statusFailure(413) : undefined);
      bench.sender.start();
      await bench.clock.advance(5 * MINUTE);
      assert.equal(bench.target.stored.size, 30);
      const tooLarge = bench.target.requests.filter(({ bodies }) => sizeOf(bodies) > 120_000);
      assert.equal(tooLarge.length, 1, 'the limit was learned by one refusal');
      assert.ok(bench.target.requests.every(({ bodies }) => sizeOf(bodies) <= 200_000));
    });

    it('never mixes use cases, nor sends more at once than allowed', async () => {
      const bench = new SenderBench();
      await bench.appendMany(300, 'a', { useCaseId: 'one' });
      await bench.appendMany(300, 'b', { useCaseId: 'two' });
      bench.sender.start();
      await bench.clock.advance(5 * SECOND);
      assert.equal(bench.target.stored.size, 600);
      for (const { eventIds } of bench.target.requests) {
        assert.equal(new Set(eventIds.map((id) => id[0])).size, 1);
      }
      assert.equal(bench.target.mostAtOnce, 2);
    });
  });

  describe('pictures', () => {
    const withPictures = () =>
      record('p', {
        body: '{"eventId":"p","useCaseId":"dock","images":[{"label":"door","n":1.0}]}',
        pictures: [picture('out'), picture('in', 'input')],
      });

    it('uploads first, then posts the stored bytes with the ids', async () => {
      const bench = new SenderBench();
      bench.sender.start();
      await bench.append(withPictures());
      await bench.clock.advance(SECOND);
      assert.deepEqual(
        bench.target.requests.map(({ kind, picture: name }) => name ?? kind),
        ['out', 'in', 'event'],
      );
      assert.equal(
        bench.target.shown('p'),
        '{"eventId":"p","useCaseId":"dock","images":[' +
          '{"sourceId":"ve-img-1-out","inputSourceId":"ve-img-2-in","label":"door","n":1.0}]}',
      );
    });

    it('puts the id of each of several pictures into its own entry', async () => {
      const bench = new SenderBench();
      bench.sender.start();
      const body = '{"eventId":"p","useCaseId":"dock","images":[{"label":"left"},{"label":"right"}]}';
      const right = { ...picture('right'), image: 1, metadata: { lens: '8mm' } };
      const rightRaw = { ...picture('raw', 'input'), image: 1 };
      await bench.append(record('p', { body, pictures: [picture('left'), right, rightRaw] }));
      await bench.clock.advance(SECOND);
      assert.equal(
        bench.target.shown('p'),
        '{"eventId":"p","useCaseId":"dock","images":[{"sourceId":"ve-img-1-left","label":"left"},' +
          '{"sourceId":"ve-img-2-right","inputSourceId":"ve-img-3-raw","label":"right"}]}',
      );
      assert.deepEqual(bench.target.metadata, [undefined, { lens: '8mm' }, undefined]);
    });

    it('uploads nothing twice and keeps one body when the event itself has to be repeated', async () => {
      const bench = new SenderBench();
      let failures = 3;
      bench.target.answer = ({ kind }) =>
        kind === 'event' && failures-- > 0 ? statusFailure(503) : undefined;
      bench.sender.start();
      await bench.append(withPictures());
      await bench.clock.advance(MINUTE);
      assert.deepEqual(bench.target.pictures, ['out', 'in']);
      const bodies = bench.target.requests.filter(({ kind }) => kind === 'event').map(({ bodies: [b] }) => b);
      assert.equal(bodies.length, 4);
      assert.equal(new Set(bodies).size, 1);
      assert.equal(bench.delivered[0]?.attempts, 4);
    });

    it('does not post before the upload is written down, and does not repeat it', async () => {
      const bench = new SenderBench();
      bench.outbox.failNextMark = new OutboxError('OUTBOX_IO', 'the disk is full');
      bench.sender.start();
      await bench.append(withPictures());
      await bench.clock.advance(100);
      assert.equal(bench.target.stored.size, 0);
      assert.equal(bench.sender.state().lastError?.code, 'OUTBOX_IO');
      await bench.clock.advance(MINUTE);
      assert.equal(bench.target.stored.size, 1);
      assert.deepEqual(bench.target.pictures, ['out', 'in']);
    });

    it('treats a refused picture as a suspect event and sends the others', async () => {
      const bench = new SenderBench();
      bench.target.answer = ({ picture: name }) => (name === 'bad' ? statusFailure(415) : undefined);
      await bench.append(record('x', { pictures: [picture('bad')] }));
      await bench.appendMany(5);
      bench.sender.start();
      await bench.clock.advance(SECOND);
      assert.equal(bench.target.stored.size, 5);
      assert.equal(bench.refused.length, 0);
      await bench.append(record('later'));
      await bench.clock.advance(11 * MINUTE);
      assert.deepEqual(
        bench.refused.map(({ eventId, code, statusCode }) => [eventId, code, statusCode]),
        [['x', 'REJECTED', 415]],
      );
    });

    it('buries an event whose stored picture is damaged', async () => {
      const bench = new SenderBench();
      const lease = bench.outbox.lease.bind(bench.outbox);
      bench.outbox.lease = async (max) => {
        const leased = await lease(max);
        for (const event of leased?.events ?? []) {
          event.pictures = event.pictures.map((p) => ({
            ...p,
            read: () => Promise.reject(new OutboxDamage('the file of picture "out" is missing')),
          }));
        }
        return leased;
      };
      bench.sender.start();
      await bench.append(withPictures());
      await bench.clock.advance(SECOND);
      assert.equal(bench.target.requests.length, 0);
      assert.deepEqual(
        bench.refused.map(({ eventId, code }) => [eventId, code]),
        [['p', 'PICTURE_DAMAGED']],
      );
    });
  });

  describe('failures', () => {
    it('tells an outage once at its begin and once at its end', async () => {
      const bench = new SenderBench();
      bench.target.answer = () => (bench.clock.monotonic() < 5 * MINUTE ? failure('NETWORK') : undefined);
      bench.sender.start();
      await bench.appendMany(500);
      await bench.clock.advance(20 * MINUTE);
      assert.deepEqual(
        bench.outages.map(({ phase, kind, events }) => [phase, kind, events > 0]),
        [
          ['begin', 'unreachable', true],
          ['end', 'unreachable', true],
        ],
      );
      assert.equal(bench.target.stored.size, 500);
      assert.equal(bench.outages[1]?.attempts, bench.sender.state().retries);
      assert.equal(bench.sender.state().retriesByCause.network, bench.sender.state().retries);
    });

    it('shows waiting with the next attempt while an operator is needed', async () => {
      const bench = new SenderBench();
      bench.target.answer = () => statusFailure(401, 'bad key');
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(SECOND);
      const { state, nextAttemptMs, lastError, events } = bench.sender.state();
      assert.deepEqual(
        { state, nextAttemptMs, lastError, events },
        {
          state: 'waiting',
          nextAttemptMs: 59_020,
          lastError: {
            code: 'UNAUTHORIZED',
            statusCode: 401,
            message: 'bad key',
            at: bench.clock.now() - SECOND + bench.target.latency,
          },
          events: 1,
        },
      );
      assert.equal(bench.outages[0]?.kind, 'operator');
    });

    it('flush tries at once, but not before a Retry-After is over', async () => {
      const bench = new SenderBench();
      bench.target.answer = () => statusFailure(401);
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(SECOND);
      bench.sender.flush();
      await bench.clock.advance(SECOND);
      assert.equal(bench.target.requests.length, 2);
      bench.target.answer = () => statusFailure(429, 'slow down', 30 * SECOND);
      bench.sender.flush();
      await bench.clock.advance(SECOND);
      assert.equal(bench.target.requests.length, 3);
      bench.sender.flush();
      await bench.clock.advance(20 * SECOND);
      assert.equal(bench.target.requests.length, 3);
    });

    it('keeps an event when the target fails in a way it should not', async () => {
      const bench = new SenderBench();
      bench.target.answer = () => {
        throw new TypeError('a fault of the program');
      };
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(SECOND);
      assert.equal(bench.waiting, 1);
      bench.target.answer = () => undefined;
      await bench.clock.advance(MINUTE);
      assert.equal(bench.target.stored.size, 1);
    });

    it('goes on when a listener throws or the outbox cannot write an outcome', async () => {
      const bench = new SenderBench();
      bench.sender.on('delivered', () => {
        throw new Error('a fault of a listener');
      });
      bench.outbox.failNextSettle = new OutboxError('OUTBOX_IO', 'the disk is full');
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(SECOND);
      await bench.append(record('b'));
      await bench.clock.advance(SECOND);
      assert.equal(bench.target.stored.size, 2);
      assert.equal(bench.sender.state().delivered, 2);
    });
  });

  describe('replies that leave events out', () => {
    it('sends a missing event again, and counts it as doubtful when only its lone trial was answered', async () => {
      const bench = new SenderBench();
      bench.target.answer = ({ kind }) => (kind === 'batch' ? { omit: ['e2'] } : undefined);
      bench.sender.start();
      await bench.appendMany(3);
      for (let i = 0; i < 30; i++) {
        await bench.clock.advance(SECOND);
        await bench.append(record(`live${i}a`), record(`live${i}b`));
      }
      await bench.clock.advance(10 * SECOND);
      const tries = bench.target.requests.filter(({ eventIds }) => eventIds.includes('e2'));
      assert.ok(tries.length >= 2 && tries.length <= 4, `${tries.length} tries`);
      assert.equal(bench.waiting, 0);
      assert.equal(bench.sender.state().doubtful, tries.length === 4 ? 1 : 0);
      assert.equal(bench.delivered.filter(({ eventId }) => eventId === 'e2').length, 1);
    });
  });

  describe('isolation', () => {
    it('tells of an event that is refused for the first time, and when it is tried again', async () => {
      const bench = new SenderBench();
      const told: SuspectedEvent[] = [];
      bench.sender.on('suspected', (event) => told.push(event));
      bench.target.answer = ({ eventIds }) =>
        eventIds.includes('bad') ? statusFailure(422, 'no such class') : undefined;
      bench.sender.start();
      await bench.append(record('bad'));
      await bench.clock.advance(SECOND);
      await bench.append(record('good'));
      await bench.clock.advance(30 * MINUTE);
      assert.deepEqual(
        told.map(({ eventId, error, retryInMs }) => [eventId, error.statusCode, error.message, retryInMs]),
        [['bad', 422, 'no such class', 10 * MINUTE]],
      );
      assert.equal(bench.refused.length, 1);
    });

    it('tries an event alone first when the error names it', async () => {
      const bench = new SenderBench();
      bench.target.answer = ({ eventIds }) =>
        eventIds.includes('e42')
          ? statusFailure(400, `events[${eventIds.indexOf('e42')}] is bad`)
          : undefined;
      bench.sender.start();
      await bench.appendMany(100);
      await bench.clock.advance(SECOND);
      assert.deepEqual(
        bench.target.requests.map(({ eventIds }) => eventIds.length),
        [100, 1, 99],
      );
    });

    it('sends the other batches of a lease before it looks for the guilty ones in a refused one', async () => {
      const bench = new SenderBench({ settings: { concurrency: 1 } });
      bench.target.answer = ({ eventIds }) => (eventIds.includes('e42') ? statusFailure(400) : undefined);
      await bench.appendMany(LEASE_BATCHES * 100);
      bench.sender.start();
      await bench.clock.advance(SECOND);
      const sizes = bench.target.requests.map(({ eventIds }) => eventIds.length);
      assert.deepEqual(sizes.slice(0, LEASE_BATCHES + 1), [
        ...Array.from({ length: LEASE_BATCHES }, () => 100),
        50,
      ]);
      assert.equal(bench.target.stored.size, LEASE_BATCHES * 100 - 1);
    });

    it('parks a use case whose events are all refused, and lets the others pass', async () => {
      const bench = new SenderBench();
      bench.target.answer = ({ eventIds }) =>
        eventIds.some((id) => id.startsWith('old')) ? statusFailure(404, 'Solution not found') : undefined;
      await bench.appendMany(400, 'old', { useCaseId: 'archived' });
      await bench.appendMany(400, 'new', { useCaseId: 'active' });
      bench.sender.start();
      await bench.clock.advance(MINUTE);
      assert.equal(bench.storedIds().filter((id) => id.startsWith('new')).length, 400);
      assert.deepEqual(bench.sender.state().rejecting, ['archived']);
      await bench.clock.advance(60 * MINUTE);
      assert.equal(bench.refused.length, 0);
      assert.equal(bench.waiting, 400);
      bench.target.answer = () => undefined;
      await bench.clock.advance(20 * MINUTE);
      assert.equal(bench.waiting, 0);
      assert.deepEqual(
        bench.outages.map(({ phase, kind, useCaseId }) => [phase, kind, useCaseId]),
        [
          ['begin', 'rejecting', 'archived'],
          ['end', 'rejecting', 'archived'],
        ],
      );
    });

    it('does not hold up a use case for a stretch of bad events', async () => {
      const bench = new SenderBench();
      const isBad = (id: string) => Number(id.slice(1)) > 20 && Number(id.slice(1)) <= 40;
      bench.target.answer = ({ eventIds }) => (eventIds.some(isBad) ? statusFailure(400) : undefined);
      bench.sender.start();
      await bench.appendMany(100);
      await bench.clock.advance(5 * MINUTE);
      assert.equal(bench.target.stored.size, 80);
      assert.deepEqual(bench.sender.state().rejecting, []);
    });
  });

  describe('pause and stop', () => {
    it('sends nothing while paused and says so', async () => {
      const bench = new SenderBench();
      bench.sender.start();
      bench.sender.pause();
      await bench.appendMany(10);
      await bench.clock.advance(MINUTE);
      assert.equal(bench.target.requests.length, 0);
      assert.equal(bench.sender.state().state, 'paused');
      bench.sender.resume();
      await bench.clock.advance(MINUTE);
      assert.equal(bench.target.stored.size, 10);
    });

    it('aborts the requests under way, keeps their events, and leaves no timer', async () => {
      const bench = new SenderBench();
      bench.target.latency = 10 * SECOND;
      bench.sender.start();
      await bench.appendMany(250);
      await bench.clock.advance(SECOND);
      assert.equal(bench.sender.state().inFlight, 1);
      await bench.sender.stop(5 * SECOND);
      assert.equal(bench.clock.pendingTimers, 0);
      assert.equal(bench.waiting, 250);
      assert.equal(bench.outbox.stats().leased, 0);
      await bench.append(record('late'));
      await bench.clock.advance(MINUTE);
      assert.equal(bench.target.requests.length, 1);
    });

    it('stops at its deadline when a target does not heed the abort', async () => {
      const bench = new SenderBench();
      bench.target.postEvent = () => new Promise(() => undefined);
      bench.sender.start();
      await bench.append(record('a'));
      await bench.clock.advance(SECOND);
      let stopped = false;
      const stop = bench.sender.stop(3 * SECOND).then(() => (stopped = true));
      await bench.clock.advance(2 * SECOND);
      assert.equal(stopped, false);
      await bench.clock.advance(SECOND);
      await stop;
      assert.equal(bench.clock.pendingTimers, 0);
    });

    it('stops while it waits for the isolation budget', async () => {
      const bench = new SenderBench();
      const isBad = (id: string) => Number(id.slice(1)) % 4 === 0;
      bench.target.answer = ({ eventIds }) => (eventIds.some(isBad) ? statusFailure(400) : undefined);
      bench.sender.start();
      await bench.appendMany(100);
      await bench.clock.advance(30 * SECOND);
      const sent = bench.target.requests.length;
      assert.equal(sent, 64, 'the budget of a minute, the batch included');
      await bench.sender.stop(5 * SECOND);
      assert.equal(bench.clock.pendingTimers, 0);
      assert.equal(bench.waiting, 100 - bench.target.stored.size);
    });
  });

  describe('versions of one event', () => {
    it('sends a newer version only when a lost request of the older one cannot land any more', async () => {
      const bench = new SenderBench();
      bench.sender.start();
      let lose = true;
      bench.target.answer = ({ eventIds }) => {
        if (!lose || !eventIds.includes('x')) return undefined;
        lose = false;
        return { lost: failure('TIMEOUT'), landsAfter: 25 * SECOND };
      };
      await bench.append(record('x', { version: 1 }));
      await bench.append(record('x', { version: 2 }));
      await bench.clock.advance(2 * MINUTE);
      const versions = bench.target.stored.get('x')?.map((body) => /version (\d)/.exec(body)?.[1]);
      assert.deepEqual(versions, ['1', '1', '2']);
    });

    it('does so across a restart too', async () => {
      const bench = new SenderBench();
      bench.target.answer = ({ eventIds }) =>
        eventIds.includes('x') ? { lost: failure('TIMEOUT'), landsAfter: 20 * SECOND } : undefined;
      bench.sender.start();
      await bench.append(record('x', { version: 1 }));
      await bench.clock.advance(30);
      await bench.sender.stop(SECOND);
      bench.target.answer = () => undefined;
      bench.sender = bench.newSender();
      bench.sender.start();
      await bench.append(record('x', { version: 2 }));
      await bench.clock.advance(MINUTE);
      const versions = bench.target.stored.get('x')?.map((body) => /version (\d)/.exec(body)?.[1]);
      assert.deepEqual(versions, ['1', '1', '2']);
    });
  });
});
