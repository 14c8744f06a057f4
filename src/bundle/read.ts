import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ReadEntry } from 'tar';
import {
  BUNDLE_FORMAT_VERSION,
  BUNDLE_MAX_MEMBERS,
  BUNDLE_MAX_UNPACKED_BYTES,
  BundleError,
  PAYLOAD_MEMBER,
  PICTURE_FOLDER,
  refuseTooLargeBundle,
} from './format';
import { tarLibrary } from './tar-library';
import { diskErrorText } from './write';
import { isObject } from '../json-object';

/** A bundle as it was read. */
export interface Bundle {
  /** the event as the bundle has it: `file` and `inputFile` of its images are keys of `files` */
  payload: Record<string, unknown>;
  /** pictures and other files, by their path in the bundle */
  files: Map<string, Uint8Array>;
}

/** What a bundle may hold. */
export interface BundleLimits {
  /** default 100 MiB */
  maxUnpackedBytes?: number;
  /** default 2,048 */
  maxMembers?: number;
}

/**
 * Reads a bundle of format version 1 into memory; nothing is ever unpacked to the disk. Gzip-compressed or plain tar.
 * Unknown files and top-level folders are skipped, as the format asks, but no member may be anything else than a plain
 * file or a folder with a relative path that stays inside.
 *
 * @throws BundleError
 */
export async function readBundle(source: string | Uint8Array, limits: BundleLimits = {}): Promise<Bundle> {
  const { maxUnpackedBytes = BUNDLE_MAX_UNPACKED_BYTES, maxMembers = BUNDLE_MAX_MEMBERS } = limits;
  const bytes = typeof source === 'string' ? await readBundleFile(source) : Buffer.from(source);
  refuseTooLargeBundle(bytes.length);
  const files = await readMembers(await unpack(bytes, maxUnpackedBytes), maxMembers);
  const payload = parsePayload(files.get(PAYLOAD_MEMBER));
  files.delete(PAYLOAD_MEMBER);
  refuseMissingPictures(payload, files);
  return { payload, files };
}

/** @throws BundleError `BUNDLE_TOO_LARGE` before reading, or `BUNDLE_IO` */
export async function readBundleFile(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    refuseTooLargeBundle(size);
    return await readFile(path);
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError('BUNDLE_IO', `The bundle ${path} cannot be read: ${diskErrorText(error)}`, {
      cause: error,
    });
  }
}

async function unpack(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    if (isGzip) return await promisify(gunzip)(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') {
      throw new BundleError(
        'BUNDLE_INVALID',
        'The bundle is damaged or incomplete: it cannot be decompressed.',
        {
          cause: error,
        },
      );
    }
    throw tooMuch(maxBytes, error);
  }
  if (bytes.length > maxBytes) throw tooMuch(maxBytes);
  return bytes;
}

const tooMuch = (maxBytes: number, cause?: unknown) =>
  new BundleError('BUNDLE_TOO_LARGE', `The bundle holds more than ${maxBytes} bytes when unpacked.`, {
    cause,
  });

async function readMembers(archive: Buffer, maxMembers: number): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let members = 0;
  const take = (entry: ReadEntry) => {
    members += 1;
    if (members > maxMembers) throw invalid(`it has more than ${maxMembers} members`);
    const path = safeMemberPath(entry);
    if (path !== PAYLOAD_MEMBER && !path.startsWith(PICTURE_FOLDER)) return entry.resume();
    if (entry.type === 'Directory') return entry.resume();
    if (files.has(path)) throw invalid(`it has two members ${path}`);
    const parts: Uint8Array[] = [];
    files.set(path, new Uint8Array());
    entry.on('data', (part) => parts.push(part));
    entry.on('end', () => files.set(path, Buffer.concat(parts)));
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const { Parser } = tarLibrary();
      const parser = new Parser({ strict: true, onReadEntry: take });
      parser.on('error', reject);
      parser.on('ignoredEntry', (entry: ReadEntry) =>
        reject(invalid(`it has a member of kind ${entry.type}`)),
      );
      parser.on('end', () => resolve());
      parser.end(archive);
    });
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError('BUNDLE_INVALID', 'The bundle is damaged or incomplete: it is not a tar archive.', {
      cause: error,
    });
  }
  return files;
}

const invalid = (why: string) => new BundleError('BUNDLE_INVALID', `The bundle is refused: ${why}.`);

const PLAIN_MEMBERS = ['File', 'OldFile', 'ContiguousFile', 'Directory'];

/** The member's path without a leading `./`, as `tar -C folder -czf … .` writes it. */
function safeMemberPath(entry: ReadEntry): string {
  const path = entry.path;
  if (!PLAIN_MEMBERS.includes(entry.type))
    throw invalid(`its member ${path} is not a plain file but a ${entry.type}`);
  const isAbsolute = /^(?:[/\\]|[A-Za-z]:)/.test(path);
  if (isAbsolute || path.includes('\\') || path.includes('\0') || path.split('/').includes('..'))
    throw invalid(`its member ${JSON.stringify(path)} leads out of the bundle`);
  return path.replace(/^(?:\.\/)+/, '');
}

function parsePayload(bytes: Uint8Array | undefined): Record<string, unknown> {
  if (!bytes) throw invalid(`it has no ${PAYLOAD_MEMBER}`);
  let payload: unknown;
  try {
    payload = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new BundleError('BUNDLE_INVALID', `The bundle is refused: its ${PAYLOAD_MEMBER} is not JSON.`, {
      cause: error,
    });
  }
  if (!isObject(payload)) throw invalid(`its ${PAYLOAD_MEMBER} is not an object`);
  if (payload.bundleFormatVersion !== BUNDLE_FORMAT_VERSION) {
    throw invalid(
      `its format version is ${JSON.stringify(payload.bundleFormatVersion) ?? 'missing'}, this package reads ${BUNDLE_FORMAT_VERSION}`,
    );
  }
  return payload;
}

function refuseMissingPictures(payload: Record<string, unknown>, files: Map<string, Uint8Array>): void {
  const images: unknown[] = Array.isArray(payload.images) ? payload.images : [];
  for (const image of images.filter(isObject)) {
    for (const path of [image.file, image.inputFile]) {
      if (path === undefined) continue;
      if (typeof path !== 'string' || !files.has(path))
        throw invalid(`its ${PAYLOAD_MEMBER} names the picture ${JSON.stringify(path)}, which is not in it`);
    }
  }
}
