import { createHash } from 'node:crypto';
import { DiskOutbox, type DiskOutboxOptions } from '../../src/delivery/outbox/disk/disk-outbox';
import assert from 'node:assert/strict';
import { VisionEventsClient } from '../../src/api/client';
import { type FileLayer, nodeFileLayer } from '../../src/delivery/outbox/disk/file-layer';
import type { FolderLock, TakeLock } from '../../src/delivery/outbox/disk/folder-lock';
import type { Lease, Outbox, OutboxRecord } from '../../src/delivery/outbox/outbox';
import { Sender } from '../../src/delivery/sender/sender';
import type { Simulator } from '../../simulator/server';
import type { SimDisk } from './sim-disk';
import { until } from './until';

export const BATCH = { events: 100, bytes: 1024 * 1024 };
export const SIM_DIR = '/outbox';

/** An event that tells by itself whether it is whole: number, checksum and, on demand, a picture made of both. */
export function numberedRecord(n: number, pictureBytes = 0): OutboxRecord {
  const pad = 'ä'.repeat(n % 200);
  const sha = createHash('sha256').update(`${n} ${pad}`).digest('hex');
  const eventId = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const pictures = pictureBytes > 0 ? [numberedPicture(n, pictureBytes)] : [];
  return { eventId, useCaseId: 'line-1', body: JSON.stringify({ eventId, n, pad, sha }), pictures };
}

export function numberedPicture(n: number, bytes: number): OutboxRecord['pictures'][number] {
  return {
    role: 'output',
    mediaType: 'image/jpeg',
    name: `${n}.jpg`,
    bytes: Buffer.alloc(bytes, `picture ${n} `),
  };
}

/** The number of a stored event; throws when it is not exactly what was appended. */
export function checkedNumber(body: string): number {
  const { n, pad, sha } = JSON.parse(body) as { n: number; pad: string; sha: string };
  if (createHash('sha256').update(`${n} ${pad}`).digest('hex') !== sha || body !== numberedRecord(n).body) {
    throw new Error(`event ${n} has a wrong body`);
  }
  return n;
}

/** Takes everything that is due out of the outbox; what it looks at is acknowledged. */
export async function drain(
  outbox: Outbox,
  look?: (lease: Lease) => Promise<void> | void,
): Promise<number[]> {
  const numbers: number[] = [];
  for (let lease = await outbox.lease(BATCH); lease; lease = await outbox.lease(BATCH)) {
    for (const { body } of lease.events) numbers.push(checkedNumber(body));
    await look?.(lease);
    await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
  }
  return numbers;
}

/** For `drain`: every picture is the one that was appended. */
export async function checkPictures({ events }: Lease): Promise<void> {
  for (const { body, pictures } of events) {
    for (const picture of pictures) {
      const expected = numberedPicture(checkedNumber(body), picture.size).bytes;
      assert.deepEqual(Buffer.from(await picture.read()), expected);
    }
  }
}

/** Few events a request, so that few are in flight when a process is killed. */
export const DELIVERY_OF_WORKER = { batchSize: 5, lingerMs: 0, concurrency: 2 };

/** Delivers as the package does, until nothing waits any more. */
export async function deliverAll(outbox: Outbox, simulator: Simulator): Promise<void> {
  const client = new VisionEventsClient({ baseUrl: simulator.url, apiKey: simulator.keys.full, env: {} });
  const sender = new Sender({ outbox, target: client.target(), settings: DELIVERY_OF_WORKER });
  sender.start();
  await until(() => outbox.stats().events === 0, 'an empty outbox', 60_000);
  await sender.stop(1_000);
  client.close();
}

/** The control for group commit: from now on each append waits for the one before. */
export function oneByOne(outbox: Outbox): void {
  const append = outbox.append.bind(outbox);
  let last: Promise<unknown> = Promise.resolve();
  outbox.append = (records) => {
    const appended = last.then(() => append(records));
    last = appended;
    return appended;
  };
}

/** A lock that keeps nobody out. */
export const OPEN_LOCK: FolderLock = {
  isLate: () => false,
  look: () => Promise.resolve(),
  release: () => Promise.resolve(),
};

export const withoutLock: TakeLock = () => Promise.resolve(OPEN_LOCK);

/** Real files, wherever tests have their folders: some machines keep them in memory, which an outbox would say. */
export const durableFiles: FileLayer = { ...nodeFileLayer, forgets: () => Promise.resolve(undefined) };

/** An outbox on a simulated disk, without a lock: the disk has one user. */
export function simOutbox(disk: SimDisk, options: Partial<DiskOutboxOptions> = {}): DiskOutbox {
  return new DiskOutbox({
    dir: SIM_DIR,
    files: disk.mount(),
    freeSpaceFloorBytes: 0,
    ballastBytes: 0,
    lock: withoutLock,
    ...options,
  });
}

export function missing(expected: Iterable<number>, found: Iterable<number>): number[] {
  const there = new Set(found);
  return [...expected].filter((n) => !there.has(n));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
