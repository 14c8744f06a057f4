import assert from 'node:assert/strict';
import { checkServer } from '../../src/delivery/outbox/postgres/check';
import { Database } from '../../src/delivery/outbox/postgres/database';
import {
  PostgresOutbox,
  type PostgresOutboxOptions,
} from '../../src/delivery/outbox/postgres/postgres-outbox';
import { ids, mustLease, NOTHING } from '../support/outbox-contract';
import { checkPictures, drain, missing, numberedRecord, range } from '../support/outbox-fixture';
import { PgBouncer, type Pooling } from '../support/pgbouncer';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

const PICTURE_BYTES = 3_000;
const WORKERS = 3;
const EVENTS_EACH = 60;
/** Fewer than the workers ask for at the same time: each statement may run on another one than the last. */
const CONNECTIONS = 2;

describe('outboxes in PostgreSQL behind a PgBouncer', () => {
  let server: PostgresServer;
  let bouncer: PgBouncer | undefined;
  let schema: string;
  const opened: PostgresOutbox[] = [];
  before(async function () {
    // As an administrator may set it; the outbox says otherwise in each of its transactions.
    server = await PostgresServer.start(this, { synchronous_commit: 'off' });
  });
  after(() => server?.stop());
  beforeEach(() => (schema = server.freshSchema()));
  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close(1_000);
    await bouncer?.stop();
    bouncer = undefined;
  });

  async function start(context: Mocha.Context, pooling: Pooling, connections?: number): Promise<PgBouncer> {
    bouncer = await PgBouncer.start(context, server, pooling, connections);
    return bouncer;
  }

  async function open(
    workerName: string,
    more: Partial<PostgresOutboxOptions> = {},
  ): Promise<PostgresOutbox> {
    const outbox = new PostgresOutbox({
      url: bouncer?.url ?? '',
      schema,
      queueName: 'line',
      boundTo: 'a target',
      workerName,
      beatMs: 200,
      refreshMs: 100,
      ...more,
    });
    opened.push(outbox);
    await outbox.open();
    return outbox;
  }

  it('that pools by transaction share two connections, and each event is handed out once', async function () {
    await start(this, 'transaction', CONNECTIONS);
    const outboxes = await Promise.all(Array.from({ length: WORKERS }, (_, index) => open(`w${index}`)));
    const appended = Promise.all(
      outboxes.flatMap((outbox, worker) =>
        range(worker * EVENTS_EACH, (worker + 1) * EVENTS_EACH).map((n) =>
          outbox.append([numberedRecord(n, n % 5 === 0 ? PICTURE_BYTES : 0)]),
        ),
      ),
    );
    const found: number[] = [];
    const all = range(0, WORKERS * EVENTS_EACH);
    await until(
      async () => {
        const drained = await Promise.all(outboxes.map((outbox) => drain(outbox, checkPictures)));
        found.push(...drained.flat());
        return missing(all, found).length === 0;
      },
      () => `${missing(all, found).length} events`,
    );
    await appended;
    assert.equal(found.length, all.length, 'none was handed out twice');
  });

  it('that pools by transaction leave no setting and no lock behind on a connection', async function () {
    const one = await start(this, 'transaction', 1);
    const outbox = await open('w', { beatMs: 1e9, refreshMs: 1e9 });
    const [{ pid: before } = { pid: 0 }] = await one.sql<{ pid: number }>('select pg_backend_pid() as pid');
    await outbox.append([numberedRecord(0, PICTURE_BYTES), numberedRecord(1)]);
    const lease = await mustLease(outbox);
    await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
    await outbox.pace.takeTurn(1);
    const [left] = await one.sql(
      `select pg_backend_pid() as pid, current_setting('synchronous_commit') as commits, current_setting('enable_seqscan') as scans,
         (select count(*)::int from pg_locks where locktype = 'advisory') as locks,
         (select count(*)::int from pg_prepared_statements) as statements`,
    );
    assert.deepEqual(left, { pid: before, commits: 'off', scans: 'on', locks: 0, statements: 0 });
  });

  it('the check of the connection tells that one is between', async function () {
    const between = await start(this, 'transaction');
    const isPooled = async (url: string) => {
      const database = await Database.at({ url });
      try {
        return (await checkServer(database, schema)).isPooled;
      } finally {
        await database.close();
      }
    };
    assert.deepEqual([await isPooled(between.url), await isPooled(server.url)], [true, false]);
  });

  it('say what to change when it pools by statement', async function () {
    await start(this, 'statement');
    await assert.rejects(open('w'), {
      code: 'OUTBOX_IO',
      message: /^Let PgBouncer pool by transaction, not by statement/,
    });
  });

  for (const pooling of ['session', 'transaction'] as const) {
    it(`that pools by ${pooling} lose nothing and store nothing twice when it is killed under load`, async function () {
      const killed = await start(this, pooling);
      const outbox = await open('w', { appendRepeatMs: 20_000 });
      const acknowledged: number[] = [];
      let next = 0;
      let isOver = false;
      const produce = async () => {
        while (!isOver) {
          const n = next++;
          await outbox.append([numberedRecord(n, n % 5 === 0 ? PICTURE_BYTES : 0)]);
          acknowledged.push(n);
        }
      };
      const producing = Promise.all(Array.from({ length: 8 }, produce));
      for (const enough of [40, 120]) {
        await until(() => acknowledged.length > enough, 'appends');
        await killed.kill();
        await killed.run();
      }
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 20, 'appends after that');
      isOver = true;
      await producing;
      const found: number[] = [];
      await until(
        async () => {
          found.push(...(await drain(outbox, checkPictures).catch(() => [])));
          return missing(acknowledged, found).length === 0;
        },
        () => `${missing(acknowledged, found).length} events`,
      );
      assert.equal(found.length, new Set(found).size, 'nothing is stored twice');
    });
  }
});
