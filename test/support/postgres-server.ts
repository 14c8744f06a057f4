import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Context } from 'mocha';
import { Client } from 'pg';
import { freePort } from './real-node-red';
import { until } from './until';

const DEBIAN = '/usr/lib/postgresql';
const START_DEADLINE_MS = 30_000;
export const POSTGRES_USER = 'vision';

/** A PostgreSQL of one's own on loopback: durable as it is by default, its data in a temporary folder. */
export class PostgresServer {
  private static next = 0;
  private child: ChildProcess | undefined;

  private constructor(
    private readonly bin: string,
    private readonly folder: string,
    readonly port: number,
  ) {}

  /**
   * Without PostgreSQL: a failure where CI is set, elsewhere a skip that says so.
   *
   * @param parent of the folder with its data
   */
  static async start(
    test: Context,
    settings: Record<string, string> = {},
    parent = tmpdir(),
  ): Promise<PostgresServer> {
    const bin = programs();
    if (!bin) {
      const missing = `no PostgreSQL below ${DEBIAN}; install postgresql`;
      if (process.env.CI) throw new Error(missing);
      console.log(`      skipped: ${missing}`);
      return test.skip();
    }
    return PostgresServer.startAt(bin, settings, parent);
  }

  /** @returns undefined where there is none */
  static async startIfInstalled(settings: Record<string, string> = {}): Promise<PostgresServer | undefined> {
    const bin = programs();
    return bin ? PostgresServer.startAt(bin, settings, tmpdir()) : undefined;
  }

  private static async startAt(
    bin: string,
    settings: Record<string, string>,
    parent: string,
  ): Promise<PostgresServer> {
    const { uid, gid } = postgresOwner();
    const folder = ownFolder(parent);
    const server = new PostgresServer(bin, folder, await freePort());
    const data = path.join(folder, 'data');
    const options = ['-D', data, '-U', POSTGRES_USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    execFileSync(path.join(bin, 'initdb'), options, { uid, gid, cwd: folder, stdio: 'ignore' });
    const lines = Object.entries({ max_connections: '60', ...settings }).map(
      ([name, value]) => `${name} = '${value}'\n`,
    );
    appendFileSync(path.join(data, 'postgresql.conf'), lines.join(''));
    execFileSync('sync', ['-f', data]);
    await server.run();
    return server;
  }

  /** A copy that follows this one and takes no writes, until it is promoted. */
  async startStandby(): Promise<PostgresServer> {
    const { uid, gid } = postgresOwner();
    const folder = ownFolder();
    const standby = new PostgresServer(this.bin, folder, await freePort());
    const options = ['-D', path.join(folder, 'data'), '-d', this.url, '-c', 'fast', '-R', '--no-sync'];
    const copy = spawn(path.join(this.bin, 'pg_basebackup'), options, {
      uid,
      gid,
      cwd: folder,
      stdio: 'ignore',
    });
    const [code] = (await once(copy, 'exit')) as [number];
    if (code !== 0) throw new Error(`pg_basebackup ended with ${code}`);
    await standby.run();
    return standby;
  }

  /** Makes the writer of a standby; it replays what it has first. */
  async promote(): Promise<void> {
    // Without waiting: a statement that looks at the data would hold the replay up.
    await this.sql('select pg_promote(false)');
    await until(
      async () => {
        const [found] = await this.sql<{ still: boolean }>('select pg_is_in_recovery() as still');
        return found?.still === false;
      },
      'the promotion',
      START_DEADLINE_MS,
    );
  }

  get url(): string {
    return `postgres://${POSTGRES_USER}@127.0.0.1:${this.port}/postgres`;
  }

  /** A name that no other test of this process has. */
  freshSchema(): string {
    return `ve_${process.pid}_${++PostgresServer.next}`;
  }

  /** Starts it, also again after `kill`; resolves when it answers. */
  async run(): Promise<void> {
    const { uid, gid } = postgresOwner();
    const options = [
      '-D',
      path.join(this.folder, 'data'),
      '-p',
      `${this.port}`,
      '-h',
      '127.0.0.1',
      '-k',
      this.folder,
    ];
    const child = spawn(path.join(this.bin, 'postgres'), options, {
      uid,
      gid,
      cwd: this.folder,
      stdio: 'ignore',
    });
    this.child = child;
    await answers('PostgreSQL', child, this.url, START_DEADLINE_MS);
  }

  /** One statement on a connection of its own. */
  sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return queryAt<Row>(this.url, text, values);
  }

  /** A connection of somebody else that stays open after these statements. */
  async hold(statements: string): Promise<{ end(): Promise<void> }> {
    const client = new Client({ connectionString: this.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(statements);
    return { end: () => client.end() };
  }

  /** Resolves when so many statements of outboxes wait for a lock. */
  async waitsForLock(count = 1): Promise<void> {
    const waiting =
      "select from pg_stat_activity where application_name = 'vision-events' and wait_event_type = 'Lock'";
    await until(async () => (await this.sql(waiting)).length >= count, `${count} waiting statement(s)`);
  }

  /** All others come in by their name alone. */
  async requirePassword(user: string): Promise<void> {
    const file = path.join(this.folder, 'data', 'pg_hba.conf');
    writeFileSync(file, `host all ${user} 127.0.0.1/32 scram-sha-256\n${readFileSync(file, 'utf8')}`);
    await this.sql('select pg_reload_conf()');
  }

  /**
   * kill -9 of the server and all its processes, as it ends when the machine loses power but for what the disk forgets.
   */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child || !this.isRunning) return;
    const ended = once(child, 'exit');
    for (const pid of this.processes()) signal(pid, 'SIGKILL');
    await ended;
  }

  /** Whether it runs; a full disk ends it. */
  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** As when the machine of the server hangs. */
  suspend(): void {
    for (const pid of this.processes()) signal(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.processes()) signal(pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    this.resume();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The server and its children. */
  private processes(): number[] {
    const parent = this.child?.pid;
    if (parent === undefined) return [];
    const children = execFileSync('sh', [
      '-c',
      `cat /proc/${parent}/task/${parent}/children 2>/dev/null || true`,
    ]).toString();
    return [parent, ...children.split(' ').filter(Boolean).map(Number)];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}

/** In which a server keeps its data. */
export function ownFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(path.join(parent, 'vision-events-postgres-'));
  const { uid, gid } = postgresOwner();
  chownSync(folder, uid, gid);
  return folder;
}

/** Neither PostgreSQL nor PgBouncer runs as root. */
export function postgresOwner(): { uid: number; gid: number } {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (own.uid !== 0) return own;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString());
  return { uid: id('-u'), gid: id('-g') };
}

function programs(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const versions = readdirSync(DEBIAN).filter((name) => existsSync(path.join(DEBIAN, name, 'bin/initdb')));
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  return newest && path.join(DEBIAN, newest, 'bin');
}

/** One statement on a connection of its own. */
export async function queryAt<Row>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** Resolves when what was started answers there; rejects when it ends before. */
export function answers(
  name: string,
  child: ChildProcess,
  url: string,
  deadlineMs: number,
): Promise<unknown> {
  return until(
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      return queryAt(url, 'select 1').then(
        () => true,
        () => false,
      );
    },
    `${name} to start`,
    deadlineMs,
  );
}
