import assert from 'node:assert/strict';
import {
  type Clock,
  type Lease,
  type Outbox,
  OutboxError,
  type OutboxRecord,
} from '../../src/delivery/outbox/outbox';

export const BATCH = { events: 100, bytes: 1024 * 1024 };
export const NOTHING = { acked: [], retry: [], dead: [] };

/** A kind of outbox, and the clock that it runs on. */
export interface OutboxWorld {
  clock: Clock & { pass(ms: number): void; jumpTo(wall: number): void };
  make(limits?: { maxEvents?: number; maxBytes?: number }): Promise<Outbox>;
  cleanUp(): Promise<void>;
}

export function testClock(): OutboxWorld['clock'] {
  let wall = 1_700_000_000_000;
  let monotonic = 5_000;
  return {
    now: () => wall,
    monotonic: () => monotonic,
    pass(ms) {
      wall += ms;
      monotonic += ms;
    },
    jumpTo(ms) {
      wall = ms;
    },
  };
}

export function record(eventId: string, more: Partial<OutboxRecord> = {}): OutboxRecord {
  return {
    eventId,
    useCaseId: 'line-1',
    body: JSON.stringify({ eventId, text: 'Größe ✓' }),
    pictures: [],
    ...more,
  };
}

export function picture(role: 'output' | 'input', text: string): OutboxRecord['pictures'][number] {
  return { role, mediaType: 'image/jpeg', name: `${role}.jpg`, bytes: Buffer.from(text) };
}

export function eventIds(lease: Lease | undefined): string[] | undefined {
  return lease?.events.map(({ eventId }) => eventId);
}

export function ids(lease: Lease): string[] {
  return lease.events.map(({ id }) => id);
}

export async function mustLease(outbox: Outbox, max: Parameters<Outbox['lease']>[0] = BATCH): Promise<Lease> {
  const lease = await outbox.lease(max);
  assert.ok(lease, 'something should be due');
  return lease;
}

/** Refuses for good whatever waits. */
export async function bury(outbox: Outbox): Promise<void> {
  for (let lease = await outbox.lease(BATCH); lease; lease = await outbox.lease(BATCH)) {
    const dead = ids(lease).map((id) => ({ id, code: 'REJECTED', statusCode: 400, why: 'bad event' }));
    await outbox.settle(lease, { ...NOTHING, dead });
  }
}

/**
 * What every outbox promises, whatever it is made of.
 *
 * @param kind for the title
 * @param makeWorld called before each test
 */
export function describeOutboxContract(kind: string, makeWorld: () => OutboxWorld): void {
  describe(`outbox contract: ${kind}`, () => {
    let world: OutboxWorld;
    beforeEach(() => (world = makeWorld()));
    afterEach(() => world.cleanUp());

    it('hands out the exact bytes, oldest first', async () => {
      const outbox = await world.make();
      const bodies = ['{"a":1.50,"b":"é\\u00e9"}', '{"b": 2 }', '{"c":"},\\"event\\":"}'];
      for (const [index, body] of bodies.entries()) await outbox.append([record(`e${index}`, { body })]);
      const lease = await mustLease(outbox);
      assert.deepEqual(
        lease.events.map(({ body }) => body),
        bodies,
      );
    });

    it('tells how many bytes an event has, whatever letters its ids and its text are made of', async () => {
      const outbox = await world.make();
      const bodies = ['{"a":1}', '{"a":"Größe"}', '{"a":"寸法 😀"}'];
      for (const body of bodies) {
        for (const eventId of ['teil', 'Stück', '部品']) {
          await outbox.append([record(`${eventId} ${body}`, { useCaseId: 'Prüfstand', body })]);
        }
      }
      const { events } = await mustLease(outbox);
      assert.deepEqual(
        events.map(({ eventId, body, bodyBytes }) => [eventId.split(' ')[0], body, bodyBytes]),
        bodies.flatMap((body) =>
          ['teil', 'Stück', '部品'].map((eventId) => [eventId, body, Buffer.byteLength(body)]),
        ),
      );
    });

    it('keeps the order of appends that overlap', async () => {
      const outbox = await world.make();
      const names = Array.from({ length: 250 }, (_, index) => `e${index}`);
      await Promise.all(names.map((name) => outbox.append([record(name)])));
      const found: string[] = [];
      for (let lease = await outbox.lease(BATCH); lease; lease = await outbox.lease(BATCH)) {
        assert.ok(lease.events.length <= 100);
        found.push(...(eventIds(lease) ?? []));
        await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
      }
      assert.deepEqual(found, names);
      assert.equal(outbox.stats().events, 0);
      assert.equal(outbox.stats().bytes, 0);
    });

    it('takes more than a batch in one append, and an empty one', async () => {
      const outbox = await world.make();
      await outbox.append([]);
      assert.equal(await outbox.lease(BATCH), undefined);
      await outbox.append(Array.from({ length: 230 }, (_, index) => record(`e${index}`)));
      assert.equal(outbox.stats().events, 230);
      assert.equal(outbox.stats().appended, 230);
    });

    it('leases one use case at a time', async () => {
      const outbox = await world.make();
      await outbox.append([record('a'), record('b', { useCaseId: 'line-2' }), record('c')]);
      assert.deepEqual(eventIds(await outbox.lease(BATCH)), ['a', 'c']);
      assert.deepEqual(eventIds(await outbox.lease(BATCH)), ['b']);
      assert.equal(await outbox.lease(BATCH), undefined);
    });

    it('keeps to the numbers of a lease, but hands out one event whatever its size', async () => {
      const outbox = await world.make();
      const big = (id: string) => record(id, { body: JSON.stringify({ id, x: 'x'.repeat(600) }) });
      await outbox.append([big('a'), big('b'), big('c'), big('d')]);
      assert.deepEqual(eventIds(await outbox.lease({ events: 2, bytes: 1e6 })), ['a', 'b']);
      assert.deepEqual(eventIds(await outbox.lease({ events: 9, bytes: 1_000 })), ['c']);
      assert.deepEqual(eventIds(await outbox.lease({ events: 9, bytes: 10 })), ['d']);
    });

    it('never leases two events with one event id at a time, and keeps their order', async () => {
      const outbox = await world.make();
      await outbox.append([record('x', { body: '{"v":1}' }), record('x', { body: '{"v":2}' }), record('y')]);
      const first = await mustLease(outbox);
      assert.deepEqual(eventIds(first), ['x', 'y']);
      assert.equal(outbox.nextDueAt(), undefined, 'the younger x is held back');
      const older = first.events[0];
      assert.ok(older);
      await outbox.settle(first, { ...NOTHING, retry: [{ id: older.id, at: 6_000, why: 'timeout' }] });
      assert.deepEqual(eventIds(await outbox.lease(BATCH)), ['y'], 'not the younger x before the older one');
      world.clock.pass(1_000);
      const again = await mustLease(outbox);
      assert.deepEqual(
        again.events.map(({ body }) => body),
        ['{"v":1}'],
      );
      await outbox.settle(again, { ...NOTHING, acked: ids(again) });
      const younger = await mustLease(outbox);
      assert.deepEqual(
        younger.events.map(({ body }) => body),
        ['{"v":2}'],
      );
    });

    it('keeps the order of an event id whose versions come while older ones leave', async () => {
      const outbox = await world.make();
      const sent: string[] = [];
      const deliverNext = async () => {
        const lease = await mustLease(outbox);
        assert.equal(lease.events.length, 1);
        sent.push(...lease.events.map(({ body }) => body));
        await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
      };
      const append = (version: number) => outbox.append([record('x', { body: `{"v":${version}}` })]);
      await append(1);
      await append(2);
      await deliverNext();
      await append(3);
      await append(4);
      await deliverNext();
      await deliverNext();
      await append(5);
      await deliverNext();
      await deliverNext();
      assert.deepEqual(sent, ['{"v":1}', '{"v":2}', '{"v":3}', '{"v":4}', '{"v":5}']);
      assert.equal(outbox.stats().events, 0);
    });

    it('hands out the newest on demand, without breaking the order of an event id', async () => {
      const outbox = await world.make();
      await outbox.append(['a', 'b', 'c', 'd', 'b'].map((id) => record(id)));
      assert.deepEqual(eventIds(await outbox.lease({ ...BATCH, events: 2, newest: true })), ['c', 'd']);
      assert.deepEqual(eventIds(await outbox.lease(BATCH)), ['a', 'b']);
    });

    it('brings an event back when its retry is due, and counts the attempt', async () => {
      const outbox = await world.make();
      await outbox.append([record('a')]);
      assert.ok((outbox.nextDueAt() ?? Infinity) <= world.clock.monotonic());
      const lease = await mustLease(outbox);
      assert.equal(lease.events[0]?.attempts, 0);
      const at = world.clock.monotonic() + 2_000;
      await outbox.settle(lease, { ...NOTHING, retry: ids(lease).map((id) => ({ id, at, why: '503' })) });
      assert.equal(outbox.nextDueAt(), at);
      assert.equal(await outbox.lease(BATCH), undefined);
      world.clock.pass(2_000);
      assert.equal((await mustLease(outbox)).events[0]?.attempts, 1);
    });

    it('takes back what an outcome does not name, without counting an attempt', async () => {
      const outbox = await world.make();
      await outbox.append([record('a'), record('b')]);
      const lease = await mustLease(outbox);
      assert.equal(outbox.stats().leased, 2);
      await outbox.settle(lease, NOTHING);
      assert.equal(outbox.stats().leased, 0);
      const again = await mustLease(outbox);
      assert.deepEqual(eventIds(again), ['a', 'b']);
      assert.equal(again.events[0]?.attempts, 0);
    });

    it('settles an event once only', async () => {
      const outbox = await world.make();
      await outbox.append([record('a')]);
      const lease = await mustLease(outbox);
      await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
      await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
      assert.equal(outbox.stats().acked, 1);
      assert.equal(outbox.stats().events, 0);
    });

    it('keeps pictures and what was uploaded of them', async () => {
      const outbox = await world.make();
      await outbox.append([record('a', { pictures: [picture('output', 'drawn'), picture('input', 'raw')] })]);
      const lease = await mustLease(outbox);
      const [output, input] = lease.events[0]?.pictures ?? [];
      assert.equal(output?.sourceId, undefined);
      assert.deepEqual([output?.name, output?.mediaType, output?.size], ['output.jpg', 'image/jpeg', 5]);
      assert.equal(Buffer.from((await input?.read()) ?? []).toString(), 'raw');
      await outbox.markUploaded(lease.events[0]?.id ?? '', { role: 'output' }, 'src-1');
      await outbox.settle(lease, NOTHING);
      const again = await mustLease(outbox);
      assert.deepEqual(
        again.events[0]?.pictures.map(({ sourceId }) => sourceId),
        ['src-1', undefined],
      );
      await assert.rejects(outbox.markUploaded('nobody', { role: 'output' }, 's'), { code: 'OUTBOX_IO' });
    });

    it('keeps the place and the metadata of each picture of several cameras', async () => {
      const outbox = await world.make();
      const given = [
        { ...picture('output', 'left'), metadata: { lens: '8mm', gain: 2.5 } },
        { ...picture('output', 'right'), image: 1 },
        { ...picture('input', 'right raw'), image: 1 },
      ];
      await outbox.append([record('a', { pictures: given })]);
      const lease = await mustLease(outbox);
      await outbox.markUploaded(lease.events[0]?.id ?? '', { role: 'output', image: 1 }, 'src-right');
      await outbox.settle(lease, NOTHING);
      const again = await mustLease(outbox);
      const stored = again.events[0]?.pictures ?? [];
      assert.deepEqual(
        stored.map(({ role, image = 0, metadata, sourceId }) => ({ role, image, metadata, sourceId })),
        [
          { role: 'output', image: 0, metadata: { lens: '8mm', gain: 2.5 }, sourceId: undefined },
          { role: 'output', image: 1, metadata: undefined, sourceId: 'src-right' },
          { role: 'input', image: 1, metadata: undefined, sourceId: undefined },
        ],
      );
      const texts = await Promise.all(stored.map(async (one) => Buffer.from(await one.read()).toString()));
      assert.deepEqual(texts, ['left', 'right', 'right raw']);
    });

    it('keeps refused events as dead letters, retries and discards them on order', async () => {
      const outbox = await world.make();
      const body = '{"eventId":"a", "n": 1.0}';
      await outbox.append([
        record('a', { body, pictures: [picture('output', 'drawn')] }),
        record('b'),
        record('c'),
      ]);
      await bury(outbox);
      assert.equal(outbox.stats().events, 0);
      assert.equal(outbox.stats().dead, 3);
      const letters = await outbox.deadLetters.list();
      assert.deepEqual(
        letters.map(({ eventId, code, statusCode, why }) => [eventId, code, statusCode, why]),
        ['a', 'b', 'c'].map((id) => [id, 'REJECTED', 400, 'bad event']),
      );
      assert.deepEqual(letters[0]?.event, { eventId: 'a', n: 1 });
      assert.equal((await outbox.deadLetters.list(1)).length, 1);
      assert.equal(await outbox.deadLetters.discard([letters[1]?.id ?? '', 'nobody']), 1);
      assert.equal(await outbox.deadLetters.retry([letters[0]?.id ?? '']), 1);
      const revived = await mustLease(outbox);
      assert.equal(revived.events[0]?.body, body);
      assert.equal(Buffer.from((await revived.events[0]?.pictures[0]?.read()) ?? []).toString(), 'drawn');
      assert.equal(await outbox.deadLetters.retry(), 1);
      assert.deepEqual(eventIds(await outbox.lease(BATCH)), ['c']);
      assert.equal(outbox.stats().dead, 0);
    });

    it('carries out one order on a refused event only once, however many come at the same time', async () => {
      const outbox = await world.make();
      await outbox.append([record('a', { pictures: [picture('output', 'drawn')] })]);
      await bury(outbox);
      const [letter] = await outbox.deadLetters.list();
      const only = [letter?.id ?? ''];
      const retry = (ids?: string[]) => outbox.deadLetters.retry(ids);
      assert.deepEqual(
        await Promise.all([retry(only), retry(only), outbox.deadLetters.discard(only), retry()]),
        [1, 0, 0, 0],
      );
      const lease = await mustLease(outbox);
      assert.deepEqual(eventIds(lease), ['a']);
      assert.equal(Buffer.from((await lease.events[0]?.pictures[0]?.read()) ?? []).toString(), 'drawn');
    });

    it('finds every refused event of an event id, however many others there are', async () => {
      const outbox = await world.make();
      const others = Array.from({ length: 120 }, (_, index) => record(`other-${index}`));
      await outbox.append([...others, record('a')]);
      await bury(outbox);
      await outbox.append([record('a')]);
      await bury(outbox);
      const found = await outbox.deadLetters.idsOf(['a', 'nobody']);
      assert.equal(found.length, 2);
      assert.equal(await outbox.deadLetters.discard(found), 2);
      assert.deepEqual(await outbox.deadLetters.idsOf(['a']), []);
      assert.equal(outbox.stats().dead, 120);
    });

    it('refuses what does not fit, and takes it once there is room again', async () => {
      const outbox = await world.make({ maxEvents: 2 });
      await outbox.append([record('a'), record('b')]);
      await assert.rejects(outbox.append([record('c')]), (error: unknown) => {
        assert.ok(error instanceof OutboxError);
        assert.equal(error.code, 'OUTBOX_FULL');
        return true;
      });
      assert.equal(outbox.stats().rejectedFull, 1);
      const lease = await mustLease(outbox, { ...BATCH, events: 1 });
      await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
      await outbox.append([record('c')]);
      assert.equal(outbox.stats().events, 2);
    });

    it('counts pictures towards the bytes', async () => {
      const outbox = await world.make({ maxBytes: 2_000 });
      const heavy = record('a', { pictures: [picture('output', 'x'.repeat(1_200))] });
      await outbox.append([heavy]);
      assert.ok(outbox.stats().bytes >= 1_200);
      await assert.rejects(outbox.append([{ ...heavy, eventId: 'b' }]), { code: 'OUTBOX_FULL' });
    });

    it('tells the age of the oldest, also when the clock was set', async () => {
      const outbox = await world.make();
      assert.equal(outbox.stats().oldestAgeMs, undefined);
      await outbox.append([record('a')]);
      world.clock.pass(1_500);
      assert.equal(outbox.stats().oldestAgeMs, 1_500);
      for (const wall of [0, 1_800_000_000_000]) {
        world.clock.jumpTo(wall);
        assert.equal(outbox.stats().oldestAgeMs, 1_500);
        const lease = await mustLease(outbox);
        assert.equal(lease.events[0]?.acceptedAt, wall - 1_500);
        await outbox.settle(lease, NOTHING);
      }
    });

    it('tells the age of one that was accepted while the clock was a day back', async () => {
      const outbox = await world.make();
      const now = world.clock.now();
      world.clock.jumpTo(now - 86_400_000);
      await outbox.append([record('a')]);
      world.clock.pass(1_500);
      world.clock.jumpTo(now);
      assert.equal(outbox.stats().oldestAgeMs, 1_500);
    });

    it('knows the event ids that wait or are leased', async () => {
      const outbox = await world.make();
      await outbox.append([record('a'), record('a'), record('b')]);
      const lease = await mustLease(outbox);
      assert.deepEqual(
        [await outbox.holds('a'), await outbox.holds('b'), await outbox.holds('c')],
        [true, true, false],
      );
      await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
      assert.deepEqual([await outbox.holds('a'), await outbox.holds('b')], [true, false]);
    });

    it('holds a lease until it is settled', async () => {
      const outbox = await world.make();
      await outbox.append([record('a')]);
      assert.equal((await mustLease(outbox)).isHeld(), true);
    });

    it('tells its listeners of each append', async () => {
      const outbox = await world.make();
      let told = 0;
      outbox.onAppended(() => told++);
      await outbox.append([record('a'), record('b')]);
      assert.equal(told, 1);
    });

    it('refuses everything after close, which may be called twice', async () => {
      const outbox = await world.make();
      await outbox.close(1_000);
      await outbox.close(1_000);
      await assert.rejects(outbox.append([record('a')]), { code: 'OUTBOX_IO' });
      await assert.rejects(outbox.lease(BATCH), { code: 'OUTBOX_IO' });
    });
  });
}
