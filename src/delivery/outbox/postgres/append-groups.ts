import { randomUUID } from 'node:crypto';
import { crc32 } from '../disk/lines';
import {
  APPEND_REPEAT_MS,
  GROUP_MAX_BYTES,
  GROUP_MAX_EVENTS,
  PICTURE_BYTES_PER_MS,
  REPEAT_WAIT_MS,
  STATEMENT_MS,
  STORED_KEY_MS,
} from '../limits';
import type { OutboxPicture, OutboxRecord } from '../outbox';
import type { Database, TransactionQuery } from './database';
import { isConflict, isPassing } from './errors';
import type { Totals } from './mirror';

/** Records of one `append`. One whose key is stored already does nothing. */
export interface Append {
  /** for what is repeated over restarts; without one, it shares a key with what is committed together */
  key?: string;
  records: OutboxRecord[];
  /** ms since they were accepted elsewhere */
  ageMs?: number;
  keepKeyMs?: number;
}

interface Waiting {
  append: Append;
  bytes: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface AppendDeps {
  database: Database;
  /** the name of a function of the outbox, with its schema */
  fn: (name: string) => string;
  queue: number;
  /** of the database's clock; null outside of tests */
  testTime: () => string | null;
  stored: (totals: Totals) => void;
  sleep: (ms: number) => Promise<void>;
  monotonic: () => number;
  repeatMs?: number;
}

/**
 * Group commit: what is appended while a transaction is under way goes into the next one, in its order. One transaction
 * at a time, so that a flush of the database's disk serves as many events as came.
 */
export class AppendGroups {
  private waiting: Waiting[] = [];
  /** so many of the first ones go alone */
  private singly = 0;
  private running: Promise<void> | undefined;

  constructor(private readonly deps: AppendDeps) {}

  /**
   * Resolves when the records are committed. Rejects with an `AppendDoubt` when they may be stored nevertheless.
   *
   * @param bytes of all records
   */
  append(append: Append, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ append, bytes, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // Appends of the same moment belong into one group.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.storeGroup(this.nextGroup());
    // At once: what is appended in the next moment would wait for a run that has ended.
    this.running = undefined;
  }

  /** Never rejects. */
  private async storeGroup(group: Waiting[]): Promise<void> {
    const groupKey = randomUUID();
    try {
      await this.store(group, groupKey);
      for (const { resolve } of group) resolve();
    } catch (error) {
      if (isPassing(error)) return this.giveUp(group, groupKey, error);
      if (group.length === 1) return group[0]?.reject(error);
      // One event that the database cannot hold must not take the others along.
      this.singly = group.length;
      this.waiting.unshift(...group);
    }
  }

  private giveUp(group: Waiting[], groupKey: string, error: unknown): void {
    for (const { append, reject } of group) reject(new AppendDoubt(append.key ?? groupKey, error));
    // What waited behind it must not overtake it, should the database be back in the next moment.
    for (const { reject } of this.waiting.splice(0)) reject(error);
    this.singly = 0;
  }

  private nextGroup(): Waiting[] {
    if (this.singly > 0) {
      this.singly--;
      return this.waiting.splice(0, 1);
    }
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const waiting of this.waiting) {
      events += waiting.append.records.length;
      bytes += waiting.bytes;
      if (count > 0 && (events > GROUP_MAX_EVENTS || bytes > GROUP_MAX_BYTES)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  /** Repeats the group with the same keys while nobody knows what became of it. */
  private async store(group: Waiting[], groupKey: string): Promise<void> {
    const { monotonic, sleep, repeatMs = APPEND_REPEAT_MS } = this.deps;
    const giveUpAt = monotonic() + repeatMs;
    for (;;) {
      try {
        this.deps.stored(await this.storeOnce(group, groupKey));
        return;
      } catch (error) {
        if (!isPassing(error) || monotonic() >= giveUpAt) throw error;
        if (!isConflict(error)) await sleep(REPEAT_WAIT_MS);
      }
    }
  }

  private async storeOnce(group: Waiting[], groupKey: string): Promise<Totals> {
    const { database } = this.deps;
    const appends = group.map(({ append }) => append);
    const records = appends.flatMap((append) => append.records);
    const bytes = group.reduce((sum, waiting) => sum + waiting.bytes, 0);
    const timeoutMs = STATEMENT_MS + bytes / PICTURE_BYTES_PER_MS;
    const { call, values } = this.appendCall(appends, records, groupKey);
    if (records.every(({ pictures }) => pictures.length === 0)) {
      const [row] = await database.query<Pick<AppendRow, 'totals'>>(
        `select totals from ${call}`,
        values,
        timeoutMs,
      );
      return (row as AppendRow).totals;
    }
    return database.transaction(async (query) => {
      const [row] = await query<AppendRow>(`select ids, totals from ${call}`, values);
      const { ids, totals } = row as AppendRow;
      for (const [index, { pictures }] of records.entries()) {
        const id = ids?.[index];
        if (id) await this.insertPictures(query, id, pictures);
      }
      return totals;
    }, timeoutMs);
  }

  private async insertPictures(
    query: TransactionQuery,
    id: string,
    pictures: OutboxPicture[],
  ): Promise<void> {
    for (const [place, { role, image, mediaType, name, metadata, bytes }] of pictures.entries()) {
      await query(
        `insert into ${this.deps.fn('picture')} (event, place, role, image, media_type, name, metadata, size, crc, bytes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          id,
          place,
          role,
          image ?? null,
          mediaType,
          name,
          metadata ? JSON.stringify(metadata) : null,
          bytes.length,
          crc32(bytes),
          asBuffer(bytes),
        ],
      );
    }
  }

  private appendCall(
    appends: Append[],
    records: OutboxRecord[],
    groupKey: string,
  ): { call: string; values: unknown[] } {
    const { fn, queue, testTime } = this.deps;
    const each = <T>(of: (append: Append) => T) =>
      appends.flatMap((append) => append.records.map(() => of(append)));
    const keyOf = ({ key = groupKey }: Append) => key;
    const keys = [...new Set(appends.map(keyOf))];
    const places = new Map(keys.map((key, index) => [key, index + 1]));
    const keepMs = Math.max(...appends.map(({ keepKeyMs }) => keepKeyMs ?? STORED_KEY_MS));
    const bodyBytes = records.map(({ body }) => Buffer.byteLength(body));
    return {
      call: `${fn('append')}($1, $2::text[], $3::interval, $4::int[], $5::text[], $6::text[],
        string_to_array($7, E'\\x01'), $8::int[],
        $9::bigint[], $10::int[], $11::float8[], $12)`,
      values: [
        queue,
        keys,
        `${keepMs} ms`,
        each((append) => places.get(keyOf(append))),
        records.map(({ eventId }) => eventId),
        records.map(({ useCaseId }) => useCaseId),
        joined(records.map(({ body }) => body)),
        bodyBytes,
        records.map(({ pictures }, index) =>
          pictures.reduce((sum, { bytes }) => sum + bytes.length, bodyBytes[index] ?? 0),
        ),
        records.map(({ pictures }) => pictures.length),
        each(({ ageMs }) => ageMs ?? 0),
        testTime(),
      ],
    };
  }
}

/** JSON has no such character of its own: in its texts it is escaped. */
const BETWEEN_BODIES = '\u0001';
/** As PostgreSQL says of other texts that it cannot hold. */
const UNTRANSLATABLE_CHARACTER = '22P05';

/** As an array each quote of a body would be escaped on its way, and read back: a tenth of what an append costs. */
function joined(bodies: string[]): string {
  if (bodies.some((body) => body.includes(BETWEEN_BODIES)))
    throw Object.assign(new Error('Hand over the event as JSON: its text holds the raw character U+0001.'), {
      code: UNTRANSLATABLE_CHARACTER,
    });
  return bodies.join(BETWEEN_BODIES);
}

interface AppendRow {
  ids: (string | null)[] | null;
  totals: Totals;
}

/**
 * The database did not answer: what was appended may be stored under this key, and `isStored` decides whether it is.
 */
export class AppendDoubt {
  constructor(
    readonly key: string,
    readonly cause: unknown,
  ) {}
}

export function recordBytes({ body, pictures }: OutboxRecord): number {
  return pictures.reduce((sum, { bytes }) => sum + bytes.length, Buffer.byteLength(body));
}

/** The client sends a `Buffer` as it is, and any other bytes as the text of an array. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
