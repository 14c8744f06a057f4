import type { Dice } from './dice';

/** What is fuzzed. A case is made first, and only what `run` does with it counts as time. */
export interface Subject<Case = unknown> {
  start?(): Promise<void>;
  make(dice: Dice): Case | Promise<Case>;
  /** Answers everything that came out, which must not hold the key. @throws when a promise was broken */
  run(made: Case): Promise<unknown>;
  /** Looks at what the case left behind, and tidies up. */
  after?(made: Case): Promise<void>;
  end?(): Promise<void>;
}
