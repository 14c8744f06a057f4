import { readFile, stat } from 'node:fs/promises';
import type { MetadataValue, SendableEvent } from '../event/types';
import { ApiError, type ApiErrorDetails } from './errors';
import type { Target } from './target';
import {
  HttpClient,
  jsonBody,
  type ConnectionOptions,
  type HttpReply,
  type ServiceTraits,
} from './http-client';
import { isObject, jsonText, type JsonObject } from './json';
import {
  MAX_BATCH_EVENTS,
  MAX_BUNDLE_BYTES,
  MAX_DELETE_IDS,
  MAX_QUERY_REPLY_BYTES,
  MAX_REMEMBERED_UPLOADS,
  MAX_UPLOAD_TIMEOUT_MS,
  UPLOAD_BYTES_PER_SECOND,
  UPLOAD_REUSE_MINUTES,
} from './limits';
import { multipartBody } from './multipart';
import type { EventQuery } from './query';
import { readPages, type ReadPage } from './query-pages';
import {
  factsOf,
  parseBatchReply,
  parseCreateReply,
  parseReply,
  textsOf,
  type BatchReply,
  type CreateReply,
  type ReplyFacts,
} from './replies';
import { UploadCache, uploadKey, type UploadedPicture } from './upload-cache';

/** How `VisionEventsClient` reaches the workspace. */
export interface ClientOptions extends ConnectionOptions {
  /** ms within which the same picture is not uploaded again; 0 uploads every time */
  uploadReuseMs?: number;
}

/** What every request takes. */
export interface RequestOptions {
  /** calls the request off; it then rejects with `TIMEOUT` */
  signal?: AbortSignal;
  /** ms, instead of the client's */
  timeoutMs?: number;
}

/** An event that `validate` found sendable, one written by hand, or the exact JSON text of one. */
export type EventToCreate = SendableEvent | string;

/** How a bundle is uploaded. */
export interface UploadBundleOptions extends RequestOptions {
  /** wins over the use case inside the bundle */
  useCaseId?: string;
}

/** How far a query is read. */
export interface QueryPagesOptions extends RequestOptions {
  /** of events in all; missing: every one */
  limit?: number;
  /** called before a page is asked for again; ms */
  onRetry?: (waitMs: number) => void;
}

/** Which use cases are listed. */
export interface ListUseCasesOptions extends RequestOptions {
  /** `active` unless it says otherwise */
  status?: 'active' | 'inactive';
}

/** How events are deleted. */
export interface DeleteOptions extends RequestOptions {
  /** gets the result so far after each request */
  onProgress?: (soFar: DeleteReply) => void;
}

/** A picture to upload, at most 20 MB. */
export interface PictureUpload {
  bytes: Uint8Array;
  /** by the bytes, such as `image/jpeg` */
  mediaType: string;
  /** shown in the dashboard; a path is cut down to its last part for the file name */
  name?: string;
  metadata?: Record<string, MetadataValue>;
}

/** One page of a query, "Query Vision Events". */
export interface QueryPage extends ReplyFacts {
  /** as the API returns them; only `eventId`, `eventType` and `eventData` are documented */
  events: JsonObject[];
  nextCursor: string | null;
  hasMore: boolean;
  /** days back that the workspace can be asked for */
  lookbackDays?: number;
}

/** A use case as the API names it after a change. */
export interface NamedUseCase {
  id: string;
  name: string;
}

/** A use case of the workspace, with whatever else the API tells of it. */
export interface UseCase extends NamedUseCase {
  status?: string;
  [further: string]: unknown;
}

/** "List Use Cases" */
export interface UseCaseList {
  useCases: UseCase[];
  lookbackDays?: number;
}

/** Types seen for each custom metadata key; several when events disagreed. */
export interface MetadataSchema {
  fields: Record<string, { types: string[] }>;
}

/** "Delete Events" */
export interface DeleteReply {
  deleted: number;
  notFound: string[];
}

/** "Upload a Vision Event Bundle": what the API answers beside its remarks is hardly documented. */
export type BundleReply = JsonObject & ReplyFacts & { warnings: unknown[]; deprecations: unknown[] };

const CLOUD: ServiceTraits = {
  addressSetting: 'the base URL of the workspace',
  keySetting: 'the API key of the workspace',
  // In the header only: a key in the query ends up in the logs of proxies and gateways.
  authenticate: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  keepAlive: true,
};

/** Scopes of a key, as the dashboard spells them. The scope of deleting is not documented. */
const READ = 'vision-events:read';
const WRITE = 'vision-events:write';
const MANAGE = 'vision-events:manage';

/**
 * The Vision Events REST API of one Roboflow workspace. Every method rejects with an `ApiError` only. Nothing is opened
 * or loaded before the first request; errors of the settings reject each request with `NOT_CONFIGURED`. See
 * `HttpClient.request` for what the deadline covers.
 */
export class VisionEventsClient {
  readonly #http: HttpClient;
  readonly #uploads: UploadCache;

  constructor(options: ClientOptions) {
    this.#http = new HttpClient(options, CLOUD);
    this.#uploads = new UploadCache(
      options.uploadReuseMs ?? UPLOAD_REUSE_MINUTES * 60_000,
      MAX_REMEMBERED_UPLOADS,
    );
  }

  /** The error of the settings that every request would fail with, or undefined; asks no server. */
  configurationError(): ApiError | undefined {
    return this.#http.configurationError();
  }

  /**
   * "Create a Vision Event". Sending the same event again overwrites it, so a repeat after a lost answer does no harm.
   * @param event an object, or its exact JSON text
   */
  async createEvent(event: EventToCreate, options: RequestOptions = {}): Promise<CreateReply> {
    const text = jsonText(event);
    const path = ['vision-events'];
    const reply = await this.#http.request({
      method: 'POST',
      path,
      scope: WRITE,
      body: jsonBody(text),
      ...options,
    });
    return parseCreateReply(reply, text);
  }

  /**
   * "Batch Create Vision Events": 1 to 100 events. Compare `eventIds` with what was sent: the rest is not confirmed.
   */
  async createEvents(events: readonly EventToCreate[], options: RequestOptions = {}): Promise<BatchReply> {
    if (events.length < 1 || events.length > MAX_BATCH_EVENTS) {
      throw refused(`A batch takes 1 to ${MAX_BATCH_EVENTS} events, not ${events.length}.`);
    }
    const body = jsonBody(`{"events":[${events.map(jsonText).join(',')}]}`);
    const reply = await this.#http.request({
      method: 'POST',
      path: ['vision-events', 'batch'],
      scope: WRITE,
      body,
      ...options,
    });
    return parseBatchReply(reply, () => events.map(eventIdOf));
  }

  /**
   * "Upload a Vision Event Image". The same bytes with the same metadata are uploaded once within `uploadReuseMs`; two
   * callers at the same time share one upload. The deadline grows with the size: a second for every 32 KiB, up to 300
   * s.
   */
  async uploadPicture(picture: PictureUpload, options: RequestOptions = {}): Promise<UploadedPicture> {
    const metadata = picture.metadata && jsonText(picture.metadata);
    const key = await uploadKey(picture.bytes, metadata);
    const upload = (signal: AbortSignal) => this.#sendPicture(picture, metadata, { ...options, signal });
    const calledOff = () =>
      new ApiError('TIMEOUT', 'The upload of the picture was called off before it ended.');
    return this.#uploads.upload(key, upload, options.signal, calledOff);
  }

  /**
   * "Upload a Vision Event Bundle": one archive of at most 25 MiB, as bytes or as the path of a file.
   * @throws ApiError `REJECTED` for a bundle that is larger, or a file that cannot be read
   */
  async uploadBundle(bundle: Uint8Array | string, options: UploadBundleOptions = {}): Promise<BundleReply> {
    const { useCaseId, signal, timeoutMs } = options;
    const bytes = typeof bundle === 'string' ? await readBundle(bundle) : asBuffer(bundle);
    if (bytes.length > MAX_BUNDLE_BYTES) throw bundleTooLarge(bytes.length);
    const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const reply = await this.#http.request({
      method: 'POST',
      path: ['vision-events', 'bundle'],
      scope: WRITE,
      query: { useCaseId },
      body: {
        contentType: gzip ? 'application/gzip' : 'application/x-tar',
        length: bytes.length,
        open: () => bytes,
      },
      timeoutMs: timeoutMs ?? this.#uploadTimeoutMs(bytes.length),
      signal,
    });
    return { ...parseReply(reply, ({ uploadedBundle }) => uploadedBundle), ...factsOf(reply) };
  }

  /** "Query Vision Events": one page. The filters go as they are; pass `nextCursor` as `cursor` for the next page. */
  async query(filters: EventQuery, options: RequestOptions = {}): Promise<QueryPage> {
    const reply = await this.#http.request({
      method: 'POST',
      path: ['vision-events', 'query'],
      scope: READ,
      body: jsonBody(jsonText(filters)),
      maxReplyBytes: MAX_QUERY_REPLY_BYTES,
      ...options,
    });
    return parseQueryPage(reply);
  }

  /**
   * All pages of a query, each asked for only when the one before was taken; only the last has an `ending`.
   * It always ends; `endingWarning` tells what was wrong when the server's answers led no further.
   * @throws ApiError as `query` does; of a page after the first only when asking again did not help
   */
  async *queryPages(filters: EventQuery, options: QueryPagesOptions = {}): AsyncGenerator<ReadPage, void> {
    const { limit = Infinity, onRetry = () => undefined, ...request } = options;
    const ask = (body: EventQuery) => this.query(body, request);
    yield* readPages({ filters, limit }, { ask, onRetry, signal: request.signal });
  }

  /** The use cases of the workspace. */
  readonly useCases = {
    /** "List Use Cases": active ones unless `status` says otherwise. */
    list: async (options: ListUseCasesOptions = {}): Promise<UseCaseList> => {
      const { status, ...request } = options;
      const path = ['vision-events', 'use-cases'];
      const reply = await this.#http.request({
        method: 'GET',
        path,
        scope: READ,
        query: { status },
        ...request,
      });
      return parseReply(reply, ({ useCaseList }) => useCaseList);
    },

    /** "Create a Use Case": name of 1 to 256 characters, unique in the workspace. */
    create: async (name: string, options: RequestOptions = {}): Promise<NamedUseCase> => {
      const reply = await this.#http.request({
        method: 'POST',
        path: ['vision-events', 'use-cases'],
        scope: MANAGE,
        body: jsonBody(jsonText({ name })),
        // A second attempt would be told that the name is taken.
        repeatable: false,
        ...options,
      });
      const created = parseReply(reply, ({ createdUseCase }) => createdUseCase);
      return { id: created.id, name: created.name ?? name };
    },

    /** "Update a Use Case" */
    rename: async (id: string, name: string, options: RequestOptions = {}): Promise<NamedUseCase> => {
      const path = ['vision-events', 'use-cases', id];
      const body = jsonBody(jsonText({ name }));
      const reply = await this.#http.request({ method: 'PUT', path, scope: MANAGE, body, ...options });
      const renamed = parseReply(reply, ({ renamedUseCase }) => renamedUseCase);
      return { id, name: renamed.name ?? name };
    },

    /** "Archive a Use Case": its events stay, new ones are refused. */
    archive: (id: string, options: RequestOptions = {}): Promise<void> =>
      this.#switchUseCase(id, 'archive', options),

    /** "Unarchive a Use Case" */
    unarchive: (id: string, options: RequestOptions = {}): Promise<void> =>
      this.#switchUseCase(id, 'unarchive', options),
  };

  /** "Get Custom Metadata Schema": of the events of a use case */
  metadataSchema(useCaseId: string, options: RequestOptions = {}): Promise<MetadataSchema> {
    return this.#schema('custom-metadata-schema', useCaseId, options);
  }

  /**
   * "Get Image Metadata Schema": of their pictures. The answer's shape is not documented; read as that of the other
   * schema.
   */
  imageMetadataSchema(useCaseId: string, options: RequestOptions = {}): Promise<MetadataSchema> {
    return this.#schema('image-metadata-schema', useCaseId, options);
  }

  async #schema(kind: string, useCaseId: string, options: RequestOptions): Promise<MetadataSchema> {
    const path = ['vision-events', kind, useCaseId];
    const reply = await this.#http.request({ method: 'GET', path, scope: READ, ...options });
    return parseReply(reply, (shapes) => shapes.metadataSchema);
  }

  /**
   * "Delete Events": for good. More than 1,000 ids go in several requests; when one of them fails, those before it stay
   * deleted and the error says how many.
   */
  async deleteEvents(
    useCaseId: string,
    eventIds: string[],
    options: DeleteOptions = {},
  ): Promise<DeleteReply> {
    const { onProgress, ...request } = options;
    const total: DeleteReply = { deleted: 0, notFound: [] };
    for (let start = 0; start < eventIds.length; start += MAX_DELETE_IDS) {
      const ids = eventIds.slice(start, start + MAX_DELETE_IDS);
      try {
        const part = await this.#deleteSome(useCaseId, ids, request);
        total.deleted += part.deleted;
        total.notFound.push(...part.notFound);
        onProgress?.({ deleted: total.deleted, notFound: [...total.notFound] });
      } catch (error) {
        throw start === 0 ? error : deletedSome(error as ApiError, total.deleted);
      }
    }
    return total;
  }

  /** This client as the place that the sender delivers to. */
  target(): Target {
    return {
      postEvent: (body, signal) => this.createEvent(body, { signal }),
      postBatch: (bodies, signal) => this.createEvents(bodies, { signal }),
      uploadPicture: (picture, signal) => this.uploadPicture(picture, { signal }),
    };
  }

  /**
   * Ends requests under way and those that wait with an `ApiError`, closes all connections. Idempotent, returns at
   * once.
   */
  close(): void {
    this.#http.close();
  }

  async #sendPicture(
    picture: PictureUpload,
    metadata: string | undefined,
    options: RequestOptions,
  ): Promise<UploadedPicture> {
    const { bytes, mediaType, name } = picture;
    const fields = { ...(name && { name }), ...(metadata && { metadata }) };
    const reply = await this.#http.request({
      method: 'POST',
      path: ['vision-events', 'upload'],
      scope: WRITE,
      body: multipartBody({ bytes, mediaType, name: name || defaultPictureName(mediaType) }, fields),
      timeoutMs: options.timeoutMs ?? this.#uploadTimeoutMs(bytes.length),
      signal: options.signal,
    });
    return parseReply(reply, (shapes) => shapes.uploadedPicture);
  }

  async #switchUseCase(id: string, action: 'archive' | 'unarchive', options: RequestOptions): Promise<void> {
    const path = ['vision-events', 'use-cases', id, action];
    const reply = await this.#http.request({ method: 'POST', path, scope: MANAGE, ...options });
    parseReply(reply, ({ anyObject }) => anyObject);
  }

  async #deleteSome(useCaseId: string, eventIds: string[], options: RequestOptions): Promise<DeleteReply> {
    const body = jsonBody(jsonText({ useCaseId, eventIds }));
    const path = ['vision-events', 'delete'];
    const reply = await this.#http.request({ method: 'POST', path, body, ...options });
    const { deleted, ...rest } = parseReply(reply, ({ deletedEvents }) => deletedEvents);
    const notFound = textsOf(rest.notFound);
    return { deleted: deleted ?? eventIds.length - notFound.length, notFound };
  }

  #uploadTimeoutMs(bytes: number): number {
    const base = this.#http.timeoutMs;
    return Math.min(base + (bytes / UPLOAD_BYTES_PER_SECOND) * 1000, Math.max(base, MAX_UPLOAD_TIMEOUT_MS));
  }
}

function refused(message: string): ApiError {
  return new ApiError('REJECTED', message);
}

/** Only to say which event a warning belongs to; an unreadable text has no warnings to attribute. */
function eventIdOf(event: EventToCreate): string {
  let value: unknown = event;
  if (typeof event === 'string') {
    try {
      value = JSON.parse(event);
    } catch {
      return '';
    }
  }
  return isObject(value) && typeof value['eventId'] === 'string' ? value['eventId'] : '';
}

function defaultPictureName(mediaType: string): string {
  const subtype = /^image\/([a-z0-9]+)$/.exec(mediaType)?.[1] ?? 'bin';
  return `image.${subtype === 'jpeg' ? 'jpg' : subtype}`;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bundleTooLarge(size: number): ApiError {
  return refused(`The bundle has ${size} bytes; the API takes at most ${MAX_BUNDLE_BYTES} (25 MiB).`);
}

/** Read as a whole: the limit is small, and a second attempt needs the same bytes. */
async function readBundle(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BUNDLE_BYTES) throw bundleTooLarge(size);
    return await readFile(path);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw refused(
      `The bundle file ${path} cannot be read (${String((error as NodeJS.ErrnoException).code)}).`,
    );
  }
}

function deletedSome(error: ApiError, deleted: number): ApiError {
  const { statusCode, retryAfterMs, needsOperator, serverMessage, attempts } = error;
  const details: ApiErrorDetails = { statusCode, retryAfterMs, needsOperator, serverMessage, attempts };
  return new ApiError(
    error.code,
    `${deleted} events were deleted, then it failed. ${error.message}`,
    details,
  );
}

function parseQueryPage(reply: HttpReply): QueryPage {
  const page = parseReply(reply, ({ queryPage }) => queryPage);
  return { ...factsOf(reply), ...page, hasMore: page.hasMore ?? page.nextCursor !== null };
}
