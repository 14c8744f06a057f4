import { ApiError } from './errors';

interface Waiter {
  admit(): void;
  refuse(error: ApiError): void;
}

/** Hands out a fixed number of connections, first come first served, and bounds the queue before them. */
export class ConnectionSlots {
  #free: number;
  #closed: ApiError | undefined;
  readonly #waiting = new Set<Waiter>();

  constructor(
    readonly maxConnections: number,
    readonly maxWaiting: number,
  ) {
    this.#free = maxConnections;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves with the function that gives the connection back, once one is free.
   * @param refusal makes the error when `signal` fires while waiting
   * @throws ApiError `BUSY` at once when the queue is full
   */
  acquire(signal: AbortSignal | undefined, refusal: () => ApiError): Promise<() => void> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(this.#releaser());
    }
    if (this.#waiting.size >= this.maxWaiting) return Promise.reject(tooManyWait(this.maxWaiting));
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        admit: () => {
          leave();
          resolve(this.#releaser());
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => waiter.refuse(refusal());
      signal?.addEventListener('abort', onAbort);
      this.#waiting.add(waiter);
    });
  }

  /** Fails all that wait, and all that come later. */
  close(error: ApiError): void {
    this.#closed = error;
    for (const waiter of [...this.#waiting]) waiter.refuse(error);
  }

  #releaser(): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const [next] = this.#waiting;
      if (next) next.admit();
      else this.#free += 1;
    };
  }
}

/** @param maxWaiting how many wait already */
export function tooManyWait(maxWaiting: number): ApiError {
  return new ApiError(
    'BUSY',
    `${maxWaiting} messages already wait for a connection. The server answers more slowly than messages arrive: ` +
      'send fewer, or let the node queue them.',
  );
}
