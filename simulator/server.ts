import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { VisionEventsApi } from './api';
import { handleControl, isControlPath } from './control';
import { findRoute, type Route, type Scope } from './endpoints';
import { FaultControl, kindOf, type Fault } from './faults';
import { readBody, sendReply } from './http-body';
import { closeServer, listenOnLoopback } from './loopback';
import { playFault } from './play-fault';
import { ApiRefusal, type Reply } from './reply';
import { RequestLog, type RequestEntry } from './request-log';
import { Store, type StoredEvent, type UseCase } from './store';

export type { Fault, FaultKind, RandomFaults } from './faults';
export type { RequestEntry } from './request-log';
export type { StoredEvent } from './store';

export interface SimulatorOptions {
  /** 0 (default) takes any free port */
  port?: number;
  /** loopback addresses only; default 127.0.0.1 */
  host?: string;
  /** the key with every scope; `<key>-write` and `<key>-read` have only that scope. Default `simulator-key` */
  apiKey?: string;
  useCases?: { id: string; name: string; status?: 'active' | 'inactive' }[];
  /** under which key use cases are listed; older servers say `solutions` */
  listKey?: 'useCases' | 'solutions';
  /** the clock, ms since the epoch */
  now?: () => number;
  /** the oldest go first beyond it; default 10,000 */
  maxEventsKept?: number;
  /** queries do not return older events; default 14 */
  lookbackDays?: number;
  /** larger JSON bodies get 413; default 16 MiB, as no limit is documented */
  maxJsonBytes?: number;
}

export interface Simulator {
  /** such as `http://127.0.0.1:41234`, also the address of its page */
  url: string;
  port: number;
  keys: { full: string; write: string; read: string };
  /** last arrival first */
  events(): StoredEvent[];
  requests: RequestLog;
  faults: FaultControl;
  /** back to the start: no events, no pictures, no faults, no counts, the first use cases */
  reset(): void;
  close(): Promise<void>;
}

export const DEFAULT_API_KEY = 'simulator-key';

export const DEFAULT_USE_CASES: NonNullable<SimulatorOptions['useCases']> = [
  { id: 'quality-line-1', name: 'Quality, line 1' },
  { id: 'dock-count', name: 'Dock count' },
  { id: 'site-safety', name: 'Site safety' },
  { id: 'old-line', name: 'Old line (taken down)', status: 'inactive' },
];

const DEFAULT_MAX_EVENTS = 10_000;
/** "Configurable look-back, default 14 days" */
const DEFAULT_LOOKBACK_DAYS = 14;
const DEFAULT_MAX_JSON_BYTES = 16 * 1024 * 1024;

const WRITE_ONLY: readonly Scope[] = ['vision-events:write'];
const READ_ONLY: readonly Scope[] = ['vision-events:read'];

/**
 * Starts a Vision Events API for development on loopback. Rejects when the port is taken or the host is not loopback.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const now = options.now ?? Date.now;
  const store = new Store(options.maxEventsKept ?? DEFAULT_MAX_EVENTS);
  const requests = new RequestLog();
  const faults = new FaultControl();
  const fullKey = options.apiKey ?? DEFAULT_API_KEY;
  const keys = { full: fullKey, write: `${fullKey}-write`, read: `${fullKey}-read` };
  let baseUrl = '';
  const api = new VisionEventsApi(store, {
    now,
    listKey: options.listKey ?? 'useCases',
    lookbackDays: options.lookbackDays ?? DEFAULT_LOOKBACK_DAYS,
    maxJsonBytes: options.maxJsonBytes ?? DEFAULT_MAX_JSON_BYTES,
    baseUrl: () => baseUrl,
  });

  const unanswered = new Set<ServerResponse>();
  const reset = () => {
    store.clear(firstUseCases(options.useCases ?? DEFAULT_USE_CASES, now()));
    requests.reset();
    faults.clear();
    for (const response of unanswered) response.destroy();
  };
  reset();

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://simulator');
    const handled = isControlPath(url.pathname)
      ? answerWith(response, () => handleControl(request, url, { store, requests, faults, reset }))
      : answerApi(request, response, url);
    // A client that goes away in the middle of its request is no fault of ours.
    handled.catch(() => response.destroy());
  });

  async function answerApi(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const entry = requests.begin(request.method ?? '', request.url ?? '', now(), request.socket);
    unanswered.add(response);
    response.once('close', () => {
      unanswered.delete(response);
      requests.ended();
    });
    const route = findRoute(request.method ?? '', url.pathname);
    const body = await readBody(request, route ? api.maxBodyBytes(route) : DEFAULT_MAX_JSON_BYTES);
    noteBody(entry, request, body);
    const fault =
      route && faults.take({ endpoint: route.endpoint, reused: entry.reused, bodyText: () => String(body) });
    const work = () => workOn(request, url, route, body, fault);
    if (!fault) return answerWith(response, work, (status) => requests.answered(entry, status));
    entry.fault = kindOf(fault);
    return playFault(fault, response, work, (status) => requests.answered(entry, status));
  }

  function noteBody(entry: RequestEntry, request: IncomingMessage, body: Buffer | undefined): void {
    const contentType = request.headers['content-type'];
    if (contentType !== undefined) entry.contentType = contentType;
    if (body) requests.bodyRead(entry, body);
  }

  /** The honest answer to a request, refusals included. */
  async function workOn(
    request: IncomingMessage,
    url: URL,
    route: Route | undefined,
    body: Buffer | undefined,
    fault: Fault | undefined,
  ): Promise<Reply> {
    try {
      if (!route) throw new ApiRefusal(404, 'Not found');
      checkKey(keyOf(request, url), route, keys);
      if (!body) throw new ApiRefusal(413, 'Request body is too large');
      const lost = fault && kindOf(fault) === 'forget' ? new RegExp(fault.eventId!) : undefined;
      return await api.handle({
        route,
        headers: request.headers,
        searchParams: url.searchParams,
        body,
        forgets: (eventId) => lost?.test(eventId) ?? false,
      });
    } catch (error) {
      if (error instanceof ApiRefusal) return error.reply;
      throw error;
    }
  }

  const port = await listenOnLoopback(server, options.port ?? 0, options.host);
  const host = options.host ?? '127.0.0.1';
  baseUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    url: baseUrl,
    port,
    keys,
    events: () => store.newestFirst(),
    requests,
    faults,
    reset,
    close: () => closeServer(server),
  };
}

/** Sends what `work` gives; an `ApiRefusal` becomes its answer, anything else a 500 that says so. */
async function answerWith(
  response: ServerResponse,
  work: () => Promise<Reply>,
  answering: (status: number) => void = () => {},
): Promise<void> {
  let reply: Reply;
  try {
    reply = await work();
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    reply =
      error instanceof ApiRefusal ? error.reply : { status: 500, body: { error: `simulator: ${fault}` } };
  }
  answering(reply.status);
  sendReply(response, reply);
}

/** `Authorization: Bearer`, or `?api_key=` as documented for bundles and the REST API in general. */
function keyOf(request: IncomingMessage, url: URL): string | undefined {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? url.searchParams.get('api_key') ?? undefined;
}

function checkKey(key: string | undefined, route: Route, keys: Simulator['keys']): void {
  if (key === keys.full) return;
  const scopes = key === keys.write ? WRITE_ONLY : key === keys.read ? READ_ONLY : undefined;
  if (!scopes) throw new ApiRefusal(401, 'The API key is missing or not known to the simulator.');
  if (!route.scopes.some((scope) => scopes.includes(scope))) {
    throw new ApiRefusal(403, 'Insufficient permissions for this resource.');
  }
}

function firstUseCases(useCases: NonNullable<SimulatorOptions['useCases']>, now: number): UseCase[] {
  const at = new Date(now).toISOString();
  return useCases.map(({ id, name, status = 'active' }) => ({
    id,
    name,
    status,
    createdAt: at,
    updatedAt: at,
  }));
}
