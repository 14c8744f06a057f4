import { BUILT_AT } from '../built-at';

/** The machine that builds and the one that runs may differ by so much. */
const MARGIN_MS = 24 * 60 * 60 * 1000;

/** Before this moment no event of this version can have happened. */
export const EARLIEST_NOW = BUILT_AT - MARGIN_MS;

/** Whether a clock shows a time before this version was built: 1970, or when the machine was last switched off. */
export const isPlainlyWrong = (now: number): boolean => now < EARLIEST_NOW;
