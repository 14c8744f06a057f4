import fc from 'fast-check';

/** One seed for the property tests of a run. Set FC_SEED to run the same events again. */
const seed = Number(process.env.FC_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`    event property tests: FC_SEED=${seed}`);

export function holds<Ts extends [unknown, ...unknown[]]>(property: fc.IProperty<Ts>, numRuns = 1000): void {
  fc.assert(property, { seed, numRuns });
}
