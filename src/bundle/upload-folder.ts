import type { Dirent, Stats } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { whileHeld } from '../files/while-held';
import { BUNDLE_FILE_NAME, BundleError } from './format';
import { readBundleFile } from './read';
import { BUNDLE_FILE_MODE, diskErrorText } from './write';

/** Sends one bundle; rejects with an error that has `code` and perhaps `statusCode`, as `SendFailure` does. */
export type BundleUploader = (
  bundle: Uint8Array,
  options: { useCaseId?: string; signal?: AbortSignal },
) => Promise<unknown>;

export interface UploadFolderOptions {
  directory: string;
  upload: BundleUploader;
  /** wins over the use case inside the bundles */
  useCaseId?: string;
  /** stops after the bundle that is being sent */
  signal?: AbortSignal;
  /** bundles dealt with so far, whatever became of them, and all that were found */
  onProgress?: (done: number, total: number) => void;
}

export interface BundleFailure {
  file: string;
  code: string;
  statusCode?: number;
  message: string;
}

export interface UploadSummary {
  uploaded: number;
  /** moved to `refused/`, each with its reason beside it */
  refused: BundleFailure[];
  /** tried, failed and kept: the next run tries again */
  kept: BundleFailure[];
  /** bundles still in the folder: kept, or not tried */
  left: number;
  /**
   * what else lies in the folder: no bundle by its name, a dot file, a link or a folder; at most
   * `MAX_NAMES_PASSED_OVER` are named
   */
  passedOver: { count: number; names: string[] };
  /** why the run ended before the last bundle */
  stopped?: { code: string; statusCode?: number; message: string };
}

export const REFUSED_FOLDER = 'refused';

/** Answers that condemn this one bundle: it would be refused again. */
const REFUSING_STATUS = [400, 413, 422];
/** Answers that every other bundle would get as well, until somebody acts: key, permission, payment. */
const STOPPING_STATUS = [401, 402, 403, 423];
const STOPPING_CODES = ['NOT_CONFIGURED', 'UNAUTHORIZED', 'PAYMENT_REQUIRED'];
/**
 * After so many failures in a row that come from network or server, the rest of a long folder is left for the next run.
 */
export const MAX_FAILURES_IN_A_ROW = 3;

export const MAX_NAMES_PASSED_OVER = 100;

type Outcome = 'refused' | 'kept' | 'unreachable' | 'stop';

/**
 * Uploads the bundle files of a folder, whoever wrote them, one by one, the oldest file first. A file is removed only
 * after its upload succeeded; a refused one moves to `refused/`. What is not a bundle by its name is passed over.
 * Failed uploads never reject: they are in the summary.
 *
 * @throws BundleError `BUNDLE_IO` when the folder itself cannot be read
 */
export async function uploadFolder(options: UploadFolderOptions): Promise<UploadSummary> {
  const { directory, signal, onProgress } = options;
  const { names, passedOver } = await lookThrough(directory);
  const summary: UploadSummary = { uploaded: 0, refused: [], kept: [], left: names.length, passedOver };
  let failuresInARow = 0;
  let done = 0;
  for (const name of names) {
    if (signal?.aborted)
      return { ...summary, stopped: { code: 'ABORTED', message: 'The upload was stopped.' } };
    const result = await uploadOne(name, options);
    if (result === 'gone' || result === 'uploaded') {
      summary.left -= 1;
      summary.uploaded += result === 'uploaded' ? 1 : 0;
      failuresInARow = 0;
    } else {
      const { outcome, failure } = result;
      summary[outcome === 'refused' ? 'refused' : 'kept'].push(failure);
      summary.left -= outcome === 'refused' ? 1 : 0;
      failuresInARow = outcome === 'unreachable' ? failuresInARow + 1 : 0;
      if (outcome === 'stop' || failuresInARow === MAX_FAILURES_IN_A_ROW) {
        const { file: _, ...stopped } = failure;
        return { ...summary, stopped };
      }
    }
    done += 1;
    onProgress?.(done, names.length);
  }
  return summary;
}

async function lookThrough(
  directory: string,
): Promise<{ names: string[] } & Pick<UploadSummary, 'passedOver'>> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const isBundle = (entry: Dirent) => entry.isFile() && BUNDLE_FILE_NAME.test(entry.name);
    const others = entries.filter((entry) => !isBundle(entry) && entry.name !== REFUSED_FOLDER);
    const names = others.slice(0, MAX_NAMES_PASSED_OVER).map(({ name }) => name);
    return {
      names: await oldestFirst(directory, entries.filter(isBundle)),
      passedOver: { count: others.length, names: names.sort() },
    };
  } catch (error) {
    throw new BundleError('BUNDLE_IO', `The folder ${directory} cannot be read: ${diskErrorText(error)}`, {
      cause: error,
    });
  }
}

/** By the time of the last change; files of one moment by their names. */
async function oldestFirst(directory: string, entries: readonly Dirent[]): Promise<string[]> {
  const files: { name: string; changed: number }[] = [];
  for (const { name } of entries) {
    const found = await statIfThere(join(directory, name));
    if (found) files.push({ name, changed: found.mtimeMs });
  }
  return files.sort((a, b) => a.changed - b.changed || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
}

async function uploadOne(
  name: string,
  { directory, upload, useCaseId, signal }: UploadFolderOptions,
): Promise<'uploaded' | 'gone' | { outcome: Outcome; failure: BundleFailure }> {
  const path = join(directory, name);
  try {
    const before = await fingerprint(path);
    // another uploader of the same folder was faster
    if (before === undefined) return 'gone';
    try {
      await upload(await readBundleFile(path), { useCaseId, signal });
    } catch (error) {
      const failure = failureOf(name, error);
      const outcome = outcomeOf(error, failure);
      if (outcome !== 'refused') return { outcome, failure };
      // somebody was still copying it into the folder when it was read
      if ((await fingerprint(path)) !== before) return { outcome: 'kept', failure };
      await quarantine(directory, failure);
      return { outcome, failure };
    }
    await whileHeld(() => rm(path, { force: true }));
    return 'uploaded';
  } catch (error) {
    // the disk failed, not the network: going on would only send what cannot be removed
    const message = `The bundle ${name} could not be removed or set aside: ${diskErrorText(error)}`;
    return { outcome: 'stop', failure: { file: name, code: 'BUNDLE_IO', message } };
  }
}

async function fingerprint(path: string): Promise<string | undefined> {
  const found = await statIfThere(path);
  return found && `${found.size} ${found.mtimeMs}`;
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function failureOf(file: string, error: unknown): BundleFailure {
  const { code, statusCode, message } = error as { code?: unknown; statusCode?: unknown; message?: unknown };
  return {
    file,
    code: typeof code === 'string' ? code : 'NETWORK',
    ...(typeof statusCode === 'number' ? { statusCode } : {}),
    message: typeof message === 'string' ? message : String(error),
  };
}

function outcomeOf(error: unknown, { code, statusCode, message }: BundleFailure): Outcome {
  const needsOperator = (error as { needsOperator?: unknown }).needsOperator === true;
  if (needsOperator || STOPPING_CODES.includes(code) || STOPPING_STATUS.includes(statusCode ?? 0))
    return 'stop';
  if (code === 'BUNDLE_TOO_LARGE') return 'refused';
  if (code === 'BUNDLE_IO') return 'kept';
  if (statusCode === undefined || statusCode === 408 || statusCode === 429 || statusCode >= 500)
    return 'unreachable';
  // an unknown or archived use case is fixed by a setting, not by setting the bundle aside
  const namesUseCase = /use ?case|solution/i.test(message);
  return REFUSING_STATUS.includes(statusCode) && !namesUseCase ? 'refused' : 'kept';
}

/** The reason is written first: a bundle in `refused/` always has one. */
async function quarantine(directory: string, failure: BundleFailure): Promise<void> {
  const folder = join(directory, REFUSED_FOLDER);
  await mkdir(folder, { recursive: true });
  const name = await freeName(folder, failure.file);
  const reason = { ...failure, refusedAt: new Date().toISOString() };
  const text = `${JSON.stringify(reason, null, 2)}\n`;
  await writeFile(join(folder, `${name}.reason.json`), text, { mode: BUNDLE_FILE_MODE });
  await whileHeld(() => rename(join(directory, failure.file), join(folder, name)));
}

/** A bundle that was refused before under this name stays: `event_….2.tar.gz` for the second. */
async function freeName(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const candidate =
      number === 1 ? name : name.replace(/\.(?:tar\.gz|tgz|tar)$/i, (ending) => `.${number}${ending}`);
    if ((await fingerprint(join(folder, candidate))) === undefined) return candidate;
  }
}
