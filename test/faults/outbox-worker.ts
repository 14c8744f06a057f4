/**
 * The process that the fault tests kill. It says on standard output what it knows to be true at that moment:
 * `start`, `open`, `ack <n>`, `refused <code> <text>`.
 */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { VisionEventsClient } from '../../src/api/client';
import { DiskOutbox, type DiskOutboxOptions } from '../../src/delivery/outbox/disk/disk-outbox';
import { nodeFileLayer } from '../../src/delivery/outbox/disk/file-layer';
import { OutboxError, type OutboxRecord } from '../../src/delivery/outbox/outbox';
import { Sender } from '../../src/delivery/sender/sender';
import type { Target } from '../../src/api/target';
import { seeingOnlyOldFiles, sharingFiles, withoutFlushes } from '../support/broken-file-layers';
import { numberedDelivery } from '../support/numbered-load';
import {
  checkedNumber,
  checkPictures,
  DELIVERY_OF_WORKER,
  drain,
  numberedRecord,
  withoutLock,
} from '../support/outbox-fixture';
import type { WorkerJob } from '../support/worker-process';

const [dir = '', job = '', first = '0', ...flags] = process.argv.slice(2) as [string, WorkerJob, string];
const has = (flag: string): boolean => (flags as string[]).includes(flag);

/**
 * Synchronous, so that what was said is said, whatever comes next. A full pipe is tried again until it takes it all.
 */
function say(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error;
    }
  }
}

/** The flags that break something are controls: the tests must notice each. */
function options(): DiskOutboxOptions {
  return {
    dir,
    freeSpaceFloorBytes: 0,
    ballastBytes: 0,
    ...(has('no-flush') && { files: withoutFlushes(nodeFileLayer) }),
    ...(has('no-lock') && { lock: withoutLock }),
    ...(has('all-old') && { files: seeingOnlyOldFiles(nodeFileLayer) }),
    // Two such processes give their files the same names.
    ...(has('same-files') && { files: sharingFiles, random: () => 0.5 }),
  };
}

const outbox = new DiskOutbox(options());

/** Several producers at a time, each waiting for its own acknowledgement. */
async function produce(record: (n: number) => OutboxRecord): Promise<void> {
  let next = Number(first);
  const producer = async (): Promise<void> => {
    for (;;) {
      const n = next++;
      const appended = outbox.append([record(n)]);
      if (has('early-ack')) say(`ack ${n}`);
      const acked = appended.then(() => has('early-ack') || say(`ack ${n}`));
      await (has('stubborn') ? acked.catch(complain) : acked);
      if (has('slowly')) await delay(20);
    }
  };
  await Promise.all(Array.from({ length: 4 }, producer));
}

/** Takes out what waits, beside the producers. Says `gone <n>` of each that it has seen whole, and then settles it. */
async function takeOut(): Promise<void> {
  for (;;) {
    await drain(outbox, async (lease) => {
      await checkPictures(lease);
      for (const { body } of lease.events) say(`gone ${checkedNumber(body)}`);
    });
    await delay(20);
  }
}

/** Every fifth event has a picture. */
const recordToKeep = (n: number): OutboxRecord => numberedRecord(n, n % 5 === 0 ? 3_000 : 0);

function deliver(): void {
  const { SERVER_URL: baseUrl = '', SERVER_KEY: apiKey = '' } = process.env;
  const target = new VisionEventsClient({ baseUrl, apiKey, env: {} }).target();
  if (has('forgets-done')) forgetDone();
  new Sender({
    outbox,
    target: has('boasts') ? boasting(target) : has('rewrites') ? rewriting(target) : target,
    settings: DELIVERY_OF_WORKER,
  }).start();
}

/** Nothing of what is done is written down. */
function forgetDone(): void {
  const settle = outbox.settle.bind(outbox);
  outbox.settle = (lease, { acked, retry, dead }) => {
    const never = acked.map((id) => ({ id, at: Infinity, why: 'forgotten' }));
    return settle(lease, { acked: [], retry: [...retry, ...never], dead });
  };
}

/** Long beside what the disk needs to write down that they are done. */
const BOASTED_MS = 1_000;

/** Says that the server has the events before it sends them. */
function boasting(target: Target): Target {
  return {
    ...target,
    postEvent: (body) => {
      setTimeout(() => void target.postEvent(body), BOASTED_MS);
      return Promise.resolve({ statusCode: 201, warnings: [] });
    },
    postBatch: (bodies) => {
      setTimeout(() => void target.postBatch(bodies), BOASTED_MS);
      const eventIds = bodies.map((body) => (JSON.parse(body) as { eventId: string }).eventId);
      return Promise.resolve({ statusCode: 201, eventIds, warningsByEvent: {}, warnings: [] });
    },
  };
}

/** Sends other bytes than were stored, others in each process. */
function rewriting(target: Target): Target {
  const rewritten = (body: string): string => body.replace('"number ', `"${process.pid} number `);
  return {
    ...target,
    postEvent: (body, signal) => target.postEvent(rewritten(body), signal),
    postBatch: (bodies, signal) => target.postBatch(bodies.map(rewritten), signal),
  };
}

function complain(error: unknown): void {
  say(error instanceof OutboxError ? `refused ${error.code} ${error.message}` : `failed ${String(error)}`);
}

async function main(): Promise<void> {
  say('start');
  await outbox.open();
  say('open');
  if (job === 'deliver') deliver();
  if (has('takes out')) void takeOut().catch(complain);
  if (job === 'hold') await new Promise((resolve) => setTimeout(resolve, 600_000));
  await produce(job === 'deliver' ? numberedDelivery : recordToKeep);
}

main().catch((error: unknown) => {
  complain(error);
  process.exit(1);
});
