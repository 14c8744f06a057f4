/**
 * How fast a backlog drains: 100,000 waiting events from the outbox on disk through sender and client to a bare server
 * on loopback, beside the same axios client that posts ready-made batches. Wanted: at least 60 % of the latter.
 *
 * Measures the build, which is what users run. The server is a process of its own and only answers the ids it was sent.
 * The candidates take turns; medians of the rounds are told, and the growth of memory while the queue drains.
 *
 * Usage: npm run build && npx tsx bench/queue-drain.bench.ts [rounds] [events]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SERVE = '--serve';
const BATCH = 100;
const CONCURRENCY = 2;
const [rounds = 5, events = 100_000] = process.argv.slice(2).map(Number).filter(Number.isFinite);

function bodyOf(index: number): string {
  return JSON.stringify({
    eventId: `7f0d2f7e-6f5b-4d61-8f0a-${String(index).padStart(12, '0')}`,
    eventType: 'quality_check',
    useCaseId: 'line-3',
    timestamp: '2026-06-01T08:00:00.000Z',
    eventData: { result: index % 50 === 0 ? 'fail' : 'pass', externalId: `lot-${index}` },
    deviceId: 'cam-1',
    images: [
      {
        objectDetections: Array.from({ length: 5 }, (_, box) => ({
          class: 'bolt',
          x: 100.5 + box,
          y: 200.25 + index,
          width: 40,
          height: 30,
          confidence: 0.875,
        })),
      },
    ],
    customMetadata: { line: 'A1', shift: 'night' },
  });
}

/** The bare server: it answers what the client needs to read, and nothing more. */
function serve(): void {
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const { events: sent } = JSON.parse(text) as { events: { eventId: string }[] };
      const eventIds = sent.map(({ eventId }) => eventId);
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ created: eventIds.length, eventIds }));
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

interface Run {
  perSecond: number;
  /** bytes */
  memoryGrowth: number;
  /** processor time of this process for one event, microseconds: it says more than the rate when the machine is busy */
  cpu: number;
}

async function measure(work: () => Promise<void>): Promise<Run> {
  global.gc?.();
  const before = process.memoryUsage().rss;
  let highest = before;
  const sampler = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 20);
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  clearInterval(sampler);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: events / seconds, memoryGrowth: highest - before, cpu: (user + system) / events };
}

async function main(): Promise<void> {
  const built = join(__dirname, '../dist/src');
  if (!existsSync(built)) throw new Error('There is no build to measure. Run "npm run build" first.');
  const load = createRequire(__filename);
  const { VisionEventsClient } = load(`${built}/api/client.js`) as typeof import('../src/api/client');
  const { DiskOutbox } = load(
    `${built}/delivery/outbox/disk/disk-outbox.js`,
  ) as typeof import('../src/delivery/outbox/disk/disk-outbox');
  const { Sender } = load(
    `${built}/delivery/sender/sender.js`,
  ) as typeof import('../src/delivery/sender/sender');

  const server = fork(__filename, [SERVE], { execArgv: process.execArgv });
  const [port] = (await once(server, 'message')) as [number];
  const client = () =>
    new VisionEventsClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'bench', env: {} });

  async function readyMade(): Promise<Run> {
    const batches: string[][] = [];
    for (let start = 0; start < events; start += BATCH) {
      const size = Math.min(BATCH, events - start);
      batches.push(Array.from({ length: size }, (_, index) => bodyOf(start + index)));
    }
    const poster = client();
    const target = poster.target();
    const run = await measure(async () => {
      const post = async () => {
        for (let batch = batches.pop(); batch; batch = batches.pop()) await target.postBatch(batch);
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, post));
    });
    poster.close();
    return run;
  }

  async function queue(): Promise<Run> {
    const dir = mkdtempSync(join(tmpdir(), 'queue-drain-'));
    const outbox = new DiskOutbox({ dir, maxEvents: events, freeSpaceFloorBytes: 0 });
    await outbox.open();
    for (let start = 0; start < events; start += 1000) {
      const size = Math.min(1000, events - start);
      await outbox.append(
        Array.from({ length: size }, (_, index) => {
          const body = bodyOf(start + index);
          const { eventId, useCaseId } = JSON.parse(body) as { eventId: string; useCaseId: string };
          return { eventId, useCaseId, body, pictures: [] };
        }),
      );
    }
    const poster = client();
    let delivered = 0;
    const run = await measure(async () => {
      await new Promise<void>((resolve) => {
        const sender = new Sender({
          outbox,
          lateLandings: [],
          target: poster.target(),
          settings: { concurrency: CONCURRENCY, lingerMs: 0 },
          listeners: {
            delivered: (batch) => {
              delivered += batch.length;
              if (delivered >= events) void sender.stop(5000).then(resolve);
            },
          },
        });
        sender.start();
      });
    });
    if (outbox.stats().events > 0) throw new Error(`${outbox.stats().events} events were not delivered`);
    poster.close();
    await outbox.close(5000);
    rmSync(dir, { recursive: true, force: true });
    return run;
  }

  const candidates = { 'ready-made batches': readyMade, 'outbox and sender': queue };
  const runs = new Map<string, Run[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, candidate] of Object.entries(candidates)) {
      const run = await candidate();
      runs.set(name, [...(runs.get(name) ?? []), run]);
      console.log(`round ${round + 1}: ${name} ${Math.round(run.perSecond)} events/s`);
    }
  }
  server.kill();
  for (const [name, list] of runs) {
    const growth = median(list.map(({ memoryGrowth }) => memoryGrowth)) / 1024 / 1024;
    const rate = Math.round(median(list.map(({ perSecond }) => perSecond)));
    const cpu = median(list.map((run) => run.cpu)).toFixed(0);
    console.log(
      `${name}: median ${rate} events/s, ${cpu} µs of processor an event, memory +${growth.toFixed(0)} MB`,
    );
  }
  const [made = [], queued = []] = [...runs.values()];
  const share =
    median(queued.map(({ perSecond }) => perSecond)) / median(made.map(({ perSecond }) => perSecond));
  console.log(
    `The queue drains at ${(100 * share).toFixed(0)} % of the rate of ready-made batches (wanted: 60 %).`,
  );
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

if (process.argv.includes(SERVE)) serve();
else void main();
