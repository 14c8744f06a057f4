import { join } from 'node:path';
import type { RecoveryReport } from '../outbox';
import { ChunkFile, mayBeOpen } from './chunk-file';
import { toSlot } from './committer';
import type { DeadLetterFolder } from './dead-letters';
import type { ChunkFolder } from './chunk-folder';
import type { DoubtfulTimes } from './doubtful-times';
import { ignoreMissing, syncFolder, writeNewFile } from './file-layer';
import { encodeNote, type EventHeader, type Note, type ScannedLine, scanLines } from './lines';
import { Chunk, DUE_AT_ONCE, type Entry, type EventQueue, type PictureSlot } from './queue';

/** `0000000007-1f2e3d4c.chunk`: number and random token of the session that wrote it. */
const CHUNK_FILE = /^(\d{10,})-[0-9a-f]+\.chunk$/;
const NOTES_FILE = /^(\d{10,}-[0-9a-f]+\.chunk)\.notes-[0-9a-f]+$/;
/** While a file changes at each look. */
const DAMAGE_LOOKS = 5;
const OUTBOX_ID = /^(\d{10,})-[0-9a-f]+$/;

export interface RecoveryGround {
  chunkFolder: ChunkFolder;
  quarantineFolder: string;
  queue: EventQueue;
  dead: DeadLetterFolder;
  doubtfulTimes: DoubtfulTimes;
  token: string;
  /** whether a file was touched so lately that another process may be at work on it, should the lock have failed */
  isYoung: (path: string) => Promise<boolean>;
}

export interface Recovered extends Pick<RecoveryReport, 'corrupt' | 'quarantined' | 'tornTails'> {
  /** highest numbers in use, so that new ones go on behind them */
  chunkNumber: number;
  eventNumber: number;
}

/** An event's line, and what later lines said of its pictures. */
interface LivePut {
  header: EventHeader;
  pictures: PictureSlot[] | undefined;
  offset: number;
  length: number;
  bodyBytes: number;
  /** ms by which the clock was set after it had happened */
  shift?: number;
}

/** Reads the chunks of earlier sessions into the queue. Nothing that is not understood is deleted. */
export async function recover(ground: RecoveryGround): Promise<Recovered> {
  const recovery = new Recovery(ground);
  await recovery.run();
  return recovery.found;
}

class Recovery {
  readonly found: Recovered = { corrupt: 0, quarantined: [], tornTails: 0, chunkNumber: 0, eventNumber: 0 };
  private readonly seen = new Set<string>();
  /** false when damaged bytes of the current chunk have no copy in quarantine: then the chunk stays */
  private allSetAside = true;

  constructor(private readonly ground: RecoveryGround) {}

  async run(): Promise<void> {
    const { chunkFolder, dead } = this.ground;
    const names = await chunkFolder.files.list(chunkFolder.path);
    const noteFiles = groupNotes(names);
    for (const id of dead.ids()) this.countEventNumber(id);
    for (const name of names) {
      const number = CHUNK_FILE.exec(name)?.[1];
      if (number === undefined) continue;
      this.found.chunkNumber = Math.max(this.found.chunkNumber, Number(number));
      await this.readChunk(name, noteFiles.get(name) ?? []);
      noteFiles.delete(name);
    }
    // Notes of chunks that are gone.
    for (const orphan of [...noteFiles.values()].flat()) await this.tryToRemove(orphan);
  }

  private countEventNumber(id: string): void {
    this.found.eventNumber = Math.max(this.found.eventNumber, Number(OUTBOX_ID.exec(id)?.[1] ?? 0));
  }

  private async readChunk(name: string, noteFiles: string[]): Promise<void> {
    this.allSetAside = true;
    const live = new Map<string, LivePut>();
    const { chunkFolder, isYoung } = this.ground;
    const isOpen = mayBeOpen(await this.readLines(name, live));
    for (const notes of noteFiles) await this.readLines(notes, live);
    const { fresh, buried } = await this.separate([...live.values()]);
    const isLeftAlone = isOpen && (await isYoung(chunkFolder.pathOf(name)));
    const file = ChunkFile.sealed(chunkFolder, name, noteFiles, isLeftAlone);
    const mayGo = fresh.length === 0 && this.allSetAside && !isLeftAlone;
    if (mayGo && (await this.removeDone(file))) return;
    if (buried.length > 0) {
      // Without it, an event would wait again at the start after its dead letter was discarded.
      const line = encodeNote({ done: buried });
      await file.note(line, `${this.ground.token}0`).catch(() => undefined);
    }
    if (fresh.length > 0) this.enqueue(file, fresh);
  }

  /**
   * A group that failed once may stand in two chunks: the first counts. An event whose dead letter is whole was
   * refused, although the crash came before that was noted here; half a dead letter is thrown away.
   */
  private async separate(live: LivePut[]): Promise<{ fresh: LivePut[]; buried: string[] }> {
    const fresh: LivePut[] = [];
    const buried: string[] = [];
    for (const put of live) {
      const id = put.header.put;
      this.countEventNumber(id);
      if (this.seen.has(id)) {
        buried.push(id);
      } else if (this.ground.dead.has(id) && (await this.ground.dead.read(id))) {
        buried.push(id);
      } else {
        if (this.ground.dead.has(id)) await this.ground.dead.remove([id]);
        fresh.push(put);
      }
      this.seen.add(id);
    }
    return { fresh, buried };
  }

  private enqueue(file: ChunkFile, puts: LivePut[]): void {
    const chunk = new Chunk(file);
    this.ground.queue.addChunk(chunk);
    const { queue, doubtfulTimes } = this.ground;
    for (const put of puts) {
      const entry = toEntry(put, chunk, queue.shareUseCaseId(put.header.useCaseId));
      queue.add(entry);
      if (put.shift === undefined && put.header.clockUnset)
        doubtfulTimes.recovered(entry, put.header.clockUnset);
    }
  }

  /** @returns false when the disk refused; it is tried again at the next start */
  private async removeDone(file: ChunkFile): Promise<boolean> {
    try {
      await file.removeEvents();
      await this.ground.chunkFolder.sync();
      await file.removeNotes();
      return true;
    } catch {
      return false;
    }
  }

  private async tryToRemove(name: string): Promise<void> {
    const { chunkFolder } = this.ground;
    await chunkFolder.files.remove(chunkFolder.pathOf(name)).catch(() => undefined);
  }

  /**
   * Line by line, in order: an event that was called back from the dead letters may follow its own "done".
   * @returns the bytes of the file
   */
  private async readLines(name: string, live: Map<string, LivePut>): Promise<Buffer> {
    const { bytes, lines } = await this.readSettled(name);
    for (const found of lines) {
      if (found.kind === 'damage') {
        const damaged = bytes.subarray(found.start, found.start + found.length);
        await this.quarantine(name, found.start, damaged, found.torn);
      } else if (found.decoded.kind === 'event') {
        const { header, body } = found.decoded;
        const pictures = header.pictures?.map(toSlot);
        // Deleted first: its place in the order is that of the last line.
        live.delete(header.put);
        live.set(header.put, {
          header,
          pictures,
          offset: found.start,
          length: found.length,
          bodyBytes: body.length,
        });
      } else if (found.decoded.kind === 'note') {
        applyNote(found.decoded.note, live);
      }
    }
    return bytes;
  }

  /** Looks again at what seems damaged: without the lock, another process may be in the midst of a write. */
  private async readSettled(name: string): Promise<{ bytes: Buffer; lines: ScannedLine[] }> {
    let bytes = await this.readFile(name);
    let lines = scanLines(bytes);
    for (let look = 0; look < DAMAGE_LOOKS && lines.some(({ kind }) => kind === 'damage'); look++) {
      const again = await this.readFile(name);
      if (again.equals(bytes)) break;
      bytes = again;
      lines = scanLines(bytes);
    }
    return { bytes, lines };
  }

  /** What is gone since the folder was listed was done: without the lock, another process removes what it has delivered. */
  private async readFile(name: string): Promise<Buffer> {
    const { chunkFolder } = this.ground;
    const bytes = await chunkFolder.files.readFile(chunkFolder.pathOf(name)).catch(ignoreMissing);
    return bytes ?? Buffer.alloc(0);
  }

  /** Sets bytes aside, under a name that tells where they were; what was set aside before is not counted again. */
  private async quarantine(chunk: string, offset: number, bytes: Buffer, torn: boolean): Promise<void> {
    const { quarantineFolder } = this.ground;
    const { files } = this.ground.chunkFolder;
    const name = quarantineName(chunk, offset);
    const path = join(quarantineFolder, name);
    if ((await files.size(path).catch(() => -1)) === bytes.length) return;
    await files.remove(path);
    try {
      await writeNewFile(files, path, bytes);
      await syncFolder(files, quarantineFolder);
    } catch {
      this.allSetAside = false;
    }
    if (torn) this.found.tornTails++;
    else this.found.corrupt++;
    this.found.quarantined.push(name);
  }
}

export function quarantineName(chunk: string, offset: number): string {
  return `${chunk}@${offset}`;
}

function groupNotes(names: string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const chunk = NOTES_FILE.exec(name)?.[1];
    if (chunk !== undefined) groups.set(chunk, [...(groups.get(chunk) ?? []), name]);
  }
  return groups;
}

function toEntry(
  { header, pictures, offset, length, bodyBytes, shift }: LivePut,
  chunk: Chunk,
  useCaseId: string,
): Entry {
  return {
    id: header.put,
    eventId: header.eventId,
    useCaseId,
    acceptedAt: header.at + (shift ?? 0),
    chunk,
    offset,
    length,
    bodyBytes,
    pictures,
    state: 'waiting',
    isBehind: false,
    dueAt: DUE_AT_ONCE,
    attempts: 0,
    timeFix: shift,
  };
}

function applyNote(note: Note, live: Map<string, LivePut>): void {
  if ('done' in note) {
    for (const id of note.done) live.delete(id);
    return;
  }
  if ('shifted' in note) {
    for (const id of note.shifted) {
      const put = live.get(id);
      if (put) put.shift = note.by;
    }
    return;
  }
  const id = 'uploaded' in note ? note.uploaded : note.shed;
  for (const slot of live.get(id)?.pictures ?? []) {
    if (slot.role !== note.role) continue;
    if ('uploaded' in note) slot.sourceId = note.sourceId;
    else slot.shed = true;
  }
}
