import type { StoredEvent, StoredPicture } from '../outbox';
import type { OpenFile } from './file-layer';
import { errorCode, isNoPlainFile } from './file-layer';
import { bodyInChunk, decodeLine, type PictureRecord } from './lines';
import { placeOf, type PictureFolder } from './picture-folder';
import { ReadBuffers } from './read-buffers';
import type { Chunk, Entry, PictureSlot } from './queue';
import { flagShedPictures } from './shed-flag';
import { withTimeFix } from './time-fix';

/** One leased event as it lies on the disk, or the bytes that stand in its place now. */
export type ReadEvent =
  | { kind: 'event'; entry: Entry; pictures: PictureRecord[]; body: string }
  | { kind: 'damaged'; entry: Entry; bytes: Buffer | undefined };

const buffers = new ReadBuffers();

/**
 * Reads the lines of leased events, each chunk file in one go and all files at the same time, and checks them again.
 */
export async function readEvents(entries: Entry[]): Promise<ReadEvent[]> {
  const readings: Promise<ReadEvent[]>[] = [];
  for (let start = 0; start < entries.length;) {
    const chunk = entries[start]?.chunk;
    let end = start;
    while (end < entries.length && entries[end]?.chunk === chunk) end++;
    if (chunk) readings.push(readFromChunk(chunk, entries.slice(start, end)));
    start = end;
  }
  return (await Promise.all(readings)).flat();
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
    if (errorCode(error) !== 'ENOENT' && !isNoPlainFile(error)) throw error;
    return entries.map((entry) => ({ kind: 'damaged', entry, bytes: undefined }));
  }
  try {
    return await buffers.lend(end - start, async (buffer) => {
      const bytes = buffer.subarray(0, await handle.read(buffer, start));
      return entries.map((entry) => decodeEntry(entry, bytes, entry.offset - start));
    });
  } finally {
    await handle.close();
  }
}

/** @param start where the entry's line begins in `bytes` */
function decodeEntry(entry: Entry, bytes: Buffer, start: number): ReadEvent {
  const { id, length, bodyBytes } = entry;
  if (!entry.pictures) {
    const body = bodyInChunk(bytes, { start, length }, { id, bodyBytes });
    if (body === undefined) return damaged(entry, bytes, start);
    return { kind: 'event', entry, pictures: [], body: withTimeFix(body, entry.timeFix) };
  }
  const decoded = decodeLine(bytes.subarray(start, start + length));
  if (decoded?.kind !== 'event' || decoded.header.put !== id) return damaged(entry, bytes, start);
  const pictures = currentPictures(entry.pictures, decoded.header.pictures ?? []);
  return { kind: 'event', entry, pictures, body: withTimeFix(decoded.body.toString(), entry.timeFix) };
}

function damaged(entry: Entry, bytes: Buffer, start: number): ReadEvent {
  return { kind: 'damaged', entry, bytes: Buffer.from(bytes.subarray(start, start + entry.length)) };
}

/** The pictures of the line, less those shed, with what was uploaded since. */
function currentPictures(slots: PictureSlot[], records: PictureRecord[]): PictureRecord[] {
  const pictures: PictureRecord[] = [];
  for (const record of records) {
    const slot = slots.find(({ file }) => file === record.file);
    if (!slot || slot.shed) continue;
    const { sourceId, sent } = slot;
    pictures.push({ ...record, ...(sourceId && { sourceId }), ...(sent && { sent }) });
  }
  return pictures;
}

/** What the sender gets. */
export function presentEvent(
  { entry, pictures, body }: Extract<ReadEvent, { kind: 'event' }>,
  folder: PictureFolder,
  acceptedAt: number,
): StoredEvent {
  const shed = entry.pictures?.filter((slot) => slot.shed).length ?? 0;
  const sent = shed > 0 ? flagShedPictures(body, shed) : body;
  return {
    id: entry.id,
    eventId: entry.eventId,
    useCaseId: entry.useCaseId,
    body: sent,
    bodyBytes: shed > 0 || entry.timeFix !== undefined ? Buffer.byteLength(sent) : entry.bodyBytes,
    pictures: pictures.map((picture) => presentPicture(picture, folder)),
    acceptedAt,
    attempts: entry.attempts,
  };
}

function presentPicture(picture: PictureRecord, folder: PictureFolder): StoredPicture {
  const { mediaType, name, metadata, size, sourceId } = picture;
  return { ...placeOf(picture), mediaType, name, metadata, size, sourceId, read: () => folder.read(picture) };
}
