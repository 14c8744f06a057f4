import type { PicturePlace } from '../../../event/picture-place';
import type { ClockSetting } from '../../clock-watch';
import { LEASE_MAX_CHUNKS } from '../limits';
import type { LeaseSize } from '../outbox';
import type { ChunkFile } from './chunk-file';
import type { TimeFix } from './time-fix';

/** What the index keeps of a picture: enough to delete it, to count it and not to upload it twice. */
export interface PictureSlot extends PicturePlace {
  file: string;
  size: number;
  sourceId?: string;
  /** the event was sent with it, so that the target may have both */
  sent?: boolean;
  shed?: boolean;
}

/** One event in the index. Kept small: its body and header stay in the chunk file until it is leased. */
export interface Entry {
  readonly id: string;
  readonly eventId: string;
  readonly useCaseId: string;
  /** wall clock, ms */
  acceptedAt: number;
  readonly chunk: Chunk;
  /** place of the line in the chunk file, without its line feed */
  readonly offset: number;
  readonly length: number;
  readonly bodyBytes: number;
  readonly pictures: PictureSlot[] | undefined;
  state: 'waiting' | 'leased' | 'gone';
  /** an older event of the same event id is still there: this one may not go yet */
  isBehind: boolean;
  /** monotonic clock, ms */
  dueAt: number;
  attempts: number;
  timeFix: TimeFix | undefined;
  /** by which its time was taken, while that may turn out to be wrong */
  clock: ClockSetting | undefined;
}

/** `dueAt` of an event that nobody put off. */
export const DUE_AT_ONCE = 0;

/** The events of one chunk file. */
export class Chunk {
  /** in the order of the file; those that are gone are taken out */
  entries: Entry[] = [];
  /** events whose end is not yet durable: the file must stay */
  undone = 0;
  /** when the next of its events can be leased; undefined = not known, Infinity = none */
  readyAt: number | undefined = Infinity;

  constructor(readonly file: ChunkFile) {}
}

/**
 * Which events wait, in which order, and who may go next. Pure bookkeeping: no file is touched here.
 * Chunks are kept oldest first, and skipped whole when none of their events can go.
 */
export class EventQueue {
  private chunks: Chunk[] = [];
  /**
   * Events by event id, oldest first: only the first one of an id may go. Of a lone event only the chunk stands here:
   * the tables that a Map leaves behind as it is refilled would keep every event in memory until the next full
   * collection.
   */
  private readonly lines = new Map<string, Chunk | Entry[]>();
  private readonly useCaseIds = new Map<string, string>();
  events = 0;
  leased = 0;
  bytes = 0;

  /** One copy of a use case's id for all its events: a backlog of 100,000 would hold as many. */
  shareUseCaseId(useCaseId: string): string {
    const shared = this.useCaseIds.get(useCaseId);
    if (shared !== undefined) return shared;
    this.useCaseIds.set(useCaseId, useCaseId);
    return useCaseId;
  }

  addChunk(chunk: Chunk): void {
    this.chunks.push(chunk);
  }

  removeChunk(chunk: Chunk): void {
    const position = this.chunks.indexOf(chunk);
    if (position >= 0) this.chunks.splice(position, 1);
  }

  allChunks(): readonly Chunk[] {
    return this.chunks;
  }

  add(entry: Entry): void {
    this.joinLine(entry);
    entry.chunk.entries.push(entry);
    entry.chunk.undone++;
    entry.chunk.readyAt = undefined;
    this.events++;
    this.bytes += entryBytes(entry);
  }

  has(eventId: string): boolean {
    return this.lines.has(eventId);
  }

  /** Takes events of one chunk out for good. The chunk's `undone` stays until that is durable. */
  remove(chunk: Chunk, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.state === 'gone') continue;
      if (entry.state === 'leased') this.leased--;
      entry.state = 'gone';
      this.events--;
      this.bytes -= entryBytes(entry);
      this.leaveLine(entry);
    }
    chunk.entries = chunk.entries.filter(({ state }) => state !== 'gone');
    chunk.readyAt = undefined;
  }

  private joinLine(entry: Entry): void {
    const { eventId, chunk } = entry;
    const line = this.lines.get(eventId);
    entry.isBehind = line !== undefined;
    if (line === undefined) this.lines.set(eventId, chunk);
    else if (Array.isArray(line)) line.push(entry);
    else this.lines.set(eventId, [...line.entries.filter((one) => one.eventId === eventId), entry]);
  }

  private leaveLine(entry: Entry): void {
    const line = this.lines.get(entry.eventId);
    if (!Array.isArray(line)) {
      this.lines.delete(entry.eventId);
      return;
    }
    line.splice(line.indexOf(entry), 1);
    const [next] = line;
    if (next) {
      next.isBehind = false;
      next.chunk.readyAt = undefined;
    }
    if (line.length === 1 && next) this.lines.set(entry.eventId, next.chunk);
  }

  /** Back among the waiting. */
  release(entry: Entry, dueAt: number, failed: boolean): void {
    if (entry.state !== 'leased') return;
    this.leased--;
    entry.state = 'waiting';
    entry.dueAt = dueAt;
    if (failed) entry.attempts++;
    entry.chunk.readyAt = undefined;
  }

  /** Not before `dueAt`, although nothing failed. */
  putOff(entry: Entry, dueAt: number): void {
    if (entry.state !== 'waiting') return;
    entry.dueAt = dueAt;
    entry.chunk.readyAt = undefined;
  }

  shed(slot: PictureSlot): void {
    slot.shed = true;
    this.bytes -= slot.size;
  }

  /** Picks events of one use case and marks them leased; oldest first in the answer whichever end they come from. */
  select(max: LeaseSize, now: number): Entry[] {
    const picked: Entry[] = [];
    let bytes = 0;
    let chunk: Chunk | undefined;
    for (const entry of this.ready(now, max.newest ?? false)) {
      const [first] = picked;
      if (first) {
        if (entry.useCaseId !== first.useCaseId) continue;
        if (picked.length >= max.events || bytes + entry.bodyBytes > max.bytes) break;
        const isEnough = picked.length >= (max.enough ?? max.events) && entry.chunk !== chunk;
        if (isEnough && this.isBetterWhole(entry, max.events - picked.length, now)) break;
      }
      chunk = entry.chunk;
      picked.push(entry);
      bytes += entry.bodyBytes;
    }
    for (const entry of picked) this.lease(entry);
    return max.newest ? picked.reverse() : picked;
  }

  /**
   * True when only some of the events of its chunk have a place in this lease, while all of them can go with the next
   * one: they end together then, so that the file goes and no note is written.
   */
  private isBetterWhole({ chunk: { entries }, useCaseId }: Entry, places: number, now: number): boolean {
    const canGoNext = (entry: Entry) => entry.useCaseId === useCaseId && this.isReady(entry, now);
    return entries.length > places && entries.every(canGoNext);
  }

  private lease(entry: Entry): void {
    entry.state = 'leased';
    entry.chunk.readyAt = undefined;
    this.leased++;
  }

  /** Due events in order, from the first chunk that has one and a bounded number of chunks behind it. */
  private *ready(now: number, newest: boolean): Generator<Entry> {
    let visited = 0;
    for (const chunk of newest ? [...this.chunks].reverse() : this.chunks) {
      if (this.chunkReadyAt(chunk) > now) continue;
      if (++visited > LEASE_MAX_CHUNKS) return;
      for (const entry of newest ? [...chunk.entries].reverse() : chunk.entries) {
        if (this.isReady(entry, now)) yield entry;
      }
    }
  }

  private isReady(entry: Entry, now: number): boolean {
    return entry.dueAt <= now && this.mayGo(entry);
  }

  private mayGo(entry: Entry): boolean {
    return entry.state === 'waiting' && !entry.isBehind;
  }

  private chunkReadyAt(chunk: Chunk): number {
    if (chunk.readyAt === undefined) {
      chunk.readyAt = Infinity;
      for (const entry of chunk.entries) {
        if (entry.dueAt < chunk.readyAt && this.mayGo(entry)) chunk.readyAt = entry.dueAt;
      }
    }
    return chunk.readyAt;
  }

  nextDueAt(): number | undefined {
    let next = Infinity;
    for (const chunk of this.chunks) {
      next = Math.min(next, this.chunkReadyAt(chunk));
      if (next <= DUE_AT_ONCE) break;
    }
    return next === Infinity ? undefined : next;
  }

  /** Waiting events, oldest first, those that must stay behind an older one included. */
  *waiting(): Generator<Entry> {
    for (const chunk of this.chunks) {
      for (const entry of [...chunk.entries]) if (entry.state === 'waiting') yield entry;
    }
  }

  oldest(): Entry | undefined {
    return this.chunks.find((chunk) => chunk.entries.length > 0)?.entries[0];
  }
}

export function entryBytes(entry: Entry): number {
  return entry.length + picturesBytes(entry);
}

function picturesBytes(entry: Entry): number {
  let bytes = 0;
  for (const picture of entry.pictures ?? []) if (!picture.shed) bytes += picture.size;
  return bytes;
}
