import type { EventWarning } from '../event/types';

/** The contract's sending codes (README, "Errors"). */
export type SendErrorCode =
  | 'UNAUTHORIZED'
  | 'PAYMENT_REQUIRED'
  | 'REJECTED'
  | 'RATE_LIMITED'
  | 'SERVER_ERROR'
  | 'TIMEOUT'
  | 'NETWORK'
  | 'BAD_RESPONSE';

/** How a send failed, as far as the retry policy needs it. `src/api`'s `ApiError` satisfies it. */
export interface SendFailure extends Error {
  code: SendErrorCode | 'NOT_CONFIGURED' | 'BUSY';
  statusCode?: number;
  /** from `Retry-After`, already bounded, ms */
  retryAfterMs?: number;
  /** true when a TLS certificate was refused, a redirect answered, or the endpoint itself does not exist */
  needsOperator?: boolean;
}

export interface TargetReceipt {
  statusCode: number;
  warnings: EventWarning[];
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
