/** The error codes that flows may switch on (`msg.error.code` at a Catch node). */
export type FlowErrorCode =
  | 'NOT_CONFIGURED'
  | 'EVENT_INVALID'
  | 'EVENT_WARNINGS'
  | `DETECTIONS_${string}`
  | 'IMAGE_INVALID'
  | 'UNAUTHORIZED'
  | 'PAYMENT_REQUIRED'
  | 'REJECTED'
  | 'RATE_LIMITED'
  | 'SERVER_ERROR'
  | 'TIMEOUT'
  | 'NETWORK'
  | 'BAD_RESPONSE'
  | 'BUSY'
  | 'OUTBOX_FULL'
  | 'OUTBOX_IO'
  | 'BUNDLE_INVALID'
  | 'BUNDLE_TOO_LARGE'
  | 'BUNDLE_IO'
  | 'UNEXPECTED';

const FLOW_ERROR_CODES: ReadonlySet<string> = new Set([
  'NOT_CONFIGURED',
  'EVENT_INVALID',
  'EVENT_WARNINGS',
  'IMAGE_INVALID',
  'UNAUTHORIZED',
  'PAYMENT_REQUIRED',
  'REJECTED',
  'RATE_LIMITED',
  'SERVER_ERROR',
  'TIMEOUT',
  'NETWORK',
  'BAD_RESPONSE',
  'BUSY',
  'OUTBOX_FULL',
  'OUTBOX_IO',
  'BUNDLE_INVALID',
  'BUNDLE_TOO_LARGE',
  'BUNDLE_IO',
]);

/** The status text of an error, where its code alone says too little: a key of the catalogue, and its values. */
export interface ShortText {
  key: string;
  values?: Record<string, string | number>;
}

/** What a node hands to `done(err)`: the code, a text that says what to do, and nothing that could carry the key. */
export class FlowError extends Error {
  override readonly name = 'VisionEventError';
  readonly code: FlowErrorCode;
  readonly statusCode?: number;
  readonly short?: ShortText;

  constructor(code: FlowErrorCode, message: string, more: { statusCode?: number; short?: ShortText } = {}) {
    super(message);
    this.code = code;
    if (more.statusCode !== undefined) this.statusCode = more.statusCode;
    if (more.short !== undefined) this.short = more.short;
  }
}

/**
 * The error as Node-RED shows it best: a text that carries the code. Of an `Error` the debug sidebar shows an object,
 * whose text is two clicks away. Log, Catch nodes and `done` take both alike.
 */
export function readable({ message, code, statusCode }: FlowError): Error {
  const text = Object.assign(new String(message), { code, ...(statusCode !== undefined && { statusCode }) });
  // Whoever reads `message` finds it; it is not shown a second time.
  return Object.defineProperty(text, 'message', { value: message }) as unknown as Error;
}

interface CodedError {
  code: string;
  message: string;
  statusCode?: number;
}

function isCoded(error: unknown): error is CodedError {
  return error instanceof Error && typeof (error as Partial<CodedError>).code === 'string';
}

/**
 * Turns whatever a room of the library threw into the error that the flow sees.
 * A new object is made on purpose: nothing but code, text and HTTP status travels on.
 */
export function toFlowError(error: unknown): FlowError {
  if (error instanceof FlowError) return error;
  if (isCoded(error)) {
    if (error instanceof Error && error.name === 'DetectionError') {
      const code = `DETECTIONS_${error.code.toUpperCase().replace(/-/g, '_')}` as const;
      return new FlowError(code, error.message);
    }
    if (FLOW_ERROR_CODES.has(error.code)) {
      return new FlowError(error.code as FlowErrorCode, error.message, { statusCode: error.statusCode });
    }
  }
  return new FlowError(
    'UNEXPECTED',
    `Unexpected error while handling this message, please report it: ${textOf(error)}`,
  );
}

/** A getter of a message may throw anything, also what has no text. */
export function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return `a thrown ${typeof error}`;
  }
}
