/**
 * How long the outbox holds up the event loop when the disk is slow: each flush takes 50 or 500 ms longer, as on a worn
 * SD card. 10 events a second for 4 seconds, then 20 producers at once. Wanted: no stall over 20 ms at 10 events a
 * second, at least 100 acknowledgements a second with 20 producers at + 50 ms.
 * Run: npx tsx bench/outbox-stalls.bench.ts [folder]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../src/delivery/outbox/disk/disk-outbox';
import { type FileLayer, nodeFileLayer } from '../src/delivery/outbox/disk/file-layer';
import type { OutboxRecord } from '../src/delivery/outbox/outbox';

const place = process.argv[2] ?? tmpdir();
const RESOLUTION_MS = 1;

function slow(extraMs: number): FileLayer {
  return {
    ...nodeFileLayer,
    async open(path, mode) {
      const file = await nodeFileLayer.open(path, mode);
      return { ...file, sync: () => delay(extraMs).then(() => file.sync()) };
    },
  };
}

function record(n: number): OutboxRecord {
  const body = JSON.stringify({ n, value: 'x'.repeat(900) });
  return { eventId: `e${n}`, useCaseId: 'line-1', body, pictures: [] };
}

async function measure(extraMs: number | undefined): Promise<void> {
  const dir = mkdtempSync(join(place, 'outbox-bench-'));
  const outbox =
    extraMs === undefined ? undefined : new DiskOutbox({ dir, files: slow(extraMs), ballastBytes: 0 });
  await outbox?.open();
  const stalls = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  stalls.enable();
  const pending: Promise<void>[] = [];
  for (let n = 0; n < 40; n++) {
    if (outbox) pending.push(outbox.append([record(n)]));
    await delay(100);
  }
  await Promise.all(pending);
  stalls.disable();
  const worst = stalls.max / 1e6 - RESOLUTION_MS;
  const p99 = stalls.percentile(99) / 1e6 - RESOLUTION_MS;
  const name = extraMs === undefined ? 'no outbox (the machine itself)' : `fsync + ${extraMs} ms`;
  console.log(`${name}: event loop held up ${p99.toFixed(1)} ms (p99), ${worst.toFixed(1)} ms (worst)`);
  if (outbox) await manyProducers(outbox, extraMs ?? 0);
  await outbox?.close(5_000);
  rmSync(dir, { recursive: true });
}

async function manyProducers(outbox: DiskOutbox, extraMs: number): Promise<void> {
  const start = performance.now();
  let acked = 0;
  const producer = async (): Promise<void> => {
    while (performance.now() - start < 3_000) {
      await outbox.append([record(acked)]);
      acked++;
    }
  };
  await Promise.all(Array.from({ length: 20 }, producer));
  const perSecond = acked / ((performance.now() - start) / 1_000);
  console.log(`fsync + ${extraMs} ms, 20 producers: ${perSecond.toFixed(0)} acknowledgements a second`);
}

async function main(): Promise<void> {
  await measure(undefined);
  for (const extraMs of [0, 50, 500]) await measure(extraMs);
}

void main();
