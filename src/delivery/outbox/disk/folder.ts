import { join } from 'node:path';
import { OutboxError } from '../outbox';
import { errorCode, type FileLayer, isNoPlainFile, syncFolder, writeNewFile } from './file-layer';
import { forEachLimited } from './picture-folder';

const META_FILE = 'meta.json';
const FORMAT = 'vision-events-outbox';
const FORMAT_VERSION = 1;
/** It holds less than a hundredth of this. */
const META_MOST_BYTES = 64 * 1024;

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
): Promise<{ isNew: boolean; canFlush: boolean }> {
  const isNew = await checkMeta(files, dir);
  for (const folder of Object.values(foldersOf(dir)) as string[]) await makeInside(files, folder, token);
  if (isNew) await writeMeta(files, dir, now, token);
  return { isNew, canFlush: await syncFolder(files, dir) };
}

/** What lies there and is not a folder is set aside. A link to a folder is one: operators move one to another disk. */
async function makeInside(files: FileLayer, folder: string, token: string): Promise<void> {
  try {
    await files.makeDir(folder);
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR', 'ENOENT'].includes(errorCode(error))) throw error;
    await files.rename(folder, `${folder}.aside-${token}`).catch(() => Promise.reject(error as Error));
    await files.makeDir(folder);
  }
}

/** What the outbox itself puts beside its folders. */
const OWN_FILE =
  /^(?:(?:meta\.json|lock|ballast|late-landings\.json)(?:\.[\w.-]+)?|(?:chunks|pictures|dead|quarantine)\.aside-\w+)$/;

/**
 * Takes the rights of other users away, on everything that was made when they still had some. A folder that holds other
 * things too, such as the home folder, keeps its own rights: then the folders inside are closed to others all the same.
 * @returns what other users could do: nothing, read the outbox until now, or read it still
 */
export async function restrictFolder(
  files: FileLayer,
  dir: string,
): Promise<'unchanged' | 'restricted' | 'wide'> {
  const inside = Object.values(foldersOf(dir)) as string[];
  const names = await files.list(dir);
  const ownFiles = names.filter((name) => OWN_FILE.test(name));
  const isShared = names.some((name) => !OWN_FILE.test(name) && !inside.includes(join(dir, name)));
  const found = await Promise.all([
    ...(isShared ? [] : [files.restrict(dir, 'folder')]),
    ...ownFiles.map((name) => files.restrict(join(dir, name), 'file')),
    ...inside.map((folder) => restrictInside(files, folder)),
  ]);
  return (['wide', 'restricted'] as const).find((worst) => found.includes(worst)) ?? 'unchanged';
}

/** The folder first: from then on nobody gets at its files, however long they take. */
async function restrictInside(
  files: FileLayer,
  folder: string,
): Promise<'unchanged' | 'restricted' | 'wide'> {
  const found = await files.restrict(folder, 'folder');
  if (found !== 'restricted') return found;
  const names = await files.list(folder);
  await forEachLimited(names, async (name) => void (await files.restrict(join(folder, name), 'file')));
  return found;
}

/** @returns true when there is no meta file yet @throws OutboxError when the folder is not for this version to touch */
export async function checkMeta(files: FileLayer, dir: string): Promise<boolean> {
  const path = join(dir, META_FILE);
  let meta: { format?: unknown; version?: unknown } | null;
  try {
    meta = JSON.parse((await files.readFile(path, META_MOST_BYTES)).toString()) as typeof meta;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    if (!(error instanceof SyntaxError) && !isNoPlainFile(error)) throw error;
    meta = null;
  }
  if (meta?.format !== FORMAT || typeof meta.version !== 'number') {
    throw new OutboxError(
      'OUTBOX_IO',
      `Choose another outbox folder in the workspace: ${path} does not belong to an outbox, or is damaged. Nothing was ` +
        `changed. If this folder is an outbox (it holds "chunks"), move meta.json away and it is made anew.`,
    );
  }
  if (meta.version > FORMAT_VERSION) {
    throw new OutboxError(
      'OUTBOX_IO',
      `Update the package, or choose another outbox folder: ${dir} was written by a newer version of this package ` +
        `(format ${meta.version}, this one reads ${FORMAT_VERSION}). Nothing was changed.`,
    );
  }
  return false;
}

/**
 * By renaming, so that there is never half a meta file; from a name of our own, in case another process makes the same
 * folder at this moment without the lock.
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
