import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { placeKey, type PicturePlace } from '../../../event/picture-place';
import {
  type Clock,
  type DeadLetters,
  type Lease,
  type LeaseSize,
  type Moment,
  momentOf,
  type Outbox,
  OutboxError,
  type OutboxRecord,
  type OutboxStats,
  type RecoveryReport,
  type Settlement,
  systemClock,
} from '../outbox';
import { type ClockWatch, processClockWatch } from '../../clock-watch';
import { DEFAULT_MAX_EVENTS } from '../../defaults';
import {
  BALLAST_BYTES,
  CLOCK_LOOK_MS,
  DEAD_MAX_BYTES,
  DEAD_RETRY_MS,
  DEFAULT_MAX_BYTES,
  HEARTBEAT_STALE_MS,
  LEFT_ALONE_MS,
  LOCK_WAIT_MS,
  UNWRITTEN_SHED_RETRY_MS,
} from '../limits';
import { Admission, type WhenFull } from './admission';
import { ChunkFolder } from './chunk-folder';
import { Committer, type PreparedEvent } from './committer';
import { DeadLetterFolder, type StoredDeadLetter } from './dead-letters';
import { DoubtfulTimes } from './doubtful-times';
import {
  errorCode,
  type FileLayer,
  type ForgetfulFileSystem,
  isOutOfSpace,
  nodeFileLayer,
  writeNewFile,
} from './file-layer';
import { type FolderLock, lockFolder, type TakeLock } from './folder-lock';
import { checkMeta, foldersOf, prepareFolder, restrictFolder } from './folder';
import { encodeEvent, type EventHeader } from './lines';
import { AcceptanceTimes } from './moment';
import type { OutboxNotice } from '../notices';
import { describePicture, PictureFolder, placeOf } from './picture-folder';
import { type Chunk, type Entry, entryBytes, EventQueue, type PictureSlot } from './queue';
import { presentEvent, type ReadEvent, readEvents } from './reader';
import { Quarantine, quarantineName } from './quarantine';
import { recover } from './recovery';
import { DiskSpace } from './space';

/** Where the outbox lies, and its limits. */
export interface DiskOutboxOptions {
  /** the folder, made when it is missing */
  dir: string;
  /** events that may wait, refused ones aside; default 100,000 */
  maxEvents?: number;
  /** bytes that they may take on the disk, with their pictures; default 1 GiB */
  maxBytes?: number;
  /** default `reject` */
  whenFull?: WhenFull;
  /** bytes that stay free on the disk; by default a share of it (outbox-limits.ts) */
  freeSpaceFloorBytes?: number;
  /** bytes held in reserve, so that outcomes can still be written on a full disk; default 4 MiB */
  ballastBytes?: number;
  /** bytes that refused events may take; default 256 MiB */
  deadMaxBytes?: number;
  /** ms that `open` waits for another owner of the folder */
  lockWaitMs?: number;
  /** told what an operator should hear of */
  onNotice?: (notice: OutboxNotice) => void;
  clock?: Clock;
  /** 0 to 1, as `Math.random` */
  random?: () => number;
  /** the file system; tests pass their own */
  files?: FileLayer;
  /** @internal */
  lock?: TakeLock;
  /** @internal */
  clockWatch?: ClockWatch;
  /** @internal ms between two looks at a clock that may be wrong */
  clockLookMs?: number;
}

/** Everything that exists between `open` and `close`. */
interface Session {
  committer: Committer;
  lock: FolderLock;
}

/**
 * The durable outbox: a folder of chunk files (docs/store-and-forward.md has the format). This class keeps the promises
 * of `Outbox`; the queue decides who goes next, the committer writes, the admission keeps the limits.
 */
export class DiskOutbox implements Outbox {
  private readonly dir: string;
  private readonly files: FileLayer;
  private readonly clock: Clock;
  private readonly queue = new EventQueue();
  private readonly space: DiskSpace;
  private readonly admission: Admission;
  private readonly pictures: PictureFolder;
  private readonly dead: DeadLetterFolder;
  private readonly doubtfulTimes: DoubtfulTimes;
  private readonly leased = new WeakMap<Lease, Entry[]>();
  /** those whose uploads are to be noted */
  private readonly leasedWithPictures = new Map<string, Entry>();
  /**
   * events with given up pictures of which that is not durable yet: after a crash they would go out with them. True
   * once it is
   */
  private readonly unwrittenSheds = new Map<Entry, Promise<boolean>>();
  /** settles after the last order on dead letters */
  private deadOrders: Promise<unknown> = Promise.resolve();
  private readonly listeners: (() => void)[] = [];
  private wakesListeners = false;
  private readonly token: string;
  private session: Session | undefined;
  private opening: Promise<RecoveryReport> | undefined;
  private closing: Promise<void> | undefined;
  /** another process took over the folder: nothing is promised or written any more */
  private lost: OutboxError | undefined;
  /** ends the wait for another owner of the folder */
  private readonly givenUp = new AbortController();
  private eventNumber = 0;
  private times: AcceptanceTimes | undefined;
  private readonly totals = {
    appended: 0,
    acked: 0,
    rejectedFull: 0,
    dropped: 0,
    shedPictures: 0,
    corrupt: 0,
  };
  private readonly limits: { dir: string; maxEvents: number; maxBytes: number; whenFull: WhenFull };

  constructor(private readonly options: DiskOutboxOptions) {
    this.dir = options.dir;
    this.files = options.files ?? nodeFileLayer;
    this.clock = options.clock ?? systemClock;
    this.token = randomToken(options.random ?? Math.random);
    const folders = foldersOf(this.dir);
    this.pictures = new PictureFolder(this.files, folders.pictures);
    this.dead = new DeadLetterFolder(this.files, folders.dead);
    this.limits = {
      dir: this.dir,
      maxEvents: options.maxEvents ?? DEFAULT_MAX_EVENTS,
      maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
      whenFull: options.whenFull ?? 'reject',
    };
    this.space = new DiskSpace(this.files, this.dir, this.clock, {
      floorBytes: options.freeSpaceFloorBytes,
      ballastBytes: options.ballastBytes ?? BALLAST_BYTES,
    });
    this.doubtfulTimes = new DoubtfulTimes({
      watch: options.clockWatch ?? processClockWatch,
      clock: this.clock,
      lookMs: options.clockLookMs ?? CLOCK_LOOK_MS,
      queue: this.queue,
      note: async (chunk, note) => this.mustBeOpen().committer.note(chunk, note),
      released: () => this.wakeListeners(),
      tell: (notice) => this.tell(notice),
    });
    const sacrifice = {
      drop: (entry: Entry) => this.drop(entry),
      shed: (entry: Entry, pictures: PictureSlot[]) => this.shed(entry, pictures),
    };
    this.admission = new Admission(this.limits, this.queue, this.space, sacrifice, (notice) =>
      this.tell(notice),
    );
  }

  open(): Promise<RecoveryReport> {
    this.opening ??= this.start().catch((error: unknown) => {
      throw this.closing ? this.closedError() : this.asOutboxError(error, 'opened');
    });
    return this.opening;
  }

  private async start(): Promise<RecoveryReport> {
    await this.files.makeDir(this.dir);
    // Before the lock leaves its files in a folder that is not ours.
    await checkMeta(this.files, this.dir);
    const takeLock = this.options.lock ?? lockFolder;
    const waitMs = this.options.lockWaitMs ?? LOCK_WAIT_MS;
    const lock = await takeLock(this.dir, waitMs, () => this.loseFolder(), this.givenUp.signal);
    try {
      return await this.startLocked(lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private async startLocked(lock: FolderLock): Promise<RecoveryReport> {
    const { files, queue, dead, token, pictures, space, clock, doubtfulTimes } = this;
    if (this.closing) throw this.closedError();
    const { isNew, canFlush } = await prepareFolder(files, this.dir, { now: clock.now(), token });
    this.tellRights(await restrictFolder(files, this.dir));
    const folders = foldersOf(this.dir);
    const quarantine = new Quarantine(files, folders.quarantine, token);
    await dead.load(quarantine);
    const chunkFolder = await ChunkFolder.open(files, folders.chunks);
    try {
      const isYoung = (path: string) => this.isYoung(path);
      const found = await recover({ chunkFolder, quarantine, queue, dead, doubtfulTimes, token, isYoung });
      const orphanPictures = await this.sweepPictures();
      await space.refresh();
      const forgets = await files.forgets(this.dir);
      // `close` does not wait for an `open` that is under way.
      if (this.closing) throw this.closedError();
      if (this.lost) throw this.lost;
      this.eventNumber = found.eventNumber;
      this.times = new AcceptanceTimes(clock, this.eventNumber + 1);
      this.totals.corrupt = quarantine.found.corrupt;
      this.session = {
        committer: new Committer(
          { chunkFolder, queue, pictures, space, doubtfulTimes, clock, token },
          found.chunkNumber,
        ),
        lock,
      };
      if (lock.weakness) this.tellWeakLock(lock.weakness);
      if (!canFlush) this.tellNoFolderFlush();
      if (forgets) this.tellForgets(forgets);
      return { ...this.reportOf(quarantine, orphanPictures, forgets), isNew };
    } catch (error) {
      await chunkFolder.close();
      throw error;
    }
  }

  private reportOf(
    { found }: Quarantine,
    orphanPictures: number,
    forgets?: ForgetfulFileSystem,
  ): Omit<RecoveryReport, 'isNew'> {
    if (found.corrupt > 0) this.tellDamage(`${found.corrupt} damaged place(s) were found`);
    return { events: this.queue.events, ...found, orphanPictures, forgets };
  }

  private sweepPictures(): Promise<number> {
    const needed = new Set<string>();
    for (const entry of this.queue.waiting()) {
      for (const picture of entry.pictures ?? []) if (!picture.shed) needed.add(picture.file);
    }
    return this.pictures.sweep(
      (file, id) => needed.has(file) || this.dead.has(id),
      (path) => this.isYoung(path),
    );
  }

  /** A time far ahead tells of a clock that was set since, as on a gateway that boots in 1970, not of a file in use. */
  private async isYoung(path: string): Promise<boolean> {
    const age = await this.files.modifiedAt(path).then(
      (at) => this.clock.now() - at,
      (error: unknown) => (errorCode(error) === 'ENOENT' ? Infinity : 0),
    );
    return Math.abs(age) < LEFT_ALONE_MS;
  }

  async append(records: OutboxRecord[]): Promise<void> {
    const session = this.mustBeOpen();
    if (records.length === 0) return;
    const asking = this.space.refresh();
    if (asking) await asking;
    const events = records.map((record) => this.prepare(record));
    await this.admitAndWrite(session, events);
    this.totals.appended += events.length;
    this.wakeListeners();
  }

  /** Once for all that the disk took in one go. */
  private wakeListeners(): void {
    if (this.wakesListeners) return;
    this.wakesListeners = true;
    queueMicrotask(() => {
      this.wakesListeners = false;
      for (const listener of this.listeners) listener();
    });
  }

  private async admitAndWrite({ committer, lock }: Session, events: PreparedEvent[]): Promise<void> {
    const bytes = events.reduce((sum, event) => sum + preparedBytes(event), 0);
    let giveBack: () => void;
    try {
      giveBack = this.admission.admit(events.length, bytes);
    } catch (error) {
      this.totals.rejectedFull += events.length;
      throw error;
    }
    try {
      await committer.append(events);
      // After a sleep of the machine: the new owner may have read the folder before these events came to it.
      if (lock.isLate()) await lock.look();
      if (this.lost) throw this.lost;
    } catch (error) {
      if (isOutOfSpace(error)) this.totals.rejectedFull += events.length;
      throw this.asOutboxError(error, 'written');
    } finally {
      giveBack();
    }
  }

  private prepare(record: OutboxRecord): PreparedEvent {
    const { eventId, useCaseId } = record;
    const { body, clock, clockUnset } = this.doubtfulTimes.arrived(record);
    const id = `${String(++this.eventNumber).padStart(10, '0')}-${this.token}`;
    this.times?.note(this.eventNumber);
    const pictures = record.pictures.map((picture, index) => describePicture(id, index, picture));
    const header: EventHeader = { put: id, at: this.clock.now(), eventId, useCaseId };
    if (pictures.length > 0) header.pictures = pictures;
    if (clockUnset) header.clockUnset = clockUnset;
    const pictureFiles = pictures.map(({ file }, index) => ({
      file,
      bytes: record.pictures[index]?.bytes ?? new Uint8Array(),
    }));
    return { header, ...encodeEvent(header, body), pictureFiles, clock };
  }

  async lease(max: LeaseSize): Promise<Lease | undefined> {
    this.mustBeOpen();
    for (;;) {
      const settling = this.doubtfulTimes.settle();
      if (settling) await settling;
      const selected = this.queue.select(max, this.clock.monotonic());
      if (selected.length === 0) return undefined;
      const entries = this.unwrittenSheds.size > 0 ? await this.withoutUnwrittenSheds(selected) : selected;
      this.doubtfulTimes.forget(entries);
      const found = await this.read(entries);
      const sound = found.filter((event) => event.kind === 'event');
      for (const event of found)
        if (event.kind === 'damaged') await this.giveUpDamaged(event.entry, event.bytes);
      if (sound.length === 0) continue;
      const moment = momentOf(this.clock);
      const lease = {
        events: sound.map((event) =>
          presentEvent(event, this.pictures, this.acceptedAt(event.entry, moment)),
        ),
        isHeld: () => this.lost === undefined,
      };
      this.noteLeased(
        lease,
        sound.map(({ entry }) => entry),
      );
      return lease;
    }
  }

  private async read(entries: Entry[]): Promise<ReadEvent[]> {
    try {
      return await readEvents(entries);
    } catch (error) {
      for (const entry of entries) this.queue.release(entry, entry.dueAt, false);
      throw this.asOutboxError(error, 'read');
    }
  }

  /** Its bytes are kept for whoever wants to look; the queue goes on without it. */
  private async giveUpDamaged(entry: Entry, bytes: Buffer | undefined): Promise<void> {
    const chunk = entry.chunk.file.name;
    this.totals.corrupt++;
    if (bytes) {
      const path = join(foldersOf(this.dir).quarantine, quarantineName(chunk, entry.offset));
      await writeNewFile(this.files, path, bytes).catch(() => undefined);
    }
    this.tellDamage(`event ${entry.eventId} in ${chunk} ${bytes ? 'is damaged' : 'is gone'}`);
    await this.end([entry]).catch(() => undefined);
  }

  async settle(lease: Lease, outcome: Settlement): Promise<void> {
    this.mustBeOpen();
    const entries = this.takeLeased(lease);
    const mine = isAllOf(outcome.acked, entries)
      ? undefined
      : new Map(entries.map((entry) => [entry.id, entry]));
    const take = (id: string): Entry | undefined => {
      const entry = mine?.get(id);
      mine?.delete(id);
      return entry;
    };
    const acked = mine ? outcome.acked.map(take).filter((entry) => entry !== undefined) : entries;
    this.totals.acked += acked.length;
    const ending = this.end(acked);
    for (const { id, at } of outcome.retry) {
      const entry = take(id);
      if (entry) this.queue.release(entry, at, true);
    }
    const burials = outcome.dead.map((verdict) => ({ verdict, entry: take(verdict.id) }));
    for (const entry of mine?.values() ?? []) this.queue.release(entry, entry.dueAt, false);
    const burying = this.buryAll(burials);
    const [ended, buried] = await Promise.allSettled([ending, burying]);
    this.admission.eased();
    for (const result of [ended, buried]) {
      if (result.status === 'rejected') throw this.asOutboxError(result.reason, 'written');
    }
  }

  private noteLeased(lease: Lease, entries: Entry[]): void {
    this.leased.set(lease, entries);
    for (const entry of entries) if (entry.pictures) this.leasedWithPictures.set(entry.id, entry);
  }

  private takeLeased(lease: Lease): Entry[] {
    const entries = this.leased.get(lease) ?? [];
    this.leased.delete(lease);
    for (const entry of entries) if (entry.pictures) this.leasedWithPictures.delete(entry.id);
    return entries;
  }

  /** Takes events out of the queue at once; resolves when that is durable. */
  private async end(entries: Entry[], keepPictures = false): Promise<void> {
    const { committer } = this.mustBeOpen();
    this.doubtfulTimes.forget(entries);
    const byChunk = new Map<Chunk, Entry[]>();
    for (const entry of entries) {
      const ended = byChunk.get(entry.chunk);
      if (ended) ended.push(entry);
      else byChunk.set(entry.chunk, [entry]);
    }
    for (const [chunk, ended] of byChunk) this.queue.remove(chunk, ended);
    const files = (ended: Entry[]) =>
      keepPictures ? [] : ended.flatMap(({ pictures }) => pictures?.map(({ file }) => file) ?? []);
    await Promise.all([...byChunk].map(([chunk, ended]) => committer.end(chunk, ended, files(ended))));
  }

  private async buryAll(burials: { verdict: Settlement['dead'][number]; entry?: Entry }[]): Promise<void> {
    for (const { verdict, entry } of burials) if (entry) await this.bury(entry, verdict);
  }

  /** The dead letter first, then the note in the chunk: a crash in between is put right by `recover`. */
  private async bury(entry: Entry, verdict: Settlement['dead'][number]): Promise<void> {
    const later = () => this.queue.release(entry, this.clock.monotonic() + DEAD_RETRY_MS, true);
    const limit = this.options.deadMaxBytes ?? DEAD_MAX_BYTES;
    if (this.dead.bytes + entryBytes(entry) > limit) {
      this.tellDeadFull(`they may hold ${limit} bytes`);
      return later();
    }
    const [found] = await this.read([entry]);
    if (found?.kind !== 'event') return this.giveUpDamaged(entry, found?.bytes);
    try {
      await this.dead.write(this.deadLetter(found, verdict));
    } catch (error) {
      this.tellDeadFull(errorCode(error));
      return later();
    }
    await this.end([entry], true);
  }

  private deadLetter(
    found: Extract<ReadEvent, { kind: 'event' }>,
    verdict: Settlement['dead'][number],
  ): StoredDeadLetter {
    const { entry, pictures, body } = found;
    const { code, statusCode, why } = verdict;
    const { id, eventId, useCaseId, acceptedAt } = entry;
    const diedAt = this.clock.now();
    return { header: { id, eventId, useCaseId, code, statusCode, why, acceptedAt, diedAt, pictures }, body };
  }

  async markUploaded(id: string, place: PicturePlace, sourceId: string): Promise<void> {
    const { committer } = this.mustBeOpen();
    const entry = this.leasedWithPictures.get(id);
    if (!entry) {
      throw new OutboxError('OUTBOX_IO', `No leased event ${id} has pictures: their upload cannot be noted.`);
    }
    await committer
      .note(entry.chunk, { uploaded: id, ...placeOf(place), sourceId })
      .catch((error: unknown) => {
        throw this.asOutboxError(error, 'written');
      });
    // Not before: after a crash, the event would go out a second time with another id.
    const key = placeKey(place);
    for (const slot of entry.pictures ?? []) if (placeKey(slot) === key) slot.sourceId = sourceId;
  }

  async markSent(id: string): Promise<void> {
    const { committer } = this.mustBeOpen();
    const entry = this.leasedWithPictures.get(id);
    if (!entry?.pictures || entry.pictures.every(({ sent }) => sent)) return;
    // In force at once: should the note fail, it is written with the next group.
    for (const slot of entry.pictures) slot.sent = true;
    await committer.note(entry.chunk, { sent: id }).catch((error: unknown) => {
      throw this.asOutboxError(error, 'written');
    });
  }

  holds(eventId: string): boolean {
    return this.queue.has(eventId);
  }

  nextDueAt(): number | undefined {
    return this.queue.nextDueAt();
  }

  /** What waits, and what became of the rest since `open`. */
  stats(): OutboxStats {
    const oldest = this.queue.oldest();
    const moment = momentOf(this.clock);
    const age = oldest ? moment.now - this.acceptedAt(oldest, moment) : -1;
    return {
      events: this.queue.events,
      bytes: this.queue.bytes,
      leased: this.queue.leased,
      dead: this.dead.count,
      deadBytes: this.dead.bytes,
      oldestAgeMs: age >= 0 ? age : undefined,
      ...this.totals,
      maxEvents: this.limits.maxEvents,
      maxBytes: this.limits.maxBytes,
      freeBytes: this.space.freeBytes,
    };
  }

  /** By the clock as it is now. */
  private acceptedAt({ id, acceptedAt, timeFix }: Entry, moment: Moment): number {
    // Put right together with the event's own time.
    if (typeof timeFix === 'number') return acceptedAt;
    return this.times?.asOfNow(parseInt(id, 10), acceptedAt, moment) ?? acceptedAt;
  }

  onAppended(listener: () => void): void {
    this.listeners.push(listener);
  }

  readonly deadLetters: DeadLetters = {
    list: (limit = 100) => this.dead.list(limit),
    idsOf: (eventIds) => this.dead.idsOf(eventIds),
    retry: (ids = this.dead.ids()) => this.inTurn(() => this.retryDead(ids)),
    discard: (ids = this.dead.ids()) => this.inTurn(() => this.discardDead(ids)),
  };

  /**
   * Two orders on one dead letter at the same time would send its event twice, or delete the pictures of one that is
   * sent.
   */
  private inTurn(order: () => Promise<number>): Promise<number> {
    const turn = this.deadOrders.then(order);
    this.deadOrders = turn.catch(() => undefined);
    return turn;
  }

  private async retryDead(ids: string[]): Promise<number> {
    const session = this.mustBeOpen();
    let count = 0;
    for (const id of ids) {
      const letter = this.dead.has(id) ? await this.dead.read(id) : undefined;
      if (!letter) continue;
      // The id stays: should a crash leave letter and event side by side, `recover` sees that they are one.
      await this.admitAndWrite(session, [revive(letter)]);
      await this.dead.remove([id]);
      count++;
    }
    if (count > 0) this.wakeListeners();
    return count;
  }

  private async discardDead(ids: string[]): Promise<number> {
    this.mustBeOpen();
    const known = ids.filter((id) => this.dead.has(id));
    for (const id of known) {
      const letter = await this.dead.read(id);
      await this.dead.remove([id]);
      await this.pictures.remove((letter?.header.pictures ?? []).map(({ file }) => file));
    }
    return known.length;
  }

  close(deadlineMs: number): Promise<void> {
    this.closing ??= this.stop(deadlineMs);
    this.givenUp.abort();
    return this.closing;
  }

  private async stop(deadlineMs: number): Promise<void> {
    const { session } = this;
    this.session = undefined;
    this.doubtfulTimes.close();
    if (!session) return;
    const timeout = new AbortController();
    await Promise.race([
      session.committer.finish().catch(() => undefined),
      delay(deadlineMs, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
    await session.lock.release();
  }

  private mustBeOpen(): Session {
    if (this.lost) throw this.lost;
    if (!this.session) throw this.closedError();
    return this.session;
  }

  private closedError(): OutboxError {
    return new OutboxError('OUTBOX_IO', `Deploy the flows again: the outbox in ${this.dir} is not open.`);
  }

  private drop(entry: Entry): void {
    this.totals.dropped++;
    this.end([entry]).catch(() => undefined);
  }

  private shed(entry: Entry, pictures: PictureSlot[]): void {
    this.totals.shedPictures += pictures.length;
    for (const picture of pictures) this.queue.shed(picture);
    void this.writeSheds(entry);
  }

  /** @returns false when the disk refused */
  private writeSheds(entry: Entry): Promise<boolean> {
    const { committer } = this.mustBeOpen();
    const shed = (entry.pictures ?? []).filter((picture) => picture.shed);
    const notes = shed.map((picture) =>
      committer.note(entry.chunk, { shed: entry.id, ...placeOf(picture) }, [], [picture.file]),
    );
    const written = Promise.all(notes).then(
      () => {
        this.unwrittenSheds.delete(entry);
        return true;
      },
      () => false,
    );
    this.unwrittenSheds.set(entry, written);
    return written;
  }

  /**
   * Of what is leased, those that may be sent without the pictures that were given up; the others wait for the disk.
   */
  private async withoutUnwrittenSheds(entries: Entry[]): Promise<Entry[]> {
    const isWritten = async (entry: Entry) => {
      const written = this.unwrittenSheds.get(entry);
      return !written || (await written) || this.writeSheds(entry);
    };
    const mayGo = await Promise.all(entries.map(isWritten));
    const later = this.clock.monotonic() + UNWRITTEN_SHED_RETRY_MS;
    entries.forEach((entry, index) => mayGo[index] || this.queue.release(entry, later, false));
    return entries.filter((_, index) => mayGo[index]);
  }

  private asOutboxError(error: unknown, verb: string): OutboxError {
    if (error instanceof OutboxError) return error;
    const code = errorCode(error);
    if (isOutOfSpace(error)) {
      return new OutboxError(
        'OUTBOX_FULL',
        `Free some space on the disk of the outbox, or choose a folder on another one: the outbox in ${this.dir} ` +
          `could not be ${verb}, its disk is full (${code}).`,
      );
    }
    if (code === 'EMFILE' || code === 'ENFILE') {
      const whose = code === 'EMFILE' ? "Node-RED's limit (ulimit -n)" : "the machine's limit (fs.file-max)";
      return new OutboxError(
        'OUTBOX_IO',
        `Raise ${whose}: too many open files (${code}). The outbox in ${this.dir} could not be ${verb}.`,
      );
    }
    return new OutboxError(
      'OUTBOX_IO',
      `Check the disk and the rights of the user that runs Node-RED, or choose another outbox folder: the outbox ` +
        `in ${this.dir} could not be ${verb} (${code}).`,
    );
  }

  private tell(notice: OutboxNotice): void {
    this.options.onNotice?.(notice);
  }

  private tellWeakLock(why: string): void {
    const message =
      `The outbox folder ${this.dir} is guarded by its heartbeat alone: ${why}. ` +
      `After a crash, the next start may wait ${HEARTBEAT_STALE_MS / 1000} s for it.`;
    this.tell({ code: 'LOCK_BY_HEARTBEAT', message });
  }

  private tellNoFolderFlush(): void {
    const message =
      `The disk of the outbox folder ${this.dir} cannot flush folders, as shared folders of virtual machines: ` +
      `a power cut may take events stored in its last moments. Choose an outbox folder on a local disk.`;
    this.tell({ code: 'NO_FOLDER_FLUSH', message });
  }

  private tellForgets(kind: ForgetfulFileSystem): void {
    const message =
      kind === 'overlay'
        ? `The outbox folder ${this.dir} is part of the container (overlay): what waits there is lost when the container is ` +
          `made anew. Choose an outbox folder on a volume.`
        : `The outbox folder ${this.dir} is in memory (${kind}): what waits there is lost when the machine restarts. ` +
          `Choose an outbox folder on a disk.`;
    this.tell({ code: 'NOT_DURABLE', message });
  }

  private tellRights(found: Awaited<ReturnType<typeof restrictFolder>>): void {
    if (found === 'unchanged') return;
    const message =
      found === 'restricted'
        ? `Other users of this machine could read the outbox in ${this.dir}. From now on only Node-RED's user can.`
        : `Other users of this machine may read the outbox in ${this.dir}: its rights could not be changed. ` +
          `Make Node-RED's user its owner, or choose an outbox folder on a disk that has rights.`;
    this.tell({ code: 'RIGHTS', message });
  }

  private tellDamage(what: string): void {
    this.tell({
      code: 'DAMAGED',
      message: `Outbox in ${this.dir}: ${what}. The bytes are kept in "quarantine"; check the disk.`,
    });
  }

  private tellDeadFull(why: string): void {
    this.tell({
      code: 'DEAD_LETTERS_FULL',
      message:
        `A refused event could not be put with the dead letters in ${this.dir} (${why}). It stays in the outbox; ` +
        `retry or discard the refused events.`,
    });
  }

  /** It has read what is there and delivers it. */
  private loseFolder(): void {
    if (this.lost) return;
    const message =
      `Another process took over the outbox folder ${this.dir}. It delivers what waits there; nothing more is stored ` +
      `from here. Stop one of the two, or give each Node-RED its own outbox folder.`;
    this.lost = new OutboxError('OUTBOX_IO', message);
    this.session?.committer.abandon(this.lost);
    this.tell({ code: 'LOCK_LOST', message });
  }
}

/** As it is nearly always: the whole lease arrived, and is told in its order. */
function isAllOf(ids: string[], entries: Entry[]): boolean {
  return ids.length === entries.length && entries.every((entry, index) => entry.id === ids[index]);
}

function preparedBytes({ line, header }: PreparedEvent): number {
  return (header.pictures ?? []).reduce((sum, picture) => sum + picture.size, line.length - 1);
}

function revive({ header, body }: StoredDeadLetter): PreparedEvent {
  const { id, acceptedAt, eventId, useCaseId, pictures } = header;
  const revived: EventHeader = { put: id, at: acceptedAt, eventId, useCaseId };
  if (pictures && pictures.length > 0) revived.pictures = pictures;
  return { header: revived, ...encodeEvent(revived, body), pictureFiles: [] };
}

/** Tells this session's files from those of any other process that might write here. */
function randomToken(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
