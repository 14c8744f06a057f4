import type { ApiErrorCode } from '../api/errors';
import type { EventWarning } from '../event/types';

/** The contract's sending codes (README, "Errors"). */
export type SendErrorCode = Exclude<ApiErrorCode, 'NOT_CONFIGURED' | 'BUSY'>;

/** How a send failed, as far as the retry policy needs it. `src/api`'s `ApiError` satisfies it. */
export interface SendFailure extends Error {
  code: ApiErrorCode;
  statusCode?: number;
  /** from `Retry-After`, already bounded, ms */
  retryAfterMs?: number;
  /** true when only a change of settings, key, plan or certificate will help: 401, 402, 403, 423, a redirect, no such endpoint */
  needsOperator?: boolean;
}

export interface TargetReceipt {
  statusCode: number;
  warnings: EventWarning[];
  deprecations?: unknown[];
  /** how often the request was sent */
  attempts?: number;
  durationMs?: number;
}

export interface TargetBatchReceipt {
  statusCode: number;
  /** the ids that the target says it stored */
  eventIds: string[];
  /** what could be told apart per event; the rest in `warnings` */
  warningsByEvent: Record<string, EventWarning[]>;
  warnings: EventWarning[];
}

/** Where a sender delivers to. It knows HTTP; outbox and sender do not. Every method rejects with a `SendFailure` only. */
export interface Target {
  postEvent(body: string, signal?: AbortSignal): Promise<TargetReceipt>;
  /** Bodies are the exact JSON texts of the events, of one use case. */
  postBatch(bodies: string[], signal?: AbortSignal): Promise<TargetBatchReceipt>;
  uploadPicture(
    picture: { bytes: Uint8Array; mediaType: string; name: string },
    signal?: AbortSignal,
  ): Promise<{ sourceId: string; url?: string }>;
}
