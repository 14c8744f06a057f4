import * as fs from 'node:fs';
import { basename } from 'node:path';
import { CHUNK_SUFFIX } from '../../src/delivery/outbox/disk/chunk-file';
import { crc32, scanLines } from '../../src/delivery/outbox/disk/lines';
import {
  errorCode,
  type FileLayer,
  nodeFileLayer,
  type OpenFile,
} from '../../src/delivery/outbox/disk/file-layer';

/**
 * What outboxes do wrong, each put under ours as a layer between it and its files: the controls of the fault tests,
 * which must notice every one of them.
 */

/** How a test puts one of them, or none, under an outbox. */
export type Layer = (files: FileLayer) => FileLayer;

export const sound: Layer = (files) => files;

function changed(files: FileLayer, change: (file: OpenFile) => Partial<OpenFile>): FileLayer {
  return {
    ...files,
    open: async (path, mode) => {
      const file = await files.open(path, mode);
      return { ...file, ...change(file) };
    },
  };
}

/** @param how what becomes of each flush, of files and folders alike */
function flushing(files: FileLayer, how: (flush: () => Promise<void>) => Promise<void>): FileLayer {
  return {
    ...changed(files, (file) => ({ sync: () => how(() => file.sync()) })),
    openFolder: async (path) => {
      const folder = await files.openFolder(path);
      return { ...folder, sync: () => how(() => folder.sync()) };
    },
  };
}

/** Nothing is ever flushed. */
export function withoutFlushes(files: FileLayer): FileLayer {
  return flushing(files, () => Promise.resolve());
}

/** Writes on and on, however little the disk takes. */
export function blindToFullDisk(files: FileLayer): FileLayer {
  return changed(files, (file) => ({
    write: async (bytes, position) => {
      await file.write(bytes, position).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOSPC') throw error;
      });
      return bytes.length;
    },
  }));
}

/** Takes a failed flush for a good one. */
export function deafToFailedFlush(files: FileLayer): FileLayer {
  return flushing(files, (flush) => flush().catch(() => undefined));
}

/** Flushes the same file again when a flush failed, and believes the second answer. */
export function flushingAgain(files: FileLayer): FileLayer {
  return changed(files, (file) => ({ sync: () => file.sync().catch(() => file.sync()) }));
}

/** Believes every line of a chunk: the checksum always fits. */
export function withoutChecksums(files: FileLayer): FileLayer {
  return {
    ...changed(files, (file) => ({
      read: async (into, position) => {
        const bytes = await file.read(into, position);
        withFittingChecksums(into.subarray(0, bytes));
        return bytes;
      },
    })),
    ...readingChunks(files, withFittingChecksums),
  };
}

const CHECKSUM_DIGITS = 8;

function withFittingChecksums(bytes: Buffer): Buffer {
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf('\n', start);
    const end = feed < 0 ? bytes.length : feed;
    const json = bytes.subarray(start + CHECKSUM_DIGITS + 1, end);
    if (json.length > 0) bytes.write(`${crc32(json)} `, start, 'latin1');
    start = end + 1;
  }
  return bytes;
}

/** Throws a chunk away that is damaged anywhere. */
export function discardingDamaged(files: FileLayer): FileLayer {
  const isDamaged = (bytes: Buffer) => scanLines(bytes).some(({ kind }) => kind === 'damage');
  return {
    ...files,
    ...readingChunks(files, (bytes) => (isDamaged(bytes) ? Buffer.alloc(0) : bytes)),
  };
}

function readingChunks(files: FileLayer, see: (bytes: Buffer) => Buffer): Pick<FileLayer, 'readFile'> {
  return {
    readFile: async (path, most) => {
      const bytes = await files.readFile(path, most);
      return path.includes(CHUNK_SUFFIX) ? see(bytes) : bytes;
    },
  };
}

/** Needs room for a file of its own before it looks at what is there. */
export function writingBeforeReading(files: FileLayer): FileLayer {
  return {
    ...files,
    list: async (path) => {
      const probe = `${path}/log`;
      await files.remove(probe);
      const file = await files.open(probe, 'create');
      await file.write(Buffer.from('opened\n'), 0);
      await file.close();
      return files.list(path);
    },
  };
}

/** Removes what it does not know from the folders inside the outbox. */
export function tidying(files: FileLayer, isKnown: (name: string) => boolean): FileLayer {
  return {
    ...files,
    list: async (path) => {
      const names = await files.list(path);
      if (!['chunks', 'pictures', 'dead'].includes(basename(path))) return names;
      for (const name of names) if (!isKnown(name)) await files.remove(`${path}/${name}`);
      return names.filter(isKnown);
    },
  };
}

/** Takes the folder over, whoever made it. */
export function overlookingMeta(files: FileLayer): FileLayer {
  return {
    ...files,
    readFile: (path, most) =>
      path.endsWith('/meta.json')
        ? Promise.reject(Object.assign(new Error('overlooked'), { code: 'ENOENT' }))
        : files.readFile(path, most),
  };
}

/** Takes every file for one that nobody has touched for long. */
export function seeingOnlyOldFiles(files: FileLayer): FileLayer {
  return { ...files, modifiedAt: () => Promise.resolve(0) };
}

/** Makes its files anew where one of the same name is there already, as if that were its own. */
export const sharingFiles: FileLayer = {
  ...nodeFileLayer,
  open: (path, mode) => (mode === 'create' ? createdAnew(path) : nodeFileLayer.open(path, mode)),
};

/** Another process that does the same may make the file between the removal and the making: it is removed again. */
async function createdAnew(path: string): Promise<OpenFile> {
  for (;;) {
    await fs.promises.rm(path, { force: true });
    try {
      return await nodeFileLayer.open(path, 'create');
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** Waits for the disk in the event loop's own thread, as the bindings of some databases do. */
export const synchronousFiles: FileLayer = {
  ...nodeFileLayer,
  open: async (path, mode) => {
    if (mode === 'read') return nodeFileLayer.open(path, mode);
    const descriptor = fs.openSync(path, 'wx');
    return {
      write: (bytes, position) => Promise.resolve(fs.writeSync(descriptor, bytes, 0, bytes.length, position)),
      read: () => Promise.reject(new Error('open to write only')),
      sync: () => Promise.resolve(fs.fdatasyncSync(descriptor)),
      truncate: (length) => Promise.resolve(fs.ftruncateSync(descriptor, length)),
      close: () => Promise.resolve(fs.closeSync(descriptor)),
    };
  },
};
