import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import {
  answers,
  ownFolder,
  POSTGRES_USER,
  postgresOwner,
  queryAt,
  type PostgresServer,
} from './postgres-server';
import { freePort } from './real-node-red';

const DEBIAN = '/usr/sbin/pgbouncer';
const START_DEADLINE_MS = 10_000;

/** How long a client keeps a connection of the server. */
export type Pooling = 'session' | 'transaction' | 'statement';

/** A PgBouncer of one's own on loopback. */
export class PgBouncer {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /**
   * Without PgBouncer: a failure where CI is set, elsewhere a skip that says so.
   *
   * @param connections to the server, for all clients together
   */
  static async start(
    test: Context,
    server: PostgresServer,
    pooling: Pooling,
    connections = 20,
  ): Promise<PgBouncer> {
    if (!existsSync(DEBIAN)) {
      const missing = `no ${DEBIAN}; install pgbouncer`;
      if (process.env.CI) throw new Error(missing);
      console.log(`      skipped: ${missing}`);
      return test.skip();
    }
    const bouncer = new PgBouncer(ownFolder(), await freePort());
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: bouncer.port,
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: pooling,
      default_pool_size: connections,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    const database = `[databases]\npostgres = host=127.0.0.1 port=${server.port} user=${POSTGRES_USER}\n`;
    writeFileSync(bouncer.settings, `${database}[pgbouncer]\n${lines.join('')}`);
    await bouncer.run();
    return bouncer;
  }

  get url(): string {
    return `postgres://${POSTGRES_USER}@127.0.0.1:${this.port}/postgres`;
  }

  private get settings(): string {
    return path.join(this.folder, 'pgbouncer.ini');
  }

  /** Starts it, also again after `kill`; resolves when it answers. */
  async run(): Promise<void> {
    const child = spawn(DEBIAN, [this.settings], {
      ...postgresOwner(),
      cwd: this.folder,
      stdio: 'ignore',
    });
    this.child = child;
    await answers('PgBouncer', child, this.url, START_DEADLINE_MS);
  }

  /** One statement on a connection of its own. */
  sql<Row>(text: string): Promise<Row[]> {
    return queryAt<Row>(this.url, text);
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
