import { CHUNK_PADDING_BYTES } from '../limits';
import type { ChunkFolder } from './chunk-folder';
import { type OpenFile, writeFully, writeNewFile } from './file-layer';

export const CHUNK_SUFFIX = '.chunk';
export const NOTES_MARK = '.notes-';

const LINE_FEED = 0x0a;
/** A file that is just growing is seen at multiples of this. */
const PAGE_BYTES = 4096;

/**
 * False when these bytes are those of a chunk that its writer has sealed. One that is written to is empty, or ends in
 * padding; in the midst of a write it may end anywhere on the edge of a page.
 */
export function mayBeOpen(bytes: Buffer): boolean {
  const isSealed = bytes.at(-1) === LINE_FEED && bytes.at(-2) !== LINE_FEED;
  return !isSealed || bytes.length % PAGE_BYTES === 0;
}

/**
 * A chunk on disk: one file of lines, and, when events end after it was sealed, small files of notes beside it.
 * It only grows. The first write that fails seals it for good: nobody knows what the disk made of that write.
 */
export class ChunkFile {
  private handle: OpenFile | undefined;
  /** bytes that hold lines; padding follows */
  private used = 0;
  private padded = 0;
  private nameIsDurable = false;
  private noteFiles: string[];

  private constructor(
    private readonly folder: ChunkFolder,
    readonly name: string,
    noteFiles: string[],
    /** Another process may be writing to it, should the lock have failed: it is not to be deleted. */
    readonly isLeftAlone = false,
  ) {
    this.noteFiles = noteFiles;
  }

  static async create(folder: ChunkFolder, name: string): Promise<ChunkFile> {
    const chunk = new ChunkFile(folder, name, []);
    chunk.handle = await folder.files.open(folder.pathOf(name), 'create');
    return chunk;
  }

  /** A chunk of an earlier session: it is never appended to. */
  static sealed(folder: ChunkFolder, name: string, noteFiles: string[], isLeftAlone: boolean): ChunkFile {
    return new ChunkFile(folder, name, noteFiles, isLeftAlone);
  }

  get isSealed(): boolean {
    return this.handle === undefined;
  }

  /**
   * Writes lines and flushes them. Returns the offset of the first. When it rejects, the chunk is sealed.
   * @param areLast nothing more is to come, so nothing is written ahead
   */
  async append(lines: Buffer, areLast: boolean): Promise<number> {
    const handle = this.handle;
    if (!handle) throw new Error(`chunk ${this.name} is sealed`);
    const start = this.used;
    try {
      await writeFully(handle, areLast ? lines : this.withPadding(lines), start);
      await Promise.all([handle.sync(), this.nameIsDurable ? undefined : this.folder.sync()]);
    } catch (error) {
      // Best effort: without it, a group that was refused might show up again after a restart.
      await handle.truncate(start).catch(() => undefined);
      await this.seal();
      throw error;
    }
    this.nameIsDurable = true;
    this.used = start + lines.length;
    return start;
  }

  /** A little is always left, so that it shows that the chunk is open. */
  private withPadding(lines: Buffer): Buffer {
    const end = this.used + lines.length;
    if (end < this.padded) return lines;
    this.padded = end + CHUNK_PADDING_BYTES;
    return Buffer.concat([lines, Buffer.alloc(CHUNK_PADDING_BYTES, LINE_FEED)]);
  }

  /** No more events. The padding is given back. */
  async seal(): Promise<void> {
    const handle = this.handle;
    this.handle = undefined;
    if (!handle) return;
    if (this.nameIsDurable && this.padded > this.used) {
      await handle.truncate(this.used).catch(() => undefined);
    }
    await handle.close().catch(() => undefined);
  }

  /** Notes for a sealed chunk go to a new file beside it; several failed attempts leave several files. */
  async note(lines: Buffer, token: string): Promise<void> {
    const name = `${this.name}${NOTES_MARK}${token}`;
    await writeNewFile(this.folder.files, this.folder.pathOf(name), lines);
    this.noteFiles.push(name);
    await this.folder.sync();
  }

  /** Writes notes in place of the files that held them so far. */
  async mergeNotes(merged: string[], lines: Buffer, token: string): Promise<void> {
    await this.note(lines, token);
    this.noteFiles = this.noteFiles.filter((name) => !merged.includes(name));
    for (const name of merged) await this.folder.files.remove(this.folder.pathOf(name));
  }

  /** Takes the events off the disk. The caller makes that durable by `ChunkFolder.sync`, then calls `removeNotes`. */
  async removeEvents(): Promise<void> {
    await this.seal();
    await this.folder.files.remove(this.folder.pathOf(this.name));
  }

  /** Only once the events are gone for good: without their notes they would come back. */
  async removeNotes(): Promise<void> {
    const noteFiles = this.noteFiles;
    this.noteFiles = [];
    for (const name of noteFiles) await this.folder.files.remove(this.folder.pathOf(name));
  }

  openToRead(): Promise<OpenFile> {
    return this.folder.files.open(this.folder.pathOf(this.name), 'read');
  }
}
