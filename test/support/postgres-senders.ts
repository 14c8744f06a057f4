import {
  PostgresOutbox,
  type PostgresOutboxOptions,
} from '../../src/delivery/outbox/postgres/postgres-outbox';
import { Sender } from '../../src/delivery/sender/sender';
import { systemSenderClock } from '../../src/delivery/sender/clock';
import type { SenderSettings } from '../../src/delivery/sender/settings';
import { FakeTarget } from './fake-target';
import type { PostgresServer } from './postgres-server';

/** One Node-RED of several, as far as delivery goes. */
export interface PostgresWorker {
  outbox: PostgresOutbox;
  sender: Sender;
}

/**
 * Workers that deliver from one queue in a real PostgreSQL to one target in memory, all in this process and on its
 * clock.
 */
export class PostgresSenders {
  readonly target = new FakeTarget(systemSenderClock);
  private readonly schema: string;
  private readonly workers: PostgresWorker[] = [];

  constructor(private readonly server: PostgresServer) {
    this.schema = server.freshSchema();
    this.target.latency = 5;
  }

  /** Its sender is not started. @param prepare before the sender is made */
  async open(
    settings: Partial<SenderSettings> = {},
    prepare: (outbox: PostgresOutbox) => void = () => undefined,
    options: Partial<PostgresOutboxOptions> = {},
  ): Promise<PostgresWorker> {
    const outbox = new PostgresOutbox({
      url: this.server.url,
      schema: this.schema,
      queueName: 'line',
      boundTo: 'a target',
      workerName: `worker ${this.workers.length}`,
      refreshMs: 50,
      beatMs: 200,
      ...options,
    });
    await outbox.open();
    prepare(outbox);
    const sender = new Sender({
      outbox,
      target: this.target,
      lateLandings: [],
      settings: { lingerMs: 0, ...settings },
    });
    const worker = { outbox, sender };
    this.workers.push(worker);
    return worker;
  }

  /** Versions of event `x` as the target stored them, in that order. */
  versions(): string {
    return (this.target.stored.get('x') ?? []).map((body) => /version (\d)/.exec(body)?.[1]).join(' ');
  }

  async close(): Promise<void> {
    for (const { sender, outbox } of this.workers) {
      await sender.stop(1_000);
      await outbox.close(1_000);
    }
  }
}
