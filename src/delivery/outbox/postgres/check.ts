import { OutboxError } from '../outbox';
import type { Database } from './database';

/** The oldest PostgreSQL that has what is used. */
const OLDEST_VERSION = 12;

/** What the start-up check found out. */
export interface ServerCheck {
  /** such as `15.18` */
  version: string;
  /** ms that a statement takes */
  roundTripMs: number;
  /** the connection passes PgBouncer or another pooler, which is fine */
  isPooled: boolean;
  /** a standby has each commit before it is told */
  isSynchronous: boolean;
  /** ms since the oldest transaction of anybody began: one that stays open makes the queue slow */
  oldestTransactionMs: number;
}

interface Facts {
  version: number;
  version_text: string;
  is_standby: boolean;
  is_read_only: string;
  fsync: string;
  encoding: string;
  may_create: boolean;
  pid: number;
  standbys: string;
  oldest_ms: number | null;
}

const FACTS = `select current_setting('server_version_num')::int / 10000 as version, current_setting('server_version') as version_text,
  pg_is_in_recovery() as is_standby, current_setting('transaction_read_only') as is_read_only, current_setting('fsync') as fsync,
  pg_encoding_to_char(encoding) as encoding, pg_backend_pid() as pid, current_setting('synchronous_standby_names') as standbys,
  (to_regnamespace($1) is not null and has_schema_privilege(to_regnamespace($1), 'create, usage'))
    or has_database_privilege(current_database(), 'create') as may_create,
  (select (extract(epoch from max(now() - xact_start)) * 1000)::float8 from pg_stat_activity where datname = current_database()) as oldest_ms
  from pg_database where datname = current_database()`;

/**
 * Whether this server keeps what it acknowledges, and lets this user work.
 *
 * @throws OutboxError `OUTBOX_IO` with what mends it
 */
export async function checkServer(database: Database, schema: string): Promise<ServerCheck> {
  return database.withClient(async (client) => {
    // By PgBouncer, the process that a connection belongs to is not the one that works for it.
    const { processID } = client as unknown as { processID?: number };
    const begunAt = performance.now();
    await client.query('begin');
    const roundTripMs = performance.now() - begunAt;
    const found = (await client.query(FACTS, [schema])).rows[0] as Facts;
    await client.query('commit');
    const refusal = refusalOf(found, database.where);
    if (refusal) throw new OutboxError('OUTBOX_IO', refusal);
    return {
      version: found.version_text.split(' ')[0] ?? '',
      roundTripMs,
      isPooled: processID !== found.pid,
      isSynchronous: found.standbys !== '',
      oldestTransactionMs: found.oldest_ms ?? 0,
    };
  });
}

function refusalOf(found: Facts, where: string): string | undefined {
  if (found.version < OLDEST_VERSION)
    return `Update PostgreSQL to version ${OLDEST_VERSION} or later: ${where} has ${found.version_text}.`;
  if (found.is_standby || found.is_read_only === 'on')
    return `Connect to the writer, not to a standby: ${where} takes no writes. An outbox needs the one that does.`;
  if (found.fsync !== 'on')
    return `Set fsync = on in PostgreSQL: ${where} would lose acknowledged events in a power cut.`;
  if (found.encoding !== 'UTF8')
    return `Create a database with encoding UTF8: ${where} has ${found.encoding}, which cannot hold every event.`;
  if (!found.may_create)
    return `Let the user create tables (grant create on database): ${where} does not allow it.`;
  return undefined;
}
