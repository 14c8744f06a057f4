import type { SenderSettings } from './settings';

/** A batch never shrinks below this, however often the target finds it too large. */
const SMALLEST_BATCH_BYTES = 16 * 1024;

/**
 * How much goes into one request. When the target answers 413, all batches to come are half as large; that batch itself
 * is halved where refused events are looked for (isolation.ts), and by what sends without an outbox (send-many.ts).
 */
export class BatchSize {
  readonly events: number;
  private mostBytes: number;

  constructor({ batchSize, batchBytes }: Pick<SenderSettings, 'batchSize' | 'batchBytes'>) {
    this.events = batchSize;
    this.mostBytes = batchBytes;
  }

  get bytes(): number {
    return this.mostBytes;
  }

  /** A batch of so many bytes was too large for the target. */
  tooLarge(bytes: number): void {
    this.mostBytes = Math.max(SMALLEST_BATCH_BYTES, Math.min(this.mostBytes, Math.floor(bytes / 2)));
  }
}
