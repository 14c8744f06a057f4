/** More keys than this at once are an error of the flow (a key per message); the oldest are forgotten first. */
const MAX_KEYS = 10_000;

/** At most one event per key in a time. Monotonic time, ms. */
export class Cooldown {
  private readonly startedAt = new Map<string, number>();

  constructor(
    private readonly periodMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Starts the period for `key`, unless it is still running.
   *
   * @returns a function that takes the start back (for an event that could not be sent), or undefined when the event
   * has to be held back
   */
  start(key: string): (() => void) | undefined {
    if (!(this.periodMs > 0)) return () => undefined;
    const now = this.now();
    const previous = this.startedAt.get(key);
    if (previous !== undefined && now - previous < this.periodMs) return undefined;
    this.startedAt.delete(key);
    this.startedAt.set(key, now);
    this.forgetOld(now);
    return () => {
      if (this.startedAt.get(key) === now) this.startedAt.delete(key);
    };
  }

  private forgetOld(now: number): void {
    for (const [key, startedAt] of this.startedAt) {
      if (now - startedAt < this.periodMs && this.startedAt.size <= MAX_KEYS) return;
      this.startedAt.delete(key);
    }
  }
}
