import { moveEvents } from '../move-events';
import type { Outbox } from '../outbox';
import { Database } from './database';
import { asOutboxError } from './errors';
import { DEFAULT_SCHEMA, PostgresOutbox, type PostgresOutboxOptions } from './postgres-outbox';
import { inSchema } from './schema';

/** What became of a queue that this Node-RED used before. */
export interface LeftQueue {
  /** events that are in the other outbox now */
  moved: number;
  /** that still wait in the queue: others deliver them, or hold some of them */
  waiting: number;
  /** Node-REDs that deliver from it */
  others: number;
  refused: number;
  /** a version of these events may still land at the target for so long, ms */
  mayLand: { eventId: string; forMs: number }[];
}

const HAS_QUEUE = `select to_regclass($1) is not null as there`;
const WAITING = `select q.id, (select count(*)::int from $S.event e where e.queue = q.id) as events from $S.queue q where q.name = $1`;
/** What was put off for a better moment moves now, but for versions whose older one may still land. */
const MAKE_DUE = `update $S.event e set due_at = null where e.queue = $1 and e.due_at is not null and e.lease is null
  and not exists (select from $S.landing l where l.queue = e.queue and l.event_id = e.event_id and l.until > now())`;

/**
 * Moves what waits in a queue into the outbox that takes its place, unless others deliver from it.
 *
 * @returns undefined when nothing waits there
 * @throws OutboxError when the database does not answer, or the other outbox takes nothing more
 */
export async function emptyLeftQueue(
  options: PostgresOutboxOptions,
  into: Pick<Outbox, 'append'>,
  isStopped: () => boolean,
): Promise<LeftQueue | undefined> {
  if (!(await hasWaiting(options))) return undefined;
  const queue = new PostgresOutbox(options);
  const left: LeftQueue = { moved: 0, waiting: 0, others: 0, refused: 0, mayLand: [] };
  try {
    await queue.open();
    const workers = await queue.workers();
    left.others = workers.filter(({ isThis, seenMsAgo }) => !isThis && seenMsAgo < queue.leaseMs).length;
    if (left.others === 0) {
      await moveEvents(queue, into, isStopped, (events) => {
        left.moved += events.length;
        for (const { eventId, mayLandMs } of events)
          if (mayLandMs !== undefined) left.mayLand.push({ eventId, forMs: mayLandMs });
      });
    }
    await queue.refresh();
    left.waiting = queue.stats().events;
    left.refused = queue.stats().dead;
    return left;
  } finally {
    await queue.close(1_000);
  }
}

/** Looks without making any tables. */
async function hasWaiting(options: PostgresOutboxOptions): Promise<boolean> {
  const schema = options.schema ?? DEFAULT_SCHEMA;
  const database = await Database.at(options);
  try {
    const [made] = await database.query<{ there: boolean }>(HAS_QUEUE, [`${schema}.queue`]);
    if (!made?.there) return false;
    const [queue] = await database.query<{ id: number; events: number }>(inSchema(WAITING, schema), [
      options.queueName,
    ]);
    if (!queue || queue.events === 0) return false;
    await database.query(inSchema(MAKE_DUE, schema), [queue.id]);
    return true;
  } catch (error) {
    throw asOutboxError(error, database.where);
  } finally {
    await database.close().catch(() => undefined);
  }
}
