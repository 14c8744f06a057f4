/**
 * What eager validation costs, beside writing the event as JSON (which has to be done anyway), beside Joi and beside
 * zod.
 * Run: npx tsx bench/event-validation.bench.ts
 *
 * Medians of rounds in which the candidates take turns, so that a busy machine slows all of them alike.
 */
import { visionEventSchema } from '../src/event/model';
import { repair } from '../src/event/repair';
import { validate } from '../src/event/validate';
import { joiModel } from '../test/unit/event/joi-model';

const ROUNDS = 15;
const ROUND_MS = 20;
const now = Date.now();

const candidates: Record<string, (event: unknown) => unknown> = {
  'JSON.stringify': (event) => JSON.stringify(event),
  validate: (event) => validate(event, now),
  repair: (event) => repair(event),
  Joi: (event) => joiModel.validate(event, { abortEarly: false, convert: false }),
  zod: (event) => visionEventSchema.safeParse(event),
};

/** A steady pseudo-random number from 0 to 1, so that every run measures the same events. */
function random(i: number): number {
  const x = Math.sin(i + 1) * 10_000;
  return x - Math.floor(x);
}

function eventWith(detections: unknown[]): unknown {
  return {
    eventId: '7f0d2f7e-6f5b-4d61-8f0a-1d2c3b4a5e6f',
    eventType: 'quality_check',
    useCaseId: 'line-3',
    timestamp: new Date(now).toISOString(),
    eventData: { result: 'fail', externalId: 'lot-20711' },
    deviceId: 'cam-1',
    images: [{ sourceId: 've-img-1', objectDetections: detections }],
    displayImagePosition: 0,
    customMetadata: { line: 'A1', 'belt speed': 1.25, open: true },
  };
}

const detection = (_: unknown, i: number) => ({
  class: i % 3 === 0 ? 'scratch' : 'dent',
  x: random(i) * 1920,
  y: random(i + 1) * 1080,
  width: random(i + 2) * 200,
  height: random(i + 3) * 200,
  confidence: random(i + 4),
});
const brokenDetection = (_: unknown, i: number) => ({
  ...detection(_, i),
  class: i,
  x: String(i),
  confidence: 1.5,
  shade: 'red',
});

const events: Record<string, unknown> = {};
for (const size of [2, 10, 100, 1000]) {
  events[`${size} detections`] = eventWith(Array.from({ length: size }, detection));
}
events['1000 broken'] = eventWith(Array.from({ length: 1000 }, brokenDetection));

/** Microseconds a call in one round. */
function measure(work: (event: unknown) => unknown, event: unknown): number {
  const start = performance.now();
  let calls = 0;
  let elapsed: number;
  do {
    work(event);
    calls += 1;
    elapsed = performance.now() - start;
  } while (elapsed < ROUND_MS);
  return (elapsed / calls) * 1000;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const names = Object.keys(candidates);
console.log(`Node.js ${process.version}, medians of ${ROUNDS} rounds, microseconds (times JSON.stringify)`);
console.log(['event'.padEnd(16), ...names.map((name) => name.padStart(20))].join(''));
// Every candidate sees every event before the first measurement, so that all are compiled as in a process that has run
// for a while.
for (const event of Object.values(events)) for (const name of names) measure(candidates[name]!, event);
for (const [title, event] of Object.entries(events)) {
  const rounds = Array.from({ length: ROUNDS + 1 }, () =>
    names.map((name) => measure(candidates[name]!, event)),
  ).slice(1); // The first round warms up.
  const medians = names.map((_, i) => median(rounds.map((round) => round[i]!)));
  const cells = medians.map((time) => `${time.toFixed(1)} (${(time / medians[0]!).toFixed(2)})`.padStart(20));
  console.log([title.padEnd(16), ...cells].join(''));
}
