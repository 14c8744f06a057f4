import { placeKey } from '../../../event/picture-place';
import { ChunkFile, mayBeOpen } from './chunk-file';
import { toSlot } from './committer';
import type { DeadLetterFolder } from './dead-letters';
import type { ChunkFolder } from './chunk-folder';
import type { DoubtfulTimes } from './doubtful-times';
import { errorCode, isNoPlainFile } from './file-layer';
import { encodeNote, type EventHeader, type Note, type ScannedLine, scanLines } from './lines';
import { CHUNK_FILE, NOTES_FILE, numberIn } from './names';
import type { Quarantine } from './quarantine';
import { Chunk, DUE_AT_ONCE, type Entry, type EventQueue, type PictureSlot } from './queue';

/** While a file changes at each look. */
const DAMAGE_LOOKS = 5;
/**
 * An event has a line of its own, however long; a longer one could not be read as text. Nothing larger was written by
 * us.
 */
export const MOST_CHUNK_BYTES = 256 * 1024 * 1024;

export interface RecoveryDeps {
  chunkFolder: ChunkFolder;
  quarantine: Quarantine;
  queue: EventQueue;
  dead: DeadLetterFolder;
  doubtfulTimes: DoubtfulTimes;
  token: string;
  /** whether a file was touched so lately that another process may be at work on it, should the lock have failed */
  isYoung: (path: string) => Promise<boolean>;
}

export interface Recovered {
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
export async function recover(deps: RecoveryDeps): Promise<Recovered> {
  const recovery = new Recovery(deps);
  await recovery.run();
  return recovery.found;
}

class Recovery {
  readonly found: Recovered = { chunkNumber: 0, eventNumber: 0 };
  private readonly seen = new Set<string>();
  /** false when damaged bytes of the current chunk have no copy in quarantine: then the chunk stays */
  private allSetAside = true;

  constructor(private readonly deps: RecoveryDeps) {}

  async run(): Promise<void> {
    const { chunkFolder, dead } = this.deps;
    const names = await chunkFolder.files.list(chunkFolder.path);
    const noteFiles = groupNotes(names);
    for (const id of dead.ids()) this.countEventNumber(id);
    for (const name of names) {
      if (!CHUNK_FILE.test(name)) continue;
      this.found.chunkNumber = Math.max(this.found.chunkNumber, numberIn(name));
      await this.readChunk(name, noteFiles.get(name) ?? []);
      noteFiles.delete(name);
    }
    // Notes of chunks that are gone.
    for (const orphan of [...noteFiles.values()].flat()) await this.tryToRemove(orphan);
  }

  private countEventNumber(id: string): void {
    this.found.eventNumber = Math.max(this.found.eventNumber, numberIn(id));
  }

  private async readChunk(name: string, noteFiles: string[]): Promise<void> {
    this.allSetAside = true;
    const live = new Map<string, LivePut>();
    const { chunkFolder, isYoung } = this.deps;
    const isOpen = mayBeOpen(await this.readLines(name, live));
    const notes: { name: string; bytes: Buffer }[] = [];
    for (const notesName of noteFiles)
      notes.push({ name: notesName, bytes: await this.readLines(notesName, live) });
    const { fresh, buried } = await this.separate([...live.values()]);
    const isLeftAlone = isOpen && (await isYoung(chunkFolder.pathOf(name)));
    const file = ChunkFile.sealed(chunkFolder, name, noteFiles, isLeftAlone);
    const mayGo = fresh.length === 0 && this.allSetAside && !isLeftAlone;
    if (mayGo && (await this.removeDone(file))) return;
    await this.mergeNotes(file, notes, buried).catch(() => undefined);
    if (fresh.length > 0) this.enqueue(file, fresh);
  }

  /**
   * A chunk whose events end one by one gets a file of notes for each; at a start they become one. Only whole files:
   * without the lock, another process may be in the midst of writing one.
   * @param buried noted as well: without that, an event would wait again at the start after its dead letter was
   * discarded
   */
  private async mergeNotes(
    file: ChunkFile,
    notes: { name: string; bytes: Buffer }[],
    buried: string[],
  ): Promise<void> {
    const whole = notes.filter(
      ({ bytes }) => !mayBeOpen(bytes) && scanLines(bytes).every(({ kind }) => kind === 'line'),
    );
    if (whole.length < 2 && buried.length === 0) return;
    const lines = whole.map(({ bytes }) => bytes);
    if (buried.length > 0) lines.push(encodeNote({ done: buried }));
    await file.mergeNotes(
      whole.map(({ name }) => name),
      Buffer.concat(lines),
      `${this.deps.token}0`,
    );
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
      } else if (this.deps.dead.has(id) && (await this.deps.dead.read(id))) {
        buried.push(id);
      } else {
        if (this.deps.dead.has(id)) await this.deps.dead.remove([id]);
        fresh.push(put);
      }
      this.seen.add(id);
    }
    return { fresh, buried };
  }

  private enqueue(file: ChunkFile, puts: LivePut[]): void {
    const chunk = new Chunk(file);
    this.deps.queue.addChunk(chunk);
    const { queue, doubtfulTimes } = this.deps;
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
      await this.deps.chunkFolder.sync();
      await file.removeNotes();
      return true;
    } catch {
      return false;
    }
  }

  private async tryToRemove(name: string): Promise<void> {
    const { chunkFolder } = this.deps;
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
        await this.setAside(name, found.start, damaged, found.torn);
      } else if (found.decoded.kind === 'strange') {
        const strange = bytes.subarray(found.start, found.start + found.length);
        await this.setAside(name, found.start, strange, false);
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
      } else {
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

  /**
   * What is gone since the folder was listed was done: without the lock, another process removes what it has delivered.
   */
  private async readFile(name: string): Promise<Buffer> {
    const { chunkFolder } = this.deps;
    try {
      return await chunkFolder.files.readFile(chunkFolder.pathOf(name), MOST_CHUNK_BYTES);
    } catch (error) {
      if (isNoPlainFile(error)) await this.takeAway(name);
      else if (errorCode(error) !== 'ENOENT') throw error;
      return Buffer.alloc(0);
    }
  }

  private async takeAway(name: string): Promise<void> {
    const { chunkFolder, quarantine } = this.deps;
    if (!(await quarantine.take(chunkFolder.pathOf(name)))) this.allSetAside = false;
  }

  private async setAside(chunk: string, offset: number, bytes: Buffer, torn: boolean): Promise<void> {
    if (!(await this.deps.quarantine.keep(chunk, offset, bytes, torn))) this.allSetAside = false;
  }
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
    clock: undefined,
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
  if ('sent' in note) {
    for (const slot of live.get(note.sent)?.pictures ?? []) slot.sent = true;
    return;
  }
  const id = 'uploaded' in note ? note.uploaded : note.shed;
  for (const slot of live.get(id)?.pictures ?? []) {
    if (placeKey(slot) !== placeKey(note)) continue;
    if ('uploaded' in note) slot.sourceId = note.sourceId;
    else slot.shed = true;
  }
}
