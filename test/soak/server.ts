import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { POISON, sha256, USE_CASES } from './copies';
import { filePart, tarMembers } from './request-parts';

/** An event as the server stored it, each time that it did. */
export interface Arrival {
  eventId: string;
  copyNumber: number;
  version: number;
  value: string;
  boxes: number;
  /** of the event's JSON, and of its pictures where they came in the same request */
  bodyHash: string;
  /** SHA-256 of its picture; `unknown` for the id of no upload */
  picture?: string;
  shed: boolean;
  /** ms of the run's clock */
  receivedAt: number;
  storedAt: number;
}

interface SentEvent {
  eventId: string;
  useCaseId: string;
  timestamp: string;
  eventData?: { value?: string };
  images?: {
    sourceId?: string;
    file?: string;
    objectDetections?: unknown[];
  }[];
  customMetadata?: { number?: number; version?: number; pictures_shed?: number };
}

interface Reply {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  body: Buffer;
  receivedAt: number;
}

export const MODES = [
  'status 500',
  'status 502, a page',
  'status 503',
  'status 503 with Retry-After',
  'status 429 with seconds',
  'status 429 with a date',
  'reset before the body',
  'reset after the body',
  'stored, answer lost',
  'reset, stored later',
  'no answer',
  'stored, no answer',
  'slow answer',
  'answer cut off',
  'status 401',
  'status 413',
  'status 200, a page',
  'status 201, empty',
  'status 201, another id',
  'ids left out of a batch',
  'connections refused',
  'status 404, a page',
  'status 302',
  'mixed',
] as const;
export type Mode = (typeof MODES)[number] | 'well';

const DAY_MS = 86_400_000;
const LONGEST_LATE_MS = 20_000;
const LONGEST_SILENCE_MS = 60_000;
const PAGE = '<html><body><h1>It works!</h1></body></html>';

/**
 * A Vision Events API that stores what comes, and misbehaves when told. It shares no code with the simulator, so that
 * an error of the one does not hide in the other.
 */
export class MisbehavingServer {
  mode: Mode = 'well';
  isSeasonArchived = false;
  requests = 0;
  /** those that met a fault, by mode */
  readonly faults: Record<string, number> = {};
  readonly arrivals: Arrival[] = [];
  /** copies that were refused for what they are, not for a mode: by number, how often */
  readonly refused = new Map<number, number>();
  /** copies that came alone and were refused by a mode, by number, how often */
  readonly refusedByMode = new Map<number, number>();
  readonly complaints: string[] = [];
  private readonly uploads = new Map<string, string>();
  private server: Server | undefined;
  private port = 0;
  private late = 0;

  constructor(
    readonly apiKey: string,
    private readonly random: () => number,
    private readonly clock: () => number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** how many events are to be stored later still */
  get pending(): number {
    return this.late;
  }

  async listen(): Promise<void> {
    if (this.server) return;
    this.server = createServer((request, response) => {
      this.serve(request, response).catch((error: Error) => {
        // Whoever asked went away, be it by a kill.
        if (!request.destroyed) this.complaints.push(`the server failed: ${error.stack}`);
        response.destroy();
      });
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Connections are cut and new ones refused. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  async enter(mode: Mode): Promise<void> {
    this.mode = mode;
    if (mode === 'connections refused') await this.close();
    else await this.listen();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    const receivedAt = this.clock();
    const mode = this.modeOfRequest();
    if (mode !== 'well') this.faults[mode] = (this.faults[mode] ?? 0) + 1;
    if (mode === 'reset before the body') return void request.socket.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    await this.play(mode, { request, response, body: Buffer.concat(chunks), receivedAt });
  }

  private modeOfRequest(): Mode {
    if (this.mode !== 'mixed') return this.mode;
    if (this.random() < 0.5) return 'well';
    const mode = MODES[Math.floor(this.random() * MODES.length)] ?? 'well';
    return mode === 'connections refused' || mode === 'mixed' ? 'reset before the body' : mode;
  }

  private async play(mode: Mode, exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    switch (mode) {
      case 'reset after the body':
        return void request.socket.destroy();
      case 'stored, answer lost':
        this.accept(exchange);
        return void request.socket.destroy();
      case 'reset, stored later':
        this.acceptLater(exchange);
        return void request.socket.destroy();
      case 'stored, no answer':
        this.accept(exchange);
        return this.keepSilent(response);
      case 'no answer':
        return this.keepSilent(response);
      case 'slow answer':
        return this.answerSlowly(response, this.accept(exchange), Infinity);
      case 'answer cut off':
        return this.answerSlowly(response, this.accept(exchange), 20);
      default:
        await delay(2 + this.random() * 30);
        return this.answer(response, this.replyOf(mode, exchange));
    }
  }

  private replyOf(mode: Mode, exchange: Exchange): Reply {
    const inSeconds = 1 + Math.floor(this.random() * 10);
    const failed = (status: number, headers?: Record<string, string>) => ({
      status,
      body: JSON.stringify({ error: `status ${status} on purpose` }),
      headers,
    });
    const page = (status: number, headers?: Record<string, string>) => ({ status, body: PAGE, headers });
    switch (mode) {
      case 'status 500':
        return failed(500);
      case 'status 502, a page':
        return page(502);
      case 'status 503':
        return failed(503);
      case 'status 503 with Retry-After':
        return failed(503, { 'retry-after': String(inSeconds) });
      case 'status 429 with seconds':
        return failed(429, { 'retry-after': String(inSeconds) });
      case 'status 429 with a date':
        return failed(429, { 'retry-after': new Date(Date.now() + inSeconds * 1000).toUTCString() });
      case 'status 401':
        return failed(401);
      case 'status 413':
        this.noteRefusedByMode(exchange);
        return failed(413);
      case 'status 200, a page':
        return page(200);
      case 'status 201, empty':
        return { status: 201, body: '' };
      case 'status 201, another id':
        return { status: 201, body: JSON.stringify({ eventId: randomUUID(), created: true }) };
      case 'status 404, a page':
        this.noteRefusedByMode(exchange);
        return page(404);
      case 'status 302':
        return page(302, { location: 'http://127.0.0.1:1/login' });
      case 'ids left out of a batch':
        return this.accept(exchange, (index) => index % 3 === 0);
      default:
        return this.accept(exchange);
    }
  }

  private answer(response: ServerResponse, { status, body, headers }: Reply): void {
    const type = body.startsWith('<') ? 'text/html' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(body);
  }

  private async answerSlowly(response: ServerResponse, reply: Reply, bytes: number): Promise<void> {
    response.writeHead(reply.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(reply.body),
    });
    const step = Math.ceil(reply.body.length / 20);
    for (let at = 0; at < reply.body.length && at < bytes; at += step) {
      response.write(reply.body.slice(at, at + step));
      await delay(50 + this.random() * 100);
    }
    if (bytes === Infinity) response.end();
    else response.destroy();
  }

  private async keepSilent(response: ServerResponse): Promise<void> {
    await Promise.race([once(response, 'close'), delay(LONGEST_SILENCE_MS, undefined, { ref: false })]);
    response.destroy();
  }

  private acceptLater(exchange: Exchange): void {
    this.late++;
    setTimeout(
      () => {
        this.accept(exchange);
        this.late--;
      },
      500 + this.random() * (LONGEST_LATE_MS - 500),
    );
  }

  /**
   * Does what the request asks. @param forgets events of a batch, by their place, that are neither stored nor answered
   */
  private accept(exchange: Exchange, forgets: (index: number) => boolean = () => false): Reply {
    const { request, body } = exchange;
    if (request.headers.authorization !== `Bearer ${this.apiKey}`) return refusal(401, 'wrong key');
    const path = request.url?.split('?')[0];
    if (path === '/vision-events/upload') return this.upload(exchange);
    if (path === '/vision-events/bundle') return this.storeBundle(exchange);
    const sent = JSON.parse(body.toString()) as SentEvent & { events?: SentEvent[] };
    if (path === '/vision-events') return this.storeAll([sent], exchange, [sha256(body)]);
    if (path !== '/vision-events/batch' || !sent.events) return refusal(404, 'no such endpoint');
    const { events } = sent;
    if (events.length > 100) this.complaints.push(`a batch of ${events.length} events`);
    const kept = events.length > 1 ? events.filter((_, index) => !forgets(index)) : events;
    return this.storeAll(
      kept,
      exchange,
      kept.map((event) => sha256(JSON.stringify(event))),
      true,
    );
  }

  private upload({ request, body }: Exchange): Reply {
    const bytes = filePart(body, request.headers['content-type'] ?? '');
    if (!bytes) return refusal(400, 'file is required');
    const sourceId = `ve-img-${randomUUID()}`;
    this.uploads.set(sourceId, sha256(bytes));
    return { status: 201, body: JSON.stringify({ success: true, sourceId }) };
  }

  private storeBundle(exchange: Exchange): Reply {
    const members = tarMembers(exchange.body);
    const payload = members.get('payload.json');
    if (!payload) return refusal(400, 'payload.json is missing');
    const event = JSON.parse(payload.toString()) as SentEvent;
    const file = event.images?.[0]?.file;
    const bytes = file === undefined ? undefined : members.get(file);
    const picture = file === undefined ? undefined : bytes ? sha256(bytes) : 'unknown';
    return this.storeAll([event], exchange, [sha256(`${sha256(payload)} ${picture}`)], false, picture);
  }

  private storeAll(
    events: SentEvent[],
    { receivedAt }: Exchange,
    hashes: string[],
    isBatch = false,
    picture?: string,
  ): Reply {
    const ids = events.map(({ eventId }) => eventId);
    if (new Set(ids).size < ids.length) this.complaints.push(`an id twice in a batch: ${ids.join(' ')}`);
    const bad = events.filter((event) => this.faultOf(event));
    for (const event of bad) {
      const number = event.customMetadata?.number ?? -1;
      this.refused.set(number, (this.refused.get(number) ?? 0) + 1);
    }
    const fault = bad[0] && this.faultOf(bad[0]);
    if (fault) return refusal(fault.status, fault.error);
    events.forEach((event, index) => {
      const arrival = this.arrivalOf(event, picture);
      this.arrivals.push({
        ...arrival,
        bodyHash: hashes[index] ?? '',
        receivedAt,
        storedAt: this.clock(),
      });
    });
    const answer = isBatch ? { created: ids.length, eventIds: ids } : { eventId: ids[0], created: true };
    return { status: 201, body: JSON.stringify(answer) };
  }

  /** What a well-behaved server refuses for good. */
  private faultOf(event: SentEvent): { status: number; error: string } | undefined {
    const time = Date.parse(event.timestamp);
    if (!(time > Date.now() - 365 * DAY_MS && time < Date.now() + DAY_MS)) {
      return { status: 400, error: 'timestamp is out of range' };
    }
    if (event.eventData?.value === POISON) return { status: 400, error: 'eventData is not allowed' };
    if (event.useCaseId === USE_CASES.unknown) return { status: 404, error: 'Solution not found' };
    if (this.isSeasonArchived && event.useCaseId === USE_CASES.seasonal) {
      return { status: 400, error: 'Solution is archived' };
    }
    return undefined;
  }

  private arrivalOf(event: SentEvent, inBundle?: string) {
    const { number = -1, version = -1, pictures_shed } = event.customMetadata ?? {};
    const [image] = event.images ?? [];
    const sourceId = image?.sourceId;
    const uploaded = sourceId === undefined ? undefined : (this.uploads.get(sourceId) ?? 'unknown');
    return {
      eventId: event.eventId,
      copyNumber: number,
      version,
      value: event.eventData?.value ?? '',
      boxes: image?.objectDetections?.length ?? 0,
      picture: inBundle ?? uploaded,
      shed: pictures_shed !== undefined,
    };
  }

  private noteRefusedByMode({ request, body }: Exchange): void {
    if (request.url !== '/vision-events') return;
    const { customMetadata } = JSON.parse(body.toString()) as SentEvent;
    const number = customMetadata?.number ?? -1;
    this.refusedByMode.set(number, (this.refusedByMode.get(number) ?? 0) + 1);
  }
}

function refusal(status: number, error: string): Reply {
  return { status, body: JSON.stringify({ error }) };
}
