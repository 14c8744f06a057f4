import type { PoolClient } from 'pg';
import { OutboxError } from '../outbox';
import { LEASE_FUNCTIONS } from './lease-sql';
import { PACE_FUNCTIONS } from './pace-sql';
import { QUEUE_FUNCTIONS } from './queue-sql';
import { DOUBTS_AND_DELIVERY_ERRORS, TABLES } from './tables-sql';
import { UPKEEP_FUNCTIONS } from './upkeep-sql';

/** What each version adds to the one before. Never change one that was released: add another. */
const MIGRATIONS = [TABLES, DOUBTS_AND_DELIVERY_ERRORS];
export const SCHEMA_VERSION = MIGRATIONS.length;
const FUNCTIONS = [QUEUE_FUNCTIONS, LEASE_FUNCTIONS, UPKEEP_FUNCTIONS, PACE_FUNCTIONS];

/** @returns SQL with its placeholder `$S` replaced by the schema */
export function inSchema(sql: string, schema: string): string {
  return sql.replaceAll('$S', schema);
}

/**
 * Makes or updates tables and functions, in the transaction of `client`. Several workers that start together do it one
 * after the other.
 *
 * @throws OutboxError `OUTBOX_IO` when the tables are of a newer version of this package
 */
export async function migrate(client: PoolClient, schema: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtext($1), 0)', [schema]);
  const made = await client.query('select to_regclass($1) is not null as made', [`${schema}.meta`]);
  if (!(made.rows[0] as { made: boolean }).made) {
    await client.query(
      inSchema(
        'create schema if not exists $S; create table $S.meta (version int not null); insert into $S.meta values (0)',
        schema,
      ),
    );
  }
  const found = await client.query(inSchema('select version from $S.meta', schema));
  const { version } = found.rows[0] as { version: number };
  if (version > SCHEMA_VERSION) throw tooNew(version);
  for (const migration of MIGRATIONS.slice(version)) await client.query(inSchema(migration, schema));
  if (version === SCHEMA_VERSION) return;
  for (const functions of FUNCTIONS) await client.query(inSchema(functions, schema));
  await client.query(inSchema('update $S.meta set version = $1', schema), [SCHEMA_VERSION]);
}

/** @param version of the tables */
export function tooNew(version: number): OutboxError {
  return new OutboxError(
    'OUTBOX_IO',
    `Update this package here: another Node-RED with a newer version migrated the outbox in PostgreSQL (version ` +
      `${version} of its tables, this one knows ${SCHEMA_VERSION}). Nothing is lost; what waits is delivered by the others.`,
  );
}
