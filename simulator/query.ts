import Joi from 'joi';
import { ApiRefusal } from './reply';
import { annotationLists, type JsonObject } from './event-schema';
import type { Store, StoredEvent } from './store';

/**
 * `POST /vision-events/query`. The filters that public material names; an unknown one is refused, so that a spelling
 * mistake is found here. What is not documented is chosen, and listed in README.md.
 */

interface Comparison {
  operator: string;
  value: unknown;
}

interface DetectionFilter {
  operator: 'eq' | 'neq' | 'in' | 'not_in';
  value: string | string[];
  confidence?: Comparison;
}

interface Query {
  useCaseId: string;
  startTime?: string;
  endTime?: string;
  eventType?: string;
  eventTypes?: string[];
  deviceId?: Comparison;
  streamId?: Comparison;
  workflowId?: Comparison;
  externalId?: Comparison;
  detection?: DetectionFilter;
  imageCount?: Comparison;
  hasWarnings?: boolean;
  feedbackStatus?: string[];
  customMetadataFilters?: (Comparison & { field: string; type?: string })[];
  imageMetadataFilters?: (Comparison & { field: string; type?: string })[];
  eventFieldFilters?: (Comparison & { column: string })[];
  limit: number;
  cursor?: string;
}

const anyOperator = Joi.valid('eq', 'neq', 'gt', 'gte', 'lt', 'lte').required();
const scalar = Joi.alternatives(Joi.string().allow(''), Joi.number(), Joi.boolean()).required();
const equality = Joi.object({ operator: Joi.valid('eq', 'neq').required(), value: Joi.string().required() });
const detectionFilter = Joi.object({
  operator: Joi.valid('eq', 'neq', 'in', 'not_in').required(),
  value: Joi.when('operator', {
    is: Joi.valid('in', 'not_in'),
    then: Joi.array().items(Joi.string()).min(1).required(),
    otherwise: Joi.string().required(),
  }),
  confidence: Joi.object({
    operator: Joi.valid('gt', 'gte', 'lt', 'lte').required(),
    value: Joi.number().min(0).max(1).required(),
  }),
});
/** The nine columns, and where an event has them. */
const COLUMNS: Record<string, (event: JsonObject) => unknown> = {
  event_type: (event) => event.eventType,
  result: (event) => dataOf(event).result,
  location: (event) => dataOf(event).location,
  item_count: (event) => dataOf(event).itemCount,
  item_type: (event) => dataOf(event).itemType,
  alert_type: (event) => dataOf(event).alertType,
  severity: (event) => dataOf(event).severity,
  feedback: (event) => dataOf(event).feedback,
  related_event_id: (event) => dataOf(event).relatedEventId,
};
const metadataFilter = Joi.object({
  field: Joi.string().required(),
  operator: anyOperator,
  value: scalar,
  type: Joi.valid('string', 'number', 'boolean'),
});

const querySchema = Joi.object<Query>({
  useCaseId: Joi.string().max(256).required(),
  startTime: Joi.string().isoDate(),
  endTime: Joi.string().isoDate(),
  eventType: Joi.string(),
  eventTypes: Joi.array().items(Joi.string()).max(20),
  deviceId: equality,
  streamId: equality,
  workflowId: equality,
  externalId: equality,
  detection: detectionFilter,
  imageCount: Joi.object({ operator: anyOperator, value: Joi.number().integer().min(0).required() }),
  hasWarnings: Joi.boolean(),
  feedbackStatus: Joi.array().items(Joi.valid('correct', 'incorrect', 'inconclusive', 'none')),
  customMetadataFilters: Joi.array().items(metadataFilter),
  imageMetadataFilters: Joi.array().items(metadataFilter),
  eventFieldFilters: Joi.array().items(
    Joi.object({
      column: Joi.valid(...Object.keys(COLUMNS)).required(),
      operator: anyOperator,
      value: scalar,
    }),
  ),
  limit: Joi.number().integer().min(1).max(1000).default(100),
  cursor: Joi.string(),
});

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** Newest first by timestamp, a page at a time. Refuses with 400 what it does not understand. */
export function queryEvents(store: Store, body: JsonObject, now: number, lookbackDays: number): JsonObject {
  const { error, value: query } = querySchema.validate(body, {
    convert: false,
    errors: { wrap: { label: false } },
  });
  if (error) throw new ApiRefusal(400, error.message);
  if (!store.useCases.has(query.useCaseId)) throw new ApiRefusal(404, 'Solution not found');

  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const oldest = now - lookbackDays * MS_PER_DAY;
  const feedback = query.feedbackStatus && latestFeedback(store);
  const page: StoredEvent[] = [];
  let hasMore = false;
  for (const stored of store.latestFirst()) {
    if (stored.time < oldest) break;
    if (after && !comesAfter(stored, after)) continue;
    if (!matches(stored, query, store) || !hasStatus(stored, query.feedbackStatus, feedback)) continue;
    if (page.length === query.limit) {
      hasMore = true;
      break;
    }
    page.push(stored);
  }
  return {
    events: page.map((stored) => withoutUseCase(stored.event)),
    nextCursor: hasMore ? writeCursor(page.at(-1)!) : null,
    hasMore,
    lookbackDays,
  };
}

function matches(stored: StoredEvent, query: Query, store: Store): boolean {
  const { event, time } = stored;
  const metadata = (event.customMetadata ?? {}) as JsonObject;
  const types = [query.eventType ?? [], query.eventTypes ?? []].flat();
  return (
    stored.useCaseId === query.useCaseId &&
    (types.length === 0 || types.includes(stored.eventType)) &&
    (query.startTime === undefined || time >= Date.parse(query.startTime)) &&
    (query.endTime === undefined || time <= Date.parse(query.endTime)) &&
    holds(event.deviceId, query.deviceId) &&
    holds(event.streamId, query.streamId) &&
    holds(event.workflowId, query.workflowId) &&
    holds(dataOf(event).externalId, query.externalId) &&
    holds(imagesOf(event).length, query.imageCount) &&
    (query.hasWarnings === undefined || query.hasWarnings === stored.warnings.length > 0) &&
    holdsDetection(event, query.detection) &&
    (query.eventFieldFilters ?? []).every((filter) => holds(COLUMNS[filter.column]!(event), filter)) &&
    (query.customMetadataFilters ?? []).every((filter) => holdsTyped(metadata[filter.field], filter)) &&
    (query.imageMetadataFilters ?? []).every((filter) =>
      pictureMetadata(event, store).some((one) => holdsTyped(one[filter.field], filter)),
    )
  );
}

const dataOf = (event: JsonObject) => (event.eventData ?? {}) as JsonObject;
const imagesOf = (event: JsonObject) => (event.images ?? []) as JsonObject[];

/** The answers of the API do not repeat the use case that was asked for. */
function withoutUseCase({ useCaseId: _asked, ...event }: JsonObject): JsonObject {
  return event;
}

/** `eq`, `in`: something of such a class was detected, with such a confidence; `neq`, `not_in`: nothing was. */
function holdsDetection(event: JsonObject, filter: DetectionFilter | undefined): boolean {
  if (!filter) return true;
  const classes = [filter.value].flat();
  const found = imagesOf(event)
    .flatMap((image) => Object.keys(annotationLists).flatMap((list) => (image[list] ?? []) as JsonObject[]))
    .some((one) => classes.includes(one.class as string) && holds(one.confidence, filter.confidence));
  return filter.operator === 'eq' || filter.operator === 'in' ? found : !found;
}

/** What the latest operator's feedback says, by the id of the event it is about. */
function latestFeedback(store: Store): Map<unknown, string> {
  const statuses = new Map<unknown, string>();
  for (const { event, eventType } of store.latestFirst()) {
    const { relatedEventId, feedback } = dataOf(event);
    if (eventType === 'operator_feedback' && !statuses.has(relatedEventId))
      statuses.set(relatedEventId, feedback as string);
  }
  return statuses;
}

function hasStatus(
  { eventId }: StoredEvent,
  wanted: string[] | undefined,
  feedback: Map<unknown, string> | undefined,
): boolean {
  if (!wanted || wanted.length === 0) return true;
  return wanted.includes(feedback?.get(eventId) ?? 'none');
}

function holdsTyped(actual: unknown, filter: Comparison & { type?: string }): boolean {
  if (filter.type !== undefined && actual !== undefined && typeof actual !== filter.type) return false;
  return holds(actual, filter);
}

function holds(actual: unknown, filter: Comparison | undefined): boolean {
  if (!filter) return true;
  const { operator, value: wanted } = filter;
  if (operator === 'neq') return actual !== wanted;
  if (operator === 'eq') return actual === wanted;
  if (typeof actual !== typeof wanted || actual === undefined) return false;
  const [left, right] = [actual as number | string, wanted as number | string];
  if (operator === 'gt') return left > right;
  if (operator === 'gte') return left >= right;
  if (operator === 'lt') return left < right;
  return left <= right;
}

/** The metadata that was uploaded with the pictures an event names. */
export function pictureMetadata(event: JsonObject, store: Store): JsonObject[] {
  const images = (event.images ?? []) as { sourceId?: string; inputSourceId?: string }[];
  return images
    .flatMap((image) => [image.sourceId, image.inputSourceId])
    .map((sourceId) => sourceId && store.getPicture(sourceId)?.metadata)
    .filter((metadata): metadata is JsonObject => typeof metadata === 'object');
}

interface CursorPosition {
  time: number;
  sequence: number;
}

/** A cursor names the last event given, so that events that arrive in between shift nothing. */
function writeCursor({ time, sequence }: StoredEvent): string {
  return Buffer.from(JSON.stringify([time, sequence])).toString('base64url');
}

function readCursor(cursor: string): CursorPosition {
  try {
    const [time, sequence] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof time === 'number' && typeof sequence === 'number') return { time, sequence };
  } catch {
    // not one of ours: refused below like any other
  }
  throw new ApiRefusal(400, 'cursor is not valid');
}

function comesAfter(stored: StoredEvent, position: CursorPosition): boolean {
  return (
    stored.time < position.time || (stored.time === position.time && stored.sequence < position.sequence)
  );
}
