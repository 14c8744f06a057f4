import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { MAX_BUNDLE_BYTES, readBundle } from './bundle';
import type { Endpoint, Route } from './endpoints';
import { asStored, findStrictError, findWarnings, type JsonObject } from './event-schema';
import { pictureMetadata, queryEvents } from './query';
import { pictureTypeOf } from './picture-type';
import { ApiRefusal, type Reply } from './reply';
import type { Store, StoredEvent, UseCase } from './store';
import { MAX_PICTURE_BYTES, readUpload } from './upload';

/** "Batch Create Vision Events" */
const MAX_EVENTS_PER_BATCH = 100;
/** "Delete Events" */
const MAX_IDS_PER_DELETE = 1000;
/** Room for the multipart frame and the other parts beside the file. */
const UPLOAD_OVERHEAD_BYTES = 1024 * 1024;

export interface ApiSettings {
  now: () => number;
  listKey: 'useCases' | 'solutions';
  lookbackDays: number;
  maxJsonBytes: number;
  /** where the simulator listens, for the `url` of an uploaded picture */
  baseUrl: () => string;
}

export interface ApiRequest {
  route: Route;
  headers: IncomingHttpHeaders;
  searchParams: URLSearchParams;
  body: Buffer;
  /** ids that a batch is to lose silently: the fault `forget` */
  forgets: (eventId: string) => boolean;
}

/** The documented endpoints, over a store. Knows nothing of sockets, keys and faults. */
export class VisionEventsApi {
  constructor(
    private readonly store: Store,
    private readonly settings: ApiSettings,
  ) {}

  /** How large a body this endpoint takes; beyond it the answer is 413. JSON limits are not documented. */
  maxBodyBytes(endpoint: Endpoint | undefined): number {
    if (endpoint === 'upload') return MAX_PICTURE_BYTES + UPLOAD_OVERHEAD_BYTES;
    if (endpoint === 'bundle') return MAX_BUNDLE_BYTES;
    return this.settings.maxJsonBytes;
  }

  /** Does what the request asks. Throws or rejects with an `ApiRefusal` for everything that the API would refuse. */
  handle(request: ApiRequest): Reply | Promise<Reply> {
    const { route } = request;
    switch (route.endpoint) {
      case 'event':
        return this.createEvent(request);
      case 'batch':
        return this.createBatch(request);
      case 'upload':
        return this.upload(request);
      case 'bundle':
        return this.createFromBundle(request);
      case 'query':
        return {
          status: 200,
          body: queryEvents(this.store, parseJson(request), this.settings.now(), this.settings.lookbackDays),
        };
      case 'delete':
        return this.deleteEvents(parseJson(request));
      case 'use-case-list':
        return this.listUseCases(request.searchParams.get('status') ?? 'active');
      case 'use-case-create':
        return this.createUseCase(parseJson(request));
      case 'use-case-update':
        return this.updateUseCase(this.useCase(route.useCaseId), parseJson(request));
      case 'use-case-archive':
        return this.setStatus(this.useCase(route.useCaseId), 'inactive');
      case 'use-case-unarchive':
        return this.unarchive(this.useCase(route.useCaseId));
      case 'custom-metadata-schema':
        return this.metadataSchema(route.useCaseId, (stored) => [
          (stored.event.customMetadata ?? {}) as JsonObject,
        ]);
      case 'image-metadata-schema':
        return this.metadataSchema(route.useCaseId, (stored) => pictureMetadata(stored.event, this.store));
    }
  }

  private createEvent(request: ApiRequest): Reply {
    const event = parseJson(request);
    this.check(event);
    return created(this.storeEvent(event, request.body.toString('utf8'), 'event'));
  }

  /** All or nothing: a strict fault in one event refuses the whole batch. */
  private createBatch(request: ApiRequest): Reply {
    const { events } = parseJson(request);
    if (events === undefined) throw new ApiRefusal(400, 'events is required');
    if (!Array.isArray(events)) throw new ApiRefusal(400, 'events must be an array');
    if (events.length === 0) throw new ApiRefusal(400, 'events must contain at least 1 items');
    if (events.length > MAX_EVENTS_PER_BATCH) {
      throw new ApiRefusal(400, `events must contain less than or equal to ${MAX_EVENTS_PER_BATCH} items`);
    }
    events.forEach((event: unknown, index) => this.check(event, `events[${index}]`));

    const eventIds = new Set<string>();
    const warnings = (events as JsonObject[]).flatMap((event, index) => {
      if (request.forgets(event.eventId as string)) return [];
      const stored = this.storeEvent(event, JSON.stringify(event), 'batch');
      eventIds.add(stored.eventId);
      return stored.warnings.map((warning) => ({ ...warning, path: `events.${index}.${warning.path}` }));
    });
    return {
      status: 201,
      // Where a batch's warnings sit is not documented; Joi would name them from the root of the body.
      body: {
        created: eventIds.size,
        eventIds: [...eventIds],
        ...(warnings.length > 0 && { warnings }),
      },
    };
  }

  private async upload(request: ApiRequest): Promise<Reply> {
    const picture = await readUpload(request.headers, request.body);
    const { sourceId } = this.store.putPicture({ ...picture, at: this.settings.now() });
    const url = `${this.settings.baseUrl()}/_simulator/images/${sourceId}`;
    return { status: 201, body: { success: true, sourceId, url } };
  }

  private async createFromBundle(request: ApiRequest): Promise<Reply> {
    const { payload, images } = await readBundle(request.body);
    const { bundleFormatVersion: _version, ...event } = payload;
    const useCaseId = request.searchParams.get('useCaseId');
    if (useCaseId) event.useCaseId = useCaseId;
    this.check(event);
    if (Array.isArray(event.images)) {
      event.images = event.images.map((image: unknown) => this.uploadBundled(image, images));
    }
    return created(this.storeEvent(event, JSON.stringify(payload), 'bundle'));
  }

  /** Puts the `sourceId` of its uploaded picture in place of every `file` and `inputFile`. */
  private uploadBundled(image: unknown, members: Map<string, Buffer>): unknown {
    if (typeof image !== 'object' || image === null) return image;
    const { file, inputFile, ...rest } = image as JsonObject;
    const upload = (path: unknown) => {
      const bytes = typeof path === 'string' ? members.get(path) : undefined;
      if (!bytes) throw new ApiRefusal(400, `Bundle has no member ${String(path)}`);
      const type = pictureTypeOf(bytes);
      if (!type) throw new ApiRefusal(400, `${String(path)} is not a picture of a known format`);
      return this.store.putPicture({ bytes, type, metadata: {}, at: this.settings.now() }).sourceId;
    };
    return {
      ...rest,
      ...(file !== undefined && { sourceId: upload(file) }),
      ...(inputFile !== undefined && { inputSourceId: upload(inputFile) }),
    };
  }

  /** The strict part: throws the refusal. `where` names the event inside a batch. */
  private check(event: unknown, where?: string): asserts event is JsonObject {
    const error = findStrictError(event, this.settings.now());
    if (error) throw new ApiRefusal(400, where ? `${where}.${error}` : error);
    const useCase = this.useCase((event as { useCaseId: string }).useCaseId);
    // That an archived use case refuses events is documented, how is not.
    if (useCase.status === 'inactive') throw new ApiRefusal(400, 'Solution is archived');
  }

  private storeEvent(event: JsonObject, received: string, via: StoredEvent['via']): StoredEvent {
    const warnings = findWarnings(event);
    const kept = asStored(event, warnings);
    return this.store.putEvent({
      eventId: event.eventId as string,
      eventType: event.eventType as string,
      useCaseId: event.useCaseId as string,
      ...(typeof kept.deviceId === 'string' && { deviceId: kept.deviceId }),
      timestamp: event.timestamp as string,
      time: Date.parse(event.timestamp as string),
      at: this.settings.now(),
      via,
      event: kept,
      received,
      warnings,
    });
  }

  private deleteEvents({ useCaseId, eventIds }: JsonObject): Reply {
    if (typeof useCaseId !== 'string') throw new ApiRefusal(400, 'useCaseId is required');
    this.useCase(useCaseId);
    if (!Array.isArray(eventIds) || eventIds.length === 0) {
      throw new ApiRefusal(400, 'eventIds must be an array of at least 1 id');
    }
    if (eventIds.length > MAX_IDS_PER_DELETE) {
      throw new ApiRefusal(400, `eventIds must contain less than or equal to ${MAX_IDS_PER_DELETE} items`);
    }
    const isHere = (id: unknown) => this.store.getEvent(String(id))?.useCaseId === useCaseId;
    const unique = [...new Set<unknown>(eventIds)];
    const notFound = unique.filter((id) => !isHere(id));
    const found = unique.filter(isHere);
    for (const id of found) this.store.removeEvent(String(id));
    return { status: 200, body: { deleted: found.length, notFound } };
  }

  private useCase(id: string): UseCase {
    const useCase = this.store.useCases.get(id);
    if (!useCase) throw new ApiRefusal(404, 'Solution not found');
    return useCase;
  }

  private listUseCases(status: string): Reply {
    if (status !== 'active' && status !== 'inactive') {
      throw new ApiRefusal(400, 'status must be one of [active, inactive]');
    }
    const counts = new Map<string, number>();
    for (const { useCaseId } of this.store.latestFirst()) {
      counts.set(useCaseId, (counts.get(useCaseId) ?? 0) + 1);
    }
    const listed = [...this.store.useCases.values()]
      .filter((useCase) => useCase.status === status)
      .map((useCase) => ({
        ...useCase,
        workspaceId: 'simulator',
        eventCount: counts.get(useCase.id) ?? 0,
      }));
    return {
      status: 200,
      body: { [this.settings.listKey]: listed, lookbackDays: this.settings.lookbackDays },
    };
  }

  private createUseCase(body: JsonObject): Reply {
    if (body.name === undefined) throw new ApiRefusal(400, 'name is required');
    const name = this.freeName(body.name);
    const at = new Date(this.settings.now()).toISOString();
    const id = randomBytes(4).toString('hex');
    this.store.useCases.set(id, { id, name, status: 'active', createdAt: at, updatedAt: at });
    return { status: 201, body: { id, name } };
  }

  private updateUseCase(useCase: UseCase, { name, status }: JsonObject): Reply {
    if (name === undefined && status === undefined) {
      throw new ApiRefusal(400, 'At least one of name and status is required');
    }
    if (status !== undefined && status !== 'active' && status !== 'inactive') {
      throw new ApiRefusal(400, 'status must be one of [active, inactive]');
    }
    if (name !== undefined) useCase.name = this.freeName(name, useCase);
    if (status !== undefined) useCase.status = status;
    this.touch(useCase);
    return { status: 200, body: { id: useCase.id, name: useCase.name } };
  }

  /** 1 to 256 characters after trimming, unique in the workspace; returns it trimmed. */
  private freeName(name: unknown, owner?: UseCase): string {
    if (typeof name !== 'string') throw new ApiRefusal(400, 'name must be a string');
    const trimmed = name.trim();
    if (trimmed.length < 1 || trimmed.length > 256) {
      throw new ApiRefusal(400, 'name must be 1 to 256 characters long');
    }
    const taken = [...this.store.useCases.values()].some((one) => one !== owner && one.name === trimmed);
    if (taken) throw new ApiRefusal(400, 'A solution with this name already exists');
    return trimmed;
  }

  private setStatus(useCase: UseCase, status: UseCase['status']): Reply {
    useCase.status = status;
    this.touch(useCase);
    return { status: 200, body: { success: true } };
  }

  private unarchive(useCase: UseCase): Reply {
    if (useCase.status !== 'inactive') throw new ApiRefusal(400, 'Solution is not archived');
    return this.setStatus(useCase, 'active');
  }

  private touch(useCase: UseCase): void {
    useCase.updatedAt = new Date(this.settings.now()).toISOString();
    this.store.revision++;
  }

  /** Each key with the types it was seen with, several when events disagree. */
  private metadataSchema(useCaseId: string, metadataOf: (stored: StoredEvent) => JsonObject[]): Reply {
    this.useCase(useCaseId);
    const types = new Map<string, Set<string>>();
    for (const stored of this.store.latestFirst()) {
      if (stored.useCaseId !== useCaseId) continue;
      for (const [key, value] of metadataOf(stored).flatMap(Object.entries)) {
        types.set(key, (types.get(key) ?? new Set()).add(typeof value));
      }
    }
    const fields = Object.fromEntries([...types].map(([key, seen]) => [key, { types: [...seen].sort() }]));
    return { status: 200, body: { useCaseId, fields } };
  }
}

/** `created` stays true when the event overwrote another: what the API says then is not documented. */
function created({ eventId, warnings }: StoredEvent): Reply {
  return { status: 201, body: { eventId, created: true, ...(warnings.length > 0 && { warnings }) } };
}

function parseJson({ headers, body }: ApiRequest): JsonObject {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    throw new ApiRefusal(400, 'Content-Type must be application/json');
  }
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ApiRefusal(400, 'Request body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiRefusal(400, 'Request body must be a JSON object');
  }
  return value as JsonObject;
}
