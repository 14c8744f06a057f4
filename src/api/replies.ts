import { cutText } from '../event/report';
import type { EventWarning } from '../event/types';
import { ApiError } from './errors';
import type { HttpReply } from './http-client';
import { isObject, listOf, type JsonObject } from './json';
import { MAX_NOTED_DEPTH, MAX_NOTED_LENGTH, MAX_REPLY_WARNINGS } from './limits';
import type * as Shapes from './reply-shapes';
import { printable } from './reply-text';

/** What every reply carries. */
export interface ReplyFacts {
  statusCode: number;
  /** 1, or 2 when the request was sent once more */
  attempts: number;
  /** from the start of the request; the wait for a connection comes before that */
  durationMs: number;
}

/** What the server remarks on an event that it took. */
export interface Remarks {
  warnings: EventWarning[];
  /** the true number of warnings, when there are more than are listed */
  warningCount?: number;
  /** their shape is not documented */
  deprecations: unknown[];
}

/** "Create a Vision Event", 201 */
export interface CreateReply extends ReplyFacts, Remarks {
  eventId: string;
  created: boolean;
}

/** "Batch Create Vision Events", 201 */
export interface BatchReply extends ReplyFacts {
  /** the ids that the server says it stored */
  eventIds: string[];
  /** the server's count of them */
  created: number;
  /** warnings that could be told apart, by event id; their paths start at the event's root */
  warningsByEvent: Record<string, EventWarning[]>;
  /** the rest */
  warnings: EventWarning[];
  /** the true number of all warnings, when there are more than are listed */
  warningCount?: number;
  deprecations: unknown[];
}

export function badResponse(reply: HttpReply, what: string): ApiError {
  return new ApiError(
    'BAD_RESPONSE',
    'Check that the base URL leads to the Vision Events API, and that no login page or proxy answers in its place. ' +
      `The server answered ${reply.statusCode}, but ${what}.`,
    { statusCode: reply.statusCode, attempts: reply.attempts },
  );
}

/** A schema of zod, as far as reading a reply needs it. */
interface Shape<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: { message: string }[] } };
}

/**
 * The reply's JSON in one of the shapes of `reply-shapes.ts`.
 * @throws ApiError `BAD_RESPONSE`, which says what is missing
 */
export function parseReply<T>(reply: HttpReply, shapeOf: (shapes: typeof Shapes) => Shape<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(reply.body);
  } catch {
    throw badResponse(reply, reply.body.trim() ? 'not with JSON' : 'with an empty body');
  }
  const parsed = shapeOf(loadReplyShapes()).safeParse(value);
  if (parsed.success) return parsed.data;
  throw badResponse(reply, parsed.error.issues[0]?.message ?? 'not as its documentation says');
}

let loadedShapes: typeof Shapes | undefined;

/** Zod is loaded by the first reply, or when it is told that one will come: see `loadAxios`. */
export function loadReplyShapes(): typeof Shapes {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (loadedShapes ??= require('./reply-shapes') as typeof Shapes);
}

export function factsOf({ statusCode, attempts, durationMs }: HttpReply): ReplyFacts {
  return { statusCode, attempts, durationMs };
}

/**
 * Reads the reply to one event.
 * An id that is not in the text that was sent answers another event: it proves nothing about this one.
 * @throws ApiError `BAD_RESPONSE`
 */
export function parseCreateReply(reply: HttpReply, sent: string): CreateReply {
  const body = parseReply(reply, ({ createdEvent }) => createdEvent);
  const { eventId, created } = body;
  if (!sent.includes(JSON.stringify(eventId))) throw badResponse(reply, 'with the id of another event');
  return { eventId, created, ...factsOf(reply), ...remarksOf(body) };
}

/** At most 1,000 warnings, and as many deprecations; each is bounded as well. */
export function remarksOf({
  warnings,
  deprecations,
}: Record<'warnings' | 'deprecations', unknown[]>): Remarks {
  return {
    warnings: warnings.slice(0, MAX_REPLY_WARNINGS).map(toWarning),
    ...(warnings.length > MAX_REPLY_WARNINGS && { warningCount: warnings.length }),
    deprecations: notedList(deprecations),
  };
}

function notedList(list: unknown[]): unknown[] {
  return list.slice(0, MAX_REPLY_WARNINGS).map(noted);
}

/**
 * Reads the reply to a batch. Where the API puts warnings of a batch is not documented, so all plausible places are
 * read: a list at the top (its entries naming the event by id, by index or at the start of their path), a list of
 * lists, an object keyed by id or index, and lists inside `results`.
 * @param sentIds ids of the events in the order they were sent; asked for only when there are warnings, which are rare
 * @throws ApiError `BAD_RESPONSE`
 */
export function parseBatchReply(reply: HttpReply, sentIds: () => string[]): BatchReply {
  const body = parseReply(reply, ({ createdEvents }) => createdEvents);
  const eventIds = body.eventIds ?? body.results.map(({ eventId }) => eventId);
  const stored = eventIds.filter((id): id is string => typeof id === 'string' && id !== '');
  const attributed = new WarningsByEvent(sentIds);
  attributed.addAll(body.warnings);
  body.results.forEach(({ eventId, warnings }, index) => {
    for (const warning of warnings) attributed.add(warning, eventId ?? index);
  });
  return {
    eventIds: stored,
    created: body.created ?? stored.length,
    warningsByEvent: attributed.byEvent,
    warnings: attributed.rest,
    ...(attributed.count > MAX_REPLY_WARNINGS && { warningCount: attributed.count }),
    deprecations: notedList(body.deprecations),
    ...factsOf(reply),
  };
}

/** Sorts warnings by the event they speak of; those beyond 1,000 are only counted. */
class WarningsByEvent {
  // An event id may be any text: a plain object would trip over `__proto__`.
  readonly byEvent = Object.create(null) as Record<string, EventWarning[]>;
  readonly rest: EventWarning[] = [];
  count = 0;
  readonly #sentIds: () => string[];
  #ids: string[] | undefined;

  constructor(sentIds: () => string[]) {
    this.#sentIds = sentIds;
  }

  addAll(warnings: unknown): void {
    if (Array.isArray(warnings)) {
      warnings.forEach((entry, index) => {
        if (Array.isArray(entry)) for (const warning of entry) this.add(warning, index);
        else this.add(entry, undefined);
      });
    } else if (isObject(warnings)) {
      for (const [key, value] of Object.entries(warnings)) {
        for (const warning of listOf(value)) this.add(warning, key);
      }
    }
  }

  /** @param owner id or index of the event, as far as the place of the warning says it */
  add(entry: unknown, owner: unknown): void {
    this.count++;
    if (this.count > MAX_REPLY_WARNINGS) return;
    const warning = toWarning(entry);
    const named = isObject(entry) ? (entry['eventId'] ?? entry['index'] ?? entry['eventIndex']) : undefined;
    const inPath = /^(?:events)?(?:\.|\[)?(\d+)\]?\.(.+)$/.exec(warning.path);
    const id = this.#idOf(owner) ?? this.#idOf(named) ?? this.#idOf(inPath?.[1]);
    if (id === undefined) {
      this.rest.push(warning);
      return;
    }
    const path = inPath?.[2] ?? warning.path;
    (this.byEvent[id] ??= []).push({ ...warning, path });
  }

  #idOf(owner: unknown): string | undefined {
    if (typeof owner !== 'string' && typeof owner !== 'number') return undefined;
    const name = String(owner);
    this.#ids ??= this.#sentIds();
    if (this.#ids.includes(name)) return name;
    return /^\d{1,3}$/.test(name) ? this.#ids[Number(name)] : undefined;
  }
}

/** Takes a warning as it comes: unknown rules, extra keys, a plain text. */
function toWarning(entry: unknown): EventWarning {
  if (!isObject(entry)) {
    return { type: 'unknown', path: '', value: noted(entry ?? null), valueType: typeof (entry ?? null) };
  }
  const { type, path, value = null, valueType } = entry;
  return {
    type: typeof type === 'string' ? notedText(type) : 'unknown',
    path: notedText(textOf(path)),
    value: noted(value),
    valueType: typeof valueType === 'string' ? notedText(valueType) : typeof value,
  };
}

/** A path comes as a text or as a list of its steps; what is neither has no text. */
function textOf(path: unknown): string {
  return textsOf(path).join('.');
}

/** The texts and numbers of a list, as texts: whatever else a server lists may not even be written as one. */
export function textsOf(list: unknown): string[] {
  return listOf(list)
    .filter((entry) => typeof entry === 'string' || typeof entry === 'number')
    .map(String);
}

/**
 * A value of a reply, small enough to travel in every message: what is too long becomes the beginning of its JSON text.
 */
function noted(value: unknown): unknown {
  const shown = upToDepth(value, MAX_NOTED_DEPTH);
  if (typeof shown === 'string') return notedText(shown);
  const text = JSON.stringify(shown);
  return text.length > MAX_NOTED_LENGTH ? notedText(text) : shown;
}

function notedText(text: string): string {
  const clean = printable(text);
  return clean.length > MAX_NOTED_LENGTH ? `${cutText(clean, MAX_NOTED_LENGTH)}…` : clean;
}

/** A printable copy of a JSON value; what lies deeper is left out. */
function upToDepth(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return printable(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((entry) => upToDepth(entry, depth - 1));
  const fields = Object.entries(value).map(([name, entry]) => [printable(name), upToDepth(entry, depth - 1)]);
  return Object.fromEntries(fields) as JsonObject;
}
