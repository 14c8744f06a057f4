import assert from 'node:assert/strict';
import { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { freePort } from '../support/real-node-red';
import { PostgresServer } from '../support/postgres-server';

/** A technician reads at least this much of an error. */
const FIRST_GLANCE = 80;

describe('the start-up check of an outbox in PostgreSQL', () => {
  let server: PostgresServer;
  before(async function () {
    server = await PostgresServer.start(this);
  });
  after(() => server?.stop());

  const outboxAt = (url: string, more: { user?: string; password?: string } = {}) =>
    new PostgresOutbox({
      url,
      schema: server.freshSchema(),
      queueName: 'line',
      boundTo: 'a target',
      workerName: 'a',
      ...more,
    });

  async function refusalOf(url: string, more?: { user?: string; password?: string }): Promise<string> {
    const outbox = outboxAt(url, more);
    try {
      await outbox.open();
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      assert.equal(code, 'OUTBOX_IO');
      assert.doesNotMatch(message, /secret/);
      return message.slice(0, FIRST_GLANCE);
    } finally {
      await outbox.close(1_000);
    }
    return assert.fail('it opened');
  }

  const inDatabase = (name: string) => Object.assign(new URL(server.url), { pathname: `/${name}` }).href;

  it('lets a sound server pass', async () => {
    const outbox = outboxAt(server.url);
    assert.equal((await outbox.open()).isNew, true);
    await outbox.close(1_000);
  });

  it('refuses a server that does not flush', async () => {
    await server.sql('alter system set fsync = off');
    await server.sql('select pg_reload_conf()');
    try {
      assert.match(await refusalOf(server.url), /^Set fsync = on in PostgreSQL/);
    } finally {
      await server.sql('alter system reset fsync');
      await server.sql('select pg_reload_conf()');
    }
  });

  it('refuses an encoding that does not hold every event', async () => {
    await server.sql("create database latin encoding 'LATIN1' template template0 locale 'C'");
    assert.match(await refusalOf(inDatabase('latin')), /^Create a database with encoding UTF8/);
  });

  it('refuses a standby, until that is promoted', async () => {
    const standby = await server.startStandby();
    try {
      assert.match(
        await refusalOf(standby.url),
        /^Connect to the writer, not to a standby: 127\.0\.0\.1:\d+/,
      );
      await standby.promote();
      const outbox = outboxAt(standby.url);
      assert.equal((await outbox.open()).isNew, true);
      await outbox.close(1_000);
    } finally {
      await standby.stop();
    }
  });

  it('refuses sessions that take no writes, as some services give them out for their replicas', async () => {
    await server.sql('create role reader login superuser');
    await server.sql('alter role reader set default_transaction_read_only = on');
    assert.match(await refusalOf(server.url, { user: 'reader' }), /^Connect to the writer, not to a standby/);
  });

  it('refuses a user that may not create tables', async () => {
    await server.sql('create role guest login');
    assert.match(await refusalOf(server.url, { user: 'guest' }), /^Let the user create tables/);
  });

  it('tells what is wrong with the address', async () => {
    const nobody = `postgres://user:secret@127.0.0.1:${await freePort()}/postgres`;
    assert.match(await refusalOf(nobody), /^Start PostgreSQL, or correct "Database" \(postgresUrl\)/);
    assert.match(await refusalOf(inDatabase('nowhere')), /^Create the database, or correct its name/);
    assert.match(await refusalOf('https://user:secret@example.com'), /^Correct "Database" \(postgresUrl\)/);
    assert.match(await refusalOf('nonsense'), /^Correct "Database" \(postgresUrl\)/);
  });

  it('tells that user and password do not fit together', async () => {
    await server.sql("create role locked login password 'right'");
    await server.requirePassword('locked');
    assert.match(
      await refusalOf(server.url, { user: 'locked', password: 'secret' }),
      /^Correct user or password/,
    );
    assert.match(
      await refusalOf(server.url, { user: 'unknown' }),
      /^Correct (the user or pg_hba.conf|user or password)/,
    );
  });
});
