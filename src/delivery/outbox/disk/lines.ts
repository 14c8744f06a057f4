import { crc32 as checksum } from '../../../crc32';
import type { PicturePlace } from '../../../event/picture-place';
import type { MetadataValue } from '../../../event/types';
import type { ClockSetting } from '../../clock-watch';
import { isEventHeader, isNote } from './record-shape';

/**
 * The line of a chunk file: eight hexadecimal digits of a CRC-32, a space, a JSON record, a line feed.
 * The checksum covers the UTF-8 bytes of the JSON record. Empty lines mean nothing (they are written ahead as padding).
 */

/** A picture as its event's line names it. */
export interface PictureRecord extends PicturePlace {
  mediaType: string;
  name: string;
  metadata?: Record<string, MetadataValue>;
  /** file name under `pictures/` */
  file: string;
  size: number;
  /** CRC-32 of the bytes */
  crc: string;
  sourceId?: string;
  sent?: boolean;
}

export interface EventHeader {
  put: string;
  /** wall clock at `append`, ms */
  at: number;
  eventId: string;
  useCaseId: string;
  pictures?: PictureRecord[];
  /** stored while the clock was plainly wrong: by which process, and its setting */
  clockUnset?: ClockSetting & { process: string };
}

/**
 * "These are done", "the clock was set by so many ms since these happened", "this picture is uploaded", "this goes out
 * with its pictures", "this picture was given up for want of room".
 */
export type Note =
  | { done: string[] }
  | { shifted: string[]; by: number }
  | ({ uploaded: string; sourceId: string } & PicturePlace)
  | { sent: string }
  | ({ shed: string } & PicturePlace);

const LINE_FEED = 0x0a;
const CHECKSUM_DIGITS = 8;
const PREFIX_BYTES = CHECKSUM_DIGITS + 1;
/** Raw quotes cannot stand inside a JSON string, so its first occurrence ends the header. */
const EVENT_MEMBER = ',"event":';

export function crc32(bytes: Uint8Array): string {
  return checksum(bytes).toString(16).padStart(CHECKSUM_DIGITS, '0');
}

/** One buffer a line: at thousands of events a second, copies would be most of the memory. */
function encodeLine(json: string): Buffer {
  const length = Buffer.byteLength(json);
  const line = Buffer.allocUnsafe(PREFIX_BYTES + length + 1);
  line.write(json, PREFIX_BYTES);
  line.write(`${crc32(line.subarray(PREFIX_BYTES, PREFIX_BYTES + length))} `, 0, 'latin1');
  line[PREFIX_BYTES + length] = LINE_FEED;
  return line;
}

export function encodeNote(note: Note): Buffer {
  return encodeLine(JSON.stringify(note));
}

/**
 * The event's text stands in the record as it is, last, so that the line is readable JSON and the exact bytes can be
 * cut out again. A raw line break may stand between JSON tokens only, where a space means the same.
 */
export function encodeEvent(header: EventHeader, body: string): { line: Buffer; bodyBytes: number } {
  const event = body.includes('\n') || body.includes('\r') ? body.replace(/[\r\n]/g, ' ') : body;
  const head = JSON.stringify(header).slice(0, -1) + EVENT_MEMBER;
  const line = encodeLine(`${head}${event}}`);
  const aroundBody = PREFIX_BYTES + Buffer.byteLength(head) + '}\n'.length;
  return { line, bodyBytes: line.length - aroundBody };
}

export type DecodedLine =
  | { kind: 'event'; header: EventHeader; body: Buffer }
  | { kind: 'note'; note: Note }
  /** a sound line whose record is not of a shape that we write */
  | { kind: 'strange' };

/** Undefined when the checksum does not fit. `line` is without its line feed. */
export function decodeLine(line: Buffer): DecodedLine | undefined {
  if (!isSound(line, 0, line.length)) return undefined;
  const json = line.subarray(PREFIX_BYTES);
  try {
    if (json.subarray(0, 6).equals(PUT_START)) return decodeEvent(json);
    const note: unknown = JSON.parse(json.toString());
    return isNote(note) ? { kind: 'note', note } : { kind: 'strange' };
  } catch {
    return { kind: 'strange' };
  }
}

const PUT_START = Buffer.from('{"put"');
const PUT_TEXT = '{"put":"';

/** Whether the bytes from `start` to `end` are a whole line, without its line feed. */
function isSound(bytes: Buffer, start: number, end: number): boolean {
  const json = start + PREFIX_BYTES;
  if (json >= end || end > bytes.length || bytes[json - 1] !== 0x20) return false;
  const sum = checksumAt(bytes, start);
  return !Number.isNaN(sum) && sum === checksum(bytes.subarray(json, end));
}

/**
 * The checksum that the line at `start` begins with, NaN when there is none. Read digit by digit: a backlog is read
 * line by line.
 */
function checksumAt(bytes: Buffer, start: number): number {
  let sum = 0;
  for (let at = start; at < start + CHECKSUM_DIGITS; at++) sum = sum * 16 + hexDigit(bytes[at] ?? 0);
  return sum;
}

/** Of the digits that `crc32` writes, which are small letters. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : NaN;
}

/**
 * The text of an event whose place, id and length are known, cut out of the bytes of its chunk without reading the
 * header: a backlog is read line by line. Undefined when the checksum does not fit, or another record stands there.
 * @param line where its line begins in `bytes`, and how long it is without its line feed
 */
export function bodyInChunk(
  bytes: Buffer,
  line: { start: number; length: number },
  event: { id: string; bodyBytes: number },
): string | undefined {
  const start = line.start + PREFIX_BYTES;
  const end = line.start + line.length;
  const headLength = line.length - PREFIX_BYTES - event.bodyBytes - '}'.length;
  if (headLength <= 0 || !isSound(bytes, line.start, end)) return undefined;
  const text = bytes.toString('utf8', start, end - 1);
  // Of ASCII a byte is a character, so the text can be cut instead of decoding it twice.
  const isAscii = text.length === end - 1 - start;
  const bodyStart = isAscii ? headLength : bytes.toString('utf8', start, start + headLength).length;
  const isThere =
    text.startsWith(PUT_TEXT) &&
    text.startsWith(event.id, PUT_TEXT.length) &&
    text.endsWith(EVENT_MEMBER, bodyStart);
  return isThere ? text.slice(bodyStart) : undefined;
}

function decodeEvent(json: Buffer): DecodedLine {
  const split = json.indexOf(EVENT_MEMBER);
  if (split < 0 || json.at(-1) !== 0x7d) return { kind: 'strange' };
  const header: unknown = JSON.parse(`${json.toString('utf8', 0, split)}}`);
  const body = json.subarray(split + EVENT_MEMBER.length, json.length - 1);
  return isEventHeader(header) && mayBeEvent(body) ? { kind: 'event', header, body } : { kind: 'strange' };
}

/**
 * Whether it begins and ends as an object does. What stands between is not looked at: parsing it would cost a start
 * more than all the rest, and the API refuses the one event that is none, which holds no other back
 * (test/faults/hostile-outbox.test.ts).
 */
function mayBeEvent(body: Buffer): boolean {
  return body[0] === 0x7b && body.at(-1) === 0x7d;
}

export type ScannedLine =
  | { kind: 'line'; start: number; length: number; decoded: DecodedLine }
  /** bytes that are not a sound line; `torn` when they end the file and never were a whole line */
  | { kind: 'damage'; start: number; length: number; torn: boolean };

/** Cuts a chunk file into sound lines and damaged places. Neighbouring damaged bytes are one place. */
export function scanLines(bytes: Buffer): ScannedLine[] {
  const found: ScannedLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed;
    if (end > start) scanOne(bytes, start, end, found);
    start = end + 1;
  }
  markTornTail(bytes, found);
  return found;
}

function scanOne(bytes: Buffer, start: number, end: number, found: ScannedLine[]): void {
  const decoded = decodeLine(bytes.subarray(start, end));
  if (decoded) found.push({ kind: 'line', start, length: end - start, decoded });
  else scanGlued(bytes, start, end, found);
}

/**
 * A place that looks like the start of a line may stand inside an event's text as well. A line with more of them
 * inside, and a neighbour whose line feed is damaged, is given up, so that the time stays linear in the length.
 */
const MOST_STARTS_IN_A_LINE = 3;

/** Damaged line feeds glue lines together: finds those among them that are sound. */
function scanGlued(bytes: Buffer, start: number, end: number, found: ScannedLine[]): void {
  const starts = [start, ...lineStarts(bytes, start + 1, end)];
  const endBefore = (next: number) => (next < starts.length ? (starts[next] ?? end) - 1 : end);
  for (let at = 0; at < starts.length;) {
    const from = starts[at] ?? end;
    let next = at + 1;
    const most = Math.min(at + MOST_STARTS_IN_A_LINE, starts.length);
    while (next < most && !isSound(bytes, from, endBefore(next))) next++;
    const decoded = decodeLine(bytes.subarray(from, endBefore(next)));
    if (decoded) {
      found.push({ kind: 'line', start: from, length: endBefore(next) - from, decoded });
      at = next;
    } else {
      addDamage(found, from, Math.max(endBefore(at + 1), from + 1));
      at++;
    }
  }
}

/** Where a checksum and the brace of a record stand between `start` and `end`. */
function lineStarts(bytes: Buffer, start: number, end: number): number[] {
  const starts: number[] = [];
  // Byte by byte: a search for the next one costs more than that where there are many.
  for (let brace = start + PREFIX_BYTES; brace + 1 < end; brace++) {
    if (bytes[brace] !== 0x7b || bytes[brace + 1] !== 0x22 || bytes[brace - 1] !== 0x20) continue;
    if (!Number.isNaN(checksumAt(bytes, brace - PREFIX_BYTES))) starts.push(brace - PREFIX_BYTES);
  }
  return starts;
}

/** Only line feeds lie between two damaged places that follow each other: they become one. */
function addDamage(found: ScannedLine[], start: number, end: number): void {
  const last = found.at(-1);
  if (last?.kind === 'damage') last.length = end - last.start;
  else found.push({ kind: 'damage', start, length: end - start, torn: false });
}

/** A crash tears the last line only, and a torn line has not got its closing brace. */
function markTornTail(bytes: Buffer, found: ScannedLine[]): void {
  const last = found.at(-1);
  if (last?.kind === 'damage' && bytes[last.start + last.length - 1] !== 0x7d) last.torn = true;
}
