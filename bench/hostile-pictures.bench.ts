/**
 * What reading the header of a hostile picture of 20 MB costs: time of one turn of the event loop, and memory. All
 * known shapes, then pictures put together by chance (BENCH_ROUNDS, by default 2,000; VISION_EVENTS_SEED repeats a
 * run). Fails above 50 ms or 2 MB.
 *
 * A figure above a limit is measured again, up to five times, and the least is told: other work and the garbage
 * collector add to it.
 *
 * Usage: npm run build && npx tsx bench/hostile-pictures.bench.ts
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isWithin, leastCostOf, type Cost } from '../test/support/cost';
import { chooseSeed, seededRandom } from '../test/support/seed';
import { HOSTILE_PICTURES, writeRandomPicture } from '../test/unit/images/hostile-pictures';

const built = join(__dirname, '../dist/src/images/formats.js');
if (!existsSync(built)) throw new Error('Build first: npm run build.');
const { isPictureCutOff, pictureFormatOf, pictureSizeOf } = createRequire(__filename)(
  built,
) as typeof import('../src/images/formats');

const LENGTH = 20 * 1024 * 1024;
const MOST: Cost = { ms: 50, bytes: 2 * 1024 * 1024 };
const TRIES = 5;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 2000);

function read(bytes: Buffer): string {
  const format = pictureFormatOf(bytes);
  if (!format) return 'none';
  if (!isPictureCutOff(format, bytes)) pictureSizeOf(format, bytes);
  return format.label;
}

let overLimit = 0;
function measure(name: string, bytes: Buffer): Cost {
  const cost = leastCostOf(() => read(bytes), MOST, TRIES);
  if (!isWithin(cost, MOST)) {
    overLimit++;
    console.log(`OVER THE LIMIT: ${name}`);
  }
  return cost;
}

const row = (name: string, { ms, bytes }: Cost, count = ''): string =>
  name.padEnd(52) + ms.toFixed(2).padStart(9) + (bytes / 1024).toFixed(0).padStart(9) + count.padStart(9);

const shapesByFormat = new Map<string, { worst: Cost; count: number }>();
function note(format: string, cost: Cost): void {
  const { worst, count } = shapesByFormat.get(format) ?? { worst: { ms: 0, bytes: 0 }, count: 0 };
  shapesByFormat.set(format, {
    worst: { ms: Math.max(worst.ms, cost.ms), bytes: Math.max(worst.bytes, cost.bytes) },
    count: count + 1,
  });
}

console.log(`${'known shape'.padEnd(52)}       ms       KB`);
for (const { name, make } of HOSTILE_PICTURES) {
  const bytes = make(LENGTH);
  console.log(row(name, measure(name, bytes)));
}

const seed = chooseSeed();
const random = seededRandom(seed);
const bytes = Buffer.alloc(LENGTH);
for (let round = 0; round < ROUNDS; round++) {
  writeRandomPicture(random, bytes);
  note(read(bytes), measure(`picture ${round} of seed ${seed}`, bytes));
}
console.log(`\n${`by chance, worst of each format (seed ${seed})`.padEnd(52)}       ms       KB pictures`);
for (const [format, { worst, count }] of [...shapesByFormat].sort())
  console.log(row(format, worst, String(count)));
if (overLimit > 0) throw new Error(`${overLimit} over the limits`);
