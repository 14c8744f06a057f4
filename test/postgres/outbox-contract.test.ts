import { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { describeOutboxContract, type OutboxWorld, testClock } from '../support/outbox-contract';
import { PgBouncer } from '../support/pgbouncer';
import { PostgresServer } from '../support/postgres-server';

describe('on a server of its own', () => {
  let server: PostgresServer;
  before(async function () {
    server = await PostgresServer.start(this);
  });
  after(() => server?.stop());

  describeOutboxContract('PostgreSQL', () => postgresWorld(server, server.url));

  for (const pooling of ['session', 'transaction'] as const) {
    describe(`behind a PgBouncer that pools by ${pooling}`, () => {
      let bouncer: PgBouncer;
      before(async function () {
        bouncer = await PgBouncer.start(this, server, pooling);
      });
      after(() => bouncer?.stop());

      describeOutboxContract('PostgreSQL', () => postgresWorld(server, bouncer.url));
    });
  }
});

function postgresWorld(server: PostgresServer, url: string): OutboxWorld {
  const clock = testClock();
  const opened: PostgresOutbox[] = [];
  return {
    clock,
    async make(limits) {
      const outbox = new PostgresOutbox({
        url,
        schema: server.freshSchema(),
        queueName: 'line',
        boundTo: 'a target',
        workerName: 'a',
        clock,
        databaseTime: () => 1_600_000_000_000 + clock.monotonic(),
        ...limits,
      });
      opened.push(outbox);
      await outbox.open();
      return outbox;
    },
    async cleanUp() {
      for (const outbox of opened) await outbox.close(1_000);
    },
  };
}
