import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { whileHeld } from '../../../files/while-held';

/**
 * The few things the outbox asks of a file system. Everything it writes goes through here, so that tests can let a
 * write come up short, a flush fail or a power cut forget what was not flushed.
 */
export interface FileLayer {
  /** Folders and files are made for their owner alone (0700, 0600): pictures may show people. */
  makeDir(path: string): Promise<void>;
  /**
   * Takes the rights of other users away. `wide`: they still have some, because the file belongs to somebody else or
   * its file system has no rights. A file that is a link is left alone.
   */
  restrict(path: string, kind: 'folder' | 'file'): Promise<'unchanged' | 'restricted' | 'wide'>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>;
  /**
   * Rejects with code ENOENT when the file is missing, and as `isNoPlainFile` knows when a link, a pipe, a device or a
   * folder lies there, or more bytes than `most`: nothing that lies there is followed or waited for.
   */
  readFile(path: string, most: number): Promise<Buffer>;
  /** Bytes. Rejects as `readFile` does. */
  size(path: string): Promise<number>;
  /** When the file's bytes last changed: wall clock of the file system, ms. */
  modifiedAt(path: string): Promise<number>;
  /**
   * `create` fails when the file is there already: nothing is ever overwritten by accident. `read` rejects as
   * `readFile` does.
   */
  open(path: string, mode: 'create' | 'read'): Promise<OpenFile>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** A missing file is not an error. */
  remove(path: string): Promise<void>;
  /** Only for flushing its names to the disk. */
  openFolder(path: string): Promise<OpenFolder>;
  /** Bytes; undefined where the system does not say. */
  space(path: string): Promise<{ free: number; total: number } | undefined>;
  /**
   * The kind of file system, when it does not outlive the machine or the container; undefined when it does, or the
   * system does not say.
   */
  forgets(path: string): Promise<ForgetfulFileSystem | undefined>;
}

/** Kinds of file systems that are gone after a restart. */
export type ForgetfulFileSystem = 'overlay' | 'tmpfs' | 'ramfs';

/** A file while it is written or read. */
export interface OpenFile {
  /** Returns how many bytes were taken: fewer than asked is not an error to Node.js, but it is a full disk. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Fills the buffer. Returns how many bytes there were: fewer than asked at the end of the file. */
  read(into: Buffer, position: number): Promise<number>;
  /** Makes what was written durable. */
  sync(): Promise<void>;
  /** Cuts the file down to so many bytes. */
  truncate(length: number): Promise<void>;
  /** Gives the descriptor back. */
  close(): Promise<void>;
}

/** A folder whose names are made durable. */
export interface OpenFolder {
  /** Makes created, renamed and removed names of the folder durable. */
  sync(): Promise<void>;
  /** Gives the descriptor back. */
  close(): Promise<void>;
}

/**
 * Plain descriptors: promises and handles of `fs.promises` cost several times as much, and an outbox opens files all
 * day long.
 */
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
/** For opening files: links are not followed and no pipe is waited for. Windows has neither flag. */
export const WITHOUT_DETOURS = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);
const NO_PLAIN_FILE = 'NO_PLAIN_FILE';
/** What opening answers for a link, a pipe without a reader, a socket, a device without a driver and a folder. */
const CODES_OF_OTHERS = [NO_PLAIN_FILE, 'ELOOP', 'ENXIO', 'ENODEV', 'EISDIR'];

/** `f_type` of statfs(2) on Linux. */
const FORGETFUL: ReadonlyMap<number, ForgetfulFileSystem> = new Map([
  [0x794c7630, 'overlay'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);
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
      file = await (kind === 'folder' ? plain.open(path, FOUND_FOLDER) : openPlain(path));
    } catch (error) {
      return errorCode(error) === 'ENOENT' || isNoPlainFile(error) ? 'unchanged' : 'wide';
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
  async readFile(path, most) {
    const file = await openPlain(path);
    try {
      const { size } = fs.fstatSync(file);
      if (size > most) throw noPlainFile(`${path} has more than ${most} bytes`);
      const bytes = Buffer.allocUnsafe(size);
      return bytes.subarray(0, await readFully(file, bytes, 0));
    } finally {
      await closeUnchanged(file);
    }
  },
  async size(path) {
    const found = await fs.promises.lstat(path);
    if (!found.isFile()) throw noPlainFile(`${path} is not a plain file`);
    return found.size;
  },
  async modifiedAt(path) {
    return (await fs.promises.lstat(path)).mtimeMs;
  },
  async open(path, mode) {
    const file = await (mode === 'create' ? plain.open(path, 'wx', OWNER_ONLY_FILE) : openPlain(path));
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
  async forgets(path) {
    // The numbers of other systems mean other things.
    if (process.platform !== 'linux') return undefined;
    const found = await fs.promises.statfs(path).catch(() => undefined);
    return found && FORGETFUL.get(found.type);
  },
};

/** What it is, is asked of the open file: the path may have changed hands. */
async function openPlain(path: string): Promise<number> {
  const file = await plain.open(path, fs.constants.O_RDONLY | WITHOUT_DETOURS);
  if (fs.fstatSync(file).isFile()) return file;
  await closeUnchanged(file);
  throw noPlainFile(`${path} is not a plain file`);
}

export function noPlainFile(message: string): Error {
  return Object.assign(new Error(message), { code: NO_PLAIN_FILE });
}

/** Something lies there that no outbox put there. */
export function isNoPlainFile(error: unknown): boolean {
  return CODES_OF_OTHERS.includes(errorCode(error));
}

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

/** For `catch`: a file that is gone is not an error. */
export function ignoreMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
  return undefined;
}

const resolved = (): Promise<void> => Promise.resolve();

/**
 * Nothing was written, so closing waits for no disk: done here and now it costs less than handing it to another thread.
 */
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
