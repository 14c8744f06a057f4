import { join } from 'node:path';
import { OutboxError } from '../outbox';
import { errorCode, type FileLayer, syncFolder, writeNewFile } from './file-layer';

const META_FILE = 'meta.json';
const FORMAT = 'vision-events-outbox';
const FORMAT_VERSION = 1;

export interface OutboxFolders {
  chunks: string;
  pictures: string;
  dead: string;
  quarantine: string;
}

export function foldersOf(dir: string): OutboxFolders {
  return {
    chunks: join(dir, 'chunks'),
    pictures: join(dir, 'pictures'),
    dead: join(dir, 'dead'),
    quarantine: join(dir, 'quarantine'),
  };
}

/** Makes the folder an outbox, or refuses one that this version must not touch. */
export async function prepareFolder(
  files: FileLayer,
  dir: string,
  { now, token }: { now: number; token: string },
): Promise<void> {
  const isNew = await checkMeta(files, dir);
  for (const folder of Object.values(foldersOf(dir)) as string[]) await files.makeDir(folder);
  if (isNew) await writeMeta(files, dir, now, token);
  await syncFolder(files, dir);
}

/** True when there is no meta file yet. */
async function checkMeta(files: FileLayer, dir: string): Promise<boolean> {
  const path = join(dir, META_FILE);
  let meta: { format?: unknown; version?: unknown } | null;
  try {
    meta = JSON.parse((await files.readFile(path)).toString()) as typeof meta;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    if (!(error instanceof SyntaxError)) throw error;
    meta = null;
  }
  if (meta?.format !== FORMAT || typeof meta.version !== 'number') {
    throw new OutboxError(
      'OUTBOX_IO',
      `${path} does not belong to an outbox, or is damaged. Nothing was changed. Choose another outbox folder in the ` +
        `workspace; if this folder is an outbox (it holds "chunks"), move meta.json away and it is made anew.`,
    );
  }
  if (meta.version > FORMAT_VERSION) {
    throw new OutboxError(
      'OUTBOX_IO',
      `The outbox folder ${dir} was written by a newer version of this package (format ${meta.version}, this one ` +
        `reads ${FORMAT_VERSION}). Nothing was changed. Update the package, or choose another outbox folder.`,
    );
  }
  return false;
}

/**
 * By renaming, so that there is never half a meta file; from a name of our own, in case another process makes the same folder at this moment
 * without the lock.
 */
async function writeMeta(files: FileLayer, dir: string, now: number, token: string): Promise<void> {
  const path = join(dir, META_FILE);
  const fresh = `${path}.${token}`;
  const meta = { format: FORMAT, version: FORMAT_VERSION, created: new Date(now).toISOString() };
  await files.remove(fresh);
  await writeNewFile(files, fresh, Buffer.from(`${JSON.stringify(meta)}\n`));
  await files.rename(fresh, path).catch(async (error: unknown) => {
    // Windows renames onto no file that somebody is reading.
    if (await checkMeta(files, dir)) throw error;
    await files.remove(fresh);
  });
}
