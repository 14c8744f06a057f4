import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { refuseTooLarge } from './from-value';
import { PictureError } from './picture-error';

/**
 * Reads a picture file whole, at most `maxBytes`. `~` is the home folder of the user that runs Node-RED, because
 * technicians type it as in a shell; a relative path starts at `workingDirectory` (default: that of the process).
 */
export async function bytesFromFile(
  source: unknown,
  maxBytes: number,
  workingDirectory = process.cwd(),
): Promise<{ bytes: Buffer; path: string }> {
  if (typeof source !== 'string' || source.trim() === '' || source.includes('\0')) {
    throw new PictureError(
      'The path of the picture file is missing. Enter it, or choose another type than "file:".',
    );
  }
  const path = resolveUserPath(source, workingDirectory);
  try {
    return { bytes: await readRegularFile(path, maxBytes), path };
  } catch (error) {
    if (error instanceof PictureError) throw error;
    throw new PictureError(`The picture file ${path} ${fileErrorText(error)}`, { cause: error });
  }
}

/** The absolute path of what a user typed: `~` is the home folder of the user that runs Node-RED. */
export function resolveUserPath(path: string, workingDirectory: string): string {
  return resolve(
    workingDirectory,
    path.replace(/^~(?=$|[/\\])/, () => homedir()),
  );
}

/**
 * The kind is asked before opening, because opening a device can have effects, and again on the open file, because the
 * path may have changed hands. Without O_NONBLOCK, opening a pipe would wait for a writer for ever.
 */
async function readRegularFile(path: string, maxBytes: number): Promise<Buffer> {
  refuseSpecialFile(path, await stat(path));
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    refuseSpecialFile(path, found);
    refuseTooLarge(found.size, maxBytes);
    return await readAtMost(file, found.size, maxBytes);
  } finally {
    await file.close();
  }
}

/** Reads to the end even if the file grew since, but never beyond the limit. */
async function readAtMost(file: FileHandle, expected: number, maxBytes: number): Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(expected + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    refuseTooLarge(length, maxBytes);
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
  }
}

function refuseSpecialFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  const kind = found.isDirectory()
    ? 'a folder'
    : found.isFIFO()
      ? 'a pipe'
      : found.isSocket()
        ? 'a socket'
        : 'a device';
  throw new PictureError(`The picture file ${path} is ${kind}. Enter the path of a picture file.`);
}

const FILE_ERRORS: Record<string, string> = {
  ENOENT: 'does not exist. Check the path, and that the program that writes it has finished.',
  ENOTDIR: 'does not exist: a part of the path is a file, not a folder.',
  EACCES: 'cannot be read: the user that runs Node-RED has no permission.',
  EPERM: 'cannot be read: the user that runs Node-RED has no permission.',
  ELOOP: 'cannot be read: its links point in a circle.',
  ENAMETOOLONG: 'cannot be read: the path is too long.',
  EMFILE: "cannot be read: too many files are open. Raise Node-RED's limit (ulimit -n).",
  ENFILE: "cannot be read: too many files are open. Raise the machine's limit (fs.file-max).",
  EIO: 'cannot be read: the disk reports an error.',
};

function fileErrorText(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return FILE_ERRORS[code] ?? `cannot be read (${code}).`;
}
