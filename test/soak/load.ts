import { randomUUID } from 'node:crypto';
import {
  detectionsOf,
  pictureOf,
  ROUTES,
  sha256,
  USE_CASES,
  valueOf,
  type Copy,
  type Flaw,
  type Route,
} from './copies';
import type { LoadMessage } from './flow';

/** A message as it was handed over: one copy, or several in an array. */
export interface MadeMessage {
  messageId: number;
  copies: Copy[];
  madeAt: number;
  /** false: Node-RED never answered that it has it */
  isTaken: boolean;
}

/** How many of 100 messages go which way. */
const SHARES: Record<Route, number> = {
  'message-picture': 20,
  'file-picture': 15,
  'maybe-picture': 15,
  'no-picture': 25,
  direct: 10,
  array: 15,
};
/** the rate goes up and down in waves: messages a second, and ms */
const RATE = { least: 1, most: 10, wave: 100_000 };
const NEW_VERSION_SHARE = 0.15;
const TWO_AT_ONCE_SHARE = 0.3;
const SEASONAL_SHARE = 0.1;
const FLAW_SHARE = 0.04;
const BAD_PICTURE_SHARE = 0.3;
const LARGEST_ARRAY = 20;
/** ids of which a further version may come */
const KNOWN_IDS = 200;
const QUEUED_ROUTES = ['message-picture', 'file-picture', 'maybe-picture', 'no-picture', 'array'] as const;

interface KnownId {
  eventId: string;
  useCase: string;
  versions: number;
}

/** Makes messages, and remembers what has to arrive. */
export class Load {
  readonly copies = new Map<number, Copy>();
  readonly messages = new Map<number, MadeMessage>();
  private readonly known: KnownId[] = [];
  /** which copies have a picture that is none */
  private readonly withBadPicture = new Set<number>();

  constructor(
    private readonly random: () => number,
    private readonly clock: () => number,
    /** SHA-256 of the file that the route `file-picture` sends */
    private readonly filePicture: string,
  ) {}

  /** ms until the next turn */
  pause(): number {
    const wave = (1 - Math.cos((2 * Math.PI * this.clock()) / RATE.wave)) / 2;
    return 1000 / (RATE.least + wave * (RATE.most - RATE.least));
  }

  /** What is handed over in one tick: a message, or two with versions of one id. */
  turn(): LoadMessage[] {
    const isNewVersion = this.random() < NEW_VERSION_SHARE && this.known.length > 0;
    const id = isNewVersion ? this.pick(this.known) : this.newId();
    if (!isNewVersion && this.random() < FLAW_SHARE) return [this.flawed(id)];
    const route = this.route();
    if (route === 'direct') {
      // An answer of its own may be lost for good: no version may follow it.
      this.forget(id);
      return [this.message(route, [this.copy(id, route)])];
    }
    const messages = [this.queued(id, route)];
    if (this.random() < (isNewVersion ? TWO_AT_ONCE_SHARE : NEW_VERSION_SHARE)) {
      messages.push(this.queued(id, this.pick(QUEUED_ROUTES)));
    }
    this.remember(id);
    return messages;
  }

  private queued(id: KnownId, route: Route): LoadMessage {
    return route === 'array' ? this.array(id) : this.message(route, [this.copy(id, route)]);
  }

  private array(first: KnownId): LoadMessage {
    const size = 1 + Math.floor(this.random() * LARGEST_ARRAY);
    const copies = [this.copy(first, 'array')];
    while (copies.length < size) {
      const flaw = copies.length > 1 && this.random() < 0.03 ? 'no event type' : undefined;
      copies.push(this.copy(this.newId(), 'array', flaw));
    }
    return this.message('array', copies);
  }

  private flawed(id: KnownId): LoadMessage {
    const flaw = this.pick<Flaw>(['poison', 'unknown use case', 'unreadable detections', 'no picture']);
    const route = flaw === 'no picture' ? 'message-picture' : 'no-picture';
    if (flaw === 'unknown use case') id.useCase = USE_CASES.unknown;
    return this.message(route, [this.copy(id, route, flaw)]);
  }

  private copy(id: KnownId, route: Route, flaw?: Flaw): Copy {
    id.versions++;
    const number = this.copies.size + 1;
    const copy: Copy = {
      number,
      eventId: id.eventId,
      version: id.versions,
      route,
      boxes: route === 'array' ? 0 : 1 + Math.floor(this.random() * 5),
      useCase: id.useCase,
      flaw,
      madeAt: this.clock(),
    };
    copy.picture = this.expectedPicture(copy);
    this.copies.set(number, copy);
    return copy;
  }

  private expectedPicture({ number, route, flaw }: Copy): string | undefined {
    if (route === 'file-picture') return this.filePicture;
    if (route === 'maybe-picture' && this.random() < BAD_PICTURE_SHARE) {
      this.withBadPicture.add(number);
      return undefined;
    }
    const isPictured = route === 'maybe-picture' || (route === 'message-picture' && flaw !== 'no picture');
    return isPictured ? sha256(pictureOf(number)) : undefined;
  }

  private message(route: Route, copies: Copy[]): LoadMessage {
    const [first] = copies;
    if (!first) throw new Error('a message without a copy');
    const messageId = this.messages.size + 1;
    this.messages.set(messageId, { messageId, copies, madeAt: this.clock(), isTaken: false });
    const { eventId, version, number, useCase } = first;
    const isImage = first.picture !== undefined && route !== 'file-picture';
    return {
      messageId,
      route,
      eventId,
      version,
      number,
      useCase,
      value: valueOf(first),
      detections: detectionsOf(first),
      image: this.withBadPicture.has(number)
        ? Buffer.from('no picture at all').toString('base64')
        : isImage
          ? pictureOf(number).toString('base64')
          : undefined,
      events: route === 'array' ? copies.map(givenEvent) : undefined,
    };
  }

  private route(): Route {
    let at = this.random() * 100;
    return ROUTES.find((route) => (at -= SHARES[route]) < 0) ?? 'no-picture';
  }

  private newId(): KnownId {
    const useCase = this.random() < SEASONAL_SHARE ? USE_CASES.seasonal : USE_CASES.usual;
    return { eventId: randomUUID(), useCase, versions: 0 };
  }

  private remember(id: KnownId): void {
    if (this.known.includes(id)) return;
    this.known.push(id);
    if (this.known.length > KNOWN_IDS) this.known.shift();
  }

  private forget(id: KnownId): void {
    const place = this.known.indexOf(id);
    if (place >= 0) this.known.splice(place, 1);
  }

  private pick<Value>(from: readonly Value[]): Value {
    const chosen = from[Math.floor(this.random() * from.length)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  }
}

function givenEvent(copy: Copy): object {
  const { eventId, useCase, number, version, flaw } = copy;
  return {
    eventId,
    ...(flaw === 'no event type' ? {} : { eventType: 'custom' }),
    useCaseId: useCase,
    timestamp: new Date().toISOString(),
    eventData: { value: valueOf(copy) },
    customMetadata: { number, version },
  };
}
