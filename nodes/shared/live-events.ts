import { randomUUID } from 'node:crypto';
import type { Node } from 'node-red';
import type { SenderError } from '../../src/delivery/sender/types';
import { hasLongList } from '../../src/event/long-lists';
import type { EventWarning } from '../../src/event/types';
import { displaySize } from '../../src/images/formats';
import type { FlowError } from './flow-error';
import type { Finding, LiveAnswer, LiveEvent, LiveState, Size } from './live-event';
import type { EventReport } from './report';
import type { LoadedPicture } from './send-event';
import { isShownByBrowsers } from './shown-picture';

/** The list in the editor shows so many events. */
export const MAX_EVENTS = 200;
/** Of all that is kept. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Larger pictures are not kept. */
export const MAX_PICTURE_BYTES = 300 * 1024;
/** Of one event as JSON text, in characters; of a larger one, only the first detections are kept. */
const MAX_EVENT_LENGTH = 32 * 1024;
const MAX_DETECTIONS = 50;
const MAX_IMAGES = 4;
/** Of the warnings of one event, and of its repairs. */
const MAX_FINDINGS = 20;
const MAX_VALUE_LENGTH = 200;
const MAX_TEXT_LENGTH = 500;
/** What an entry takes beside its texts and its picture, about. */
const ENTRY_BYTES = 1024;
/** Of one answer, in characters of event texts: the editor asks again for the rest. */
const MAX_ANSWER_LENGTH = 512 * 1024;
/** Nothing is kept when nobody looked for so long, ms. */
export const KEEP_MS = 10 * 60_000;
const SWEEP_MS = 60_000;
/** Editors are told at most so often that something is new, ms. */
const TICK_MS = 500;

/**
 * What a node tells of an event that it has done with, as it left: pictures are those in which everything is hidden
 * already.
 */
export interface LiveNote {
  node: Pick<Node, 'id' | 'type'>;
  /** of the workspace node */
  workspace: string;
  /** missing when the error came before there was one; may hold anything */
  event?: unknown;
  report?: Partial<EventReport>;
  error?: Pick<FlowError, 'code' | 'message'>;
  pictures?: readonly LoadedPicture[];
  /** of the first picture, where it is known although there is none */
  size?: Size;
}

interface Entry {
  shown: LiveEvent;
  /** its place among all changes */
  change: number;
  /** the event as JSON */
  json: string;
  /** that it counts for, its picture included */
  bytes: number;
  picture?: KeptPicture;
}

interface KeptPicture {
  bytes: Buffer;
  mediaType: string;
}

/**
 * The last events of all nodes, for the sidebar of the editor. They are kept only while somebody looks or did within
 * ten minutes, so an event of a plant at work costs one look at a flag.
 */
export class LiveEvents {
  /** Ask before anything is gathered for `note`. */
  isWatched = false;
  private isOff = false;
  private entries: Entry[] = [];
  private bytes = 0;
  private lastId = 0;
  private lastChange = 0;
  /** changes before it were dropped together with what they changed */
  private firstChange = 0;
  private lookedAt = -Infinity;
  private sweeping: NodeJS.Timeout | undefined;
  private ticking: NodeJS.Timeout | undefined;
  private readonly run = randomUUID();
  private tell: () => void = () => undefined;

  /** @param now ms of a monotonic clock */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @param tell that something is new; carries no contents */
  onNews(tell: () => void): void {
    this.tell = tell;
  }

  /** The operator wants nothing kept. */
  switchOff(): void {
    this.isOff = true;
    this.forget();
  }

  /** Bytes that are kept, about. */
  get size(): number {
    return this.bytes;
  }

  /** What a node has done with an event. Never throws. */
  note(note: LiveNote): void {
    if (!this.isWatched) return;
    const entry: Entry = { ...entryOf(note, ++this.lastId), bytes: 0, change: 0 };
    this.entries.push(entry);
    this.changed(entry);
  }

  /** The sender of a workspace delivered events. */
  delivered(workspace: string, events: readonly { eventId: string; warnings: EventWarning[] }[]): void {
    for (const { eventId, warnings } of this.isWatched ? events : []) {
      const entry = this.waiting(workspace, eventId);
      if (!entry) continue;
      Object.assign(entry.shown, { state: 'delivered', isKept: false, error: undefined });
      if (warnings.length > entry.shown.warningCount) {
        entry.shown.warnings = warnings.slice(0, MAX_FINDINGS).map(findingOf);
        entry.shown.warningCount = warnings.length;
      }
      this.changed(entry);
    }
  }

  /** The target refused events for good; the outbox keeps them. */
  refused(workspace: string, events: readonly { eventId: string; code: string; message: string }[]): void {
    for (const { eventId, ...error } of this.isWatched ? events : [])
      this.change(workspace, eventId, { state: 'refused', isKept: true, error: cutError(error) });
  }

  /** The target refused an event for the first time: it is tried again later. */
  suspected(workspace: string, eventId: string, error: Pick<SenderError, 'code' | 'message'>): void {
    if (this.isWatched) this.change(workspace, eventId, { state: 'held', error: cutError(error) });
  }

  /** Somebody put a refused event back into the queue, or it is not there any more. */
  ordered(workspace: string, eventId: string, isQueued: boolean): void {
    if (!this.isWatched) return;
    const change = isQueued ? { state: 'queued' as const, error: undefined } : {};
    this.change(workspace, eventId, { ...change, isKept: false });
  }

  /** @param since the cursor of the last answer; missing or outdated: all there is */
  look(since?: unknown): LiveAnswer {
    this.keepOn();
    const [run, change] = typeof since === 'string' ? since.split('.') : [];
    const after = run === this.run && /^\d+$/.test(change ?? '') ? Number(change) : -1;
    const isWhole = after < this.firstChange || after > this.lastChange;
    const news = this.entries
      .filter((entry) => isWhole || entry.change > after)
      .sort((one, other) => one.change - other.change);
    const part: Entry[] = [];
    for (let length = 0; part.length < news.length && length < MAX_ANSWER_LENGTH;) {
      const entry = news[part.length]!;
      length += entry.json.length + ENTRY_BYTES;
      part.push(entry);
    }
    const isPart = part.length < news.length;
    const seen = isPart ? part.at(-1)!.change : this.lastChange;
    return {
      cursor: `${this.run}.${seen}`,
      isWhole,
      isPart,
      isOff: this.isOff,
      events: part.map(({ shown, json }) => ({
        ...shown,
        event: json === '' ? null : (JSON.parse(json) as unknown),
      })),
    };
  }

  /** The picture of an event, while it is kept. */
  picture(id: number): KeptPicture | undefined {
    this.keepOn();
    return this.entries.find(({ shown }) => shown.id === id)?.picture;
  }

  private keepOn(): void {
    if (this.isOff) return;
    this.lookedAt = this.now();
    this.isWatched = true;
    this.sweeping ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  private sweep(): void {
    if (this.lookedAt + KEEP_MS <= this.now()) this.forget();
  }

  private forget(): void {
    this.isWatched = false;
    this.entries = [];
    this.bytes = 0;
    // A cursor from before leads to nothing that is still here.
    this.firstChange = ++this.lastChange;
    clearInterval(this.sweeping);
    clearTimeout(this.ticking);
    this.sweeping = undefined;
    this.ticking = undefined;
  }

  /** The oldest one with this id that is not delivered yet: versions of one event are delivered in their order. */
  private waiting(workspace: string, eventId: string): Entry | undefined {
    return this.entries.find(
      ({ shown }) =>
        shown.eventId === eventId &&
        shown.workspace === workspace &&
        (shown.state === 'queued' || shown.state === 'held' || shown.isKept),
    );
  }

  private change(workspace: string, eventId: string, change: Partial<LiveEvent>): void {
    const entry = this.waiting(workspace, eventId);
    if (!entry) return;
    Object.assign(entry.shown, change);
    this.changed(entry);
  }

  private changed(entry: Entry): void {
    entry.change = ++this.lastChange;
    const bytes = bytesOf(entry);
    this.bytes += bytes - entry.bytes;
    entry.bytes = bytes;
    this.makeRoom();
    this.ticking ??= setTimeout(() => {
      this.ticking = undefined;
      this.tell();
    }, TICK_MS).unref();
  }

  /** Old pictures go first, then old events. */
  private makeRoom(): void {
    while (this.entries.length > MAX_EVENTS) this.dropOldest();
    for (const entry of this.entries) {
      if (this.bytes <= MAX_BYTES) return;
      if (!entry.picture) continue;
      this.bytes -= entry.picture.bytes.length;
      entry.bytes -= entry.picture.bytes.length;
      entry.picture = undefined;
      entry.shown.picture = 'none';
    }
    while (this.bytes > MAX_BYTES) this.dropOldest();
  }

  private dropOldest(): void {
    this.bytes -= this.entries.shift()?.bytes ?? 0;
  }
}

/** One for all nodes: the route of the editor asks for all of them. */
export const liveEvents = new LiveEvents();

function entryOf(note: LiveNote, id: number): Pick<Entry, 'shown' | 'json' | 'picture'> {
  const { node, workspace, event, report = {}, error, pictures = [], size } = note;
  const { json, isShortened } = textOf(event);
  const seen = seenPicture(pictures);
  const picture = seen && keptPicture(seen);
  const warnings = [
    ...(report.warnings ?? []),
    ...(report.state === 'created' ? (report.serverWarnings ?? []) : []),
  ];
  const counted = Math.max(report.warningCount ?? 0, warnings.length);
  const repaired = report.repaired ?? [];
  const eventId = idOf(event) ?? report.eventId;
  const { _alias } = node as { _alias?: unknown };
  const shown: LiveEvent = {
    id,
    at: Date.now(),
    state: error ? stateOfError(error.code) : stateOfReport(report.state),
    node: { id: typeof _alias === 'string' ? _alias : node.id, type: node.type },
    workspace,
    ...(eventId !== undefined && { eventId }),
    isKept: false,
    isCooling: report.state === 'throttled',
    isShortened,
    warnings: warnings.slice(0, MAX_FINDINGS).map(findingOf),
    warningCount: counted,
    repaired: repaired.slice(0, MAX_FINDINGS).map(({ path, from, to }) => ({
      path: path.slice(0, MAX_TEXT_LENGTH),
      from: shortJson(from),
      ...(to !== undefined && { to: shortJson(to) }),
    })),
    repairCount: repaired.length,
    ...(error && { error: cutError(error) }),
    size: (seen && displaySize(seen.picture)) ?? size,
    picture: picture ? 'kept' : seen ? pictureReason(seen) : 'none',
  };
  return { shown, json, picture };
}

/** A message may bring an event whose getters throw. */
function idOf(event: unknown): string | undefined {
  try {
    const { eventId } = (event ?? {}) as { eventId?: unknown };
    return typeof eventId === 'string' ? eventId : undefined;
  } catch {
    return undefined;
  }
}

const stateOfError = (code: string): LiveState => {
  if (code === 'EVENT_WARNINGS') return 'held';
  return code === 'REJECTED' ? 'refused' : 'failed';
};

function stateOfReport(state: EventReport['state']): LiveState {
  if (state === 'created') return 'delivered';
  return state === 'throttled' ? 'held' : (state ?? 'built');
}

/** Boxes belong to the picture that the detector saw; the other one has them drawn in. */
function seenPicture(pictures: readonly LoadedPicture[]): LoadedPicture | undefined {
  const own = pictures.filter(({ image = 0 }) => image === 0);
  return own.find(({ role }) => role === 'input') ?? own[0];
}

/** A copy: what the message holds goes on, and may be a piece of something larger. */
function keptPicture({ picture: { bytes, mediaType } }: LoadedPicture): KeptPicture | undefined {
  if (bytes.length > MAX_PICTURE_BYTES || !isShownByBrowsers(mediaType)) return undefined;
  return { bytes: Buffer.from(bytes), mediaType };
}

const pictureReason = ({ picture }: LoadedPicture) =>
  picture.bytes.length > MAX_PICTURE_BYTES ? 'too-large' : 'none';

/** The event as JSON; what cannot be written, or is too large also without most of its detections, is left out. */
function textOf(event: unknown): { json: string; isShortened: boolean } {
  if (typeof event !== 'object' || event === null) return { json: '', isShortened: false };
  try {
    if (hasLongList(event)) return { json: '', isShortened: true };
    const json = JSON.stringify(event);
    if (json.length <= MAX_EVENT_LENGTH) return { json, isShortened: false };
    const short = JSON.stringify(shortened(event));
    return { json: short.length <= MAX_EVENT_LENGTH ? short : '', isShortened: true };
  } catch {
    return { json: '', isShortened: true };
  }
}

function shortened(event: object): object {
  const { images } = event as { images?: unknown };
  if (!Array.isArray(images)) return event;
  return { ...event, images: images.slice(0, MAX_IMAGES).map(shortenedImage) };
}

function shortenedImage(image: unknown): unknown {
  if (typeof image !== 'object' || image === null) return image;
  return Object.fromEntries(
    Object.entries(image).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.slice(0, MAX_DETECTIONS) : value,
    ]),
  );
}

const findingOf = ({ path, type, value }: EventWarning): Finding => ({
  path: path.slice(0, MAX_TEXT_LENGTH),
  type: type.slice(0, MAX_TEXT_LENGTH),
  value: shortJson(value),
});

function shortJson(value: unknown): string {
  // Only the beginning is shown: long texts and lists need not be written whole.
  const cut = (_name: string, inner: unknown): unknown =>
    typeof inner === 'string' || Array.isArray(inner) ? inner.slice(0, MAX_VALUE_LENGTH) : inner;
  try {
    return (JSON.stringify(value, cut) ?? '').slice(0, MAX_VALUE_LENGTH);
  } catch {
    return '';
  }
}

const cutError = ({ code, message }: { code: string; message: string }) => ({
  code,
  message: message.slice(0, MAX_TEXT_LENGTH),
});

/** A character takes up to two bytes. */
function bytesOf({ shown, json, picture }: Entry): number {
  const texts = [
    ...shown.warnings.flatMap(({ path, type, value }) => [path, type, value]),
    ...shown.repaired.flatMap(({ path, from, to = '' }) => [path, from, to]),
    shown.error?.message ?? '',
    shown.eventId ?? '',
  ].reduce((sum, { length }) => sum + length, json.length);
  return ENTRY_BYTES + 2 * texts + (picture?.bytes.length ?? 0);
}
