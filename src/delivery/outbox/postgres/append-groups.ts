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

/** Records of one `append`. An append with a key that is stored already does nothing. */
export interface Append {
  key: string;
  records: OutboxRecord[];
  /** ms since they were accepted elsewhere */
  ageMs?: number;
  keepKeyMs?: number;
}

interface Waiting extends Append {
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
 * Group commit: what is appended while a transaction is under way goes into the next one, in its order. One transaction at a time, so that
 * a flush of the database's disk serves as many events as came.
 */
export class AppendGroups {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly deps: AppendDeps) {}

  /** Resolves when the records are committed. When it rejects they may be stored nevertheless: repeat it with the same key. */
  append(append: Append): Promise<void> {
    return new Promise((resolve, reject) => {
      const bytes = append.records.reduce((sum, record) => sum + recordBytes(record), 0);
      this.waiting.push({ ...append, bytes, resolve, reject });
      this.running ??= this.run().finally(() => (this.running = undefined));
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // Appends of the same moment belong into one group.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.nextGroup();
      try {
        await this.store(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        if (group.length > 1 && !isPassing(error)) await this.storeSingly(group);
        // What waited behind it must not overtake it, should the database be back in the next moment.
        else
          for (const { reject } of isPassing(error) ? [...group, ...this.waiting.splice(0)] : group)
            reject(error);
      }
    }
  }

  private nextGroup(): Waiting[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const append of this.waiting) {
      events += append.records.length;
      bytes += append.bytes;
      if (count > 0 && (events > GROUP_MAX_EVENTS || bytes > GROUP_MAX_BYTES)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  /** One event that the database cannot hold must not take the others along. */
  private async storeSingly(group: Waiting[]): Promise<void> {
    for (const append of group) await this.store([append]).then(append.resolve, append.reject);
  }

  /** Repeats the group with the same keys while nobody knows what became of it. */
  private async store(group: Waiting[]): Promise<void> {
    const { monotonic, sleep, repeatMs = APPEND_REPEAT_MS } = this.deps;
    const giveUpAt = monotonic() + repeatMs;
    for (;;) {
      try {
        this.deps.stored(await this.storeOnce(group));
        return;
      } catch (error) {
        if (!isPassing(error) || monotonic() >= giveUpAt) throw error;
        if (!isConflict(error)) await sleep(REPEAT_WAIT_MS);
      }
    }
  }

  private async storeOnce(group: Waiting[]): Promise<Totals> {
    const { database } = this.deps;
    const records = group.flatMap((append) => append.records);
    const bytes = group.reduce((sum, append) => sum + append.bytes, 0);
    const timeoutMs = STATEMENT_MS + bytes / PICTURE_BYTES_PER_MS;
    const { text, values } = this.appendStatement(group);
    if (records.every(({ pictures }) => pictures.length === 0)) {
      const [row] = await database.query<AppendRow>(text, values, timeoutMs);
      return (row as AppendRow).totals;
    }
    return database.transaction(async (query) => {
      const [row] = await query<AppendRow>(text, values);
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

  private appendStatement(group: Waiting[]): { text: string; values: unknown[] } {
    const { fn, queue, testTime } = this.deps;
    const records = group.flatMap((append) => append.records);
    const each = <T>(of: (append: Waiting, index: number) => T) =>
      group.flatMap((append, index) => append.records.map(() => of(append, index)));
    const keepMs = Math.max(...group.map(({ keepKeyMs }) => keepKeyMs ?? STORED_KEY_MS));
    const bodyBytes = records.map(({ body }) => Buffer.byteLength(body));
    return {
      text: `select ids, totals from ${fn('append')}($1, $2::text[], $3::interval, $4::int[], $5::text[], $6::text[], $7::text[], $8::int[],
        $9::bigint[], $10::int[], $11::float8[], $12)`,
      values: [
        queue,
        group.map(({ key }) => key),
        `${keepMs} ms`,
        each((_, index) => index + 1),
        records.map(({ eventId }) => eventId),
        records.map(({ useCaseId }) => useCaseId),
        records.map(({ body }) => body),
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

interface AppendRow {
  ids: (string | null)[] | null;
  totals: Totals;
}

export function newKey(): string {
  return randomUUID();
}

export function recordBytes({ body, pictures }: OutboxRecord): number {
  return pictures.reduce((sum, { bytes }) => sum + bytes.length, Buffer.byteLength(body));
}

/** The client sends a `Buffer` as it is, and any other bytes as the text of an array. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
