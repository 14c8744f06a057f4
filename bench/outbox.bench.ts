/**
 * What the outbox on disk costs: durable appends a second with one and with 64 producers, draining 100,000 waiting
 * events (opening, leasing, settling; nothing is sent), the memory that the backlog takes, and the bytes that the
 * outbox writes for each byte of event at 1 and at 30 events a second. Events of about 1 KB.
 * Run: npx tsx bench/outbox.bench.ts [events] [folder]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../src/delivery/outbox/disk/disk-outbox';
import { type FileLayer, nodeFileLayer } from '../src/delivery/outbox/disk/file-layer';
import type { OutboxRecord } from '../src/delivery/outbox/outbox';

const ROUNDS = 3;
const BATCH = { events: 100, bytes: 1024 * 1024 };
/** A disk writes whole pages, and a flush of a file whose size changed also writes the file system's journal. */
const PAGE = 4_096;
const JOURNAL_PAGES = 3;
const backlog = Number(process.argv[2] ?? 100_000);
const place = process.argv[3] ?? tmpdir();

function record(n: number): OutboxRecord {
  const eventId = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const body = JSON.stringify({ eventId, eventType: 'custom', eventData: { value: 'x'.repeat(900) } });
  return { eventId, useCaseId: 'line-1', body, pictures: [] };
}

interface Written {
  bytes: number;
  pages: number;
  flushes: number;
  sizeChanges: number;
}

/**
 * Counts what reaches the disk: bytes, the pages they touch, flushes, and flushes that also have to write a new size.
 */
function counting(written: Written): FileLayer {
  return {
    ...nodeFileLayer,
    async open(path, mode) {
      const file = await nodeFileLayer.open(path, mode);
      const touched = new Set<number>();
      let size = 0;
      let hasGrown = false;
      return {
        ...file,
        async write(bytes, position) {
          const end = position + bytes.length;
          for (let page = Math.floor(position / PAGE); page * PAGE < end; page++) touched.add(page);
          hasGrown ||= end > size;
          size = Math.max(size, end);
          written.bytes += bytes.length;
          return file.write(bytes, position);
        },
        async sync() {
          written.flushes++;
          written.pages += touched.size;
          if (hasGrown) written.sizeChanges++;
          touched.clear();
          hasGrown = false;
          return file.sync();
        },
      };
    },
  };
}

async function withOutbox<T>(
  work: (outbox: DiskOutbox, dir: string) => Promise<T>,
  files: FileLayer = nodeFileLayer,
): Promise<T> {
  const dir = mkdtempSync(join(place, 'outbox-bench-'));
  const outbox = new DiskOutbox({ dir, files, freeSpaceFloorBytes: 0, ballastBytes: 0, maxEvents: 1e7 });
  await outbox.open();
  try {
    return await work(outbox, dir);
  } finally {
    await outbox.close(5_000);
    rmSync(dir, { recursive: true });
  }
}

function appendsPerSecond(producers: number, events: number): Promise<number> {
  return withOutbox(async (outbox) => {
    const start = performance.now();
    let next = 0;
    const producer = async (): Promise<void> => {
      while (next < events) await outbox.append([record(next++)]);
    };
    await Promise.all(Array.from({ length: producers }, producer));
    return events / ((performance.now() - start) / 1_000);
  });
}

function memory(): number {
  global.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
}

async function drainBacklog(): Promise<{ open: number; rate: number; growth: number }> {
  const dir = mkdtempSync(join(place, 'outbox-bench-'));
  const make = (): DiskOutbox =>
    new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ballastBytes: 0, maxEvents: 1e7 });
  const writer = make();
  await writer.open();
  for (let n = 0; n < backlog; n += 100) {
    await writer.append(Array.from({ length: Math.min(100, backlog - n) }, (_, index) => record(n + index)));
  }
  await writer.close(5_000);
  const before = memory();
  let peak = before;
  const outbox = make();
  const opening = performance.now();
  await outbox.open();
  const start = performance.now();
  peak = Math.max(peak, memory());
  let drained = 0;
  for (let lease = await outbox.lease(BATCH); lease; lease = await outbox.lease(BATCH)) {
    await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
    drained += lease.events.length;
    peak = Math.max(peak, process.memoryUsage().rss / 1024 / 1024);
  }
  const rate = drained / ((performance.now() - start) / 1_000);
  if (drained !== backlog) throw new Error(`${drained} of ${backlog} events came out`);
  await outbox.close(5_000);
  rmSync(dir, { recursive: true });
  return { open: start - opening, rate, growth: peak - before };
}

/** Events at a steady pace, each delivered at once, as on a good day. */
async function amplification(perSecond: number, seconds: number): Promise<Written & { eventBytes: number }> {
  const written: Written = { bytes: 0, pages: 0, flushes: 0, sizeChanges: 0 };
  let eventBytes = 0;
  await withOutbox(async (outbox) => {
    const deliver = async (): Promise<void> => {
      const lease = await outbox.lease(BATCH);
      if (lease) await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
    };
    for (let n = 0; n < perSecond * seconds; n++) {
      const event = record(n);
      eventBytes += Buffer.byteLength(event.body);
      await outbox.append([event]);
      // At 30 a second a sender that lingers for a second takes 30 at a time.
      if (n % perSecond === perSecond - 1) await deliver();
      await delay(1);
    }
  }, counting(written));
  return { ...written, eventBytes };
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function repeat<T>(work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < ROUNDS; round++) results.push(await work());
  return results;
}

async function main(): Promise<void> {
  await appendsPerSecond(64, 2_000);
  const one = await repeat(() => appendsPerSecond(1, 1_000));
  const many = await repeat(() => appendsPerSecond(64, 20_000));
  console.log(`appends a second, 1 producer:   ${median(one).toFixed(0)}`);
  console.log(`appends a second, 64 producers: ${median(many).toFixed(0)}`);
  const drains = await repeat(drainBacklog);
  console.log(
    `${backlog} waiting events: opened in ${median(drains.map(({ open }) => open)).toFixed(0)} ms,`,
  );
  console.log(`  drained at ${median(drains.map(({ rate }) => rate)).toFixed(0)} events a second,`);
  console.log(
    `  memory grew by ${median(drains.map(({ growth }) => growth)).toFixed(0)} MB at most (first round ${drains[0]?.growth.toFixed(0)})`,
  );
  for (const [perSecond, seconds] of [
    [1, 300],
    [30, 20],
  ] as const) {
    const { bytes, pages, flushes, sizeChanges, eventBytes } = await amplification(perSecond, seconds);
    const flash = (pages + sizeChanges * JOURNAL_PAGES) * PAGE;
    console.log(
      `${perSecond} event(s) a second: ${(bytes / eventBytes).toFixed(2)} bytes handed over per event byte, ` +
        `${(flash / eventBytes).toFixed(1)} by whole pages and journal (estimate), ` +
        `${(flushes / (perSecond * seconds)).toFixed(2)} flushes an event, ${sizeChanges} of ${flushes} with a new size`,
    );
  }
}

void main();
