import {
  PostgresOutbox,
  type PostgresOutboxOptions,
} from '../../src/delivery/outbox/postgres/postgres-outbox';
import { testClock } from './outbox-contract';
import type { PostgresServer } from './postgres-server';

/**
 * Workers of one queue on a clock that only moves when told, for the database as well. Their heartbeats are sent by the
 * test.
 */
export class PostgresWorkers {
  readonly clock = testClock();
  readonly schema: string;
  private readonly opened: PostgresOutbox[] = [];

  constructor(private readonly server: PostgresServer) {
    this.schema = server.freshSchema();
  }

  make(workerName: string, options: Partial<PostgresOutboxOptions> = {}): PostgresOutbox {
    const { clock } = this;
    const outbox = new PostgresOutbox({
      url: this.server.url,
      schema: this.schema,
      queueName: 'line',
      boundTo: 'a target',
      workerName,
      clock,
      databaseTime: () => 1_600_000_000_000 + clock.monotonic(),
      beatMs: 1e9,
      refreshMs: 1e9,
      ...options,
    });
    this.opened.push(outbox);
    return outbox;
  }

  async open(workerName: string, options: Partial<PostgresOutboxOptions> = {}): Promise<PostgresOutbox> {
    const outbox = this.make(workerName, options);
    await outbox.open();
    return outbox;
  }

  /** One statement about the tables, whose schema it calls `$S`. */
  sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.server.sql<Row>(text.replaceAll('$S', this.schema), values);
  }

  async close(): Promise<void> {
    for (const outbox of this.opened) await outbox.close(1_000);
  }
}
