/**
 * The key of every subject that has one: no output may hold it. Letters that need no escape, so that a search finds it
 * anywhere.
 */
export const FUZZ_KEY = 'rf-fuzz-Qm7Zx81PvK3sT5w';
