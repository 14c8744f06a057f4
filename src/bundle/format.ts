/**
 * Bundle format version 1 ("Upload a Vision Event Bundle"): one event and its pictures in a gzip-compressed tar
 * archive, for sites without a network. `payload.json` comes first, pictures lie in `images/`.
 */
import { createHash } from 'node:crypto';

export const BUNDLE_FORMAT_VERSION = 1;
/** The API takes exactly this many bytes of the compressed archive, and refuses one more. */
export const BUNDLE_MAX_BYTES = 25 * 1024 * 1024;
/** Own limit: what a bundle may hold when unpacked, so that a small file cannot fill the memory. */
export const BUNDLE_MAX_UNPACKED_BYTES = 100 * 1024 * 1024;
/** Own limit: 1000 images of an event with two pictures each, the payload, and some room. */
export const BUNDLE_MAX_MEMBERS = 2048;

export const PAYLOAD_MEMBER = 'payload.json';
export const PICTURE_FOLDER = 'images/';

/** A finished bundle, whoever wrote it: the API ignores the name. Dot files are bundles still being written. */
export const BUNDLE_FILE_NAME = /^[^.].*\.(?:tar\.gz|tgz|tar)$/i;
/** What `writeBundle` calls a bundle while it writes it. */
export const PARTIAL_BUNDLE_FILE_NAME = /^\..+\.tar\.gz\.[0-9a-f]+\.partial$/;

/**
 * `BUNDLE_INVALID`: not what the format asks for · `BUNDLE_TOO_LARGE`: more than 25 MiB · `BUNDLE_IO`: the disk failed.
 */
export type BundleErrorCode = 'BUNDLE_INVALID' | 'BUNDLE_TOO_LARGE' | 'BUNDLE_IO';

/** A bundle that cannot be written or read. The message says what fixes it. */
export class BundleError extends Error {
  constructor(
    readonly code: BundleErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'BundleError';
  }
}

export function refuseTooLargeBundle(bytes: number): void {
  if (bytes <= BUNDLE_MAX_BYTES) return;
  const megabytes = (bytes / 1024 / 1024).toFixed(1);
  throw new BundleError(
    'BUNDLE_TOO_LARGE',
    `The bundle is too large: ${megabytes} MiB, and the API takes at most 25 MiB. Attach smaller or more compressed pictures.`,
  );
}

/**
 * `event_<YYYYMMDDTHHMMSS_ffffff in UTC>_<eventId>.tar.gz`. An event id that is not a plain file name is made one, with
 * a hash in it that keeps two ids apart. The same event makes the same name: like the API, the later one replaces the
 * earlier.
 *
 * @throws BundleError when the timestamp is not a time
 */
export function bundleFileName(event: { eventId: string; timestamp: string }): string {
  return `event_${bundleMoment(event.timestamp)}_${fileSafe(event.eventId)}.tar.gz`;
}

/**
 * A timestamp as names of bundle files have it: `<YYYYMMDDTHHMMSS_ffffff in UTC>`.
 * @throws BundleError when it is not a time
 */
export function bundleMoment(timestamp: string): string {
  const utc = bundleTime(timestamp).toISOString();
  const day = utc.slice(0, 10).replaceAll('-', '');
  const second = utc.slice(11, 19).replaceAll(':', '');
  const fraction = (/\.(\d{1,6})/.exec(timestamp)?.[1] ?? '').padEnd(6, '0');
  return `${day}T${second}_${fraction}`;
}

export function bundleTime(timestamp: string): Date {
  const time = new Date(timestamp);
  const year = Number.isNaN(time.getTime()) ? NaN : time.getUTCFullYear();
  if (year >= 1970 && year <= 9999) return time;
  throw new BundleError(
    'BUNDLE_INVALID',
    `The event's timestamp ${JSON.stringify(timestamp)} is not an ISO 8601 time.`,
  );
}

/**
 * An event id as part of a file name: with a hash that keeps two ids apart where it is not a plain name. Capitals are
 * not plain: to Windows and macOS `Abc` and `abc` are one name.
 */
export function fileSafe(eventId: string): string {
  if (/^[a-z\d_.-]{1,100}$/.test(eventId)) return eventId;
  const hash = createHash('sha256').update(eventId).digest('hex').slice(0, 12);
  return `${eventId.replace(/[^\w.-]/g, '_').slice(0, 60)}-${hash}`;
}
