import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_TIMEOUT_MS } from '../../../api/limits';
import type { PicturePlace } from '../../../event/picture-place';
import { DEFAULT_MAX_EVENTS } from '../../defaults';
import type { WhenFull } from '../disk/admission';
import {
  DEAD_MAX_BYTES,
  DEAD_RETRY_MS,
  DEFAULT_MAX_BYTES,
  LATE_LANDING_MS,
  LEASE_BEAT_MS,
  LEASE_SPARE_BEATS,
  PRUNE_MS,
  STORED_KEY_MS,
  TOTALS_REFRESH_MS,
} from '../limits';
import type { OutboxNotice } from '../notices';
import {
  type Clock,
  type DeadLetters,
  type Lease,
  type LeaseSize,
  type Outbox,
  OutboxError,
  type OutboxRecord,
  type OutboxStats,
  type OutboxWorker,
  type RecoveryReport,
  type Settlement,
  systemClock,
} from '../outbox';
import { type Append, AppendDoubt, AppendGroups, recordBytes } from './append-groups';
import { CommonPace } from './common-pace';
import { DeliveryRate } from './delivery-rate';
import { Database, type PostgresAddress } from './database';
import { postgresDeadLetters } from './dead-letters';
import { asOutboxError, DoubtfulAppend, isPassing } from './errors';
import { HeldLeases } from './held-leases';
import { Mirror, type Totals } from './mirror';
import { type Outcome, Outcomes } from './outcomes';
import { Room } from './room';
import { inSchema, SCHEMA_VERSION, tooNew } from './schema';
import { beginSession, type Session } from './session';
import { type LeasedRow, presentEvent, readPicture } from './stored-events';

/** Which database and queue, and the limits of the queue. */
export interface PostgresOutboxOptions extends PostgresAddress {
  /** workers with the same name share the queue */
  queueName: string;
  /** what the queue delivers to, such as base URL and workspace: a worker that delivers elsewhere is refused */
  boundTo: string;
  /** tells this worker from others, for people */
  workerName: string;
  /** of the package that this worker runs, for people */
  packageVersion?: string;
  /** events that may wait in the queue, refused ones aside; default 100,000 */
  maxEvents?: number;
  /** bytes that they may take, with their pictures; default 1 GiB */
  maxBytes?: number;
  /** default `reject` */
  whenFull?: WhenFull;
  /** bytes that refused events may take; default 256 MiB */
  deadMaxBytes?: number;
  /** the longest that one request to the target may take, ms; a lease outlives it. Default 30,000 */
  requestMs?: number;
  /** what a request of a worker that fell silent may take to land, ms; younger versions wait so long. Default 30,000 */
  lateLandingMs?: number;
  /** events on the disk in front, for people */
  spilled?: () => number;
  /** the last error of whoever delivers from here, for people; `at`: ms since 1970 */
  deliveryError?: () => { code: string; message: string; at: number } | undefined;
  /** told what an operator should hear of */
  onNotice?: (notice: OutboxNotice) => void;
  /** schema of the tables, small letters; default `vision_events` */
  schema?: string;
  clock?: Clock;
  /** for tests: in place of the database's clock, ms since 1970 */
  databaseTime?: () => number;
  beatMs?: number;
  refreshMs?: number;
  /** an append is repeated for so long while the database does not answer, ms */
  appendRepeatMs?: number;
}

/** Of the tables. */
export const DEFAULT_SCHEMA = 'vision_events';
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,50}$/;

/**
 * The outbox that several Node-REDs share: a queue in PostgreSQL. Acknowledged is what is committed. Each worker leases
 * events for itself; what one that fell silent had leased goes to others. All statements are single functions, so a
 * pooler between does no harm.
 */
export class PostgresOutbox implements Outbox {
  private readonly schema: string;
  private readonly clock: Clock;
  /** how long a lease lives without a heartbeat: 75 s, when a request may take 30 s */
  readonly leaseMs: number;
  private readonly lateLandingMs: number;
  private readonly beatMs: number;
  private readonly mirror: Mirror;
  readonly pace: CommonPace;
  private readonly room: Room;
  private readonly leases: HeldLeases;
  private readonly outcomes = new Outcomes((outcome) => this.tellOutcome(outcome));
  private readonly listeners: (() => void)[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly totals = {
    appended: 0,
    acked: 0,
    rejectedFull: 0,
    dropped: 0,
    shedPictures: 0,
    corrupt: 0,
  };
  private database: Database | undefined;
  private session: Session | undefined;
  private groups: AppendGroups | undefined;
  private opening: Promise<RecoveryReport> | undefined;
  private closing: Promise<void> | undefined;
  private lost: OutboxError | undefined;
  private isAway = false;
  /** answers that told the totals: one that was asked for before another came may know less */
  private heardOf = 0;
  private beating = false;
  private refreshing = false;
  private prunedAt = -Infinity;
  private lastError: string | undefined;
  private readonly rate = new DeliveryRate();

  constructor(private readonly options: PostgresOutboxOptions) {
    this.schema = options.schema ?? DEFAULT_SCHEMA;
    if (!SCHEMA_NAME.test(this.schema))
      throw new OutboxError('OUTBOX_IO', `Correct the schema: "${this.schema}".`);
    this.clock = options.clock ?? systemClock;
    this.beatMs = options.beatMs ?? LEASE_BEAT_MS;
    this.lateLandingMs = options.lateLandingMs ?? LATE_LANDING_MS;
    const requestMs = options.requestMs ?? DEFAULT_TIMEOUT_MS;
    const beatMs = Math.min(this.beatMs, LEASE_BEAT_MS);
    this.leaseMs = requestMs + this.lateLandingMs + LEASE_SPARE_BEATS * beatMs;
    const monotonic = () => this.clock.monotonic();
    this.leases = new HeldLeases({ leaseMs: this.leaseMs, requestMs, beatMs, monotonic });
    this.mirror = new Mirror(this.clock);
    this.pace = new CommonPace({
      mirror: this.mirror,
      call: (name, value) => this.paceCall(name, value),
    });
    this.room = new Room({
      queueName: options.queueName,
      maxEvents: options.maxEvents ?? DEFAULT_MAX_EVENTS,
      maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
      whenFull: options.whenFull ?? 'reject',
      mirror: this.mirror,
      tell: (notice) => this.tell(notice),
      dropOldest: async (events, bytes) => {
        const count = await this.order('drop_oldest', '$2, $3', [events, bytes]);
        this.totals.dropped += count;
        return count;
      },
      shedPictures: async (bytes) => {
        const count = await this.order('shed_pictures', '$2', [bytes]);
        this.totals.shedPictures += count;
        return count;
      },
    });
  }

  // ----- begin and end

  open(): Promise<RecoveryReport> {
    this.opening ??= this.start();
    return this.opening;
  }

  private async start(): Promise<RecoveryReport> {
    const database = await Database.at(this.options);
    try {
      const session = await beginSession(database, this.schema, this.options);
      if (this.closing) throw this.closedError();
      const { fn, clock } = this;
      this.database = database;
      this.session = session;
      this.groups = new AppendGroups({
        database,
        fn,
        queue: session.queue,
        testTime: () => this.testTime(),
        stored: (totals) => {
          this.heardOf++;
          this.mirror.update(totals);
        },
        sleep: (ms) => delay(ms),
        monotonic: () => clock.monotonic(),
        repeatMs: this.options.appendRepeatMs,
      });
      await this.refresh();
      this.every(this.options.refreshMs ?? TOTALS_REFRESH_MS, () => this.refresh());
      this.every(this.beatMs, () => this.beat());
      return {
        isNew: session.isNew,
        events: this.mirror.totals.events,
        corrupt: 0,
        quarantined: [],
        orphanPictures: 0,
        tornTails: 0,
      };
    } catch (error) {
      this.session = undefined;
      await database.close().catch(() => undefined);
      throw asOutboxError(error, database.where);
    }
  }

  private every(ms: number, work: () => Promise<void>): void {
    this.timers.push(setInterval(() => void work().catch(() => undefined), ms).unref());
  }

  close(deadlineMs: number): Promise<void> {
    this.closing ??= this.stop(deadlineMs);
    return this.closing;
  }

  private async stop(deadlineMs: number): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    const { database, groups, session } = this;
    this.session = undefined;
    if (!database) return;
    const finish = async () => {
      await groups?.idle();
      await this.outcomes.repeat();
      await database.query(`delete from ${this.fn('worker')} where id = $1`, [session?.worker]);
      await database.close();
    };
    const deadline = new AbortController();
    await Promise.race([
      finish().catch(() => undefined),
      delay(deadlineMs, undefined, { signal: deadline.signal }).catch(() => undefined),
    ]);
    deadline.abort();
  }

  // ----- append

  async append(records: OutboxRecord[]): Promise<void> {
    await this.appendKeyed({ records });
  }

  /**
   * For what was accepted elsewhere: with a key, it is stored once however often it is repeated.
   *
   * @throws OutboxError a `DoubtfulAppend` when it may be stored all the same
   */
  async appendKeyed(append: Append): Promise<void> {
    this.mustBeOpen();
    const { records } = append;
    if (records.length === 0) return;
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    let giveBack: () => void;
    try {
      giveBack = await this.room.admit(records.length, bytes);
    } catch (error) {
      this.totals.rejectedFull += records.length;
      throw this.failed(error);
    }
    try {
      await (this.groups as AppendGroups).append(append, bytes);
    } catch (error) {
      if (error instanceof AppendDoubt) throw new DoubtfulAppend(this.failed(error.cause), error.key);
      throw this.failed(error);
    } finally {
      giveBack();
    }
    this.totals.appended += records.length;
    this.wakeListeners();
  }

  /**
   * Whether an append with this key is stored. When it is not, it never will be: its answer was lost, and it may still
   * be under way.
   */
  async isStored(key: string): Promise<boolean> {
    const { queue } = this.mustBeOpen();
    try {
      const [row] = await this.mustHaveDatabase().query<{ stored: boolean }>(
        `select ${this.fn('is_stored')}($1, $2, $3::interval, $4::timestamptz) as stored`,
        [queue, key, `${STORED_KEY_MS} ms`, this.testTime()],
      );
      return row?.stored ?? false;
    } catch (error) {
      throw this.failed(error);
    }
  }

  onAppended(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Whatever tells of the queue, the sender has to look again: it waits for no time of which it does not know. */
  private heard(totals: Totals): void {
    this.heardOf++;
    if (this.mirror.update(totals)) this.wakeListeners();
  }

  private wakeListeners(): void {
    for (const listener of this.listeners) listener();
  }

  // ----- leases

  async lease(max: LeaseSize): Promise<Lease | undefined> {
    const { queue, worker } = this.mustBeOpen();
    const token = randomUUID();
    const sentAt = this.clock.monotonic();
    let rows: LeasedRow[];
    try {
      rows = await this.call<LeasedRow>('lease', '$2, $3, $4, $5, $6, $7', [
        worker,
        token,
        this.leaseMs,
        max.events,
        max.bytes,
        max.newest ?? false,
      ]);
    } catch (error) {
      // It may be leased although the answer was lost: give it back as soon as the database answers.
      if (isPassing(error)) this.giveBackLater(token);
      throw this.failed(error);
    }
    const totals = rows.find((row) => row.totals)?.totals;
    if (totals) this.heard(totals);
    const events = rows.filter(hasEvent).map((row) => {
      const times = { now: this.clock.now(), databaseNow: this.mirror.databaseNow() };
      return presentEvent(row, times, (id, picture) =>
        readPicture(this.mustHaveDatabase(), this.fn('picture'), id, picture, () => lease.isHeld()),
      );
    });
    if (events.length === 0) return undefined;
    if (this.session?.queue !== queue) throw this.closedError();
    const lease = this.leases.add(token, sentAt, events);
    return lease;
  }

  private giveBackLater(token: string): void {
    const nothing = { acked: [], retry: [], dead: [], notes: [], at: this.clock.monotonic() };
    this.outcomes.settle({ token, ...nothing }).catch(() => undefined);
  }

  async settle(lease: Lease, outcome: Settlement): Promise<void> {
    this.mustBeOpen();
    const held = this.leases.takeOutcome(lease);
    if (!held) return;
    const mine = new Set(lease.events.map(({ id }) => id));
    const isMine = ({ id }: { id: string }) => mine.has(id);
    const now = this.clock.monotonic();
    const { dead, later } = this.withinDeadLimit(lease, outcome.dead.filter(isMine));
    const acked = outcome.acked.filter((id) => mine.has(id));
    const retry = outcome.retry.filter(isMine).map(({ id, at }) => ({ id, delayMs: Math.max(0, at - now) }));
    this.totals.acked += acked.length;
    try {
      const notes = (outcome.notes ?? []).filter(isMine);
      await this.outcomes.settle({
        token: held.token,
        acked,
        retry: [...retry, ...later],
        dead,
        notes,
        at: now,
      });
    } catch (error) {
      throw this.failed(error);
    } finally {
      this.room.eased();
    }
  }

  private withinDeadLimit(lease: Lease, dead: Settlement['dead']) {
    const limit = this.options.deadMaxBytes ?? DEAD_MAX_BYTES;
    const sizes = new Map(
      lease.events.map(({ id, bodyBytes, pictures }) => [
        id,
        pictures.reduce((sum, { size }) => sum + size, bodyBytes),
      ]),
    );
    let bytes = this.mirror.totals.deadBytes;
    const fitting: Settlement['dead'] = [];
    const later: Outcome['retry'] = [];
    for (const letter of dead) {
      bytes += sizes.get(letter.id) ?? 0;
      if (bytes <= limit) fitting.push(letter);
      else later.push({ id: letter.id, delayMs: DEAD_RETRY_MS });
    }
    if (later.length > 0) this.tellDeadFull(limit);
    return { dead: fitting, later };
  }

  /** Delays count from the moment of the outcome, however late it is told. */
  private async tellOutcome({ token, acked, retry, dead, notes, at }: Outcome): Promise<void> {
    const late = this.clock.monotonic() - at;
    const orNull = (list: unknown[]) => (list.length > 0 ? JSON.stringify(list) : null);
    const delayed = retry.map(({ id, delayMs }) => ({ id, delayMs: Math.max(0, delayMs - late) }));
    try {
      const [row] = await this.call<{ held: boolean; totals: Totals }>(
        'settle',
        '$2, $3::bigint[], $4::jsonb, $5::jsonb, $6::jsonb',
        [token, acked, orNull(delayed), orNull(dead), orNull(notes)],
      );
      if (row) this.heard(row.totals);
      const wasHeld = this.leases.forget(token);
      if (wasHeld && row?.held === false) this.tellLeasesLost(1);
    } catch (error) {
      if (!isPassing(error)) this.leases.forget(token);
      throw error;
    }
  }

  async markUploaded(id: string, { role, image = 0 }: PicturePlace, sourceId: string): Promise<void> {
    this.mustBeOpen();
    const held = this.leases.ofPicture(id);
    if (
      held &&
      (await this.mark('mark_uploaded', '$2, $3::bigint, $4, $5, $6', [
        held.token,
        id,
        role,
        image,
        sourceId,
      ]))
    )
      return;
    throw new OutboxError('OUTBOX_IO', `No leased event ${id} has pictures: their upload cannot be noted.`);
  }

  async markSent(id: string): Promise<void> {
    this.mustBeOpen();
    const held = this.leases.ofPicture(id);
    if (held) await this.mark('mark_sent', '$2, $3::bigint', [held.token, id]);
  }

  private async mark(name: string, parameters: string, values: unknown[]): Promise<boolean> {
    try {
      const { queue } = this.mustBeOpen();
      const text = `select ${this.fn(name)}($1, ${parameters}) as held`;
      const [row] = await this.mustHaveDatabase().query<{ held: boolean }>(text, [queue, ...values]);
      return row?.held ?? false;
    } catch (error) {
      throw this.failed(error);
    }
  }

  // ----- what waits

  async holds(eventId: string): Promise<boolean> {
    const { queue } = this.mustBeOpen();
    const rows = await this.mustHaveDatabase()
      .query(`select from ${this.fn('event')} where queue = $1 and event_id = $2 and not behind`, [
        queue,
        eventId,
      ])
      .catch((error: unknown) => {
        throw this.failed(error);
      });
    return rows.length > 0;
  }

  nextDueAt(): number | undefined {
    return this.mirror.nextDueAt();
  }

  stats(): OutboxStats {
    const { events, bytes, leased, dead, deadBytes } = this.mirror.totals;
    return {
      events: Math.max(0, events - this.outcomes.doneEvents),
      bytes,
      leased,
      dead,
      deadBytes,
      oldestAgeMs: this.mirror.oldestAgeMs(),
      ...this.totals,
      maxEvents: this.options.maxEvents ?? DEFAULT_MAX_EVENTS,
      maxBytes: this.options.maxBytes ?? DEFAULT_MAX_BYTES,
    };
  }

  readonly deadLetters: DeadLetters = postgresDeadLetters({
    query: async (text, values) => {
      this.mustBeOpen();
      return this.mustHaveDatabase()
        .query(text, values)
        .catch((error: unknown) => {
          throw this.failed(error);
        }) as Promise<never[]>;
    },
    fn: (name) => this.fn(name),
    queue: () => this.mustBeOpen().queue,
    order: async (name, ids) => {
      const count = await this.order(name, '$2::bigint[]', [ids?.filter((id) => /^\d+$/.test(id)) ?? null]);
      if (count > 0 && name === 'retry_dead') this.wakeListeners();
      return count;
    },
  });

  // ----- the worker

  /** Asks for the totals, which other workers change. */
  async refresh(): Promise<void> {
    if (this.refreshing || !this.session) return;
    this.refreshing = true;
    try {
      const { heardOf } = this;
      const [row] = await this.call<{ totals: Totals }>('totals', '', [], 'as totals');
      if (row && heardOf === this.heardOf) this.heard(row.totals);
      this.answered();
    } catch (error) {
      this.failed(error);
    } finally {
      this.refreshing = false;
    }
  }

  /**
   * Renews the leases of this worker, gives up those of workers that fell silent, and tells what could not be told
   * before.
   */
  async beat(): Promise<void> {
    // Also while the last heartbeat is still without an answer.
    this.leases.endOverdue();
    if (this.beating || !this.session) return;
    this.beating = true;
    try {
      await this.outcomes.repeat();
      const sentAt = this.clock.monotonic();
      const asked = this.leases.tokens();
      const { heardOf } = this;
      const prunes = sentAt - this.prunedAt > PRUNE_MS;
      const [row] = await this.call<BeatRow>(
        'beat',
        '$2, $3::uuid[], $4, $5, $6, $7, $8, $9, $10::jsonb, $11',
        [
          this.session.worker,
          asked,
          this.leaseMs,
          this.lateLandingMs,
          this.totals.acked,
          this.rate.look(this.totals.acked, sentAt),
          this.options.spilled?.() ?? 0,
          this.lastError ?? null,
          this.deliveryError(),
          prunes,
        ],
      );
      if (!row) return;
      if (prunes) this.prunedAt = sentAt;
      if (heardOf === this.heardOf) this.heard(row.totals);
      this.answered();
      if (row.version > SCHEMA_VERSION) this.lost = tooNew(row.version);
      const lostLeases = this.leases.renewed(asked, row.held, sentAt);
      if (lostLeases > 0) this.tellLeasesLost(lostLeases);
    } catch (error) {
      this.failed(error);
    } finally {
      this.beating = false;
    }
  }

  /** JSON; what the database failed with is told beside it. */
  private deliveryError(): string | null {
    const error = this.options.deliveryError?.();
    if (!error || error.code.startsWith('OUTBOX_')) return null;
    const { code, message, at } = error;
    return JSON.stringify({ code, message, msAgo: Math.max(0, this.clock.now() - at) });
  }

  async workers(): Promise<OutboxWorker[]> {
    const { worker } = this.mustBeOpen();
    try {
      const rows = await this.call<WorkerRow>('workers', '', []);
      return rows.map((row) => presentWorker(row, worker));
    } catch (error) {
      throw this.failed(error);
    }
  }

  // ----- statements

  /** Calls a function of the outbox: the queue is its first parameter, the time of a test its last one. */
  private call<Row>(name: string, parameters: string, values: unknown[], alias = ''): Promise<Row[]> {
    const { queue } = this.mustBeOpen();
    const last = `$${values.length + 2}`;
    const list = ['$1', ...(parameters ? [parameters] : []), `${last}::timestamptz`].join(', ');
    const text = `select * from ${this.fn(name)}(${list}) ${alias}`;
    return this.mustHaveDatabase().query<Row>(text, [queue, ...values, this.testTime()]);
  }

  private async paceCall(name: string, value: number | boolean): Promise<unknown> {
    try {
      const [row] = await this.call<{ value: unknown }>(name, '$2', [value], 'as t(value)');
      return row?.value;
    } catch (error) {
      throw this.failed(error);
    }
  }

  private async order(name: string, parameters: string, values: unknown[]): Promise<number> {
    this.mustBeOpen();
    try {
      const [row] = await this.call<{ count: number; totals: Totals }>(name, parameters, values);
      if (row) this.heard(row.totals);
      return row?.count ?? 0;
    } catch (error) {
      throw this.failed(error);
    }
  }

  private readonly fn = (name: string): string => inSchema(`$S.${name}`, this.schema);

  private testTime(): string | null {
    const { databaseTime } = this.options;
    return databaseTime ? new Date(databaseTime()).toISOString() : null;
  }

  private mustBeOpen(): Session {
    if (this.lost) throw this.lost;
    if (!this.session) throw this.closedError();
    return this.session;
  }

  private mustHaveDatabase(): Database {
    if (!this.database) throw this.closedError();
    return this.database;
  }

  private closedError(): OutboxError {
    return new OutboxError(
      'OUTBOX_IO',
      `Deploy the flows again: the outbox "${this.options.queueName}" in PostgreSQL is not open.`,
    );
  }

  // ----- what people are told

  /** Notes a failed statement. @returns what to throw */
  private failed(error: unknown): OutboxError {
    const refused = asOutboxError(error, this.database?.where ?? '');
    if (error instanceof OutboxError) return refused;
    this.lastError = refused.message;
    if (isPassing(error) && !this.isAway && this.session) {
      this.isAway = true;
      this.tell({ code: 'DATABASE_AWAY', message: refused.message });
    }
    return refused;
  }

  private answered(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.lastError = undefined;
    this.tell({
      code: 'DATABASE_BACK',
      message: `PostgreSQL at ${this.database?.where ?? ''} answers again.`,
    });
  }

  private tellLeasesLost(count: number): void {
    const message =
      `${count} lease(s) of this Node-RED were given up, because it was silent for too long; others deliver those events. ` +
      'Some may arrive twice.';
    this.tell({ code: 'LEASE_LOST', message });
  }

  private tellDeadFull(limit: number): void {
    const message =
      `Retry or discard the refused events: those of the queue "${this.options.queueName}" may take ${limit} bytes, which they do. ` +
      'An event that was refused stays in the outbox.';
    this.tell({ code: 'DEAD_LETTERS_FULL', message });
  }

  private tell(notice: OutboxNotice): void {
    this.options.onNotice?.(notice);
  }
}

interface BeatRow {
  held: string[];
  taken_over: number;
  version: number;
  totals: Totals;
}

interface WorkerRow {
  id: string;
  name: string;
  host: string;
  version: string;
  leased: string;
  delivered: string;
  per_minute: number;
  seen_ms_ago: number;
  spilled: string;
  last_error: string | null;
  delivery_error: OutboxWorker['lastDeliveryError'] | null;
}

function presentWorker({ id, last_error, delivery_error, ...row }: WorkerRow, own: string): OutboxWorker {
  return {
    isThis: id === own,
    name: row.name,
    host: row.host,
    version: row.version,
    leased: Number(row.leased),
    delivered: Number(row.delivered),
    perMinute: row.per_minute,
    seenMsAgo: row.seen_ms_ago,
    spilled: Number(row.spilled),
    ...(last_error !== null && { lastError: last_error }),
    ...(delivery_error && { lastDeliveryError: delivery_error }),
  };
}

function hasEvent(row: LeasedRow): row is LeasedRow & { id: string } {
  return row.id !== null;
}
