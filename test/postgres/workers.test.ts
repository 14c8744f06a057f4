import assert from 'node:assert/strict';
import type { Lease } from '../../src/delivery/outbox/outbox';
import type {
  PostgresOutbox,
  PostgresOutboxOptions,
} from '../../src/delivery/outbox/postgres/postgres-outbox';
import { SCHEMA_VERSION } from '../../src/delivery/outbox/postgres/schema';
import { BATCH, eventIds, ids, mustLease, NOTHING, picture, record } from '../support/outbox-contract';
import { PostgresServer } from '../support/postgres-server';
import { PostgresWorkers } from '../support/postgres-workers';

/** Longer than a lease lives without a heartbeat. */
const SILENCE_MS = 76_000;
const LANDING_MS = 30_000;

/** Takes back what later versions added. */
const AS_VERSION_1 = `
alter table $S.stored drop column is_void;
alter table $S.worker drop column delivery_error;
drop function $S.workers(int, timestamptz);
create function $S.workers(int, timestamptz) returns table (id bigint) language sql as 'select 1';
update $S.meta set version = 1;
`;

describe('workers of one queue in PostgreSQL', () => {
  let server: PostgresServer;
  let workers: PostgresWorkers;
  before(async function () {
    server = await PostgresServer.start(this);
  });
  after(() => server?.stop());
  beforeEach(() => (workers = new PostgresWorkers(server)));
  afterEach(() => workers.close());

  const version = (n: number) => record('x', { body: `{"v":${n}}` });
  const bodies = (lease: Lease | undefined) => lease?.events.map(({ body }) => body);

  it('never lease an event twice, however many ask at the same time', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    await a.append(Array.from({ length: 300 }, (_, index) => record(`e${index}`)));
    const leases = await Promise.all(
      [a, b, a, b, a, b].map((worker) => worker.lease({ ...BATCH, events: 60 })),
    );
    const all = leases.flatMap((lease) => eventIds(lease) ?? []);
    assert.equal(all.length, 300);
    assert.equal(new Set(all).size, 300);
  });

  it('see what the others appended, and deliver it', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    let told = 0;
    b.onAppended(() => told++);
    await a.append([record('a')]);
    await b.refresh();
    assert.equal(told, 1);
    assert.equal(b.stats().events, 1);
    assert.deepEqual(eventIds(await b.lease(BATCH)), ['a']);
  });

  it('hear of work by whatever they ask of the database, once', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    let told = 0;
    b.onAppended(() => told++);
    await a.append([record('a')]);
    await b.beat();
    assert.equal(told, 1);
    await b.refresh();
    assert.equal(told, 1);
  });

  it('keep the order of an event id, whoever appended its versions', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    await a.append([version(1)]);
    await b.append([version(2)]);
    const first = await mustLease(a);
    assert.deepEqual(bodies(first), ['{"v":1}']);
    assert.equal(await b.lease(BATCH), undefined, 'the younger version waits for the older one');
    await a.settle(first, { ...NOTHING, acked: ids(first) });
    assert.deepEqual(bodies(await b.lease(BATCH)), ['{"v":2}']);
  });

  it('append the same event ids at the same time: none is lost, none is leased twice at a time', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    const names = ['p', 'q', 'r', 's'];
    const shuffled = (round: number) => names.map((_, index) => names[(index * 3 + round) % 4] as string);
    const rounds = 30;
    const append = async (worker: PostgresOutbox, shift: number) => {
      for (let round = 0; round < rounds; round++) {
        await worker.append(shuffled(round + shift).map((name) => record(name)));
      }
    };
    let done = 0;
    const held = new Set<string>();
    const deliver = async (worker: PostgresOutbox) => {
      while (done < 2 * rounds * names.length) {
        const lease = await worker.lease(BATCH);
        if (!lease) continue;
        for (const { eventId } of lease.events) {
          assert.ok(!held.has(eventId), `${eventId} is leased twice`);
          held.add(eventId);
        }
        await new Promise(setImmediate);
        for (const { eventId } of lease.events) held.delete(eventId);
        await worker.settle(lease, { ...NOTHING, acked: ids(lease) });
        done += lease.events.length;
      }
    };
    await Promise.all([append(a, 0), append(b, 1), deliver(a), deliver(b)]);
    await a.refresh();
    assert.equal(a.stats().events, 0);
    assert.equal(a.stats().bytes, 0);
    assert.deepEqual(await workers.sql('select * from $S.event'), []);
  });

  it('hand out a version that was being appended while the one before it left', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    await a.append([version(1)]);
    const lease = await mustLease(a);
    // Stops the append between its event and its pictures: version 2 is behind version 1, and nobody else sees it yet.
    const holder = await server.hold(`begin; lock table ${workers.schema}.picture in exclusive mode`);
    const appending = b.append([{ ...version(2), pictures: [picture('output', 'drawn')] }]);
    await server.waitsForLock();
    const settling = a.settle(lease, { ...NOTHING, acked: ids(lease) });
    await Promise.race([settling, server.waitsForLock(2)]);
    await holder.end();
    await Promise.all([appending, settling]);
    assert.deepEqual(bodies(await b.lease(BATCH)), ['{"v":2}']);
  });

  it('take over what a worker had leased that fell silent, and its younger versions wait for what may still land', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    await a.append([version(1), version(2)]);
    const lost = await mustLease(a);
    await b.beat();
    assert.equal(await b.lease(BATCH), undefined, 'not before it fell silent');
    workers.clock.pass(SILENCE_MS);
    assert.equal(lost.isHeld(), false, 'the silent worker knows it by itself');
    await b.beat();
    const taken = await mustLease(b);
    assert.deepEqual(bodies(taken), ['{"v":1}']);
    assert.equal(taken.events[0]?.mayLandMs, LANDING_MS);
    await b.settle(taken, { ...NOTHING, acked: ids(taken) });
    assert.equal(await b.lease(BATCH), undefined, 'the request of the silent worker may still land');
    workers.clock.pass(LANDING_MS);
    assert.deepEqual(bodies(await b.lease(BATCH)), ['{"v":2}']);
  });

  it('hold back a younger version that is appended only after the older one left', async () => {
    const a = await workers.open('a');
    await a.append([version(1)]);
    const lease = await mustLease(a);
    const notes = ids(lease).map((id) => ({ id, mayLandMs: 5_000 }));
    await a.settle(lease, { ...NOTHING, acked: ids(lease), notes });
    await a.append([version(2)]);
    assert.equal(await a.lease(BATCH), undefined);
    assert.equal(a.nextDueAt(), workers.clock.monotonic() + 5_000);
    workers.clock.pass(5_000);
    assert.deepEqual(bodies(await a.lease(BATCH)), ['{"v":2}']);
  });

  it('keep their leases by their heartbeat', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    await a.append([record('a')]);
    const lease = await mustLease(a);
    for (let seconds = 0; seconds < 300; seconds += 30) {
      workers.clock.pass(30_000);
      await a.beat();
      await b.beat();
    }
    assert.equal(lease.isHeld(), true);
    assert.equal(await b.lease(BATCH), undefined);
  });

  it('give up a lease by themselves before others can have it, whatever the database says later', async () => {
    const a = await workers.open('a');
    await a.append([record('a')]);
    const lease = await mustLease(a);
    workers.clock.pass(SILENCE_MS - 10_000);
    await a.beat();
    assert.equal(lease.lost?.aborted, false, 'that heartbeat renewed it');
    workers.clock.pass(SILENCE_MS - 1_000);
    await a.beat();
    assert.equal(lease.lost?.aborted, true, 'no later look comes in time');
    assert.equal(lease.isHeld(), false);
    await a.settle(lease, NOTHING);
    assert.equal((await mustLease(a)).isHeld(), true);
  });

  it('write nothing with a lease that was taken over', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    await a.append([record('a', { pictures: [picture('output', 'drawn')] })]);
    const lost = await mustLease(a);
    const [id = ''] = ids(lost);
    workers.clock.pass(SILENCE_MS);
    await b.beat();
    await assert.rejects(a.markUploaded(id, { role: 'output' }, 'src-late'), { code: 'OUTBOX_IO' });
    await a.markSent(id);
    await a.settle(lost, { ...NOTHING, acked: [id] });
    const taken = await mustLease(b);
    assert.deepEqual(ids(taken), [id], 'the late outcome is not in force');
    assert.equal(taken.events[0]?.pictures[0]?.sourceId, undefined);
    assert.deepEqual(await workers.sql('select sent from $S.event'), [{ sent: false }]);
    await b.settle(taken, { ...NOTHING, acked: [id] });
    await assert.rejects(Promise.resolve(lost.events[0]?.pictures[0]?.read()), (error: { code?: string }) => {
      assert.notEqual(error.code, 'PICTURE_DAMAGED', 'its picture went with the delivered event');
      return true;
    });
  });

  it('hear of what others found wrong with an event', async () => {
    const [a, b] = [await workers.open('a'), await workers.open('b')];
    await a.append([record('a')]);
    const lease = await mustLease(a);
    const trouble = { failedAttempts: 1, missingReplies: 0, mayBeStored: false, refusedAloneMsAgo: 0 };
    const [id = ''] = ids(lease);
    const retry = [{ id, at: workers.clock.monotonic(), why: '400' }];
    await a.settle(lease, { ...NOTHING, retry, notes: [{ id, trouble }] });
    const again = await mustLease(b);
    assert.deepEqual(again.events[0]?.trouble, trouble);
    assert.equal(again.events[0]?.attempts, 1);
    await b.settle(again, NOTHING);
    workers.clock.pass(60_000);
    const later = await mustLease(a);
    assert.equal(later.events[0]?.trouble?.refusedAloneMsAgo, 60_000, 'by the clock of the database');
  });

  it('share the limits of the queue, beyond them by one group each at most', async () => {
    const limits = { maxEvents: 2 };
    const [a, b] = [await workers.open('a', limits), await workers.open('b', limits)];
    await a.append([record('a'), record('b')]);
    await b.append([record('c')]);
    await assert.rejects(b.append([record('d')]), { code: 'OUTBOX_FULL' });
    await assert.rejects(a.append([record('e'), record('f')]), { code: 'OUTBOX_FULL' });
  });

  it('give up the oldest events that nobody holds when the queue is full', async () => {
    const a = await workers.open('a', { maxEvents: 3, whenFull: 'drop-oldest' });
    await a.append(['a', 'b', 'c'].map((name) => record(name)));
    const held = await mustLease(a, { ...BATCH, events: 1 });
    await a.append([record('d')]);
    assert.deepEqual(eventIds(held), ['a']);
    assert.deepEqual(eventIds(await a.lease(BATCH)), ['c', 'd']);
    assert.equal(a.stats().dropped, 1);
  });

  it('give up the oldest pictures, but not of an event that the target may have', async () => {
    const heavy = (name: string) => record(name, { pictures: [picture('output', 'x'.repeat(1_000))] });
    const a = await workers.open('a', { maxBytes: 2_500, whenFull: 'shed-images' });
    await a.append([heavy('sent')]);
    const lease = await mustLease(a);
    await a.markSent(ids(lease)[0] ?? '');
    await a.settle(lease, NOTHING);
    await a.append([heavy('b')]);
    await a.append([heavy('c')]);
    const left = await mustLease(a);
    assert.deepEqual(
      left.events.map(({ eventId, pictures }) => [eventId, pictures.length]),
      [
        ['sent', 1],
        ['b', 0],
        ['c', 1],
      ],
    );
    assert.equal(a.stats().shedPictures, 1);
  });

  it('see why the requests of the others fail', async () => {
    const { clock } = workers;
    let error: ReturnType<NonNullable<PostgresOutboxOptions['deliveryError']>>;
    const [a, b] = [await workers.open('a', { deliveryError: () => error }), await workers.open('b')];
    const seen = async () => {
      await a.beat();
      clock.pass(1_000);
      return (await b.workers()).map(({ lastDeliveryError }) => lastDeliveryError);
    };
    error = { code: 'SERVER_ERROR', message: 'answer 503', at: clock.now() - 4_000 };
    assert.deepEqual(await seen(), [
      { code: 'SERVER_ERROR', message: 'answer 503', msAgo: 5_000 },
      undefined,
    ]);
    error = { code: 'OUTBOX_IO', message: 'of the database', at: clock.now() };
    assert.deepEqual(await seen(), [undefined, undefined]);
  });

  it('are refused when they deliver elsewhere than the queue', async () => {
    await workers.open('a');
    const other = workers.make('b', { boundTo: 'another target' });
    await assert.rejects(other.open(), (error: Error) => {
      assert.match(error.message, /^Choose another queue name: .*a target.*another target/);
      return true;
    });
  });

  it('have queues of their own under other names', async () => {
    const a = await workers.open('a');
    const other = await workers.open('b', { queueName: 'other line', boundTo: 'another target' });
    await a.append([record('a')]);
    await other.append([record('a')]);
    await other.refresh();
    assert.equal(other.stats().events, 1);
    const lease = await mustLease(other);
    await other.settle(lease, { ...NOTHING, acked: ids(lease) });
    assert.deepEqual(eventIds(await a.lease(BATCH)), ['a']);
  });

  it('start together: one of them makes the tables', async () => {
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => workers.open(name)));
    assert.equal(all.length, 4);
    assert.deepEqual(await workers.sql('select version from $S.meta'), [{ version: SCHEMA_VERSION }]);
  });

  it('keep what waits when a newer version migrates the tables', async () => {
    const a = await workers.open('a');
    await a.append([record('a'), record('b')]);
    const lease = await mustLease(a, { ...BATCH, events: 1 });
    await workers.sql(AS_VERSION_1);
    const b = await workers.open('b');
    assert.deepEqual(await workers.sql('select version from $S.meta'), [{ version: SCHEMA_VERSION }]);
    await a.settle(lease, { ...NOTHING, acked: ids(lease) });
    await b.append([record('c')]);
    assert.equal(await b.isStored('of no append'), false);
    assert.equal(await b.isStored('of no append'), false);
    assert.deepEqual(eventIds(await b.lease(BATCH)), ['b', 'c']);
    assert.equal((await b.workers()).length, 2);
  });

  it('say that they must be updated once a newer version migrated the tables, at the start and later', async () => {
    const a = await workers.open('a');
    await workers.sql('update $S.meta set version = 99');
    await a.append([record('a')]);
    await a.beat();
    await assert.rejects(a.append([record('b')]), { message: /^Update this package here/ });
    await assert.rejects(workers.make('b').open(), { message: /^Update this package here/ });
  });
});
