/**
 * Puts the ids of uploaded pictures into a stored event without touching any other byte of it.
 *
 * Parsing and writing the JSON again would be simpler, but changes bytes that the user chose (`1.0` becomes `1`, keys
 * that look like numbers move to the front), and a repeated event id overwrites the stored event: it has to be sent with
 * the same bytes for ever ("Create a Vision Event": eventId).
 */

export interface SourceIds {
  sourceId?: string;
  inputSourceId?: string;
}

interface Member {
  key: string;
  valueStart: number;
  /** behind the value's last character */
  valueEnd: number;
}

/**
 * The body with `images[0].sourceId` and `images[0].inputSourceId` set. A missing `images` list or first entry is made.
 * @param body valid JSON text of one event
 * @throws SyntaxError when the body is not a JSON object, or `images` is no list of objects
 */
export function withSourceIds(body: string, ids: SourceIds): string {
  let result = body;
  // Each is put at the front of the entry, so the second one comes to stand first.
  for (const key of ['inputSourceId', 'sourceId'] as const) {
    const id = ids[key];
    if (id !== undefined) result = setInFirstImage(result, key, JSON.stringify(id));
  }
  return result;
}

function setInFirstImage(body: string, key: string, value: string): string {
  const eventStart = skipSpace(body, 0);
  const images = membersOf(body, eventStart).find((member) => member.key === 'images');
  if (!images) return insertMember(body, eventStart, 'images', `[{"${key}":${value}}]`);
  if (body[images.valueStart] !== '[') throw new SyntaxError('"images" of the stored event is not a list');

  const firstEntry = skipSpace(body, images.valueStart + 1);
  if (body[firstEntry] === ']') return splice(body, firstEntry, firstEntry, `{"${key}":${value}}`);
  const present = membersOf(body, firstEntry).find((member) => member.key === key);
  if (present) return splice(body, present.valueStart, present.valueEnd, value);
  return insertMember(body, firstEntry, key, value);
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
