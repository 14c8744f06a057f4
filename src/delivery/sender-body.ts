/**
 * Puts the ids of uploaded pictures into a stored event without touching any other byte of it.
 *
 * Parsing and writing the JSON again would be simpler, but changes bytes that the user chose (`1.0` becomes `1`, keys
 * that look like numbers move to the front), and a repeated event id overwrites the stored event: it has to be sent with
 * the same bytes for ever ("Create a Vision Event": eventId).
 */
import { sourceIdField, type PicturePlace } from '../event/picture-place';

export interface UploadedPicture extends PicturePlace {
  sourceId: string;
}

interface Member {
  key: string;
  valueStart: number;
  /** behind the value's last character */
  valueEnd: number;
}

/**
 * The body with the `sourceId` or `inputSourceId` of each uploaded picture in its entry of `images`. A missing list or entry is made.
 * @param body valid JSON text of one event
 * @throws SyntaxError when the body is not a JSON object, or `images` is no list of objects
 */
export function withSourceIds(body: string, uploaded: readonly UploadedPicture[]): string {
  let result = body;
  // Each is put at the front of its entry, so the last one comes to stand first.
  for (const { role, image = 0, sourceId } of [...uploaded].reverse()) {
    result = setInImage(result, image, sourceIdField(role), JSON.stringify(sourceId));
  }
  return result;
}

function setInImage(body: string, position: number, key: string, value: string): string {
  const eventStart = skipSpace(body, 0);
  const images = membersOf(body, eventStart).find((member) => member.key === 'images');
  if (!images) return setInImage(insertMember(body, eventStart, 'images', '[]'), position, key, value);
  const { starts, end } = entriesOf(body, images.valueStart);
  const entry = starts[position];
  if (entry === undefined) {
    const missing = Array.from({ length: position - starts.length }, () => '{},').join('');
    return splice(body, end, end, `${starts.length > 0 ? ',' : ''}${missing}{"${key}":${value}}`);
  }
  const present = membersOf(body, entry).find((member) => member.key === key);
  if (present) return splice(body, present.valueStart, present.valueEnd, value);
  return insertMember(body, entry, key, value);
}

/** Where each entry of the list whose `[` stands at `start` begins, and where its `]` stands. */
function entriesOf(text: string, start: number): { starts: number[]; end: number } {
  if (text[start] !== '[') throw new SyntaxError('"images" of the stored event is not a list');
  const starts: number[] = [];
  let position = skipSpace(text, start + 1);
  while (text[position] !== ']') {
    starts.push(position);
    position = skipSpace(text, endOfValue(text, position));
    if (text[position] === ',') position = skipSpace(text, position + 1);
    else if (text[position] !== ']') throw new SyntaxError('the stored event is cut short');
  }
  return { starts, end: position };
}

function insertMember(text: string, objectStart: number, key: string, value: string): string {
  const isEmpty = text[skipSpace(text, objectStart + 1)] === '}';
  return splice(text, objectStart + 1, objectStart + 1, `"${key}":${value}${isEmpty ? '' : ','}`);
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** The members of the object whose `{` stands at `start`. */
function membersOf(text: string, start: number): Member[] {
  if (text[start] !== '{') throw new SyntaxError('the stored event is not the JSON object that was expected');
  const members: Member[] = [];
  let position = skipSpace(text, start + 1);
  while (text[position] !== '}') {
    const keyEnd = endOfValue(text, position);
    const key = JSON.parse(text.slice(position, keyEnd)) as string;
    // behind the colon
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    members.push({ key, valueStart, valueEnd });
    position = skipSpace(text, valueEnd);
    if (text[position] === ',') position = skipSpace(text, position + 1);
    else if (text[position] !== '}') throw new SyntaxError('the stored event is cut short');
  }
  return members;
}

function skipSpace(text: string, position: number): number {
  while (/\s/.test(text.charAt(position))) position++;
  return position;
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first === '{' || first === '[') return endOfNested(text, start);
  let position = start;
  while (position < text.length && !/[\s,\]}]/.test(text.charAt(position))) position++;
  if (position === start) throw new SyntaxError('the stored event is cut short');
  return position;
}

function endOfString(text: string, start: number): number {
  for (let position = start + 1; position < text.length; position++) {
    if (text[position] === '\\') position++;
    else if (text[position] === '"') return position + 1;
  }
  throw new SyntaxError('the stored event is cut short');
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  for (let position = start; position < text.length; position++) {
    const character = text[position];
    if (character === '"') position = endOfString(text, position) - 1;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return position + 1;
  }
  throw new SyntaxError('the stored event is cut short');
}
