import type { IncomingMessage } from 'node:http';
import { VisionEventsApi } from './api';
import { handleControl, isControlPath } from './control';
import { findRoute, type Endpoint, type Route, type Scope } from './endpoints';
import { kindOf, type FaultControl } from './faults';
import { Front, type ReceivedRequest } from './front';
import { ApiRefusal, type Reply } from './reply';
import type { RequestLog } from './request-log';
import { Store, type StoredEvent, type UseCase } from './store';

export type { Endpoint } from './endpoints';
export type { Fault } from './faults';
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
  /** sees the body of every request that reached the API, also of those that then meet a fault */
  observe?: (endpoint: Endpoint, body: Buffer) => void;
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
  const fullKey = options.apiKey ?? DEFAULT_API_KEY;
  const keys = { full: fullKey, write: `${fullKey}-write`, read: `${fullKey}-read` };
  let url = '';
  const api = new VisionEventsApi(store, {
    now,
    listKey: options.listKey ?? 'useCases',
    lookbackDays: options.lookbackDays ?? DEFAULT_LOOKBACK_DAYS,
    maxJsonBytes: options.maxJsonBytes ?? DEFAULT_MAX_JSON_BYTES,
    baseUrl: () => url,
  });
  const front: Front = new Front(
    {
      control: (request, requestUrl) =>
        isControlPath(requestUrl.pathname)
          ? handleControl(request, requestUrl, { store, requests, faults, reset })
          : undefined,
      endpointOf: (method, pathname) => findRoute(method, pathname)?.endpoint,
      maxBodyBytes: (endpoint) => api.maxBodyBytes(endpoint),
      ...(options.observe ? { observe: options.observe } : {}),
      answer: (received) => answer(api, keys, received),
    },
    now,
  );
  const { requests, faults } = front;
  const reset = () => {
    store.clear(firstUseCases(options.useCases ?? DEFAULT_USE_CASES, now()));
    front.reset();
  };
  reset();
  const listening = await front.listen(options.port ?? 0, options.host);
  url = listening.url;
  return {
    ...listening,
    keys,
    events: () => store.newestFirst(),
    requests,
    faults,
    reset,
    close: () => front.close(),
  };
}

async function answer(
  api: VisionEventsApi,
  keys: Simulator['keys'],
  { request, url, body, fault }: ReceivedRequest,
): Promise<Reply> {
  const route = findRoute(request.method ?? '', url.pathname);
  if (!route) throw new ApiRefusal(404, 'Not found');
  checkKey(keyOf(request, url), route, keys);
  if (!body) throw new ApiRefusal(413, 'Request body is too large');
  const lost = fault && kindOf(fault) === 'forget' ? new RegExp(fault.eventId!) : undefined;
  return api.handle({
    route,
    headers: request.headers,
    searchParams: url.searchParams,
    body,
    forgets: (eventId) => lost?.test(eventId) ?? false,
  });
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
