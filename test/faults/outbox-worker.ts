/**
 * The process that the fault tests kill. It says on standard output what it knows to be true at that moment:
 * `open`, `ack <n>`, `delivered <n> <sha256 of the body>`, `refused <code> <text>`.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../../src/delivery/disk-outbox/disk-outbox';
import { type FileLayer, nodeFileLayer } from '../../src/delivery/disk-outbox/file-layer';
import { OutboxError } from '../../src/delivery/outbox';
import { checkedNumber, numberedRecord } from '../support/outbox-fixture';

const [dir = '', job = '', first = '0', ...flags] = process.argv.slice(2);

/** Synchronous, so that what was said is said, whatever comes next. A full pipe is tried again until it takes it all. */
function say(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error;
    }
  }
}

/** The control: nothing is ever flushed. */
const withoutFlushes: FileLayer = {
  ...nodeFileLayer,
  syncDir: () => Promise.resolve(),
  async open(path, mode) {
    return { ...(await nodeFileLayer.open(path, mode)), sync: () => Promise.resolve() };
  },
};

const outbox = new DiskOutbox({
  dir,
  freeSpaceFloorBytes: 0,
  ballastBytes: 0,
  lockWaitMs: flags.includes('impatient') ? 1_000 : undefined,
  files: flags.includes('no-flush') ? withoutFlushes : nodeFileLayer,
  ...(flags.includes('no-lock') && { lock: () => Promise.resolve({ release: () => Promise.resolve() }) }),
});

/** Several producers at a time, each waiting for its own acknowledgement; every fifth event has a picture. */
async function produce(): Promise<void> {
  let next = Number(first);
  const producer = async (): Promise<void> => {
    for (;;) {
      const n = next++;
      const appended = outbox.append([numberedRecord(n, n % 5 === 0 ? 3_000 : 0)]);
      if (flags.includes('early-ack')) say(`ack ${n}`);
      await appended;
      if (!flags.includes('early-ack')) say(`ack ${n}`);
      if (flags.includes('slowly')) await delay(20);
    }
  };
  await Promise.all(Array.from({ length: 4 }, producer));
}

/** Leases, "posts" by saying so, and settles. */
async function deliver(): Promise<void> {
  for (;;) {
    const lease = await outbox.lease({ events: 20, bytes: 1e6 });
    if (!lease) {
      await delay(5);
      continue;
    }
    for (const { body } of lease.events) {
      say(`delivered ${checkedNumber(body)} ${createHash('sha256').update(body).digest('hex')}`);
    }
    await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
  }
}

async function main(): Promise<void> {
  await outbox.open();
  say('open');
  if (job === 'produce') await produce();
  else if (job === 'deliver') await Promise.all([produce(), deliver()]);
  else await new Promise((resolve) => setTimeout(resolve, 600_000));
}

main().catch((error: unknown) => {
  say(error instanceof OutboxError ? `refused ${error.code} ${error.message}` : `failed ${String(error)}`);
  process.exit(1);
});
