/**
 * Measures an outbox on a disk whose flushes are slow, in a process of its own; started by slow-disk.test.ts. `paced`:
 * ten events a second, delivered at once. `producers`: twenty producers, each waiting for its own acknowledgement. The
 * flags are controls. Prints what it measured as JSON.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { nodeFileLayer } from '../../src/delivery/outbox/disk/file-layer';
import { synchronousFiles } from '../support/broken-file-layers';
import { BATCH, numberedRecord, oneByOne } from '../support/outbox-fixture';

/** What ten events a second did to the event loop; ms, at the 99th percentile. */
export interface Paced {
  flushMs: number;
  idleP99: number;
  p99: number;
  /** events that were not delivered */
  left: number;
}

export interface Produced {
  flushMs: number;
  perSecond: number;
}

const [dir = '', job = '', seconds = '1', flag = ''] = process.argv.slice(2);
const DURATION_MS = Number(seconds) * 1000;
const IDLE_MS = 500;
const PACE_MS = 100;
const PRODUCERS = 20;
const RESOLUTION_MS = 10;

const outbox = new DiskOutbox({
  dir,
  freeSpaceFloorBytes: 0,
  ballastBytes: 0,
  files: flag === 'synchronous' ? synchronousFiles : nodeFileLayer,
});
let lastNumber = 0;

/** How long a single flush lasts here, ms. */
function timeFlush(): number {
  const file = openSync(join(dir, 'probe'), 'w');
  writeSync(file, 'x');
  const startedAt = performance.now();
  fdatasyncSync(file);
  const ms = performance.now() - startedAt;
  closeSync(file);
  return ms;
}

/** How long the event loop was held up meanwhile, ms at the 99th percentile. */
async function stallsDuring(work: () => Promise<unknown>): Promise<number> {
  const stalls = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  stalls.enable();
  await work();
  stalls.disable();
  return Math.max(0, stalls.percentile(99) / 1e6 - RESOLUTION_MS);
}

async function appendAndDeliver(): Promise<void> {
  await outbox.append([numberedRecord(++lastNumber)]);
  const lease = await outbox.lease(BATCH);
  if (lease) await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
}

async function paced(): Promise<Paced> {
  const flushMs = timeFlush();
  await appendAndDeliver();
  const idleP99 = await stallsDuring(() => delay(IDLE_MS));
  const underWay: Promise<void>[] = [];
  const p99 = await stallsDuring(async () => {
    for (const end = performance.now() + DURATION_MS; performance.now() < end; await delay(PACE_MS)) {
      underWay.push(appendAndDeliver());
    }
  });
  await Promise.all(underWay);
  return { flushMs, idleP99, p99, left: outbox.stats().events };
}

async function producers(): Promise<Produced> {
  const flushMs = timeFlush();
  if (flag === 'one by one') oneByOne(outbox);
  const startedAt = performance.now();
  let acked = 0;
  const producer = async (): Promise<void> => {
    while (performance.now() - startedAt < DURATION_MS) {
      await outbox.append([numberedRecord(++lastNumber)]);
      acked++;
    }
  };
  await Promise.all(Array.from({ length: PRODUCERS }, producer));
  return { flushMs, perSecond: (acked * 1000) / (performance.now() - startedAt) };
}

async function main(): Promise<void> {
  await outbox.open();
  console.log(JSON.stringify(job === 'paced' ? await paced() : await producers()));
  await outbox.close(5_000);
}

void main();
