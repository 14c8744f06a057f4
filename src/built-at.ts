/**
 * When this version was built, ms since 1970. The build writes the true time in place of this one, which no version is
 * older than.
 */
export const BUILT_AT: number = Date.UTC(2025, 0, 1);
