import { describe, short } from './describe';
import { DetectionError } from './detection-error';
import type { LeftOutRow } from './engine';
import type { NoteCode } from './types';
import { isObject } from '../json-object';
import { isList, isText, own } from './values';
import type { JsonObject } from './values';

/*
 * "Nothing found" needs a positive sign: an empty list where the format has its list, or an answer that the format
 * defines as empty. Whatever else leaves a payload without detections is an error, whichever way the user takes:
 * `auto`, a format, a preset or a mapping.
 */

/**
 * Refuses an answer in which the detector says that it failed, whatever else is in it.
 *
 * @throws DetectionError `detector-reported-error` for `success: false`, `error-payload` for an `error` that says
 * something
 */
export function refuseErrorBody(payload: unknown): void {
  const body = bodyOf(payload);
  if (!body) return;
  // Every payload comes by here, and hardly one has either: a plain read tells that sooner than own().
  if (body.success === undefined && body.error === undefined) return;
  if (own(body, 'success') === false) throw failure('detector-reported-error', whatItSays(body));
  const error = own(body, 'error');
  if (error === true || isText(error) || (isObject(error) && Object.keys(error).length > 0))
    throw failure('error-payload', whatItSays(body));
}

/**
 * Refuses what else reads like the error of a server, such as `{message, code}`, `{detail, status}` or
 * `{error_code: 3}`. Only for payloads of which nothing could be read: detectors send such words beside their
 * detections as well.
 *
 * @throws DetectionError `detector-reported-error`, `error-payload`
 */
export function refuseFailure(payload: unknown): void {
  refuseErrorBody(payload);
  const body = bodyOf(payload);
  if (!body) return;
  const said = whatItSays(body);
  const isSaidAlone = said !== undefined && Object.keys(body).every((key) => WORDS_OF_FAILURES.has(key));
  if (isSaidAlone || showsFailure(body)) throw failure('error-payload', said);
}

/**
 * Refuses a payload of which rows were there and none could be read: the format, the mapping or the property is the
 * wrong one.
 *
 * @throws DetectionError `rows-unreadable`, or `image-size-required` when the boxes lacked only the size of the picture
 */
export function refuseUnreadRows({ row, path, note }: LeftOutRow, count: number, format: string): void {
  if (note === 'boxes-skipped') {
    throw new DetectionError(
      'image-size-required',
      'Enter "Picture size" (imageWidth) or attach the picture: the boxes need its size, and without it nothing is left of this payload.',
    );
  }
  const setting =
    format === 'custom' ? 'the mapping' : '"Format" (format) and the property of "Detections" (detections)';
  const rows = `${count === 1 ? 'the only row' : `the first of ${count} rows`}${path === undefined ? '' : ` at ${nameOfPath(path)}`}`;
  throw new DetectionError(
    'rows-unreadable',
    `No row could be read: check ${setting}. What is wrong with ${rows}: ${REASONS[note] ?? note}. It is ${describe(row)}.`,
  );
}

const REASONS: Partial<Record<NoteCode, string>> = {
  'bad-number': 'a number of its box is unreadable',
  'degenerate-box': 'its box has no width or no height',
  'no-list-inside': 'the rest of the path is missing in it',
  'missing-box': 'there is no box where one was expected',
  'missing-class': 'there is neither class nor confidence where they were expected',
  'missing-confidence': 'there is no confidence where one was expected',
};

/** A path of the payload for a message. */
export function nameOfPath(path: string): string {
  return path === '' ? 'the payload itself' : `"${path}"`;
}

/** The error body itself, also as the only element of a list. */
function bodyOf(payload: unknown): JsonObject | undefined {
  const body: unknown = isList(payload) && payload.length === 1 ? payload[0] : payload;
  return isObject(body) ? body : undefined;
}

/** The keys by which servers say why they failed, the most telling first. */
const SAYING_WORDS = [
  'error',
  'message',
  'detail',
  'error_message',
  'errorMessage',
  'msg',
  'title',
  'reason',
];
const STATUS_WORDS = ['status', 'statusCode', 'status_code', 'code'];
const ERROR_WORDS = ['error', 'errors', 'error_code', 'errorCode', 'errno'];
const SUCCESS_WORDS = ['success', 'ok'];
const WORDS_OF_FAILURES: ReadonlySet<string> = new Set([
  ...SAYING_WORDS,
  ...STATUS_WORDS,
  ...SUCCESS_WORDS,
  ...['errors', 'details', 'type', 'instance', 'path', 'timestamp', 'hint', 'traceId', 'trace_id'],
  ...['requestId', 'request_id', 'documentation_url', 'errorType', 'error_code', 'errorCode'],
]);

function whatItSays(body: JsonObject): string | undefined {
  for (const key of SAYING_WORDS) {
    const value = own(body, key);
    const said = isText(value) ? value : own(value, 'message');
    if (isText(said)) return said;
    // FastAPI lists what is wrong with a request
    if (key === 'detail' && isList(value)) return 'the request was not accepted';
  }
  return undefined;
}

/** By a status, the number or the list of an error, or a success that was none. */
function showsFailure(body: JsonObject): boolean {
  return (
    STATUS_WORDS.some((key) => isFailureStatus(own(body, key))) ||
    ERROR_WORDS.some((key) => isErrorSign(own(body, key))) ||
    SUCCESS_WORDS.some((key) => own(body, key) === false || own(body, key) === 0)
  );
}

function isErrorSign(value: unknown): boolean {
  if (isText(value)) return !/^(0|ok|none|no[ _]?error|success)$/i.test(value);
  return (typeof value === 'number' && value !== 0) || (isList(value) && value.length > 0);
}

function isFailureStatus(status: unknown): boolean {
  return typeof status === 'number' && status >= LOWEST_FAILURE && status < 600;
}

/** HTTP status codes from here to 599 are failures. */
const LOWEST_FAILURE = 400;

/** The error with what `msg.statusCode` says of the request before this node. */
export function withStatusCode(error: DetectionError, statusCode: unknown): DetectionError {
  if (!isFailureStatus(statusCode)) return error;
  return new DetectionError(
    error.code,
    `${error.message} msg.statusCode is ${String(statusCode)}: the request before this node failed.`,
    error.candidates,
  );
}

function failure(
  code: 'error-payload' | 'detector-reported-error',
  said: string | undefined,
): DetectionError {
  return new DetectionError(
    code,
    `The detector reports an error: check the detector and the request to it. It says: ${said === undefined ? 'no reason given' : short(said)}`,
  );
}
