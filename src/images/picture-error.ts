/** A picture that cannot be attached or uploaded. The message says what is wrong with it and what fixes it. */
export class PictureError extends Error {
  readonly code = 'IMAGE_INVALID';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PictureError';
  }
}
