import assert from 'node:assert/strict';
import {
  PostgresOutbox,
  type PostgresOutboxOptions,
} from '../../src/delivery/outbox/postgres/postgres-outbox';
import { BATCH, ids, mustLease, NOTHING, record } from '../support/outbox-contract';
import { checkPictures, drain, missing, numberedRecord, range } from '../support/outbox-fixture';
import { LossyProxy } from '../support/lossy-proxy';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

const PICTURE_BYTES = 3_000;

describe('an outbox in PostgreSQL, when something fails', () => {
  let server: PostgresServer;
  let schema: string;
  const opened: PostgresOutbox[] = [];
  before(async function () {
    server = await PostgresServer.start(this);
  });
  after(() => server?.stop());
  beforeEach(() => (schema = server.freshSchema()));
  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close(1_000);
  });

  async function open(options: Partial<PostgresOutboxOptions> = {}): Promise<PostgresOutbox> {
    const outbox = new PostgresOutbox({
      url: server.url,
      schema,
      queueName: 'line',
      boundTo: 'a target',
      workerName: 'a',
      beatMs: 200,
      refreshMs: 100,
      ...options,
    });
    opened.push(outbox);
    await outbox.open();
    return outbox;
  }

  const rows = <Row>(text: string) => server.sql<Row>(text.replaceAll('$S', schema));

  async function waitFor(outbox: PostgresOutbox, numbers: number[]): Promise<void> {
    const found: number[] = [];
    await until(
      async () => {
        found.push(...(await drain(outbox, checkPictures).catch(() => [])));
        return missing(numbers, found).length === 0;
      },
      `${missing(numbers, found).length} events`,
    );
    assert.equal(found.length, new Set(found).size, 'nothing is handed out twice');
  }

  it('loses nothing that it acknowledged when the server is killed under load, and stores nothing twice', async () => {
    const outbox = await open({ appendRepeatMs: 20_000 });
    const acknowledged: number[] = [];
    let next = 0;
    let stopped = false;
    const produce = async () => {
      while (!stopped) {
        const n = next++;
        await outbox.append([numberedRecord(n, n % 5 === 0 ? PICTURE_BYTES : 0)]);
        acknowledged.push(n);
      }
    };
    const producing = Promise.all(Array.from({ length: 8 }, produce));
    for (const enough of [60, 200]) {
      await until(() => acknowledged.length > enough, 'appends');
      await server.kill();
      await server.run();
    }
    const before = acknowledged.length;
    await until(() => acknowledged.length > before + 20, 'appends after the restart', 20_000);
    stopped = true;
    await producing;
    assert.equal(acknowledged.length, next, 'each append was repeated until it was stored');
    await waitFor(outbox, range(0, next));
  });

  for (const [what, pictureBytes, statement] of [
    ['an append', 0, '.append('],
    ['an append with pictures', PICTURE_BYTES, 'commit'],
  ] as const) {
    it(`stores ${what} once whose answer was lost`, async () => {
      const proxy = await LossyProxy.to(server.port);
      try {
        const outbox = await open({ url: proxy.url(server.url), refreshMs: 1e9, beatMs: 1e9 });
        proxy.loseAnswersTo(statement);
        const appending = outbox.append([numberedRecord(0, pictureBytes), numberedRecord(1, pictureBytes)]);
        await until(() => proxy.hasLost, 'an answer to be lost');
        await until(async () => (await rows('select from $S.event')).length === 2, 'the rows');
        proxy.cut();
        await appending;
        await waitFor(outbox, [0, 1]);
        assert.deepEqual(await rows('select from $S.picture'), []);
      } finally {
        await proxy.stop();
      }
    });
  }

  it('gives back what it leased when the answer to that was lost', async () => {
    const proxy = await LossyProxy.to(server.port);
    try {
      const outbox = await open({ url: proxy.url(server.url), refreshMs: 1e9, beatMs: 1e9 });
      await outbox.append([numberedRecord(0)]);
      proxy.loseAnswersTo('.lease(');
      const leasing = assert.rejects(outbox.lease(BATCH), { code: 'OUTBOX_IO' });
      await until(async () => (await rows('select from $S.lease')).length === 1, 'the lease');
      proxy.cut();
      await leasing;
      await outbox.beat();
      await waitFor(outbox, [0]);
    } finally {
      await proxy.stop();
    }
  });

  it('tells the database of an outcome later when it is away, and nobody sends the event again', async () => {
    const outbox = await open();
    await outbox.append([numberedRecord(0), numberedRecord(1)]);
    const lease = await mustLease(outbox, { ...BATCH, events: 1 });
    await server.kill();
    await assert.rejects(outbox.settle(lease, { ...NOTHING, acked: ids(lease) }), { code: 'OUTBOX_IO' });
    assert.equal(outbox.stats().events, 1, 'the outcome is in force');
    await server.run();
    await until(async () => (await rows('select from $S.lease')).length === 0, 'the outcome to be told');
    await waitFor(outbox, [1]);
  });

  it('goes on when a connection dies while nobody and while somebody uses it', async () => {
    const outbox = await open({ refreshMs: 1e9, beatMs: 1e9 });
    const killConnections = () =>
      rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vision-events'");
    await killConnections();
    await outbox.append([numberedRecord(0)]);
    // Held up by a lock, so that it is surely under way.
    const holder = await server.hold(`begin; lock table ${schema}.tally in exclusive mode`);
    const appending = outbox.append([numberedRecord(1, PICTURE_BYTES)]);
    await server.waitsForLock();
    await killConnections();
    await holder.end();
    await appending;
    await waitFor(outbox, [0, 1]);
  });

  it('tells what is wrong while the server hangs, and when it answers again', async () => {
    const told: string[] = [];
    const outbox = await open({ appendRepeatMs: 100, onNotice: ({ code }) => told.push(code) });
    server.suspend();
    try {
      await assert.rejects(outbox.append([numberedRecord(0)]), {
        code: 'OUTBOX_IO',
        message: /^Check PostgreSQL and the network to it/,
      });
    } finally {
      server.resume();
    }
    await until(() => told.includes('DATABASE_BACK'), 'an end of the outage');
    assert.equal(told.filter((code) => code === 'DATABASE_AWAY').length, 1);
  });

  it('stays quick beside a transaction of somebody else that never ends', async () => {
    const outbox = await open({ refreshMs: 1e9, beatMs: 1e9 });
    const holder = await server.hold('begin isolation level repeatable read; select 1 from pg_class limit 1');
    try {
      const round = async () => {
        const begun = performance.now();
        await outbox.append(Array.from({ length: 100 }, (_, index) => record(`e${index}`)));
        const lease = await mustLease(outbox);
        await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
        return performance.now() - begun;
      };
      const times: number[] = [];
      for (let count = 0; count < 60; count++) times.push(await round());
      const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;
      const [first, last] = [median(times.slice(0, 15)), median(times.slice(-15))];
      assert.ok(
        last < 10 * first,
        `a round took ${first.toFixed(1)} ms at first, ${last.toFixed(1)} ms in the end`,
      );
    } finally {
      await holder.end();
    }
  });

  it('does not let one event that the database cannot hold take the others along', async () => {
    const outbox = await open();
    const odd = { ...numberedRecord(1), eventId: 'nul \0 inside' };
    const results = await Promise.allSettled([
      outbox.append([numberedRecord(0)]),
      outbox.append([odd]),
      outbox.append([numberedRecord(2)]),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    await waitFor(outbox, [0, 2]);
  });

  it('reads a large picture as it was stored, and tells when it is not what was stored', async () => {
    const outbox = await open();
    await outbox.append([
      numberedRecord(0, 5_000_001),
      numberedRecord(1, PICTURE_BYTES),
      numberedRecord(2, PICTURE_BYTES),
    ]);
    await rows(
      "update $S.picture set bytes = 'x' where event = (select id from $S.event where body like '%\"n\":1,%')",
    );
    const lease = await mustLease(outbox);
    const [large, damaged, sound] = lease.events.map(({ pictures }) => pictures[0]);
    assert.equal((await large?.read())?.length, 5_000_001);
    await assert.rejects(Promise.resolve(damaged?.read()), { code: 'PICTURE_DAMAGED' });
    assert.equal((await sound?.read())?.length, PICTURE_BYTES);
    await rows('delete from $S.picture');
    await assert.rejects(Promise.resolve(sound?.read()), { code: 'PICTURE_DAMAGED' });
  });
});
