import { ENDPOINT_NAMES, type Endpoint } from './endpoints';

/**
 * What can go wrong with a request:
 * - `status`: answers `status` with `body` (an object as JSON, a string as it is), `headers`, `retryAfter`
 * - `hang`: never answers
 * - `reset`: cuts the connection with a RST, nothing stored
 * - `lost-answer`: stores the event, then cuts the connection
 * - `drip`: does its work, then sends the answer one byte every `ms` (1000)
 * - `redirect`: 307 to `location`
 * - `html`: an HTML page with `status` (201) where JSON belongs
 * - `oversize`: an answer of `bytes` (50 MB) with `status` (201)
 * - `forget`: a batch leaves out the events whose id matches `eventId`: neither stored nor confirmed
 * - `none`: nothing but the delay `slowMs`
 */
export type FaultKind =
  'status' | 'hang' | 'reset' | 'lost-answer' | 'drip' | 'redirect' | 'html' | 'oversize' | 'forget' | 'none';

export interface Fault {
  /** default: `status` when a status is given, else `none` */
  kind?: FaultKind;
  /** only requests to these; default all of the API */
  endpoint?: Endpoint | Endpoint[];
  /** a regular expression; only requests whose JSON body holds an `eventId` that matches */
  eventId?: string;
  /** only requests that are not the first on their connection */
  onReusedConnection?: boolean;
  /** waits so many ms before anything else is done */
  slowMs?: number;
  /** does the work before the fault: with `status` 500 the event is stored all the same */
  afterStoring?: boolean;
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** the `Retry-After` header: seconds, or a date as text */
  retryAfter?: number | string;
  location?: string;
  bytes?: number;
  ms?: number;
}

export interface RandomFaults {
  /** share of requests that meet a fault, 0 to 1 */
  rate: number;
  /** the same seed gives the same sequence */
  seed: number;
  /** drawn from evenly; default `DEFAULT_RANDOM_FAULTS` */
  faults?: Fault[];
}

/** What an honest bad day looks like: everything here is safe to retry. */
export const DEFAULT_RANDOM_FAULTS: Fault[] = [
  { status: 500 },
  { status: 503 },
  { status: 429, retryAfter: 1 },
  { kind: 'reset' },
  { kind: 'lost-answer' },
];

/** What a fault is chosen by. */
export interface FaultSubject {
  endpoint: Endpoint;
  reused: boolean;
  /** the body as text, looked at only when a fault asks for an event id */
  bodyText: () => string;
}

/** The fault switches. Order of precedence: `next`, `always`, `random`. */
export class FaultControl {
  private queue: Fault[] = [];
  private standing: Fault[] = [];
  private dice: { rate: number; faults: Fault[]; random: () => number } | undefined;

  /** The next `times` requests that fit get this fault, each once, in the order given. */
  next(fault: Fault, times = 1): void {
    for (let i = 0; i < times; i++) this.queue.push(checked(fault));
  }

  /** Every request that fits gets this fault until `clear`. */
  always(fault: Fault): void {
    this.standing.push(checked(fault));
  }

  /** A share of all requests gets one of some faults, reproducibly. */
  random({ rate, seed, faults = DEFAULT_RANDOM_FAULTS }: RandomFaults): void {
    if (!(rate >= 0 && rate <= 1) || !Number.isFinite(seed) || faults.length === 0) {
      throw new TypeError('random faults need a rate from 0 to 1, a numeric seed and at least one fault');
    }
    this.dice = { rate, faults: faults.map(checked), random: mulberry32(seed) };
  }

  clear(): void {
    this.queue = [];
    this.standing = [];
    this.dice = undefined;
  }

  /** Whether any request could still meet a fault. */
  get isSet(): boolean {
    return this.queue.length > 0 || this.standing.length > 0 || this.dice !== undefined;
  }

  /** For `GET /_simulator/faults`. */
  describe() {
    return { next: this.queue, always: this.standing, random: this.dice && { rate: this.dice.rate } };
  }

  /** Takes the fault for this request, or undefined. */
  take(subject: FaultSubject): Fault | undefined {
    const queued = this.queue.findIndex((fault) => fits(fault, subject));
    if (queued >= 0) return this.queue.splice(queued, 1)[0];
    const standing = this.standing.find((fault) => fits(fault, subject));
    if (standing) return standing;
    if (!this.dice || this.dice.random() >= this.dice.rate) return undefined;
    const drawn = this.dice.faults[Math.floor(this.dice.random() * this.dice.faults.length)]!;
    return fits(drawn, subject) ? drawn : undefined;
  }
}

const KINDS: ReadonlySet<string> = new Set<FaultKind>([
  'status',
  'hang',
  'reset',
  'lost-answer',
  'drip',
  'redirect',
  'html',
  'oversize',
  'forget',
  'none',
]);

export function kindOf(fault: Fault): FaultKind {
  return fault.kind ?? (fault.status === undefined ? 'none' : 'status');
}

/** Faults also come in over HTTP, so a wrong one is said at once rather than when it is played. */
function checked(fault: Fault): Fault {
  const kind = kindOf(fault);
  if (!KINDS.has(kind)) throw new TypeError(`unknown kind of fault: ${kind}`);
  if (kind === 'status' && !(fault.status! >= 200 && fault.status! <= 599)) {
    throw new TypeError('a fault of kind "status" needs a status from 200 to 599');
  }
  if (kind === 'forget' && !fault.eventId) throw new TypeError('a fault of kind "forget" needs an eventId');
  const unknown = [fault.endpoint ?? []].flat().find((endpoint) => !ENDPOINT_NAMES.includes(endpoint));
  if (unknown) throw new TypeError(`unknown endpoint ${unknown}; known are ${ENDPOINT_NAMES.join(', ')}`);
  if (fault.eventId !== undefined) new RegExp(fault.eventId);
  return fault;
}

function fits(fault: Fault, subject: FaultSubject): boolean {
  if (fault.endpoint && ![fault.endpoint].flat().includes(subject.endpoint)) return false;
  if (fault.onReusedConnection && !subject.reused) return false;
  if (fault.eventId === undefined) return true;
  const pattern = new RegExp(fault.eventId);
  return [...subject.bodyText().matchAll(/"eventId"\s*:\s*"([^"]*)"/g)].some(([, id]) => pattern.test(id!));
}

/** A small seeded generator (public domain, Tommy Ettinger): numbers from 0 to 1, the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
