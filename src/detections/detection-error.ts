/** Why a payload could not become annotations. Every code ends up as `DETECTIONS_<CODE>` in the node. */
export type DetectionErrorCode =
  | 'payload-not-json'
  | 'unknown-format'
  | 'ambiguous-format'
  | 'ambiguous-outputs'
  | 'units-unclear'
  | 'image-size-required'
  | 'confidence-unit'
  | 'list-not-found'
  | 'rows-unreadable'
  | 'parallel-length-mismatch'
  | 'detector-reported-error'
  | 'error-payload'
  | 'no-geometry'
  | 'unsupported-semantic-mask'
  | 'unsupported-mask-image'
  | 'invalid-mapping';

/** The one error that leaves this folder. The message says what was found and which setting fixes it. */
export class DetectionError extends Error {
  override readonly name = 'DetectionError';

  constructor(
    readonly code: DetectionErrorCode,
    message: string,
    /** the readings, outputs or formats to choose from, where the message asks for a choice */
    readonly candidates?: string[],
  ) {
    super(message);
  }
}
