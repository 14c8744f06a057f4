import { join, resolve } from 'node:path';
import {
  errorCode,
  nodeFileLayer,
  syncFolder,
  writeNewFile,
  type FileLayer,
} from '../outbox/disk/file-layer';

/** A version of an event that the target may still store, although it was sent a while ago. */
export interface LateLanding {
  eventId: string;
  /** the outbox's id of that version */
  id: string;
  /** for so much longer, ms: no clock is shared by two processes */
  forMs: number;
}

/** Beside the chunks of the outbox. It is there only between a clean end and the next start. */
export const HANDOVER_FILE = 'late-landings.json';
/** Of a hundred thousand events. */
const MOST_BYTES = 16 * 1024 * 1024;
/** No request is carried out later than this: a longer wait was not written by a sender. */
const MOST_WAIT_MS = 10 * 60_000;

/** By folder: left to the next sender in this process, also when the disk takes nothing. */
const leftInProcess = new Map<string, LateLanding[]>();

/**
 * Leaves to the next sender of this outbox folder what may still land. Call it while the folder is still owned. Never
 * rejects.
 */
export async function leaveLandings(
  dir: string,
  landings: LateLanding[],
  files: FileLayer = nodeFileLayer,
): Promise<void> {
  leftInProcess.set(resolve(dir), landings);
  const path = join(dir, HANDOVER_FILE);
  const fresh = `${path}.new`;
  try {
    await files.remove(fresh);
    await writeNewFile(files, fresh, Buffer.from(JSON.stringify(landings)));
    await files.rename(fresh, path);
    await syncFolder(files, dir);
  } catch {
    // Then the next process takes this end for an unclean one.
  }
}

/**
 * What the last sender of this outbox folder left; undefined when it ended without a word. Never rejects.
 * The file goes, so that a process that is killed later leaves none.
 */
export async function takeLandings(
  dir: string,
  files: FileLayer = nodeFileLayer,
): Promise<LateLanding[] | undefined> {
  const folder = resolve(dir);
  const left = leftInProcess.get(folder);
  leftInProcess.delete(folder);
  const path = join(dir, HANDOVER_FILE);
  try {
    const text = (await files.readFile(path, MOST_BYTES)).toString();
    await files.remove(path);
    await syncFolder(files, dir);
    return left ?? parseLandings(text);
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? left : undefined;
  }
}

function parseLandings(text: string): LateLanding[] | undefined {
  try {
    const landings: unknown = JSON.parse(text);
    return Array.isArray(landings) && landings.every(isLanding) ? landings : undefined;
  } catch {
    return undefined;
  }
}

function isLanding(value: unknown): value is LateLanding {
  const { eventId, id, forMs } = (value ?? {}) as Partial<Record<keyof LateLanding, unknown>>;
  const isWait = typeof forMs === 'number' && forMs <= MOST_WAIT_MS;
  return typeof eventId === 'string' && typeof id === 'string' && isWait;
}
