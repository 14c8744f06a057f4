/** Why a request failed; the vocabulary of the nodes' error codes. */
export type ApiErrorCode =
  | 'NOT_CONFIGURED'
  | 'BUSY'
  | 'UNAUTHORIZED'
  | 'PAYMENT_REQUIRED'
  | 'REJECTED'
  | 'RATE_LIMITED'
  | 'SERVER_ERROR'
  | 'TIMEOUT'
  | 'NETWORK'
  | 'BAD_RESPONSE';

/** What is known of a failed request, beside its code and message. */
export interface ApiErrorDetails {
  /** HTTP status, when the server answered */
  statusCode?: number;
  /** what `Retry-After` asked for, ms, bounded */
  retryAfterMs?: number;
  /** nothing but a change of settings, key, plan or certificate will help; trying again will not */
  needsOperator?: boolean;
  /** the request certainly never reached the server */
  notSent?: boolean;
  /** the server's own words, bounded, the API key struck out */
  serverMessage?: string;
  /** how often the request was sent */
  attempts?: number;
  /**
   * the code of Node.js or OpenSSL when no answer came, such as `ENOTFOUND`; `PROXY_REFUSED` when a proxy opened no
   * tunnel, `REPLY_TOO_LARGE` when the answer was not read to its end
   */
  networkCode?: string;
}

export const REPLY_TOO_LARGE = 'REPLY_TOO_LARGE';

/**
 * The only error that leaves `src/api`. It is built from scratch and has no `cause`: the HTTP library's own errors hold
 * the request with its `Authorization` header. The message tells a technician what happened and which setting fixes it.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly statusCode?: number;
  readonly retryAfterMs?: number;
  readonly needsOperator?: boolean;
  readonly notSent?: boolean;
  readonly serverMessage?: string;
  readonly attempts?: number;
  readonly networkCode?: string;

  constructor(code: ApiErrorCode, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.code = code;
    this.statusCode = details.statusCode;
    this.retryAfterMs = details.retryAfterMs;
    this.needsOperator = details.needsOperator;
    this.notSent = details.notSent;
    this.serverMessage = details.serverMessage;
    this.attempts = details.attempts;
    this.networkCode = details.networkCode;
  }
}
