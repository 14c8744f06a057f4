import type { StoredEvent, StoredPicture } from '../outbox';
import type { OpenFile } from './file-layer';
import { errorCode } from './file-layer';
import { decodeLine, type EventHeader, type PictureRecord } from './lines';
import type { PictureFolder } from './pictures';
import type { Chunk, Entry } from './queue';
import { flagShedPictures } from './shed-flag';

/** One leased event as it lies on the disk, or the bytes that stand in its place now. */
export type ReadEvent =
  | { kind: 'event'; entry: Entry; header: EventHeader; body: string }
  | { kind: 'damaged'; entry: Entry; bytes: Buffer | undefined };

/** Reads the lines of leased events, each chunk file in one go, and checks them again. */
export async function readEvents(entries: Entry[]): Promise<ReadEvent[]> {
  const found: ReadEvent[] = [];
  for (let start = 0; start < entries.length;) {
    const chunk = entries[start]?.chunk;
    let end = start;
    while (end < entries.length && entries[end]?.chunk === chunk) end++;
    if (chunk) found.push(...(await readFromChunk(chunk, entries.slice(start, end))));
    start = end;
  }
  return found;
}

async function readFromChunk(chunk: Chunk, entries: Entry[]): Promise<ReadEvent[]> {
  const start = Math.min(...entries.map(({ offset }) => offset));
  const end = Math.max(...entries.map(({ offset, length }) => offset + length));
  let handle: OpenFile;
  try {
    handle = await chunk.file.openToRead();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return entries.map((entry) => ({ kind: 'damaged', entry, bytes: undefined }));
  }
  try {
    const bytes = await handle.read(end - start, start);
    return entries.map((entry) => {
      const from = entry.offset - start;
      return decodeEntry(entry, bytes.subarray(from, from + entry.length));
    });
  } finally {
    await handle.close();
  }
}

function decodeEntry(entry: Entry, line: Buffer): ReadEvent {
  const decoded = decodeLine(line);
  if (decoded?.kind !== 'event' || decoded.header.put !== entry.id) {
    return { kind: 'damaged', entry, bytes: Buffer.from(line) };
  }
  return { kind: 'event', entry, header: decoded.header, body: decoded.body.toString() };
}

/** What the sender gets. */
export function presentEvent(
  { entry, header, body }: Extract<ReadEvent, { kind: 'event' }>,
  folder: PictureFolder,
): StoredEvent {
  const shed = (entry.pictures ?? []).filter((slot) => slot.shed).length;
  return {
    id: entry.id,
    eventId: entry.eventId,
    useCaseId: entry.useCaseId,
    body: shed > 0 ? flagShedPictures(body, shed) : body,
    pictures: currentPictures(entry, header).map((picture) => presentPicture(picture, folder)),
    acceptedAt: entry.acceptedAt,
    attempts: entry.attempts,
  };
}

/** The pictures of the line, less those shed, with what was uploaded since. */
export function currentPictures(entry: Entry, header: EventHeader): PictureRecord[] {
  const pictures: PictureRecord[] = [];
  for (const picture of header.pictures ?? []) {
    const slot = entry.pictures?.find(({ file }) => file === picture.file);
    if (slot && !slot.shed) pictures.push(slot.sourceId ? { ...picture, sourceId: slot.sourceId } : picture);
  }
  return pictures;
}

function presentPicture(picture: PictureRecord, folder: PictureFolder): StoredPicture {
  const { role, mediaType, name, size, sourceId } = picture;
  return { role, mediaType, name, size, sourceId, read: () => folder.read(picture) };
}
