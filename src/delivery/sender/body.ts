/**
 * Puts the ids of uploaded pictures into a stored event without touching any other byte of it.
 *
 * Parsing and writing the JSON again would be simpler, but changes bytes that the user chose (`1.0` becomes `1`, keys
 * that look like numbers move to the front), and a repeated event id overwrites the stored event: it has to be sent
 * with the same bytes for ever ("Create a Vision Event": eventId).
 */
import { sourceIdField, type PicturePlace } from '../../event/picture-place';

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
 * The body with the `sourceId` or `inputSourceId` of each uploaded picture in its entry of `images`. A missing list or
 * entry is made.
 * @param body valid JSON text of one event
 * @throws SyntaxError when the body is not a JSON object, or `images` is not a list of objects
 */
export function withSourceIds(body: string, uploaded: readonly UploadedPicture[]): string {
  if (uploaded.length === 0) return body;
  const eventStart = skipSpace(body, 0);
  const images = membersOf(body, eventStart).find((member) => member.key === 'images');
  const idsOf = byEntry(uploaded);
  if (!images) return insertMember(body, eventStart, 'images', `[${newEntries(idsOf, 0).join(',')}]`);
  const { entries, end } = entriesOf(body, images.valueStart);
  // In one pass, for an event may have 1,000 entries.
  const parts: string[] = [];
  let copiedTo = 0;
  for (const [position, entry] of entries.entries()) {
    const ids = idsOf[position];
    if (!ids) continue;
    parts.push(body.slice(copiedTo, entry.start), withIds(body.slice(entry.start, entry.end), ids));
    copiedTo = entry.end;
  }
  const added = newEntries(idsOf, entries.length);
  const separator = added.length > 0 && entries.length > 0 ? ',' : '';
  return [...parts, body.slice(copiedTo, end), separator, added.join(','), body.slice(end)].join('');
}

function byEntry(uploaded: readonly UploadedPicture[]): UploadedPicture[][] {
  const entries: UploadedPicture[][] = [];
  for (const picture of uploaded) (entries[picture.image ?? 0] ??= []).push(picture);
  return entries;
}

/** Those that the list lacks, from `first` on; one without a picture is made when a later one has some. */
function newEntries(idsOf: UploadedPicture[][], first: number): string[] {
  return Array.from(idsOf.slice(first), (ids = []) => withIds('{}', ids));
}

function withIds(entry: string, ids: readonly UploadedPicture[]): string {
  let result = entry;
  // Each is put at the front of the entry, so the last one comes to stand first.
  for (const { role, sourceId } of [...ids].reverse()) {
    const key = sourceIdField(role);
    const value = JSON.stringify(sourceId);
    const present = membersOf(result, 0).find((member) => member.key === key);
    result = present
      ? splice(result, present.valueStart, present.valueEnd, value)
      : insertMember(result, 0, key, value);
  }
  return result;
}

/** The entries of the list whose `[` stands at `start`, and where its `]` stands. */
function entriesOf(text: string, start: number): { entries: { start: number; end: number }[]; end: number } {
  if (text[start] !== '[') throw new SyntaxError('"images" of the stored event is not a list');
  const entries: { start: number; end: number }[] = [];
  let position = skipSpace(text, start + 1);
  while (text[position] !== ']') {
    const entry = { start: position, end: endOfValue(text, position) };
    entries.push(entry);
    position = skipSpace(text, entry.end);
    if (text[position] === ',') position = skipSpace(text, position + 1);
    else if (text[position] !== ']') throw new SyntaxError('the stored event is cut short');
  }
  return { entries, end: position };
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
