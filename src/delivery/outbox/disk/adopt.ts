import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ADOPT_AFTER_MS } from '../limits';
import { moveEvents } from '../move-events';
import { type Outbox, OutboxError } from '../outbox';
import { DiskOutbox } from './disk-outbox';
import { foldersOf } from './folder';

export interface AdoptionDeps {
  /** of this process, not to be adopted */
  ownDir: string;
  /** takes over what waits in abandoned folders */
  into: Pick<Outbox, 'append'>;
  /** told of each folder from which something was taken over, and of the refused events that stay there */
  adopted: (dir: string, events: number, refused: number) => void;
  /** wall clock, ms */
  now?: () => number;
  /** asked before each step */
  isStopped?: () => boolean;
}

/** No own limits: what is there was accepted. */
const NO_LIMITS = { maxEvents: Infinity, maxBytes: Infinity, freeSpaceFloorBytes: 0, ballastBytes: 0 };

/**
 * Takes over what waits in outbox folders below `parent` whose owner is gone for good: their lock is free, and nothing
 * was written for five minutes. The folder stays, empty but for its refused events; an owner that comes back goes on
 * with it. A crash in between delivers some twice.
 *
 * @returns how many events were taken over
 */
export async function adoptFolders(parent: string, deps: AdoptionDeps): Promise<number> {
  const { ownDir, now = Date.now } = deps;
  const entries = await readdir(parent, { withFileTypes: true });
  let sum = 0;
  for (const entry of entries) {
    const dir = join(parent, entry.name);
    if (!entry.isDirectory() || resolve(dir) === resolve(ownDir) || deps.isStopped?.()) continue;
    const touchedAt = await lastTouched(dir);
    if (touchedAt === undefined || Math.abs(now() - touchedAt) < ADOPT_AFTER_MS) continue;
    sum += await adoptOne(dir, deps);
  }
  return sum;
}

/** Undefined when it is no outbox folder, or holds no chunk. */
async function lastTouched(dir: string): Promise<number | undefined> {
  const { chunks } = foldersOf(dir);
  try {
    const files = await readdir(chunks);
    if (files.length === 0) return undefined;
    const paths = [dir, chunks, ...files.map((file) => join(chunks, file))];
    return Math.max(...(await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs))));
  } catch {
    return undefined;
  }
}

async function adoptOne(dir: string, deps: AdoptionDeps): Promise<number> {
  const abandoned = new DiskOutbox({ dir, lockWaitMs: 0, ...NO_LIMITS });
  try {
    await abandoned.open();
  } catch (error) {
    // Its owner lives, or it is not to be read: that is for its owner to say.
    if (error instanceof OutboxError) return 0;
    throw error;
  }
  let count = 0;
  try {
    const isStopped = () => deps.isStopped?.() ?? false;
    await moveEvents(abandoned, deps.into, isStopped, (events) => (count += events.length));
  } finally {
    if (count > 0) deps.adopted(dir, count, abandoned.stats().dead);
    await abandoned.close(1_000);
  }
  return count;
}
