import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, REPLY_TOO_LARGE, type ApiErrorCode } from './errors';
import type { QueryPage } from './client';
import type { JsonObject } from './json';
import { MAX_QUERY_EVENTS, type EventQuery } from './query';

/**
 * Waits before a page is asked for again, as the API's page on errors recommends. Only for pages after the first: a
 * query that does not even begin says so at once, one that has read a thousand pages does not give up for a hiccup.
 */
const RETRY_WAITS_MS = [1000, 2000, 4000, 8000];
const PASSING_FAILURES: ReadonlySet<ApiErrorCode> = new Set([
  'RATE_LIMITED',
  'SERVER_ERROR',
  'TIMEOUT',
  'NETWORK',
]);

/**
 * Events may be of any size: a page that is too large to be read is asked for again, with so many times fewer of them.
 */
const SMALLER_BY = 4;

/** How reading ended: at the end of the events, at the limit, or because the server's answer leads no further. */
export type Ending = 'end' | 'limit' | 'no-cursor' | 'cursor-repeats' | 'empty-page';

/** One page of a query's events. */
export interface ReadPage {
  events: JsonObject[];
  /** how far the server looked back, where it says so */
  lookbackDays?: number;
  /** on the last page only */
  ending?: Ending;
}

/** What is read. */
export interface PagedQuery {
  /** the body of "Query Vision Events"; its `limit` and `cursor` are not looked at */
  filters: EventQuery;
  /** of events, Infinity: all */
  limit: number;
}

export interface Reader {
  ask: (body: EventQuery) => Promise<QueryPage>;
  /** called before a wait; ms */
  onRetry: (waitMs: number) => void;
  signal?: AbortSignal;
}

/**
 * Reads page after page, each asked for only when the one before was taken; only the last has an `ending`.
 * It always ends: a server that repeats a cursor, or sends nothing but promises more, is not asked again.
 *
 * @throws ApiError as the client does; also when `signal` is aborted
 */
export async function* readPages(
  { filters, limit }: PagedQuery,
  reader: Reader,
): AsyncGenerator<ReadPage, void> {
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let left = limit;
  let pageSize = MAX_QUERY_EVENTS;
  for (;;) {
    const body = { ...filters, limit: Math.min(pageSize, left), ...(cursor !== undefined && { cursor }) };
    const page = await ask(body, reader);
    if (page === undefined) {
      pageSize = Math.ceil(body.limit / SMALLER_BY);
      continue;
    }
    const events = page.events.slice(0, left);
    const ending = endingOf(page, left, cursors);
    left -= events.length;
    yield { events, lookbackDays: page.lookbackDays, ending };
    if (ending !== undefined) return;
    cursor = page.nextCursor!;
    cursors.add(cursor);
  }
}

/** @param wanted how many events this page could bring at most */
function endingOf(page: QueryPage, wanted: number, cursors: ReadonlySet<string>): Ending | undefined {
  // A server may bring more than it was asked for.
  if (page.events.length > wanted) return 'limit';
  if (!page.hasMore) return 'end';
  if (page.events.length === wanted) return 'limit';
  if (page.events.length === 0) return 'empty-page';
  if (page.nextCursor === null) return 'no-cursor';
  return cursors.has(page.nextCursor) ? 'cursor-repeats' : undefined;
}

/**
 * Undefined when the page was too large to be read; the next one to ask for is smaller. Of a single event it is an
 * error.
 */
async function ask(body: EventQuery & { limit: number }, reader: Reader): Promise<QueryPage | undefined> {
  try {
    return await (body.cursor === undefined ? reader.ask(body) : askPatiently(body, reader));
  } catch (error) {
    if (error instanceof ApiError && error.networkCode === REPLY_TOO_LARGE && body.limit > 1)
      return undefined;
    throw error;
  }
}

async function askPatiently(body: EventQuery, { ask, onRetry, signal }: Reader): Promise<QueryPage> {
  for (const waitMs of RETRY_WAITS_MS) {
    try {
      return await ask(body);
    } catch (error) {
      if (signal?.aborted || !mayPass(error)) throw error;
      const wait = error.retryAfterMs ?? waitMs * (0.5 + Math.random() / 2);
      onRetry(wait);
      await sleep(wait, undefined, { signal });
    }
  }
  return ask(body);
}

function mayPass(error: unknown): error is ApiError {
  return error instanceof ApiError && PASSING_FAILURES.has(error.code) && !error.needsOperator;
}

const WARNINGS: Record<Ending, string | undefined> = {
  end: undefined,
  limit: undefined,
  'no-cursor': 'The server says that there are more events, but not how to read on: it gave no cursor.',
  'cursor-repeats':
    'The server gave a cursor a second time; reading on would never end, so events may be missing or doubled.',
  'empty-page': 'The server answered with an empty page but says that there are more; events may be missing.',
};

/** What to tell the user about an ending that the server should not have caused; undefined for the others. */
export function endingWarning(ending: Ending): string | undefined {
  return WARNINGS[ending];
}
