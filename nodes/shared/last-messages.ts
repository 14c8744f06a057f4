import type { FlowMessage } from './guarded-input';

/** A message is kept so long, and messages are kept so long after an editor was last there, ms. */
export const KEEP_MS = 10 * 60_000;
/** How long a dialog that shows the last message has it kept up to date after it asked, ms. */
const WATCH_MS = 60_000;
/** Everything of a message but its pictures, in bytes of text. */
export const MAX_MESSAGE_BYTES = 256 * 1024;
/** A picture, or any other Buffer, is kept up to this size. */
export const MAX_PICTURE_BYTES = 1024 * 1024;
/** Of all Buffers of one message. */
const MAX_PICTURES_BYTES = 2 * MAX_PICTURE_BYTES;
/** The same picture as a data URL. */
const MAX_PICTURE_TEXT = (MAX_PICTURE_BYTES * 4) / 3 + 64;
/** A text of so many characters may be a picture in base64. */
const SURELY_NO_NAME = 1024;
const MAX_DEPTH = 40;
const MOST_NAMED = 20;
/** A fast camera need not be copied thirty times a second for a dialog, */
const WATCHED_INTERVAL_MS = 250;
/** and less often while none shows it. */
const COPY_INTERVAL_MS = 1000;
/** Nodes whose last message is kept at the same time; the one that was noted first makes room. */
const MAX_KEPT = 16;

/** Sockets and server objects that `http in` puts into a message: they can neither be copied nor shown. */
const NEVER_COPIED: ReadonlySet<string> = new Set(['req', 'res']);

export interface KeptMessage {
  /** wall clock, ms */
  at: number;
  message: FlowMessage;
  /** paths of what was too large or could not be copied */
  leftOut: string[];
  /** nothing of it that may be a picture was kept */
  withoutPictures?: boolean;
  /** in place of them those that left, as the dialog shows them */
  left?: unknown[];
}

/** What of a message is kept. */
interface CopyOptions {
  /** where something is hidden in pictures: nothing that may be a picture */
  withoutPictures?: boolean;
}

interface Kept {
  /** of the monotonic clock, ms */
  notedAt: number;
  message: KeptMessage;
}

/**
 * The last message of each node, for "Try it". Messages are kept only while an editor is open or was within ten
 * minutes, so a message of a plant at work costs one comparison.
 */
export class LastMessages {
  private readonly kept = new Map<string, Kept>();
  private readonly watchedUntil = new Map<string, number>();
  private openUntil = -Infinity;
  private isOff = false;
  private sweeping: NodeJS.Timeout | undefined;

  /** @param now ms of a monotonic clock */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The operator wants no message kept. */
  switchOff(): void {
    this.isOff = true;
    this.openUntil = -Infinity;
    this.kept.clear();
  }

  /** An editor says that it is there. */
  editorIsOpen(): void {
    if (this.isOff) return;
    this.openUntil = this.now() + KEEP_MS;
    this.sweeping ??= setInterval(() => this.sweep(), WATCH_MS).unref();
  }

  /**
   * Call before the message is worked on. Never throws.
   *
   * @param withoutPictures whether nobody may see those that came; asked only when the message is kept
   */
  note(nodeId: string, message: FlowMessage, withoutPictures: () => boolean = () => false): void {
    if (this.openUntil === -Infinity) return;
    const now = this.now();
    if (this.openUntil < now) return;
    const interval =
      (this.watchedUntil.get(nodeId) ?? -Infinity) >= now ? WATCHED_INTERVAL_MS : COPY_INTERVAL_MS;
    const before = this.kept.get(nodeId);
    if (before && now - before.notedAt < interval) return;
    this.kept.delete(nodeId);
    this.kept.set(nodeId, {
      notedAt: now,
      message: copyMessage(message, Date.now(), { withoutPictures: withoutPictures() }),
    });
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
  }

  /** How the pictures of a message left, where those that came with it were not kept. */
  noteLeft(nodeId: string, { _msgid }: FlowMessage, pictures: () => unknown[]): void {
    const kept = this.kept.get(nodeId)?.message;
    if (kept?.withoutPictures && kept.message._msgid === _msgid) kept.left = pictures();
  }

  /** The last message that the node saw; for the next minute it is kept up to date. */
  watch(nodeId: string): KeptMessage | undefined {
    this.editorIsOpen();
    this.watchedUntil.set(nodeId, this.now() + WATCH_MS);
    return this.last(nodeId);
  }

  last(nodeId: string): KeptMessage | undefined {
    const kept = this.kept.get(nodeId);
    return kept && kept.notedAt >= this.now() - KEEP_MS ? kept.message : undefined;
  }

  /** The node was closed: a redeployed node starts empty. */
  forget(nodeId: string): void {
    this.kept.delete(nodeId);
  }

  private sweep(): void {
    const now = this.now();
    for (const [nodeId, { notedAt }] of this.kept) if (notedAt < now - KEEP_MS) this.kept.delete(nodeId);
    for (const [nodeId, until] of this.watchedUntil) if (until < now) this.watchedUntil.delete(nodeId);
    if (this.kept.size > 0 || this.openUntil >= now) return;
    this.openUntil = -Infinity;
    clearInterval(this.sweeping);
    this.sweeping = undefined;
  }
}

/** One for all nodes: the admin route knows a node by its id only. */
export const lastMessages = new LastMessages();

/** A copy that shares nothing with the message, which goes on and is changed. Never throws. */
export function copyMessage(message: FlowMessage, at = Date.now(), options: CopyOptions = {}): KeptMessage {
  const { withoutPictures = false } = options;
  const copier = new Copier(withoutPictures);
  const copy = copier.copy(message, '', 0) as FlowMessage | undefined;
  return { at, message: copy ?? { _msgid: '' }, leftOut: copier.leftOut, withoutPictures };
}

class Copier {
  readonly leftOut: string[] = [];
  private bytesLeft = MAX_MESSAGE_BYTES;
  private pictureBytesLeft = MAX_PICTURES_BYTES;
  private readonly within = new Set<object>();

  constructor(private readonly withoutPictures: boolean) {}

  copy(value: unknown, path: string, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.copyText(value, path);
      case 'number':
      case 'boolean':
      case 'undefined':
        return this.afford(8, path) ? value : undefined;
      case 'object':
        return value === null ? null : this.copyObject(value, path, depth);
      default:
        return this.leaveOut(path);
    }
  }

  /** A long text may be a picture in base64. */
  private copyText(text: string, path: string): string | undefined {
    if (this.withoutPictures && text.length > SURELY_NO_NAME) return this.leaveOut(path);
    if (text.length > this.bytesLeft && text.length > SURELY_NO_NAME) {
      return this.affordPicture(text.length, MAX_PICTURE_TEXT, path) ? text : undefined;
    }
    return this.afford(text.length, path) ? text : undefined;
  }

  private copyObject(value: object, path: string, depth: number): unknown {
    if (depth > MAX_DEPTH || this.within.has(value)) return this.leaveOut(path);
    if (this.withoutPictures && mayBePicture(value)) return this.leaveOut(path);
    if (value instanceof Uint8Array) {
      return this.affordPicture(value.byteLength, MAX_PICTURE_BYTES, path) ? Buffer.from(value) : undefined;
    }
    if (value instanceof Date) return new Date(value);
    this.within.add(value);
    try {
      return Array.isArray(value)
        ? this.copyList(value, path, depth)
        : this.copyFields(value as Record<string, unknown>, path, depth);
    } catch {
      // A getter that throws.
      return this.leaveOut(path);
    } finally {
      this.within.delete(value);
    }
  }

  private copyList(list: unknown[], path: string, depth: number): unknown[] {
    const copy: unknown[] = [];
    for (const [position, entry] of list.entries()) {
      if (this.bytesLeft <= 0) {
        this.leaveOut(`${path}[${position}] and those after it`);
        break;
      }
      copy.push(this.copy(entry, `${path}[${position}]`, depth + 1));
    }
    return copy;
  }

  private copyFields(fields: Record<string, unknown>, path: string, depth: number): object {
    const copied: [string, unknown][] = [];
    for (const [name, value] of Object.entries(fields)) {
      const inner = path === '' ? name : `${path}.${name}`;
      if (depth === 0 && NEVER_COPIED.has(name)) this.leaveOut(inner);
      else if (this.afford(name.length, inner)) copied.push([name, this.copy(value, inner, depth + 1)]);
    }
    // fromEntries defines the fields, so that one called `__proto__` stays a field.
    return Object.fromEntries(copied);
  }

  private afford(bytes: number, path: string): boolean {
    if (bytes > this.bytesLeft) {
      this.leaveOut(path);
      // Not even a short text fits: the rest need not be tried.
      if (bytes < SURELY_NO_NAME) this.bytesLeft = 0;
      return false;
    }
    this.bytesLeft -= bytes;
    return true;
  }

  private affordPicture(bytes: number, most: number, path: string): boolean {
    if (bytes > Math.min(most, this.pictureBytesLeft)) {
      this.leaveOut(path);
      return false;
    }
    this.pictureBytesLeft -= bytes;
    return true;
  }

  private leaveOut(path: string): undefined {
    if (this.leftOut.length < MOST_NAMED) this.leftOut.push(path.slice(0, 200));
    return undefined;
  }
}

/** Bytes in any form: a Buffer, one that went through JSON, a list of so many numbers. */
function mayBePicture(value: object): boolean {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
    return true;
  return Array.isArray(value) && value.length > SURELY_NO_NAME && typeof value[0] === 'number';
}
