import type { Pool, PoolClient, PoolConfig, QueryConfig } from 'pg';
import { CONNECTIONS_PER_WORKER, STATEMENT_MS } from '../limits';
import { OutboxError } from '../outbox';

/** Where the database is, and how to get in. */
export interface PostgresAddress {
  /** `postgres://host:5432/database`, also with `?sslmode=disable` or `require` */
  url: string;
  /** in place of those in the URL */
  user?: string;
  password?: string;
  /** certificates as of `tls.connect`; given, the connection is encrypted */
  tls?: {
    ca?: string;
    cert?: string;
    key?: string;
    passphrase?: string;
    servername?: string;
    rejectUnauthorized?: boolean;
  };
}

const WITHOUT_TLS = new Set(['disable', 'allow', 'prefer']);

/** What the outbox needs of PostgreSQL: statements with a deadline, and connections that may die at any moment. */
export class Database {
  private constructor(
    private readonly pool: Pool,
    /** `host:port/database`, for texts */
    readonly where: string,
  ) {}

  /**
   * Loads the client; connects with the first statement.
   *
   * @throws OutboxError `OUTBOX_IO` when the URL is none
   */
  static async at(address: PostgresAddress): Promise<Database> {
    const { config, where } = parseAddress(address);
    const { Pool } = await import('pg');
    const pool = new Pool({
      ...config,
      max: CONNECTIONS_PER_WORKER,
      connectionTimeoutMillis: STATEMENT_MS,
      keepAlive: true,
      allowExitOnIdle: true,
    });
    // A connection that dies while nobody asks anything of it tells only these; unheard, that would end the process.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    return new Database(pool, where);
  }

  /** @returns the rows. After `timeoutMs` the connection is given up, and nobody knows what became of the statement. */
  async query<Row>(text: string, values: unknown[], timeoutMs = STATEMENT_MS): Promise<Row[]> {
    const { rows } = await this.pool.query(timed(text, values, timeoutMs));
    return rows as Row[];
  }

  /** All or nothing. When it rejects by its connection, nobody knows which. */
  async transaction<T>(work: (query: TransactionQuery) => Promise<T>, timeoutMs = STATEMENT_MS): Promise<T> {
    return this.withClient(async (client) => {
      const query: TransactionQuery = async <Row>(text: string, values: unknown[] = []) =>
        (await client.query(timed(text, values, timeoutMs))).rows as Row[];
      await query('begin');
      const result = await work(query);
      await query('commit');
      return result;
    });
  }

  /** A connection of one's own; it is closed when the work rejects, and with it an open transaction. */
  async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

export type TransactionQuery = <Row>(text: string, values?: unknown[]) => Promise<Row[]>;

function timed(text: string, values: unknown[], timeoutMs: number): QueryConfig {
  return { text, values, query_timeout: timeoutMs } as QueryConfig;
}

/** @throws OutboxError `OUTBOX_IO` */
export function parseAddress({ url, user, password, tls }: PostgresAddress): {
  config: PoolConfig;
  where: string;
} {
  let parsed: URL;
  try {
    parsed = new URL(url);
    if (!/^postgres(ql)?:$/.test(parsed.protocol) || !parsed.hostname)
      throw new Error('no URL of PostgreSQL');
  } catch {
    throw new OutboxError(
      'OUTBOX_IO',
      'Correct "Database" (postgresUrl): it has to read as postgres://host:5432/database.',
    );
  }
  const database = decodeURIComponent(parsed.pathname.slice(1)) || 'postgres';
  const port = Number(parsed.port || 5432);
  const sslMode = parsed.searchParams.get('sslmode') ?? '';
  const isEncrypted = tls !== undefined || (sslMode !== '' && !WITHOUT_TLS.has(sslMode));
  // In brackets, as an IPv6 address has to be in a URL.
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    where: `${parsed.hostname}:${port}/${database}`,
    config: {
      host,
      port,
      database,
      user: user || decodeURIComponent(parsed.username) || undefined,
      password: password || decodeURIComponent(parsed.password) || undefined,
      ssl: isEncrypted ? { ...tls } : false,
      application_name: 'vision-events',
    },
  };
}
