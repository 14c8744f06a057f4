import { isConflict, isPassing } from './errors';

/** An outcome as the function `settle` takes it. */
export interface Outcome {
  token: string;
  acked: string[];
  retry: { id: string; delayMs: number }[];
  dead: { id: string; code: string; statusCode?: number; why: string }[];
  notes: { id: string; mayLandMs?: number; trouble?: unknown }[];
  /** by the monotonic clock; the delays are counted from here */
  at: number;
}

/** So often two transactions in each other's way are repeated at once. */
const MOST_CONFLICTS = 5;

/**
 * Tells the database what became of leases. What cannot be told now is kept and told later: given up, its events would
 * be leased for as long as this worker lives, and so would all younger versions of them.
 */
export class Outcomes {
  /** in their order; the database does not know of these yet */
  private readonly untold = new Map<string, Outcome>();
  private repeating = false;

  constructor(private readonly tell: (outcome: Outcome) => Promise<void>) {}

  /** Events that are done, though the database still counts them. */
  get doneEvents(): number {
    let sum = 0;
    for (const { acked, dead } of this.untold.values()) sum += acked.length + dead.length;
    return sum;
  }

  /** Rejects when the database could not be told; the outcome is in force nevertheless. */
  async settle(outcome: Outcome): Promise<void> {
    this.untold.set(outcome.token, outcome);
    await this.tellOne(outcome);
  }

  /** Tells what could not be told before. Never rejects. @returns whether all is told */
  async repeat(): Promise<boolean> {
    if (this.repeating) return false;
    this.repeating = true;
    try {
      for (const outcome of [...this.untold.values()]) await this.tellOne(outcome);
    } catch {
      // The next heartbeat tries again.
    } finally {
      this.repeating = false;
    }
    return this.untold.size === 0;
  }

  private async tellOne(outcome: Outcome): Promise<void> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        await this.tell(outcome);
        this.untold.delete(outcome.token);
        return;
      } catch (error) {
        if (isConflict(error) && conflicts < MOST_CONFLICTS) continue;
        // What PostgreSQL will never take is not repeated for ever: the lease ends, and others send the events again.
        if (!isPassing(error)) this.untold.delete(outcome.token);
        throw error;
      }
    }
  }
}
