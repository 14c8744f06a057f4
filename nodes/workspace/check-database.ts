import type { NodeAPI } from 'node-red';
import { checkServer, type ServerCheck } from '../../src/delivery/outbox/postgres/check';
import { Database } from '../../src/delivery/outbox/postgres/database';
import { asOutboxError } from '../../src/delivery/outbox/postgres/errors';
import { DEFAULT_SCHEMA } from '../../src/delivery/outbox/postgres/postgres-outbox';
import type { ConnectionAndDatabaseBody } from '../shared/admin-bodies';
import { withVariables } from '../shared/dialog-values';
import { toFlowError } from '../shared/flow-error';
import { databaseAddress } from './database-settings';
import { deployedWorkspaceNode, UNCHANGED_PASSWORD } from './dialog-connection';

/** An open transaction of somebody that lasts longer makes the queue slow: it is told. */
const LONG_TRANSACTION_MS = 60_000;

export interface DatabaseResult {
  state: 'ok' | 'failed';
  /** version, place, ms and what is special; or what is wrong */
  detail: string;
  code?: string;
}

/**
 * Whether the database of a workspace's dialog can keep waiting events. It reads and creates nothing. Never rejects.
 */
export async function checkDatabase(RED: NodeAPI, body: ConnectionAndDatabaseBody): Promise<DatabaseResult> {
  const deployed = deployedWorkspaceNode(RED, body.id);
  const saved = (name: 'postgresUser' | 'postgresPassword') =>
    body[name] === UNCHANGED_PASSWORD ? (deployed?.credentials?.[name] ?? '') : body[name];
  const password = saved('postgresPassword');
  const isTyped = password === body.postgresPassword && !password.includes('${');
  if (password && !isTyped && body.postgresUrl.trim() !== deployed?.workspace.databaseUrl)
    return passwordNeeded();
  let database: Database | undefined;
  try {
    const filled = withVariables(RED, deployed, { user: saved('postgresUser'), password });
    database = await Database.at(databaseAddress(RED, deployed, { ...body, ...filled }));
    const { where } = database;
    return { state: 'ok', detail: detailOf(where, await checkServer(database, DEFAULT_SCHEMA)) };
  } catch (error) {
    const { code, message } = database ? asOutboxError(error, database.where) : toFlowError(error);
    return { state: 'failed', code, detail: message };
  } finally {
    await database?.close().catch(() => undefined);
  }
}

/** Names of things alone: the dialog has the words around them. */
function detailOf(where: string, found: ServerCheck): string {
  const { version, roundTripMs, isPooled, isSynchronous, oldestTransactionMs } = found;
  const parts = [`PostgreSQL ${version}`, where, `${roundTripMs.toFixed(1)} ms`];
  if (isPooled) parts.push('PgBouncer');
  if (isSynchronous) parts.push('synchronous_standby_names');
  if (oldestTransactionMs > LONG_TRANSACTION_MS)
    parts.push(`pg_stat_activity: ${Math.round(oldestTransactionMs / 60_000)} min`);
  return parts.join(', ');
}

/** As for keys: a deploy may send it anywhere, but leaves the new address in the flow. */
function passwordNeeded(): DatabaseResult {
  return {
    state: 'failed',
    code: 'KEY_NEEDED',
    detail:
      'Enter the password of the database once more, or deploy first: a saved one, or one from a variable, is tried at the deployed address only.',
  };
}
