import type { ApiErrorCode } from './errors';
import type { PicturePlace } from '../event/picture-place';
import type { EventWarning, MetadataValue } from '../event/types';

/** How a send failed, as far as the retry policy needs it. `src/api`'s `ApiError` satisfies it. */
export interface SendFailure extends Error {
  code: ApiErrorCode;
  statusCode?: number;
  /** from `Retry-After`, already bounded, ms */
  retryAfterMs?: number;
  /**
   * true when only a change of settings, key, plan or certificate will help: 401, 402, 403, 423, a redirect, no such
   * endpoint
   */
  needsOperator?: boolean;
  /** true when the request certainly never reached the target */
  notSent?: boolean;
  /** how often the request was sent */
  attempts?: number;
}

/** What the target answered to an event that it took. */
export interface TargetReceipt {
  statusCode: number;
  warnings: EventWarning[];
  /** the true number of warnings, when there are more than are listed */
  warningCount?: number;
  deprecations?: unknown[];
  /** how often the request was sent */
  attempts?: number;
  durationMs?: number;
  /** the target's own id of the event, where it gives one */
  storeId?: string;
}

/** What the target answered to a batch. */
export interface TargetBatchReceipt {
  statusCode: number;
  /** the ids that the target says it stored */
  eventIds: string[];
  /** what could be told apart per event; the rest in `warnings` */
  warningsByEvent: Record<string, EventWarning[]>;
  warnings: EventWarning[];
  /** how often the request was sent */
  attempts?: number;
  /** the true number of all warnings, when there are more than are listed */
  warningCount?: number;
}

export interface EventPicture extends PicturePlace {
  bytes: Uint8Array;
  /** by the bytes, such as `image/jpeg` */
  mediaType: string;
  metadata?: Record<string, MetadataValue>;
}

/** An event and its pictures as one request, to be sent any number of times with the same bytes. */
export interface PackedEvent {
  /** about as many as the request's body has */
  bytes: number;
  /** Sends it; the same bytes each time. */
  post(signal?: AbortSignal): Promise<TargetReceipt>;
}

/**
 * Where a sender delivers to. It knows HTTP; outbox and sender do not. Every method rejects with a `SendFailure` only.
 */
export interface Target {
  /** One event, as its exact JSON text. */
  postEvent(body: string, signal?: AbortSignal): Promise<TargetReceipt>;
  /**
   * Bodies are the exact JSON texts of the events, of one use case. Ids that the receipt does not name count as not
   * stored.
   */
  postBatch(bodies: string[], signal?: AbortSignal): Promise<TargetBatchReceipt>;
  /** Uploads a picture before its event. */
  uploadPicture(
    picture: Omit<EventPicture, keyof PicturePlace> & { name: string },
    signal?: AbortSignal,
  ): Promise<{ sourceId: string; url?: string }>;
  /**
   * Missing: pictures are uploaded before their event. Resolves with undefined when these are too large for one
   * request, or have metadata that only an upload can carry: then they are uploaded as well. Packing the same event
   * again must give the same bytes. Rejects when the event cannot be read.
   */
  packEvent?(body: string, pictures: readonly EventPicture[]): Promise<PackedEvent | undefined>;
  /**
   * True: the target gives events ids of its own. Then events go one by one, never in batches, pictures only packed,
   * and an event that is sent again after its answer was lost may be stored twice.
   */
  readonly givesOwnIds?: boolean;
}
