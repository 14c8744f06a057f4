import type { ClockSetting } from '../../clock-watch';
import { debug } from '../../../debug';
import { type Clock, type Moment, momentOf } from '../outbox';
import { CHUNK_MAX_BODY_BYTES, CHUNK_MAX_EVENTS, OPEN_CHUNK_IDLE_MS } from '../limits';
import { CHUNK_SUFFIX, ChunkFile } from './chunk-file';
import type { ChunkFolder } from './chunk-folder';
import type { DoubtfulTimes } from './doubtful-times';
import { isOutOfSpace } from './file-layer';
import { encodeNote, type EventHeader, type Note } from './lines';
import { isLongerAgo } from './moment';
import { forEachLimited, placeOf, type PictureFile, type PictureFolder } from './picture-folder';
import { Chunk, DUE_AT_ONCE, type Entry, type EventQueue, type PictureSlot } from './queue';
import type { DiskSpace } from './space';

/** An event ready to be written. */
export interface PreparedEvent {
  header: EventHeader;
  line: Buffer;
  bodyBytes: number;
  pictureFiles: PictureFile[];
  /** its time may turn out to be wrong */
  clock?: ClockSetting;
}

interface AppendTask {
  events: PreparedEvent[];
  placed: Entry[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Notes for one chunk that wait for the disk. */
interface PendingNotes {
  notes: Note[];
  ended: Entry[];
  /** picture files that go once the notes are durable */
  pictureFiles: string[];
  waiters: { resolve: () => void; reject: (error: unknown) => void }[];
}

export interface CommitDeps {
  chunkFolder: ChunkFolder;
  queue: EventQueue;
  pictures: PictureFolder;
  space: DiskSpace;
  doubtfulTimes: DoubtfulTimes;
  clock: Clock;
  /** random, of this session: no other process can write a file with our names */
  token: string;
}

/**
 * Writes everything that goes into chunks. What comes in while the disk is busy is written together as the next group,
 * with one flush (group commit). Nothing else writes to a chunk, so the order of a chunk is the order of acceptance.
 */
export class Committer {
  private appends: AppendTask[] = [];
  private pending = new Map<Chunk, PendingNotes>();
  private isAwake = false;
  private running: Promise<void> = Promise.resolve();
  private open: { chunk: Chunk; events: number; bodyBytes: number } | undefined;
  /** when the open chunk was last written to */
  private written: Moment = { now: 0, monotonic: 0 };
  private noteNumber = 0;
  /** why nothing is written any more */
  private abandoned: Error | undefined;

  constructor(
    private readonly deps: CommitDeps,
    private chunkNumber: number,
  ) {}

  /** Resolves when all of them are durable and in the queue. */
  append(events: PreparedEvent[]): Promise<void> {
    if (this.abandoned) return Promise.reject(this.abandoned);
    return new Promise((resolve, reject) => {
      this.appends.push({ events, placed: [], resolve, reject });
      this.wake();
    });
  }

  /** The events, already taken out of the queue, are done for good. Their picture files go afterwards. */
  end(chunk: Chunk, ended: Entry[], pictureFiles: string[]): Promise<void> {
    return this.note(chunk, { done: ended.map(({ id }) => id) }, ended, pictureFiles);
  }

  note(chunk: Chunk, note: Note, ended: Entry[] = [], pictureFiles: string[] = []): Promise<void> {
    if (this.abandoned) return Promise.reject(this.abandoned);
    return new Promise((resolve, reject) => {
      const pending = this.pendingFor(chunk);
      pending.notes.push(note);
      pending.ended.push(...ended);
      pending.pictureFiles.push(...pictureFiles);
      pending.waiters.push({ resolve, reject });
      this.wake();
    });
  }

  private pendingFor(chunk: Chunk): PendingNotes {
    let pending = this.pending.get(chunk);
    if (!pending) {
      pending = { notes: [], ended: [], pictureFiles: [], waiters: [] };
      this.pending.set(chunk, pending);
    }
    return pending;
  }

  private wake(): void {
    if (this.isAwake) return;
    this.isAwake = true;
    this.running = this.run();
  }

  /** Resolves when nothing is left to write. */
  async idle(): Promise<void> {
    while (this.isAwake) await this.running;
  }

  /** Nothing is written from now on, but for the group that is under way. What waits is rejected. */
  abandon(why: Error): void {
    this.abandoned = why;
    for (const { reject } of this.appends.splice(0)) reject(why);
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const { waiters } of pending) for (const { reject } of waiters) reject(why);
  }

  /** No writes may follow. Notes that the disk refused get a last chance. */
  async finish(): Promise<void> {
    try {
      await this.finishWriting();
    } finally {
      await this.deps.chunkFolder.close();
    }
  }

  private async finishWriting(): Promise<void> {
    await this.idle();
    if (this.pending.size > 0 && !this.abandoned) await this.commit();
    const chunk = this.open?.chunk;
    this.open = undefined;
    if (!chunk) return;
    await chunk.file.seal();
    if (chunk.undone === 0 && !this.abandoned) await this.removeChunks([chunk]).catch(() => undefined);
  }

  private async run(): Promise<void> {
    do {
      // Lets everything that is handed over in this turn of the event loop join the group.
      await new Promise((resolve) => setImmediate(resolve));
      await this.commit();
    } while (this.appends.length > 0 || this.hasWaiters());
    // In the same turn as the look at what is left: a task handed over later must wake us again.
    this.isAwake = false;
  }

  private hasWaiters(): boolean {
    for (const { waiters } of this.pending.values()) if (waiters.length > 0) return true;
    return false;
  }

  /** One group. Never rejects: each task hears of its own failure. */
  private async commit(): Promise<void> {
    if (this.open && this.isIdle()) await this.sealOpen();
    const appends = this.appends;
    this.appends = [];
    const notes = this.pending;
    this.pending = new Map();
    const openNotes = this.takeOpenNotes(notes);
    if (debug.enabled) trace(appends, [...notes.values(), openNotes]);
    await Promise.all([
      this.writePictures(appends).then((ready) => this.writeOpenChunk(ready, openNotes)),
      this.writeSealedChunks(notes),
    ]);
    await this.removeFinishedChunks();
  }

  /** A process that starts on this folder although it is ours tells by its age whether a chunk may be in use. */
  private isIdle(): boolean {
    return isLongerAgo(this.written, OPEN_CHUNK_IDLE_MS, this.deps.clock);
  }

  private takeOpenNotes(notes: Map<Chunk, PendingNotes>): PendingNotes | undefined {
    const chunk = this.open?.chunk;
    const openNotes = chunk && notes.get(chunk);
    if (openNotes) notes.delete(chunk);
    return openNotes;
  }

  /**
   * Pictures come first: a line in a chunk never names a picture that is not safe. Returns the appends that may go on.
   */
  private async writePictures(appends: AppendTask[]): Promise<AppendTask[]> {
    const withPictures = appends.filter(({ events }) =>
      events.some((event) => event.pictureFiles.length > 0),
    );
    if (withPictures.length === 0) return appends;
    const failed = new Set<AppendTask>();
    const failedTask = async (task: AppendTask, error: unknown): Promise<void> => {
      failed.add(task);
      await this.refuse(task, error);
    };
    await forEachLimited(withPictures, (task) =>
      this.deps.pictures
        .write(task.events.flatMap(({ pictureFiles }) => pictureFiles))
        .catch((error: unknown) => failedTask(task, error)),
    );
    try {
      await this.deps.pictures.syncNames();
    } catch (error) {
      for (const task of withPictures) if (!failed.has(task)) await failedTask(task, error);
    }
    return appends.filter((task) => !failed.has(task));
  }

  private async writeOpenChunk(appends: AppendTask[], notes: PendingNotes | undefined): Promise<void> {
    let openNotes = notes;
    let rest = appends.flatMap((task) => task.events.map((event) => ({ task, event })));
    while (rest.length > 0 || openNotes) {
      const { slice, error } = await this.writeSlice(rest, openNotes);
      openNotes = undefined;
      if (error !== undefined) {
        const refused = new Set(rest.map(({ task }) => task));
        for (const task of refused) await this.refuse(task, error);
        return;
      }
      rest = rest.slice(slice);
    }
  }

  /** Writes as many events as the open chunk takes, in a second chunk if the first one fails. */
  private async writeSlice(
    rest: { task: AppendTask; event: PreparedEvent }[],
    openNotes: PendingNotes | undefined,
  ): Promise<{ slice: number; error?: unknown }> {
    let notes = openNotes;
    let failure: unknown;
    for (let attempt = 0; attempt < 2; attempt++) {
      let open: NonNullable<Committer['open']>;
      try {
        open = await this.openChunk();
      } catch (error) {
        failure = error;
        continue;
      }
      const slice = rest.slice(0, fitting(rest, open));
      const noteLines = (notes?.notes ?? []).map(encodeNote);
      const isLast = slice.length < rest.length || isFilledBy(slice, open);
      try {
        await this.appendTo(open, slice, noteLines, isLast);
        if (notes) await this.noted(notes, open.chunk);
        if (isLast) await this.sealOpen();
        return { slice: slice.length };
      } catch (error) {
        failure = error;
        this.open = undefined;
        if (notes) await this.writeBeside(open.chunk, notes);
        notes = undefined;
        if (rest.length === 0) return { slice: 0 };
      }
    }
    return { slice: 0, error: failure };
  }

  private async openChunk(): Promise<NonNullable<Committer['open']>> {
    if (this.open) return this.open;
    const { chunkFolder, queue, token } = this.deps;
    const name = `${String(++this.chunkNumber).padStart(10, '0')}-${token}${CHUNK_SUFFIX}`;
    const chunk = new Chunk(await ChunkFile.create(chunkFolder, name));
    queue.addChunk(chunk);
    this.open = { chunk, events: 0, bodyBytes: 0 };
    return this.open;
  }

  private async appendTo(
    open: NonNullable<Committer['open']>,
    slice: { task: AppendTask; event: PreparedEvent }[],
    noteLines: Buffer[],
    areLast: boolean,
  ): Promise<void> {
    const lines = Buffer.concat([...noteLines, ...slice.map(({ event }) => event.line)]);
    if (lines.length === 0) return;
    this.written = momentOf(this.deps.clock);
    let offset = await open.chunk.file.append(lines, areLast);
    this.deps.space.written(lines.length);
    for (const line of noteLines) offset += line.length;
    for (const { task, event } of slice) {
      task.placed.push(this.toEntry(event, open.chunk, offset));
      offset += event.line.length;
      open.events++;
      open.bodyBytes += event.bodyBytes;
      if (task.placed.length === task.events.length) this.accept(task);
    }
  }

  private toEntry(event: PreparedEvent, chunk: Chunk, offset: number): Entry {
    const { put: id, at, eventId, useCaseId, pictures } = event.header;
    return {
      id,
      eventId,
      useCaseId: this.deps.queue.shareUseCaseId(useCaseId),
      acceptedAt: at,
      chunk,
      offset,
      length: event.line.length - 1,
      bodyBytes: event.bodyBytes,
      pictures: pictures?.map(toSlot),
      state: 'waiting',
      isBehind: false,
      dueAt: DUE_AT_ONCE,
      attempts: 0,
      timeFix: undefined,
      clock: event.clock,
    };
  }

  private async sealOpen(): Promise<void> {
    const chunk = this.open?.chunk;
    this.open = undefined;
    await chunk?.file.seal();
  }

  private accept(task: AppendTask): void {
    for (const entry of task.placed) {
      this.deps.doubtfulTimes.add(entry);
      this.deps.queue.add(entry);
    }
    task.resolve();
  }

  private async refuse(task: AppendTask, error: unknown): Promise<void> {
    await this.deps.pictures.remove(
      task.events.flatMap(({ pictureFiles }) => pictureFiles.map(({ file }) => file)),
    );
    for (const entry of task.placed) {
      // A part that is durable already must not come back after a restart.
      this.pendingFor(entry.chunk).notes.push({ done: [entry.id] });
    }
    this.tellSpace(error);
    task.reject(error);
  }

  private tellSpace(error: unknown): void {
    if (isOutOfSpace(error)) this.deps.space.sawFullDisk();
  }

  private async writeSealedChunks(all: Map<Chunk, PendingNotes>): Promise<void> {
    const finished: [Chunk, PendingNotes][] = [];
    const partial: [Chunk, PendingNotes][] = [];
    for (const item of all) {
      const [chunk, notes] = item;
      const isFinished = chunk.undone === notes.ended.length && !chunk.file.isLeftAlone;
      (isFinished ? finished : partial).push(item);
    }
    await Promise.all([
      this.endChunks(finished),
      ...partial.map(([chunk, notes]) => this.writeBeside(chunk, notes)),
    ]);
  }

  /** Chunks whose last events are done need no note: their files go. */
  private async endChunks(finished: [Chunk, PendingNotes][]): Promise<void> {
    if (finished.length === 0) return;
    try {
      await this.removeChunks(finished.map(([chunk]) => chunk));
    } catch {
      // The files may be there again after a crash: say it in a note as well.
      await Promise.all(finished.map(([chunk, notes]) => this.writeBeside(chunk, notes)));
      return;
    }
    for (const [chunk, notes] of finished) await this.noted(notes, chunk);
  }

  private async removeChunks(chunks: Chunk[]): Promise<void> {
    await Promise.all(chunks.map((chunk) => chunk.file.removeEvents()));
    await this.deps.chunkFolder.sync();
    for (const chunk of chunks) {
      this.deps.queue.removeChunk(chunk);
      await chunk.file.removeNotes().catch(() => undefined);
    }
  }

  private async writeBeside(chunk: Chunk, notes: PendingNotes): Promise<void> {
    const lines = Buffer.concat(notes.notes.map(encodeNote));
    const write = () => chunk.file.note(lines, `${this.deps.token}${++this.noteNumber}`);
    try {
      await write().catch(async (error: unknown) => {
        if (!isOutOfSpace(error) || !(await this.deps.space.dropBallast())) throw error;
        await write();
      });
    } catch (error) {
      this.tellSpace(error);
      this.owe(chunk, notes, error);
      return;
    }
    await this.noted(notes, chunk);
  }

  /** The disk refused: the notes are tried again with the next group. Until then no picture is removed. */
  private owe(chunk: Chunk, notes: PendingNotes, error: unknown): void {
    const pending = this.pendingFor(chunk);
    pending.notes = withoutRepeated([...notes.notes, ...pending.notes]);
    pending.ended.unshift(...notes.ended);
    pending.pictureFiles = [...new Set([...notes.pictureFiles, ...pending.pictureFiles])];
    for (const { reject } of notes.waiters) reject(error);
  }

  private async noted(notes: PendingNotes, chunk: Chunk): Promise<void> {
    chunk.undone -= notes.ended.length;
    await this.deps.pictures.remove(notes.pictureFiles);
    for (const { resolve } of notes.waiters) resolve();
  }

  private async removeFinishedChunks(): Promise<void> {
    const { queue } = this.deps;
    const finished = queue
      .allChunks()
      .filter(
        (chunk) =>
          chunk.undone === 0 &&
          chunk !== this.open?.chunk &&
          !chunk.file.isLeftAlone &&
          !this.pending.has(chunk),
      );
    // What cannot be removed now is tried again with the next group.
    if (finished.length > 0) await this.removeChunks(finished).catch(() => undefined);
  }
}

/** For `NODE_DEBUG=vision-events`: the group that is about to be written. */
function trace(appends: AppendTask[], notes: (PendingNotes | undefined)[]): void {
  const events = appends.reduce((sum, task) => sum + task.events.length, 0);
  const done = notes.reduce((sum, pending) => sum + (pending?.ended.length ?? 0), 0);
  debug('commit: %d new events, %d done', events, done);
}

/**
 * How many of the events go to the open chunk. None where all of them have room in a new one: what is written in one go
 * is sent, and ended, in one go.
 */
function fitting(rest: { event: PreparedEvent }[], open: { events: number; bodyBytes: number }): number {
  const count = roomFor(rest, open);
  const fitsNew = count < rest.length && roomFor(rest, { events: 0, bodyBytes: 0 }) === rest.length;
  return fitsNew ? 0 : count;
}

/** An empty chunk takes at least one, whatever its size. */
function roomFor(rest: { event: PreparedEvent }[], open: { events: number; bodyBytes: number }): number {
  let count = 0;
  let { bodyBytes } = open;
  for (const { event } of rest) {
    if (open.events + count >= CHUNK_MAX_EVENTS) break;
    bodyBytes += event.bodyBytes;
    if (bodyBytes > CHUNK_MAX_BODY_BYTES && open.events + count > 0) break;
    count++;
  }
  return count;
}

/** Who hears that the disk refused may ask for the same note again and again. */
function withoutRepeated(notes: Note[]): Note[] {
  return [...new Map(notes.map((note) => [JSON.stringify(note), note])).values()];
}

function isFilledBy(slice: { event: PreparedEvent }[], open: { events: number; bodyBytes: number }): boolean {
  const bodyBytes = slice.reduce((sum, { event }) => sum + event.bodyBytes, open.bodyBytes);
  return open.events + slice.length >= CHUNK_MAX_EVENTS || bodyBytes >= CHUNK_MAX_BODY_BYTES;
}

export function toSlot({ role, image, file, size, sourceId, sent }: PictureSlot): PictureSlot {
  return {
    ...placeOf({ role, image }),
    file,
    size,
    ...(sourceId !== undefined && { sourceId }),
    ...(sent && { sent }),
  };
}
