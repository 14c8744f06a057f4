/** An answer before it is sent. `body` undefined: none. */
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A refusal in the API's shape: `{"error": "..."}`. Thrown by handlers, answered by the server. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  get reply(): Reply {
    return { status: this.status, body: { error: this.message } };
  }
}
