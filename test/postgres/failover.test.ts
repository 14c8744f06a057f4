import assert from 'node:assert/strict';
import { checkServer } from '../../src/delivery/outbox/postgres/check';
import { Database } from '../../src/delivery/outbox/postgres/database';
import { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { checkPictures, drain, missing, numberedRecord } from '../support/outbox-fixture';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

const PRODUCERS = 8;
const ENOUGH = 300;
const PICTURE_BYTES = 100_000;
/** Acknowledged while the standby is away. */
const UNSEEN = 50;

describe('an outbox in PostgreSQL whose server is lost for good', () => {
  let server: PostgresServer;
  let standby: PostgresServer;
  beforeEach(async function () {
    server = await PostgresServer.start(this);
    standby = await server.startStandby();
  });
  afterEach(async () => {
    await standby?.stop();
    await server?.stop();
  });

  const outboxAt = (url: string, schema: string) =>
    new PostgresOutbox({
      url,
      schema,
      queueName: 'line',
      boundTo: 'a target',
      workerName: 'a',
      appendRepeatMs: 100,
    });

  /**
   * Appends until the server is lost, and goes on at the standby.
   *
   * @param beforeTheLoss told how many were acknowledged
   * @returns how many acknowledged events were lost
   */
  async function failOver(beforeTheLoss: (acknowledged: () => number) => Promise<void>): Promise<number> {
    const schema = server.freshSchema();
    const outbox = outboxAt(server.url, schema);
    await outbox.open();
    const acknowledged: number[] = [];
    let next = 0;
    let isOver = false;
    const produce = async () => {
      while (!isOver) {
        const n = next++;
        await outbox.append([numberedRecord(n, PICTURE_BYTES)]);
        acknowledged.push(n);
      }
    };
    const producing = Promise.allSettled(Array.from({ length: PRODUCERS }, produce));
    await until(() => acknowledged.length > ENOUGH, 'appends', 30_000);
    await beforeTheLoss(() => acknowledged.length);
    await server.kill();
    isOver = true;
    await producing;
    await outbox.close(1_000);
    if (!standby.isRunning) await standby.run();
    await standby.promote();
    const after = outboxAt(standby.url, schema);
    await after.open();
    const found = await drain(after, checkPictures);
    assert.equal(found.length, new Set(found).size, 'nothing is stored twice');
    await after.append([numberedRecord(next)]);
    assert.deepEqual(await drain(after), [next], 'it goes on');
    await after.close(1_000);
    const lost = missing(acknowledged, found).length;
    console.log(`      ${acknowledged.length} acknowledged, ${lost} lost`);
    return lost;
  }

  it('loses nothing that it acknowledged, by a standby that is synchronous', async () => {
    await server.sql("alter system set synchronous_standby_names = '*'");
    await server.sql('select pg_reload_conf()');
    await until(
      async () => (await server.sql("select from pg_stat_replication where sync_state = 'sync'")).length > 0,
      'the standby to be synchronous',
    );
    const database = await Database.at({ url: server.url });
    assert.equal((await checkServer(database, 'public')).isSynchronous, true);
    await database.close();
    assert.equal(await failOver(() => Promise.resolve()), 0);
  });

  it('control: by one that is not, and is behind, events are lost', async () => {
    const lost = await failOver(async (acknowledged) => {
      await standby.kill();
      const before = acknowledged();
      await until(() => acknowledged() > before + UNSEEN, 'more appends', 30_000);
    });
    assert.ok(lost >= UNSEEN, 'the harness is blind');
  });
});
