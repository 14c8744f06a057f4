/**
 * The body of "Query Vision Events", as far as public material names it: the page itself, and the schema of the tool
 * `vision_events_query` of Roboflow's MCP server, whose filters are merged into this body. All filters have to hold.
 */
import type { JsonObject } from './json';

/** The largest page that may be asked for. Shorter pages may come. */
export const MAX_QUERY_EVENTS = 1000;

/** What a filter on a field of the event may look at. On the wire these are not the names of `eventData`. */
export const EVENT_COLUMNS = [
  'event_type',
  'result',
  'location',
  'item_count',
  'item_type',
  'alert_type',
  'severity',
  'feedback',
  'related_event_id',
] as const;
/** See `EVENT_COLUMNS`. */
export type EventColumn = (typeof EVENT_COLUMNS)[number];

/** What operators said of an event; `none`: nobody has looked at it. */
export const FEEDBACK_STATUSES = ['correct', 'incorrect', 'inconclusive', 'none'] as const;
/** See `FEEDBACK_STATUSES`. */
export type FeedbackStatus = (typeof FEEDBACK_STATUSES)[number];

/**
 * Operators by what they compare. Those of columns, metadata and counts are not public but for `gt`: the usual six are
 * taken.
 */
export const EQUALITY = ['eq', 'neq'] as const;
export const ORDER = ['gt', 'gte', 'lt', 'lte'] as const;
export const COMPARISON = [...EQUALITY, ...ORDER] as const;
export const MEMBERSHIP = [...EQUALITY, 'in', 'not_in'] as const;

/** A comparison that a field has to pass. */
export interface Filter<Operators extends readonly string[], Value> {
  operator: Operators[number];
  value: Value;
}
/** What a filter compares with. */
export type Scalar = string | number | boolean;
/** A comparison that a value of the metadata has to pass. */
export interface MetadataFilter extends Filter<typeof COMPARISON, Scalar> {
  field: string;
  type?: 'string' | 'number' | 'boolean';
}

/** What is asked for. Fields that are not named here go to the API as they are. */
export interface EventQuery extends JsonObject {
  useCaseId: string;
  /** ISO 8601 */
  startTime?: string;
  /** ISO 8601 */
  endTime?: string;
  /** at most 20 */
  eventTypes?: string[];
  deviceId?: Filter<typeof EQUALITY, string>;
  streamId?: Filter<typeof EQUALITY, string>;
  workflowId?: Filter<typeof EQUALITY, string>;
  externalId?: Filter<typeof EQUALITY, string>;
  /** a class that was detected; `confidence` from 0 to 1 */
  detection?: Filter<typeof MEMBERSHIP, string | string[]> & { confidence?: Filter<typeof ORDER, number> };
  /** how many pictures the event has */
  imageCount?: Filter<typeof COMPARISON, number>;
  /** events that were taken with warnings, or those without */
  hasWarnings?: boolean;
  feedbackStatus?: FeedbackStatus[];
  eventFieldFilters?: (Filter<typeof COMPARISON, Scalar> & { column: EventColumn })[];
  customMetadataFilters?: MetadataFilter[];
  imageMetadataFilters?: MetadataFilter[];
  /** 1 to `MAX_QUERY_EVENTS` */
  limit?: number;
  /** `nextCursor` of the page before */
  cursor?: string;
}
