import type { FlowMessage } from './guarded-input';

/** How long a node's messages are kept after the editor asked for the last one, ms. */
export const WATCH_MS = 60_000;
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
/** A fast camera need not be copied thirty times a second for a dialog. */
const COPY_INTERVAL_MS = 250;
/** Dialogs that are open at the same time, by all users of one Node-RED. */
const MAX_WATCHED = 16;

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
}

/** What of a message is kept. */
interface CopyOptions {
  /** of a node that hides something in pictures: nothing that may be a picture */
  withoutPictures?: boolean;
}

interface Watch {
  until: number;
  copiedAt: number;
  kept?: KeptMessage;
}

/**
 * The last message of each node whose dialog is open, for "Try it". Nothing is kept of a node unless the editor asked within the
 * last minute, so a message of a plant at work costs one look into an empty map.
 */
export class LastMessages {
  private readonly watches = new Map<string, Watch>();
  private sweeping: NodeJS.Timeout | undefined;

  /** @param now ms of a monotonic clock */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Call before the message is worked on. Never throws. */
  note(nodeId: string, message: FlowMessage, options: CopyOptions = {}): void {
    if (this.watches.size === 0) return;
    const watch = this.watches.get(nodeId);
    const now = this.now();
    if (!watch || watch.until < now || now - watch.copiedAt < COPY_INTERVAL_MS) return;
    watch.copiedAt = now;
    watch.kept = copyMessage(message, Date.now(), options);
  }

  /** The last message that the node saw while it was watched, and watches it for another minute. */
  watch(nodeId: string): KeptMessage | undefined {
    this.sweep();
    const until = this.now() + WATCH_MS;
    const watch = this.watches.get(nodeId);
    if (watch) watch.until = until;
    else if (this.watches.size < MAX_WATCHED) this.watches.set(nodeId, { until, copiedAt: -Infinity });
    this.sweeping ??= setInterval(() => this.sweep(), WATCH_MS / 2).unref();
    return watch?.kept;
  }

  /** Without watching it for longer. */
  kept(nodeId: string): KeptMessage | undefined {
    const watch = this.watches.get(nodeId);
    return watch && watch.until >= this.now() ? watch.kept : undefined;
  }

  /** The node was closed: a redeployed node starts empty. */
  forget(nodeId: string): void {
    this.watches.delete(nodeId);
  }

  private sweep(): void {
    const now = this.now();
    for (const [nodeId, { until }] of this.watches) {
      if (until < now) this.watches.delete(nodeId);
    }
    if (this.watches.size > 0) return;
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
