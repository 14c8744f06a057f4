/**
 * The outbox in PostgreSQL beside the one on disk, in one run and in turns: durable appends with one and with 64
 * producers, pictures of 200 KB, leasing and settling without a request; then what two worker processes deliver through
 * the real sender. Events of about 1 KB, medians. PostgreSQL is one of its own in a temporary folder, with its default
 * settings.
 *
 * Run: npx tsx bench/postgres.bench.ts [rounds]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskOutbox } from '../src/delivery/outbox/disk/disk-outbox';
import type { Outbox, OutboxRecord } from '../src/delivery/outbox/outbox';
import { PostgresOutbox } from '../src/delivery/outbox/postgres/postgres-outbox';
import { PostgresServer } from '../test/support/postgres-server';
import { until } from '../test/support/until';

const BATCH = { events: 100, bytes: 1024 * 1024 };
const PICTURE_BYTES = 200_000;
const EVENTS = 10_000;
const DELIVERED = 30_000;
const rounds = Number(process.argv[2] ?? 3);

function record(n: number, pictureBytes = 0): OutboxRecord {
  const eventId = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const body = JSON.stringify({ eventId, eventType: 'custom', eventData: { value: 'x'.repeat(900) } });
  const bytes = Buffer.alloc(pictureBytes, `picture ${n} `);
  const picture = { role: 'output' as const, mediaType: 'image/jpeg', name: 'a.jpg', bytes };
  return { eventId, useCaseId: 'line-1', body, pictures: pictureBytes > 0 ? [picture] : [] };
}

async function appendsPerSecond(
  outbox: Outbox,
  producers: number,
  count: number,
  pictureBytes = 0,
): Promise<number> {
  const begun = performance.now();
  let next = 0;
  const produce = async (): Promise<void> => {
    while (next < count) await outbox.append([record(next++, pictureBytes)]);
  };
  await Promise.all(Array.from({ length: producers }, produce));
  return count / ((performance.now() - begun) / 1_000);
}

async function drainsPerSecond(outbox: Outbox): Promise<number> {
  const begun = performance.now();
  let drained = 0;
  const drain = async (): Promise<void> => {
    for (let lease = await outbox.lease(BATCH); lease; lease = await outbox.lease(BATCH)) {
      await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
      drained += lease.events.length;
    }
  };
  await Promise.all([drain(), drain()]);
  return drained / ((performance.now() - begun) / 1_000);
}

type Measures = Record<'one producer' | '64 producers' | 'leased and settled' | 'pictures stored', number>;

async function measure(outbox: Outbox): Promise<Measures> {
  const one = await appendsPerSecond(outbox, 1, 500);
  await drainsPerSecond(outbox);
  const many = await appendsPerSecond(outbox, 64, EVENTS);
  const drained = await drainsPerSecond(outbox);
  const pictures = await appendsPerSecond(outbox, 16, 400, PICTURE_BYTES);
  await drainsPerSecond(outbox);
  return {
    'one producer': one,
    '64 producers': many,
    'leased and settled': drained,
    'pictures stored': pictures,
  };
}

const options = (server: PostgresServer) => ({
  url: server.url,
  schema: server.freshSchema(),
  queueName: 'bench',
  boundTo: 'bench',
  workerName: 'bench',
  maxEvents: 1e7,
  maxBytes: 1e12,
});

async function onDisk(): Promise<Measures> {
  const dir = mkdtempSync(join(tmpdir(), 'postgres-bench-'));
  const outbox = new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ballastBytes: 0, maxEvents: 1e7 });
  await outbox.open();
  const measured = await measure(outbox);
  await outbox.close(5_000);
  rmSync(dir, { recursive: true });
  return measured;
}

async function inPostgres(server: PostgresServer): Promise<Measures> {
  const outbox = new PostgresOutbox(options(server));
  await outbox.open();
  const measured = await measure(outbox);
  await outbox.close(5_000);
  return measured;
}

/** Two worker processes drain one queue to a counting server. */
async function deliveredPerSecond(server: PostgresServer): Promise<number> {
  const settings = options(server);
  const outbox = new PostgresOutbox(settings);
  await outbox.open();
  for (let n = 0; n < DELIVERED; n += 500) {
    await outbox.append(Array.from({ length: 500 }, (_, index) => record(n + index)));
  }
  await outbox.close(5_000);
  const execArgv = ['-r', 'tsx/cjs'];
  const counting = fork(join(__dirname, 'support-counting-server.ts'), [], { execArgv });
  const [port] = (await once(counting, 'message')) as [number];
  const url = `http://127.0.0.1:${port}`;
  const worker = join(__dirname, 'support-postgres-worker.ts');
  const workers: ChildProcess[] = [0, 1].map(() =>
    fork(worker, [JSON.stringify(settings), url], { execArgv }),
  );
  await Promise.all(workers.map((child) => once(child, 'message')));
  const counts = async () =>
    (await (await fetch(`${url}/_counts`)).json()) as { events: number; lastArrival: number };
  const begun = Date.now();
  for (const child of workers) child.send('start');
  const { lastArrival } = await until(
    async () => {
      const now = await counts();
      return now.events === DELIVERED && now;
    },
    'all events',
    120_000,
  );
  for (const child of [...workers, counting]) child.kill('SIGKILL');
  return DELIVERED / ((lastArrival - begun) / 1_000);
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function main(): Promise<void> {
  const server = await PostgresServer.startIfInstalled();
  if (!server) return console.log('no PostgreSQL below /usr/lib/postgresql; install postgresql');
  try {
    const disk: Measures[] = [];
    const postgres: Measures[] = [];
    const delivered: number[] = [];
    for (let round = 0; round < rounds; round++) {
      disk.push(await onDisk());
      postgres.push(await inPostgres(server));
      delivered.push(await deliveredPerSecond(server));
    }
    for (const name of Object.keys(disk[0] ?? {}) as (keyof Measures)[]) {
      const [ofDisk, ofPostgres] = [disk, postgres].map((list) =>
        median(list.map((measured) => measured[name])),
      );
      const ratio = ((ofPostgres ?? NaN) / (ofDisk ?? NaN)).toFixed(2);
      console.log(
        `${name} a second: disk ${ofDisk?.toFixed(0)}, PostgreSQL ${ofPostgres?.toFixed(0)} (${ratio})`,
      );
    }
    console.log(`delivered a second by two workers through the real sender: ${median(delivered).toFixed(0)}`);
  } finally {
    await server.stop();
  }
}

void main();
