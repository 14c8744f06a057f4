import { DetectionError } from './detection-error';
import { isObject } from '../json-object';
import { hasKeyCount, own } from './values';

/**
 * What arrived, as a value: text and bytes are read as JSON, everything else stays as it is.
 * The `mqtt in`, `http request`, `exec` and `udp in` nodes hand over text or bytes unless told otherwise.
 *
 * @throws DetectionError `payload-not-json`, saying what the text looks like instead; `unknown-format` for a raw tensor
 */
export function decodePayload(payload: unknown, stripCodeFence = false): unknown {
  if (payload instanceof Uint8Array) return parseBytes(payload, stripCodeFence);
  if (ArrayBuffer.isView(payload)) throw rawNumbers();
  const value = typeof payload === 'string' ? parseText(payload, stripCodeFence) : payload;
  const bytes = bytesOfJsonBuffer(value);
  if (bytes) return parseBytes(bytes, stripCodeFence);
  return value;
}

function parseBytes(bytes: Uint8Array, stripCodeFence: boolean): unknown {
  if (startsLikePicture(bytes)) throw pictureInsteadOfDetections();
  return parseText(new TextDecoder().decode(bytes), stripCodeFence);
}

/** More numbers than any detector's answer has bytes: such a list is not walked. */
const MAX_BUFFER_NUMBERS = 64 * 1024 * 1024;

/** The bytes of a Buffer that went through JSON, as from a broker or a file: `{"type": "Buffer", "data": [123, …]}`. */
function bytesOfJsonBuffer(value: unknown): Uint8Array | undefined {
  if (!isObject(value) || value.type !== 'Buffer' || !Object.hasOwn(value, 'type')) return undefined;
  const data = own(value, 'data');
  // bytes are more than detections: not asked for by isList()
  if (!Array.isArray(data) || !hasKeyCount(value, 2)) return undefined;
  // unlike every(), findIndex() sees holes
  const isBytes = data.length <= MAX_BUFFER_NUMBERS && data.findIndex((byte) => !isByte(byte)) < 0;
  if (isBytes) return Uint8Array.from(data as number[]);
  throw new DetectionError(
    'payload-not-json',
    "Let the node before this one send the detector's JSON itself: the detections are a Buffer in JSON with other data than bytes.",
  );
}

const isByte = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;

/** ZoneMinder's event server writes a line of prose, this mark, then the JSON. */
const ZONEMINDER_MARK = '--SPLIT--';

function parseText(text: string, stripCodeFence: boolean): unknown {
  const fenced = stripCodeFence ? withoutCodeFence(text) : text;
  const json = fenced.charCodeAt(0) === BYTE_ORDER_MARK ? fenced.slice(1) : fenced;
  const parsed = tryJson(json);
  if (!(parsed instanceof SyntaxError)) return parsed;
  const mark = json.indexOf(ZONEMINDER_MARK);
  if (mark < 0) throw notJson(json, parsed.message);
  return parseBehindMark(json.slice(mark + ZONEMINDER_MARK.length));
}

/**
 * The prose may hold the mark as well, the JSON too: what follows the first one is tried, then what follows the last.
 */
function parseBehindMark(text: string): unknown {
  const parsed = tryJson(text);
  if (!(parsed instanceof SyntaxError)) return parsed;
  const mark = text.lastIndexOf(ZONEMINDER_MARK);
  const rest = mark < 0 ? text : text.slice(mark + ZONEMINDER_MARK.length);
  const last = mark < 0 ? parsed : tryJson(rest);
  if (last instanceof SyntaxError) throw notJson(rest, last.message);
  return last;
}

/** The value, or the error: no text of JSON is one. */
function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

const BYTE_ORDER_MARK = 0xfeff;

/** The inside of a Markdown code block, as language models answer. */
function withoutCodeFence(text: string): string {
  const start = text.indexOf('```');
  if (start < 0) return text;
  const firstLine = text.indexOf('\n', start);
  const end = text.indexOf('```', start + 3);
  return firstLine < 0 || end < firstLine ? text : text.slice(firstLine + 1, end);
}

const PICTURE_STARTS: readonly (readonly number[])[] = [
  [0xff, 0xd8], // JPEG
  [0x89, 0x50, 0x4e, 0x47], // PNG
  [0x52, 0x49, 0x46, 0x46], // RIFF: WebP
];

function startsLikePicture(bytes: Uint8Array): boolean {
  return PICTURE_STARTS.some((start) => start.every((byte, index) => bytes[index] === byte));
}

function pictureInsteadOfDetections(): DetectionError {
  return new DetectionError(
    'payload-not-json',
    'Wire the detector\'s answer to "Detections", and set the picture under "Pictures": what arrived as detections is a picture.',
  );
}

function rawNumbers(): DetectionError {
  return new DetectionError(
    'unknown-format',
    "Decode the model's output (boxes, classes, non-maximum suppression) before this node: the payload is a raw array of numbers, such as an output tensor.",
  );
}

/** Enough of a text to tell what it is; the rest may be megabytes. */
const LOOK_AT = 2000;

function notJson(text: string, parserMessage: string): DetectionError {
  const start = text.slice(0, LOOK_AT);
  const trimmed = start.trimStart();
  if (/^(data:image\/|\/9j\/|iVBORw0KGgo|UklGR)/.test(trimmed)) return pictureInsteadOfDetections();
  return new DetectionError('payload-not-json', reasonWhyNotJson(trimmed, parserMessage));
}

function reasonWhyNotJson(start: string, parserMessage: string): string {
  if (start === '') return 'Check that the detector answered: the detections are an empty text.';
  if (start.startsWith('```')) {
    return 'Choose the preset of the model, or "Custom mapping" with "stripCodeFence": true: the detections are a Markdown code block.';
  }
  if (start.startsWith('<')) {
    return 'Convert XML with the "xml" node first; HTML is usually an error page of the server. The detections are one of them, not JSON.';
  }
  if (/[[{]\s*['(]|:\s*(True|False|None)\b/.test(start)) {
    return 'Let the script print json.dumps(result): the detections are a printed Python object (single quotes, True, None), not JSON.';
  }
  if (/[:,[]\s*-?(NaN|Infinity)\b/.test(start)) {
    return "Replace NaN and Infinity by null before sending: JSON does not know them (Python's json.dumps writes them), and the detections contain one.";
  }
  const shown = start.length > 60 ? `${start.slice(0, 60)}…` : start;
  return `Set the node before this one to output the detector's JSON: the detections are text: "${shown}" (${parserMessage}).`;
}
