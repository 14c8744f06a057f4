import { hostname } from 'node:os';
import { OutboxError } from '../outbox';
import { checkServer, type ServerCheck } from './check';
import type { Database } from './database';
import { inSchema, migrate } from './schema';

export interface WorkerIdentity {
  queueName: string;
  /** base URL and workspace that the queue delivers to */
  boundTo: string;
  /** of this worker, for people */
  workerName: string;
  /** of the package that this worker runs, for people */
  packageVersion?: string;
}

/** What this worker is to the database. */
export interface Session {
  queue: number;
  worker: string;
  /** nobody had this queue before */
  isNew: boolean;
  server: ServerCheck;
}

/**
 * Checks the server, makes or updates the tables, and registers queue and worker.
 *
 * @throws OutboxError `OUTBOX_IO` when the queue delivers elsewhere, and as `checkServer` and `migrate` do
 */
export async function beginSession(
  database: Database,
  schema: string,
  identity: WorkerIdentity,
): Promise<Session> {
  const server = await checkServer(database, schema);
  await database.withClient(async (client) => {
    await client.query('begin');
    await migrate(client, schema);
    await client.query('commit');
  });
  const { queueName, boundTo, workerName, packageVersion = '' } = identity;
  const [made] = await database.query<{ id: number }>(
    inSchema(
      'insert into $S.queue (name, bound_to) values ($1, $2) on conflict (name) do nothing returning id',
      schema,
    ),
    [queueName, boundTo],
  );
  const [queue] = await database.query<{ id: number; bound_to: string }>(
    inSchema('select id, bound_to from $S.queue where name = $1', schema),
    [queueName],
  );
  if (!queue || queue.bound_to !== boundTo) throw boundElsewhere(queueName, queue?.bound_to ?? '', boundTo);
  const [worker] = await database.query<{ id: string }>(
    inSchema(
      'insert into $S.worker (queue, name, host, version, started_at, seen_at) values ($1, $2, $3, $4, now(), now()) returning id',
      schema,
    ),
    [queue.id, workerName, hostname(), packageVersion],
  );
  return { queue: queue.id, worker: worker?.id ?? '', isNew: made !== undefined, server };
}

function boundElsewhere(queueName: string, theirs: string, ours: string): OutboxError {
  return new OutboxError(
    'OUTBOX_IO',
    `Choose another queue name: the queue "${queueName}" in PostgreSQL delivers to ${theirs}, this workspace to ${ours}.`,
  );
}
