/** A small seeded generator (mulberry32): 0 to 1, as Math.random. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A fresh seed, or the one of VISION_EVENTS_SEED, to replay a run. */
export function chooseSeed(): number {
  const given = process.env.VISION_EVENTS_SEED;
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}

/** As `chooseSeed`, and printed, so that a failed run can be repeated. */
export function printedSeed(title: string): number {
  const seed = chooseSeed();
  console.log(`      ${title}: seed ${seed}; replay with VISION_EVENTS_SEED`);
  return seed;
}

/** The long form of the fault tests: `npm run test:faults`. */
export const isLongRun = process.env.VISION_EVENTS_LONG === '1';

/** How often a fault is tried: thirty times in the long form, if nothing else is said. */
export function rounds(short: number, long = 30): number {
  return isLongRun ? long : short;
}
