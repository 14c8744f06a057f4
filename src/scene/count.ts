/** The number of things in an area: told once a new one has held for long enough. */
export class StableCount {
  private told = 0;
  private value = 0;
  /** since when the value is what it is, ms */
  private changedAt = 0;

  constructor(private readonly stableFor: number) {}

  /**
   * @param value how many there are now
   * @param at ms
   * @returns the new count and since when it holds, when it is to be told
   */
  note(value: number, at: number): { count: number; since: number } | undefined {
    if (value !== this.value) {
      this.value = value;
      this.changedAt = at;
    }
    if (value === this.told || at - this.changedAt < this.stableFor) return undefined;
    this.told = value;
    return { count: value, since: this.changedAt };
  }

  /** When a new count is to be told if nothing changes, ms. */
  get dueAt(): number | undefined {
    return this.value === this.told ? undefined : this.changedAt + this.stableFor;
  }
}

/** Says when an interval is over. The first begins with the first frame; intervals without a frame are passed over. */
export class Interval {
  private startedAt: number | undefined;

  constructor(private readonly length: number | undefined) {}

  /** @returns the start of the interval that is over at the time, ms */
  over(at: number): number | undefined {
    if (this.length === undefined) return undefined;
    this.startedAt ??= at;
    const { startedAt } = this;
    if (at - startedAt < this.length) return undefined;
    this.startedAt += Math.floor((at - startedAt) / this.length) * this.length;
    return startedAt;
  }
}
