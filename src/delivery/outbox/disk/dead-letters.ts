import { join } from 'node:path';
import type { DeadLetter } from '../outbox';
import { errorCode, type FileLayer, isNoPlainFile, syncFolder, writeNewFile } from './file-layer';
import { crc32, type PictureRecord } from './lines';
import { DEAD_FILE } from './names';
import type { Quarantine } from './quarantine';
import { isObject } from '../../../json-object';
import { arePictures, isText, isTime } from './record-shape';

const SUFFIX = '.json';
const EVENT_MEMBER = ',"event":';
/** An event and a little more. */
const MOST_LETTER_BYTES = 256 * 1024 * 1024;

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

  /**
   * Learns what is there. Files with other names are left alone; what has such a name and is not a file is set aside.
   */
  async load(quarantine: Quarantine): Promise<void> {
    for (const name of await this.files.list(this.folder)) {
      const id = DEAD_FILE.exec(name)?.[1];
      if (id === undefined) continue;
      const path = join(this.folder, name);
      try {
        this.learn(id, await this.files.size(path));
      } catch (error) {
        if (isNoPlainFile(error)) await quarantine.take(path);
        else if (errorCode(error) !== 'ENOENT') throw error;
      }
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

  /** Undefined when the file is gone or not what an outbox writes. */
  async read(id: string): Promise<StoredDeadLetter | undefined> {
    try {
      return decodeDeadLetter(await this.files.readFile(this.path(id), MOST_LETTER_BYTES), id);
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || isNoPlainFile(error) || error instanceof SyntaxError)
        return undefined;
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

/** @throws SyntaxError */
function decodeDeadLetter(bytes: Buffer, id: string): StoredDeadLetter | undefined {
  const text = bytes.toString();
  const split = text.indexOf(EVENT_MEMBER);
  if (split < 0) return undefined;
  const { checksum, ...header } = JSON.parse(`${text.slice(0, split)}}`) as DeadHeader & { checksum: string };
  const body = text.slice(split + EVENT_MEMBER.length).replace(/\}\n?$/, '');
  const isWhole =
    checksum === crc32(Buffer.from(body)) && isDeadHeader(header, id) && isObject(JSON.parse(body));
  return isWhole ? { header, body } : undefined;
}

/** As `isEventHeader`: its pictures are deleted with it, and come back into the queue with it. */
function isDeadHeader(header: Partial<Record<keyof DeadHeader, unknown>>, id: string): boolean {
  const { eventId, useCaseId, code, statusCode, why, acceptedAt, diedAt, pictures } = header;
  return (
    header.id === id &&
    [eventId, useCaseId, code, why].every(isText) &&
    (statusCode === undefined || Number.isInteger(statusCode)) &&
    [acceptedAt, diedAt].every(isTime) &&
    arePictures(pictures, id)
  );
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
