import type { StoredEvent, StoredPicture } from '../outbox';
import type { OpenFile } from './file-layer';
import { errorCode } from './file-layer';
import { bodyInLine, decodeLine, type PictureRecord } from './lines';
import type { PictureFolder } from './pictures';
import { ReadBuffers } from './read-buffers';
import type { Chunk, Entry, PictureSlot } from './queue';
import { flagShedPictures } from './shed-flag';

/** One leased event as it lies on the disk, or the bytes that stand in its place now. */
export type ReadEvent =
  | { kind: 'event'; entry: Entry; pictures: PictureRecord[]; body: string }
  | { kind: 'damaged'; entry: Entry; bytes: Buffer | undefined };

const buffers = new ReadBuffers();

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
  let start = Infinity;
  let end = 0;
  for (const { offset, length } of entries) {
    start = Math.min(start, offset);
    end = Math.max(end, offset + length);
  }
  let handle: OpenFile;
  try {
    handle = await chunk.file.openToRead();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return entries.map((entry) => ({ kind: 'damaged', entry, bytes: undefined }));
  }
  try {
    return await buffers.lend(end - start, async (buffer) => {
      const bytes = buffer.subarray(0, await handle.read(buffer, start));
      return entries.map((entry) => {
        const from = entry.offset - start;
        return decodeEntry(entry, bytes.subarray(from, from + entry.length));
      });
    });
  } finally {
    await handle.close();
  }
}

function decodeEntry(entry: Entry, line: Buffer): ReadEvent {
  if (!entry.pictures) {
    const body = bodyInLine(line, entry.id, entry.bodyBytes);
    if (body !== undefined) return { kind: 'event', entry, pictures: [], body };
    return { kind: 'damaged', entry, bytes: Buffer.from(line) };
  }
  const decoded = decodeLine(line);
  if (decoded?.kind !== 'event' || decoded.header.put !== entry.id) {
    return { kind: 'damaged', entry, bytes: Buffer.from(line) };
  }
  const pictures = currentPictures(entry.pictures, decoded.header.pictures ?? []);
  return { kind: 'event', entry, pictures, body: decoded.body.toString() };
}

/** The pictures of the line, less those shed, with what was uploaded since. */
function currentPictures(slots: PictureSlot[], records: PictureRecord[]): PictureRecord[] {
  const pictures: PictureRecord[] = [];
  for (const record of records) {
    const slot = slots.find(({ file }) => file === record.file);
    if (slot && !slot.shed) pictures.push(slot.sourceId ? { ...record, sourceId: slot.sourceId } : record);
  }
  return pictures;
}

/** What the sender gets. */
export function presentEvent(
  { entry, pictures, body }: Extract<ReadEvent, { kind: 'event' }>,
  folder: PictureFolder,
): StoredEvent {
  const shed = entry.pictures?.filter((slot) => slot.shed).length ?? 0;
  return {
    id: entry.id,
    eventId: entry.eventId,
    useCaseId: entry.useCaseId,
    body: shed > 0 ? flagShedPictures(body, shed) : body,
    pictures: pictures.map((picture) => presentPicture(picture, folder)),
    acceptedAt: entry.acceptedAt,
    attempts: entry.attempts,
  };
}

function presentPicture(picture: PictureRecord, folder: PictureFolder): StoredPicture {
  const { role, mediaType, name, size, sourceId } = picture;
  return { role, mediaType, name, size, sourceId, read: () => folder.read(picture) };
}
