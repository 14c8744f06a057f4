import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Fault, FaultControl, RandomFaults } from './faults';
import { readBody } from './http-body';
import { isLoopbackHostHeader } from './loopback';
import { ApiRefusal, type Reply } from './reply';
import type { RequestLog } from './request-log';
import type { Store } from './store';

/** What steers the simulator from outside: its page, and `/_simulator/…` for tests in other processes. */
export interface Controlled {
  store: Store;
  requests: RequestLog;
  faults: FaultControl;
  reset: () => void;
}

const PAGE_FILES: Record<string, { file: string; type: string }> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/_simulator/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
  '/_simulator/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  ...Object.fromEntries(
    ['page.js', 'card.js', 'drawing.js', 'dom.js'].map((file) => [
      `/_simulator/${file}`,
      { file, type: 'text/javascript; charset=utf-8' },
    ]),
  ),
};

/** Strings from events are shown on the page; should one ever be taken for markup, nothing of it may run or load. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

const MAX_CONTROL_BODY = 1024 * 1024;
const DEFAULT_LISTED = 100;

export function isControlPath(pathname: string): boolean {
  return pathname in PAGE_FILES || pathname.startsWith('/_simulator/');
}

/** Answers the page and the switches. Needs no key, as the server is reached from this machine only. */
export async function handleControl(
  request: IncomingMessage,
  url: URL,
  { store, requests, faults, reset }: Controlled,
): Promise<Reply> {
  if (!isLoopbackHostHeader(request.headers.host)) throw new ApiRefusal(403, 'not reached as loopback');
  const limit = Number(url.searchParams.get('limit') ?? DEFAULT_LISTED);
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /_simulator/events':
      return { status: 200, body: listEvents(store, faults, url.searchParams.get('since'), limit) };
    case 'GET /_simulator/requests':
      return { status: 200, body: { ...requests.summary(), entries: requests.entries.slice(-limit) } };
    case 'GET /_simulator/use-cases':
      return { status: 200, body: [...store.useCases.values()] };
    case 'GET /_simulator/faults':
      return { status: 200, body: faults.describe() };
    case 'POST /_simulator/faults':
      setFaults(faults, await readBody(request, MAX_CONTROL_BODY));
      return { status: 200, body: faults.describe() };
    case 'POST /_simulator/reset':
      reset();
      return { status: 200, body: { reset: true } };
  }
  if (request.method !== 'GET') throw new ApiRefusal(404, 'no such switch');
  return picture(store, url.pathname) ?? pageFile(url.pathname);
}

/** `since` is a revision the caller has seen: without a change after it, no events are listed again. */
function listEvents(store: Store, faults: FaultControl, since: string | null, limit: number) {
  const unchanged = since !== null && Number(since) === store.revision;
  return {
    revision: store.revision,
    total: store.eventCount,
    pictures: store.pictureCount,
    warned: store.warnedCount,
    faultsSet: faults.isSet,
    events: unchanged ? null : store.newestFirst().slice(0, limit),
  };
}

/** `{next?, times?, always?, random?, clear?}`; `next` and `always` take one fault or a list. */
function setFaults(faults: FaultControl, body: Buffer | undefined): void {
  try {
    const order = JSON.parse(body?.toString('utf8') ?? '') as {
      next?: Fault | Fault[];
      times?: number;
      always?: Fault | Fault[];
      random?: RandomFaults;
      clear?: boolean;
    };
    if (order.clear) faults.clear();
    for (const fault of [order.next ?? []].flat()) faults.next(fault, order.times);
    for (const fault of [order.always ?? []].flat()) faults.always(fault);
    if (order.random) faults.random(order.random);
  } catch (error) {
    throw new ApiRefusal(400, (error as Error).message);
  }
}

/** A picture's bytes, `/_simulator/images/<sourceId>`, or what came with them, `/_simulator/pictures/<sourceId>`. */
function picture(store: Store, pathname: string): Reply | undefined {
  const [, what, sourceId] = /^\/_simulator\/(images|pictures)\/([\w-]+)$/.exec(pathname) ?? [];
  if (sourceId === undefined) return undefined;
  const found = store.getPicture(sourceId);
  if (!found) throw new ApiRefusal(404, 'no such picture');
  const { bytes, type, name, metadata } = found;
  if (what === 'images')
    return { status: 200, body: bytes, headers: { ...PAGE_HEADERS, 'Content-Type': type.mediaType } };
  return { status: 200, body: { sourceId, name, mediaType: type.mediaType, bytes: bytes.length, metadata } };
}

async function pageFile(pathname: string): Promise<Reply> {
  const page = PAGE_FILES[pathname];
  if (!page) throw new ApiRefusal(404, 'no such page');
  const body = await readFile(join(__dirname, 'page', page.file), 'utf8');
  return { status: 200, body, headers: { ...PAGE_HEADERS, 'Content-Type': page.type } };
}
