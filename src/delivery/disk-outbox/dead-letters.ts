import { join } from 'node:path';
import type { DeadLetter } from '../outbox';
import { errorCode, type FileLayer, ignoreMissing, syncFolder, writeNewFile } from './file-layer';
import { crc32, type PictureRecord } from './lines';

const SUFFIX = '.json';
const DEAD_FILE = /^(\d{10,}-[0-9a-f]+)\.json$/;
const EVENT_MEMBER = ',"event":';

/** What a dead letter's file holds beside the event. `checksum` is the CRC-32 of the event's bytes. */
export interface DeadHeader {
  id: string;
  eventId: string;
  useCaseId: string;
  code: string;
  statusCode?: number;
  why: string;
  /** wall clock, ms */
  acceptedAt: number;
  diedAt: number;
  pictures?: PictureRecord[];
}

export interface StoredDeadLetter {
  header: DeadHeader;
  body: string;
}

/** The refused events, one readable file each. They stay until somebody orders otherwise. */
export class DeadLetterFolder {
  /** bytes by id, pictures included, oldest first */
  private readonly sizes = new Map<string, number>();
  bytes = 0;

  constructor(
    private readonly files: FileLayer,
    private readonly folder: string,
  ) {}

  get count(): number {
    return this.sizes.size;
  }

  ids(): string[] {
    return [...this.sizes.keys()];
  }

  has(id: string): boolean {
    return this.sizes.has(id);
  }

  /** Learns what is there. Files with other names are left alone. */
  async load(): Promise<void> {
    for (const name of await this.files.list(this.folder)) {
      const id = DEAD_FILE.exec(name)?.[1];
      if (id === undefined) continue;
      const size = await this.files.size(join(this.folder, name)).catch(ignoreMissing);
      if (size !== undefined) this.learn(id, size);
    }
  }

  private learn(id: string, bytes: number): void {
    this.sizes.set(id, (this.sizes.get(id) ?? 0) + bytes);
    this.bytes += bytes;
  }

  private forget(id: string): void {
    this.bytes -= this.sizes.get(id) ?? 0;
    this.sizes.delete(id);
  }

  /** Durable when it resolves. */
  async write(letter: StoredDeadLetter): Promise<void> {
    const bytes = encodeDeadLetter(letter);
    const path = this.path(letter.header.id);
    await this.files.remove(path);
    await writeNewFile(this.files, path, bytes);
    await syncFolder(this.files, this.folder);
    this.forget(letter.header.id);
    this.learn(letter.header.id, bytes.length + picturesSize(letter.header));
  }

  /** Undefined when the file is gone or no longer what was written. */
  async read(id: string): Promise<StoredDeadLetter | undefined> {
    try {
      return decodeDeadLetter(await this.files.readFile(this.path(id)));
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async list(limit: number): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    for (const id of this.ids().slice(0, limit)) {
      const letter = await this.read(id);
      found.push(letter ? presentLetter(letter) : unreadableLetter(id, this.path(id)));
    }
    return found;
  }

  /** One file at a time: together they may be larger than the memory. */
  async idsOf(eventIds: string[]): Promise<string[]> {
    const wanted = new Set(eventIds);
    const found: string[] = [];
    for (const id of this.ids()) {
      const letter = await this.read(id);
      if (letter && wanted.has(letter.header.eventId)) found.push(id);
    }
    return found;
  }

  async remove(ids: string[]): Promise<void> {
    for (const id of ids) {
      await this.files.remove(this.path(id));
      this.forget(id);
    }
    await syncFolder(this.files, this.folder);
  }

  private path(id: string): string {
    return join(this.folder, id + SUFFIX);
  }
}

function picturesSize(header: DeadHeader): number {
  return (header.pictures ?? []).reduce((sum, picture) => sum + picture.size, 0);
}

function encodeDeadLetter({ header, body }: StoredDeadLetter): Buffer {
  const head = JSON.stringify({ ...header, checksum: crc32(Buffer.from(body)) }).slice(0, -1);
  return Buffer.from(`${head}${EVENT_MEMBER}${body}}\n`);
}

function decodeDeadLetter(bytes: Buffer): StoredDeadLetter | undefined {
  const text = bytes.toString();
  const split = text.indexOf(EVENT_MEMBER);
  if (split < 0) return undefined;
  const { checksum, ...header } = JSON.parse(`${text.slice(0, split)}}`) as DeadHeader & { checksum: string };
  const body = text.slice(split + EVENT_MEMBER.length).replace(/\}\n?$/, '');
  return checksum === crc32(Buffer.from(body)) ? { header, body } : undefined;
}

function presentLetter({ header, body }: StoredDeadLetter): DeadLetter {
  const { id, eventId, code, statusCode, why, diedAt } = header;
  return { id, eventId, code, statusCode, why, diedAt, event: parseOrText(body) };
}

function parseOrText(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function unreadableLetter(id: string, path: string): DeadLetter {
  return {
    id,
    eventId: '',
    code: 'LETTER_DAMAGED',
    why: `The dead letter ${path} is missing or damaged; look at the file by hand.`,
    diedAt: 0,
    event: undefined,
  };
}
