import type { PicturePlace } from '../event/picture-place';
import { MAX_METADATA_KEYS, MAX_METADATA_TEXT_LENGTH } from '../event/limits';
import type { EventImage, MetadataValue, VisionEvent } from '../event/types';
import { ApiError } from './errors';
import { HttpClient, jsonBody, type ConnectionOptions, type ServiceTraits } from './http-client';
import { isObject, jsonText, type JsonObject } from './json';
import { MAX_UPLOAD_TIMEOUT_MS, UPLOAD_BYTES_PER_SECOND } from './limits';
import { factsOf, parseReply, type ReplyFacts } from './replies';

/** "Local Event Ingestion Service": `EVENT_INGESTION_API_KEY` may be unset; then no key is sent. */
export type EventStoreOptions = Omit<ConnectionOptions, 'apiKey'> & { apiKey?: string };

export interface StorePicture extends PicturePlace {
  bytes: Uint8Array;
}

export interface EventStoreReply extends ReplyFacts {
  /** the id that the store gave the event; it is not our `eventId` */
  storeId: string;
}

/**
 * Body of `POST /v2/events`. Snake case on the outside, camel case within `event_data`, `images` and for
 * `displayImagePosition`.
 */
export interface EventStoreRequest {
  inference_timestamp: string;
  event_schema: string;
  event_data: JsonObject;
  solution?: string;
  workflow_id?: string;
  workflow_version?: string;
  device_id?: string;
  stream_id?: string;
  images?: JsonObject[];
  displayImagePosition?: number;
  custom_metadata?: Record<string, MetadataValue>;
}

const EVENT_STORE: ServiceTraits = {
  addressSetting: 'the address of the Event Store in the workspace',
  keySetting: 'the X-API-Key of the Event Store in the workspace',
  authenticate: (apiKey): Record<string, string> => (apiKey ? { 'x-api-key': apiKey } : {}),
  keyIsOptional: true,
  // The store cannot tell a repeat from a new event. A request that dies on a kept connection would leave that doubt
  // without need.
  keepAlive: false,
};

/**
 * The Event Store of an edge device (`http://<device>:8001`), an own service with an own request shape.
 *
 * It gives out its own ids, so nothing is idempotent: after a `TIMEOUT` or `NETWORK` failure the event may be stored or
 * not, and sending it again may store it twice. Our `eventId` goes along (see `toEventStoreRequest`), so that doubles
 * can be found. Nothing is ever sent a second time here. 529 (device full until it has uploaded to the cloud) arrives
 * as `SERVER_ERROR`.
 */
export class EventStoreClient {
  readonly #http: HttpClient;

  constructor(options: EventStoreOptions) {
    this.#http = new HttpClient({ ...options, apiKey: options.apiKey ?? '' }, EVENT_STORE);
  }

  /** The error of the settings that every request would fail with, or undefined; asks no server. */
  configurationError(): ApiError | undefined {
    return this.#http.configurationError();
  }

  /** @throws ApiError only */
  async createEvent(
    event: VisionEvent,
    pictures: readonly StorePicture[] = [],
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<EventStoreReply> {
    const body = jsonBody(jsonText(toEventStoreRequest(event, pictures)));
    const base = this.#http.timeoutMs;
    const grown = base + (body.length / UPLOAD_BYTES_PER_SECOND) * 1000;
    const reply = await this.#http.request({
      method: 'POST',
      path: ['v2', 'events'],
      body,
      timeoutMs: options.timeoutMs ?? Math.min(grown, Math.max(base, MAX_UPLOAD_TIMEOUT_MS)),
      signal: options.signal,
      repeatable: false,
    });
    const { id } = parseReply(reply, ({ storedEvent }) => storedEvent);
    return { storeId: id, ...factsOf(reply) };
  }

  /**
   * Reads the latest event and forgets it: proves address, way and key, and stores nothing.
   * @throws ApiError only
   */
  async check(): Promise<void> {
    await this.#http.request({
      method: 'GET',
      path: ['v2', 'events', 'latest', 'query'],
      query: { limit: '1' },
      repeatable: true,
    });
  }

  /** Ends requests under way and those that wait with an `ApiError`. Idempotent, returns at once. */
  close(): void {
    this.#http.close();
  }
}

/**
 * An event in the shape of the Event Store. A cloud body does not validate there.
 * - our `eventId` goes into `event_data.externalId` where that is free, else into the metadata as `eventId`
 * - the store has no `comment`: it goes into the metadata, cut at 1,000 characters
 * - pictures are base64 inside their entry of `images`; ids of cloud uploads mean nothing there and are left out
 * - `null` and missing values are left out: the store refuses keys that it does not expect
 */
export function toEventStoreRequest(
  event: VisionEvent,
  pictures: readonly StorePicture[] = [],
): EventStoreRequest {
  const { data, metadata } = identified(event);
  const images = imagesOf(event.images ?? [], pictures);
  return {
    inference_timestamp: event.timestamp,
    solution: event.useCaseId,
    event_schema: event.eventType,
    event_data: data,
    ...present({
      workflow_id: event.workflowId,
      workflow_version: event.workflowVersion,
      device_id: event.deviceId,
      stream_id: event.streamId,
    }),
    ...(images.length > 0 && { images, displayImagePosition: event.displayImagePosition ?? 0 }),
    ...(Object.keys(metadata).length > 0 && { custom_metadata: metadata }),
  };
}

/**
 * "No client id, hence no idempotency: put your own id into externalId (not for operator_feedback) or custom_metadata."
 */
function identified(event: VisionEvent): { data: JsonObject; metadata: Record<string, MetadataValue> } {
  const data = present(event.eventData);
  const metadata = { ...event.customMetadata };
  const add = (key: string, value: string) => {
    if (!(key in metadata) && Object.keys(metadata).length < MAX_METADATA_KEYS) {
      metadata[key] = value.slice(0, MAX_METADATA_TEXT_LENGTH);
    }
  };
  if (event.eventType !== 'operator_feedback' && data['externalId'] === undefined) {
    data['externalId'] = event.eventId;
  } else {
    add('eventId', event.eventId);
  }
  if (event.comment) add('comment', event.comment);
  return { data, metadata };
}

function imagesOf(images: EventImage[], pictures: readonly StorePicture[]): JsonObject[] {
  const entries = images.map(({ sourceId: _output, inputSourceId: _input, ...rest }) => present(rest));
  for (const { role, image = 0, bytes } of pictures) {
    while (entries.length < image) entries.push({});
    const field = role === 'output' ? 'base64Image' : 'inputBase64Image';
    entries[image] = { [field]: base64(bytes), ...entries[image] };
  }
  return entries;
}

/** Plain base64, no data URL. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function present(values: object): JsonObject {
  const entries = isObject(values) ? Object.entries(values) : [];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
}
