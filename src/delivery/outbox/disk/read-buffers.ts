/** As many files are usually read at the same time; more would take fresh buffers. */
const MOST_KEPT = 4;
/** A larger one, as for an event of several megabytes, is not kept. */
const LARGEST_KEPT_BYTES = 2 * 1024 * 1024;
const SMALLEST_BYTES = 64 * 1024;

/**
 * Buffers to read chunks into, used again and again: a fresh one for each lease is a large part of what reading costs.
 */
export class ReadBuffers {
  private readonly kept: Buffer[] = [];

  /** Lends a buffer of so many bytes until the work is done, which must keep no part of it. */
  async lend<T>(bytes: number, work: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.take(bytes);
    try {
      return await work(buffer.subarray(0, bytes));
    } finally {
      if (this.kept.length < MOST_KEPT && buffer.length <= LARGEST_KEPT_BYTES) this.kept.push(buffer);
    }
  }

  /** One that is too small is given up for a larger one. */
  private take(bytes: number): Buffer {
    const kept = this.kept.pop();
    if (kept && kept.length >= bytes) return kept;
    return Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(bytes, SMALLEST_BYTES))));
  }
}
