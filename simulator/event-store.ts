import { randomUUID } from 'node:crypto';
import Joi from 'joi';
import {
  annotationLists,
  EVENT_TYPES,
  eventDataSchemas,
  JOI_OPTIONS,
  metadataSchema,
  number,
  type JsonObject,
} from './event-schema';
import type { FaultControl } from './faults';
import { Front, type ReceivedRequest } from './front';
import type { Reply } from './reply';
import type { RequestLog } from './request-log';

/**
 * The Local Event Store of an edge device, for development: `POST /v2/events`. It is strict where the cloud is eager:
 * a fault refuses the event. It gives its own ids, so that a repeated post is stored twice.
 */

export interface EventStoreOptions {
  /** 0 (default) takes any free port */
  port?: number;
  /** loopback addresses only; default 127.0.0.1 */
  host?: string;
  /** wanted in `X-API-Key` everywhere but at `/health`; default: no key is asked for */
  apiKey?: string;
  now?: () => number;
  /** the oldest go first beyond it; default 1,000 */
  maxEventsKept?: number;
}

export interface LocalEvent {
  id: string;
  /** ms since the epoch */
  at: number;
  /** the body as received */
  event: JsonObject;
}

export interface EventStore {
  url: string;
  port: number;
  /** last arrival first */
  events(): LocalEvent[];
  requests: RequestLog;
  /** `POST /v2/events` counts as the endpoint `event`, reading as `query` */
  faults: FaultControl;
  /** While full, every event is answered 529: the device waits for its cloud uploads. */
  setFull(full: boolean): void;
  reset(): void;
  close(): Promise<void>;
}

const DEFAULT_MAX_EVENTS = 1000;
/** Pictures come inside as base64. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const DEFAULT_LATEST = 10;

const nullable = (length: number) => Joi.string().max(length).allow('', null);
/** plain base64, no data URL prefix */
const base64 = Joi.string().base64();

const image = Joi.object({
  base64Image: base64,
  inputBase64Image: base64,
  label: Joi.string(),
  ...annotationLists,
});

const bodySchemas = Object.fromEntries(
  EVENT_TYPES.map((type) => [
    type,
    Joi.object({
      inference_timestamp: Joi.string().isoDate().required(),
      event_schema: Joi.string().required(),
      event_data: eventDataSchemas[type]!.required(),
      solution: nullable(256),
      workflow_id: nullable(256),
      workflow_version: nullable(64),
      device_id: nullable(256),
      stream_id: nullable(256),
      image_id: nullable(256),
      images: Joi.array().items(image),
      displayImagePosition: number().integer().allow(null),
      custom_metadata: metadataSchema,
      draft: Joi.boolean(),
    }),
  ]),
);

const schemaNameSchema = Joi.object({
  event_schema: Joi.string()
    .valid(...EVENT_TYPES)
    .required(),
}).unknown(true);

/** Starts a Local Event Store on loopback. Rejects when the port is taken or the host is not loopback. */
export async function startEventStore(options: EventStoreOptions = {}): Promise<EventStore> {
  const now = options.now ?? Date.now;
  const maxEvents = options.maxEventsKept ?? DEFAULT_MAX_EVENTS;
  let events: LocalEvent[] = [];
  let full = false;

  const keep = (event: JsonObject): Reply => {
    const stored = { id: randomUUID(), at: now(), event };
    events = [stored, ...events].slice(0, maxEvents);
    return { status: 201, body: { id: stored.id } };
  };

  const answer = ({ request, url, body }: ReceivedRequest): Reply => {
    const called = `${request.method} ${url.pathname}`;
    if (called === 'GET /health') return { status: 200, body: { status: 'ok' } };
    if (options.apiKey !== undefined && request.headers['x-api-key'] !== options.apiKey) {
      return { status: 401, body: { detail: 'Missing or wrong X-API-Key' } };
    }
    if (called === 'GET /v2/events/latest/query') {
      const limit = Number(url.searchParams.get('limit') ?? DEFAULT_LATEST);
      return {
        status: 200,
        body: { events: events.slice(0, limit).map(({ id, event }) => ({ id, ...event })) },
      };
    }
    if (called !== 'POST /v2/events') return { status: 404, body: { detail: 'Not Found' } };
    if (full) return CAPACITY_BLOCKED;
    if (!body) return { status: 413, body: { detail: 'Request body is too large' } };
    return readEvent(body, keep);
  };

  const front = new Front(
    {
      endpointOf: (method) => (method === 'POST' ? 'event' : 'query'),
      maxBodyBytes: () => MAX_BODY_BYTES,
      answer: (received) => Promise.resolve(answer(received)),
    },
    now,
  );
  const listening = await front.listen(options.port ?? 0, options.host);
  return {
    ...listening,
    events: () => [...events],
    requests: front.requests,
    faults: front.faults,
    setFull: (value) => (full = value),
    reset: () => {
      events = [];
      full = false;
      front.reset();
    },
    close: () => front.close(),
  };
}

const CAPACITY_BLOCKED: Reply = {
  status: 529,
  body: {
    detail: 'Device storage full. Waiting for cloud uploads to complete.',
    error: 'capacity_blocked',
  },
};

/**
 * 400 with a text when it is not a JSON object, 422 with a list of faults in FastAPI's shape when the schema objects.
 */
function readEvent(body: Buffer, keep: (event: JsonObject) => Reply): Reply {
  let event: unknown;
  try {
    event = JSON.parse(body.toString('utf8'));
  } catch {
    return { status: 400, body: { detail: 'Request body is not valid JSON' } };
  }
  const named = schemaNameSchema.required().validate(event, { ...JOI_OPTIONS, abortEarly: false });
  if (named.error) return unprocessable(named.error);
  const schema = bodySchemas[(event as { event_schema: string }).event_schema]!;
  const { error } = schema.validate(event, { ...JOI_OPTIONS, abortEarly: false });
  return error ? unprocessable(error) : keep(event as JsonObject);
}

function unprocessable({ details }: Joi.ValidationError): Reply {
  const detail = details.map(({ path, message, type }) => ({ loc: ['body', ...path], msg: message, type }));
  return { status: 422, body: { detail } };
}
