import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { isNoPlainFile, noPlainFile, WITHOUT_DETOURS } from './file-layer';

/** The small files of the lock hold less than a hundredth of this. */
const MOST_BYTES = 64 * 1024;

/** Rejects with ENOENT when the file is missing, with another code when it is not a plain file. */
export async function readPlainFile(path: string): Promise<string> {
  const file = await openPlainFile(path, constants.O_RDONLY);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * In place, and cut to its new length afterwards: a full disk has room for it, once the file is there. What lies there
 * and is not a plain file is set aside.
 */
export async function overwritePlainFile(path: string, text: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT;
  const file = await openPlainFile(path, flags).catch(async (error: unknown) => {
    if (!isNoPlainFile(error)) throw error;
    await setAside(path);
    return openPlainFile(path, flags);
  });
  try {
    const bytes = Buffer.from(text);
    const { bytesWritten } = await file.write(bytes, 0, bytes.length, 0);
    if (bytesWritten < bytes.length) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    await file.truncate(bytes.length);
  } finally {
    await file.close();
  }
}

/** Keeps it, under a name that is in nobody's way. */
export async function setAside(path: string): Promise<void> {
  await rename(path, `${path}.aside-${randomBytes(4).toString('hex')}`);
}

async function openPlainFile(path: string, flags: number): Promise<FileHandle> {
  const file = await open(path, flags | WITHOUT_DETOURS, 0o600);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw noPlainFile(`${path} is not a plain file`);
}
