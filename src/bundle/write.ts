import { createHash, randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { sourceIdField, type PicturePlace } from '../event/picture-place';
import type { EventImage, VisionEvent } from '../event/types';
import { whileHeld } from '../files/while-held';
import { PICTURE_FORMATS } from '../images/formats';
import {
  BUNDLE_FORMAT_VERSION,
  BundleError,
  bundleFileName,
  bundleTime,
  PARTIAL_BUNDLE_FILE_NAME,
  PAYLOAD_MEMBER,
  PICTURE_FOLDER,
  refuseTooLargeBundle,
} from './format';
import { patternedFileNames } from './name-pattern';
import { tarLibrary } from './tar-library';

/** A picture that goes into a bundle. */
export interface BundlePicture extends PicturePlace {
  bytes: Uint8Array;
  /** media type by the bytes, such as `image/jpeg` */
  mediaType: string;
}

/** What goes into a bundle. */
export interface BundleContent {
  event: VisionEvent;
  /** at most one for each place */
  pictures: readonly BundlePicture[];
  /** false leaves `useCaseId` out, for sites where the uploader names it; default true */
  useCaseInBundle?: boolean;
}

/** A bundle that becomes a file. */
export interface BundleFileContent extends BundleContent {
  /** made when its parent exists */
  directory: string;
  /**
   * What to call the file: letters, digits, `.`, `_`, `-`, and `{class}`, `{result}`, `{eventType}`, `{time}`, `{id}`;
   * then no file is ever replaced. Without it the name says time and id, and the same event replaces its earlier
   * bundle, as it does in the API.
   */
  fileName?: string;
}

/** A bundle on the disk. */
export interface BundleFile {
  path: string;
  /** its size */
  bytes: number;
}

const UNCOMPRESSED_FORMATS = ['image/bmp', 'image/tiff'];

/**
 * Compressing JPEG, PNG and the like again costs twenty times the work of storing them and saves nothing
 * (bench/pictures.bench.ts), so an archive that is mostly such pictures is stored.
 */
function compressionLevel(pictures: readonly BundlePicture[], payloadBytes: number): number {
  const pictureBytes = pictures.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const isMostlyPictures = pictureBytes > 10 * payloadBytes;
  const areCompressed = !pictures.some(({ mediaType }) => UNCOMPRESSED_FORMATS.includes(mediaType));
  return isMostlyPictures && areCompressed ? constants.Z_NO_COMPRESSION : constants.Z_DEFAULT_COMPRESSION;
}

interface Member {
  path: string;
  bytes: Uint8Array;
}

/**
 * The bundle as bytes, for a single request.
 *
 * @throws BundleError `BUNDLE_INVALID` for what the format cannot hold, `BUNDLE_TOO_LARGE` above 25 MiB
 */
export async function buildBundle(content: BundleContent): Promise<Buffer> {
  const pictures = content.pictures.map((picture) => ({
    ...picture,
    path: pictureMemberPath(content.event.eventId, picture),
  }));
  const payload = { path: PAYLOAD_MEMBER, bytes: Buffer.from(payloadText(content, pictures)) };
  const archive = tarArchive([payload, ...pictures], bundleTime(content.event.timestamp));
  const bundle = await promisify(gzip)(archive, { level: compressionLevel(pictures, payload.bytes.length) });
  refuseTooLargeBundle(bundle.length);
  return bundle;
}

/**
 * Derived from event and place, so that the same event always makes the same bundle and a retry sends the same bytes.
 */
const pictureMemberPath = (eventId: string, { role, image, mediaType }: BundlePicture): string => {
  const format = PICTURE_FORMATS.find((candidate) => candidate.mediaType === mediaType);
  if (!format)
    throw new BundleError('BUNDLE_INVALID', `A picture of type ${mediaType} cannot go into a bundle.`);
  return `${PICTURE_FOLDER}${uuidFrom(`${eventId}/${image ? `${image}/` : ''}${role}`)}.${format.extension}`;
};

/**
 * A text as a UUID of version 8 ("for own use"), the shape that the format's own writer gives the names of pictures.
 */
function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/**
 * The event as the format has it: member paths in place of source ids, nothing empty, no number that JSON cannot hold.
 */
function payloadText(content: BundleContent, pictures: (BundlePicture & Member)[]): string {
  const { useCaseId, eventData, customMetadata, ...rest } = content.event;
  const isFilled = (record?: object) => record !== undefined && Object.keys(record).length > 0;
  const payload = {
    bundleFormatVersion: BUNDLE_FORMAT_VERSION,
    ...rest,
    ...(content.useCaseInBundle === false ? {} : { useCaseId }),
    ...(isFilled(eventData) ? { eventData } : {}),
    ...(isFilled(customMetadata) ? { customMetadata } : {}),
    ...(pictures.length > 0 ? withMemberPaths(content.event, pictures) : {}),
  };
  return JSON.stringify(payload, refuseNotFinite, 2);
}

function withMemberPaths(event: VisionEvent, pictures: (BundlePicture & Member)[]): object {
  const entries: (EventImage & { file?: string; inputFile?: string })[] = [...(event.images ?? [])];
  for (const { role, image = 0, path } of pictures) {
    while (entries.length < image) entries.push({});
    const key = role === 'output' ? 'file' : 'inputFile';
    if (entries[image]?.[key] !== undefined)
      throw new BundleError('BUNDLE_INVALID', `The event has two ${role} pictures in one place.`);
    const { [sourceIdField(role)]: _replaced, ...entry } = entries[image] ?? {};
    entries[image] = { ...entry, [key]: path };
  }
  return {
    images: entries,
    displayImagePosition: event.displayImagePosition ?? 0,
  };
}

/** JSON.stringify would write null, and the API would drop every image for it. */
function refuseNotFinite(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new BundleError(
      'BUNDLE_INVALID',
      `The event's field "${key}" is ${value}, which is not a number to send.`,
    );
  }
  return value;
}

const TAR_BLOCK = 512;

/** All names are short ASCII and all files small, so a header block each is enough. */
function tarArchive(members: Member[], mtime: Date): Buffer {
  const { Header } = tarLibrary();
  const parts: Uint8Array[] = [];
  for (const { path, bytes } of members) {
    const header = Buffer.alloc(TAR_BLOCK);
    new Header({ path, size: bytes.length, mode: 0o644, mtime, type: 'File' }).encode(header);
    parts.push(header, bytes, Buffer.alloc((TAR_BLOCK - (bytes.length % TAR_BLOCK)) % TAR_BLOCK));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * TAR_BLOCK)]);
}

/**
 * Writes a bundle file so that nobody ever sees half of it: a dot file, flushed to the disk, then renamed, then the
 * folder flushed. The size is known before anything is written. The folder is made when its parent exists; a missing
 * parent is taken for a drive that is not mounted.
 *
 * @returns path and size in bytes, once both are durable
 * @throws BundleError as `buildBundle` does, and `BUNDLE_IO`
 */
export async function writeBundle(content: BundleFileContent): Promise<BundleFile> {
  const names = content.fileName ? patternedFileNames(content.fileName, content.event) : undefined;
  const name = names ? names.next().value : bundleFileName(content.event);
  const bundle = await buildBundle(content);
  let path = join(content.directory, name);
  const partial = join(content.directory, `.${name}.${randomBytes(4).toString('hex')}.partial`);
  try {
    await makeFolder(content.directory);
    await writeDurably(partial, bundle);
    if (names) path = await takeFreeName(partial, path, names);
    else await whileHeld(() => rename(partial, path));
    await flushFolder(content.directory);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw new BundleError(
      'BUNDLE_IO',
      `The bundle could not be written to ${content.directory}: ${diskErrorText(error)}`,
      {
        cause: error,
      },
    );
  }
  return { path, bytes: bundle.length };
}

/** Gives a finished file the first name that is free. */
async function takeFreeName(partial: string, wanted: string, names: Iterator<string>): Promise<string> {
  for (let path = wanted; ; path = join(dirname(wanted), names.next().value as string)) {
    try {
      await link(partial, path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue;
      if (!hasCode(error, 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')) throw error;
      // Drives formatted with FAT know no second name of a file, so another writer could come between these two.
      if (await exists(path)) continue;
      await whileHeld(() => rename(partial, path));
      return path;
    }
    // Whole and in its place: a first name that cannot be removed now is swept later.
    await whileHeld(() => rm(partial)).catch(() => undefined);
    return path;
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** Pictures may show people: others of the group may carry bundles away, the rest of the machine may not read them. */
export const BUNDLE_FILE_MODE = 0o640;

async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', BUNDLE_FILE_MODE);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename durable. Windows and some file systems of removable drives cannot flush a folder. */
async function flushFolder(directory: string): Promise<void> {
  try {
    const folder = await open(directory, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (process.platform !== 'win32' && !hasCode(error, 'EINVAL', 'ENOTSUP')) throw error;
  }
}

const hasCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');

export function diskErrorText(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const texts: Record<string, string> = {
    ENOENT: 'the folder does not exist. Check the path, and that the drive is mounted.',
    ENOTDIR: 'a part of the path is a file, not a folder.',
    EACCES: noPermission(),
    EPERM: noPermission(),
    EBUSY: 'another program holds the file.',
    EROFS: 'the drive is read-only.',
    ENOSPC: 'the drive is full.',
    EDQUOT: 'the quota of the drive is used up.',
    EIO: 'the drive reports an error.',
    EMFILE: "too many files are open. Raise Node-RED's limit (ulimit -n).",
    ENFILE: "too many files are open. Raise the machine's limit (fs.file-max).",
  };
  return texts[code] ?? `the drive reports ${code}.`;
}

function noPermission(): string {
  const user = 'the user that runs Node-RED has no permission';
  return process.platform === 'win32'
    ? `${user}, or a program such as a virus scanner holds the file.`
    : `${user}.`;
}

/** An hour: no bundle takes that long to write. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * Removes the dot files that a killed process left behind. Only names that `writeBundle` makes, only after an hour.
 *
 * @returns how many were removed; a folder that cannot be read counts as none
 */
export async function sweepPartialBundles(directory: string, now = Date.now()): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  let removed = 0;
  for (const name of names.filter((candidate) => PARTIAL_BUNDLE_FILE_NAME.test(candidate))) {
    try {
      const path = join(directory, name);
      if (now - (await stat(path)).mtimeMs < ABANDONED_AFTER_MS) continue;
      await rm(path);
      removed += 1;
    } catch {
      // another process was faster, or the drive is read-only: the file does no harm
    }
  }
  return removed;
}
