import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { whileHeld } from '../../files/while-held';

/**
 * The few things the outbox asks of a file system. Everything it writes goes through here, so that tests can let a
 * write come up short, a flush fail or a power cut forget what was not flushed.
 */
export interface FileLayer {
  /** Folders and files are made for their owner alone (0700, 0600): pictures may show people. */
  makeDir(path: string): Promise<void>;
  /**
   * Takes the rights of other users away. `wide`: they still have some, because the file belongs to somebody else or its
   * file system has no rights. A file that is a link is left alone.
   */
  restrict(path: string, kind: 'folder' | 'file'): Promise<'unchanged' | 'restricted' | 'wide'>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>;
  /** Rejects with code ENOENT when the file is missing. */
  readFile(path: string): Promise<Buffer>;
  size(path: string): Promise<number>;
  /** When the file's bytes last changed: wall clock of the file system, ms. */
  modifiedAt(path: string): Promise<number>;
  /** `create` fails when the file is there already: nothing is ever overwritten by accident. */
  open(path: string, mode: 'create' | 'read'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** A missing file is no error. */
  remove(path: string): Promise<void>;
  openFolder(path: string): Promise<OpenFolder>;
  /** Bytes; undefined where the system does not say. */
  space(path: string): Promise<{ free: number; total: number } | undefined>;
}

export interface OpenFile {
  /** Returns how many bytes were taken: fewer than asked is no error to Node.js, but it is a full disk. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Fills the buffer. Returns how many bytes there were: fewer than asked at the end of the file. */
  read(into: Buffer, position: number): Promise<number>;
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export interface OpenFolder {
  /** Makes created, renamed and removed names of the folder durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Plain descriptors: promises and handles of `fs.promises` cost several times as much, and an outbox opens files all day long. */
const plain = {
  open: promisify(fs.open),
  read: promisify(fs.read),
  write: promisify(fs.write),
  datasync: promisify(fs.fdatasync),
  sync: promisify(fs.fsync),
  truncate: promisify(fs.ftruncate),
  close: promisify(fs.close),
  unlink: promisify(fs.unlink),
};

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const RIGHTS_OF_OTHERS = 0o077;
/** Links are not followed and no pipe is waited for. Windows has neither flag. */
const FOUND_FILE = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);
/** A folder may be a link: operators move one to another disk. */
const FOUND_FOLDER = fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0);

/** The real file system. */
export const nodeFileLayer: FileLayer = {
  async makeDir(path) {
    await fs.promises.mkdir(path, { recursive: true, mode: OWNER_ONLY_FOLDER });
  },
  async restrict(path, kind) {
    // Node.js knows no rights of Windows but "read-only".
    if (process.platform === 'win32') return 'unchanged';
    let file: number;
    try {
      file = await plain.open(path, kind === 'folder' ? FOUND_FOLDER : FOUND_FILE);
    } catch (error) {
      return ['ENOENT', 'ELOOP'].includes(errorCode(error)) ? 'unchanged' : 'wide';
    }
    try {
      return restrictOpen(file);
    } finally {
      fs.closeSync(file);
    }
  },
  async list(path) {
    return (await fs.promises.readdir(path)).sort();
  },
  readFile: (path) => fs.promises.readFile(path),
  async size(path) {
    return (await fs.promises.stat(path)).size;
  },
  async modifiedAt(path) {
    return (await fs.promises.stat(path)).mtimeMs;
  },
  async open(path, mode) {
    const file = await plain.open(path, mode === 'create' ? 'wx' : 'r', OWNER_ONLY_FILE);
    return {
      write: async (bytes, position) =>
        (await plain.write(file, bytes, 0, bytes.length, position)).bytesWritten,
      read: (into, position) => readFully(file, into, position),
      sync: () => plain.datasync(file),
      truncate: (length) => plain.truncate(file, length),
      close: () => (mode === 'create' ? plain.close(file) : closeUnchanged(file)),
    };
  },
  rename: (from, to) => whileHeld(() => fs.promises.rename(from, to)),
  // Not `rm`: it looks at the file first, in the event loop's own thread.
  remove: (path) => plain.unlink(path).catch(ignoreMissing),
  async openFolder(path) {
    // Windows cannot open a folder (EPERM, EISDIR) and keeps its names safe by itself.
    if (process.platform === 'win32') return { sync: resolved, close: resolved };
    const folder = await plain.open(path, 'r');
    return { sync: () => plain.sync(folder), close: () => closeUnchanged(folder) };
  },
  async space(path) {
    try {
      const { bavail, blocks, bsize } = await fs.promises.statfs(path);
      return { free: bavail * bsize, total: blocks * bsize };
    } catch {
      return undefined;
    }
  },
};

/** Here and now, as `closeUnchanged`: a folder may hold a hundred thousand pictures. */
function restrictOpen(file: number): 'unchanged' | 'restricted' | 'wide' {
  const isWide = () => (fs.fstatSync(file).mode & RIGHTS_OF_OTHERS) !== 0;
  if (!isWide()) return 'unchanged';
  try {
    fs.fchmodSync(file, fs.fstatSync(file).mode & 0o7777 & ~RIGHTS_OF_OTHERS);
  } catch {
    return 'wide';
  }
  // FAT and some network drives take the order and do nothing.
  return isWide() ? 'wide' : 'restricted';
}

/** For `catch`: a file that is gone is no error. */
export function ignoreMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
  return undefined;
}

const resolved = (): Promise<void> => Promise.resolve();

/** Nothing was written, so closing waits for no disk: done here and now it costs less than handing it to another thread. */
function closeUnchanged(descriptor: number): Promise<void> {
  return new Promise((resolve) => {
    fs.closeSync(descriptor);
    resolve();
  });
}

async function readFully(file: number, into: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await plain.read(file, into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/**
 * For a folder whose names change now and then; who changes them all the time keeps it open.
 * @returns as `flushFolder`
 */
export async function syncFolder(files: FileLayer, path: string): Promise<boolean> {
  const folder = await files.openFolder(path);
  try {
    return await flushFolder(folder);
  } finally {
    await folder.close();
  }
}

/** What shared folders of virtual machines, some FUSE and network drives answer, which flush files but no folders. */
const NO_FOLDER_FLUSH = ['EINVAL', 'ENOTSUP', 'ENOSYS'];

/** @returns false where the file system knows no such thing: nothing better can be had there */
export async function flushFolder(folder: OpenFolder): Promise<boolean> {
  try {
    await folder.sync();
    return true;
  } catch (error) {
    if (NO_FOLDER_FLUSH.includes(errorCode(error))) return false;
    throw error;
  }
}

/** Writes a whole new file and makes its bytes (not yet its name) durable. Leaves no half file behind. */
export async function writeNewFile(files: FileLayer, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, 'create');
  try {
    await writeFully(file, bytes, 0);
    await file.sync();
  } catch (error) {
    await file.close().catch(() => undefined);
    await files.remove(path).catch(() => undefined);
    throw error;
  }
  await file.close();
}

/** Rejects with code ENOSPC when the file system takes fewer bytes than asked. */
export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  const taken = await file.write(bytes, position);
  if (taken < bytes.length) {
    throw Object.assign(new Error(`the disk took only ${taken} of ${bytes.length} bytes`), {
      code: 'ENOSPC',
    });
  }
}

export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** Disk full, or the user's share of it. */
export function isOutOfSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error));
}
