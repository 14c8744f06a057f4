/**
 * What recognising and converting a payload costs, beside JSON.parse of the same payload: microseconds a message,
 * medians of interleaved rounds. Wanted: at most the cost of that parse. Each format has a process of its own, as a
 * plant has one detector: V8 compiles for what it has seen.
 *
 * Measures the build, which is what users run: tsx turns every imported name into a getter, and that alone would double
 * the cost.
 *
 * Usage: npm run build && npx tsx bench/detections.bench.ts [format]
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const built = join(__dirname, '../dist/src/detections/convert.js');
if (!existsSync(built)) throw new Error('There is no build to measure. Run "npm run build" first.');
const { convertDetections } = createRequire(__filename)(built) as typeof import('../src/detections/convert');

const COUNTS = [2, 10, 100, 1000];
const ROUNDS = 41;
/** long enough for the clock, short enough for many rounds */
const ROUND_MICROSECONDS = 4000;
const WARM_UP_MILLISECONDS = 150;

/** A pseudo-random coordinate with the digits that detectors print. */
function coordinate(index: number, side: number): number {
  return Math.round(((index * 7919 + side * 104729) % 500000) + 1000) / 1000;
}

function confidence(index: number): number {
  return ((index * 1327) % 9973) / 10000 + 0.0012345678;
}

const PAYLOADS: Record<string, (count: number) => unknown> = {
  roboflow: (count) => ({
    inference_id: '5b1b3f4e-2f6c-4a63-9f5e-0f6a1c9f2d10',
    time: 0.0421,
    image: { width: 1920, height: 1080 },
    predictions: rows(count, (index) => ({
      x: coordinate(index, 0),
      y: coordinate(index, 1),
      width: 40 + coordinate(index, 2) / 10,
      height: 30 + coordinate(index, 3) / 10,
      confidence: confidence(index),
      class: 'bolt',
      class_id: 3,
      detection_id: `0d4c3b5e-93c8-4d33-8f0a-${String(index).padStart(12, '0')}`,
    })),
  }),
  frigate: (count) => ({
    type: 'update',
    before: frigateObject(1),
    after: {
      ...frigateObject(2),
      path_data: rows(count, (index) => [[coordinate(index, 0), coordinate(index, 1)], index]),
    },
  }),
  ultralytics: (count) =>
    rows(count, (index) => ({
      name: 'person',
      class: 0,
      confidence: confidence(index),
      box: corners(index, 'x1', 'y1', 'x2', 'y2'),
    })),
  deepstack: (count) => ({
    success: true,
    predictions: rows(count, (index) => ({
      confidence: confidence(index),
      label: 'person',
      ...corners(index, 'x_min', 'y_min', 'x_max', 'y_max'),
    })),
    duration: 0,
  }),
  tfjs: (count) =>
    rows(count, (index) => ({
      bbox: [0, 1, 2, 3].map((side) => coordinate(index, side) + 2),
      class: 'person',
      score: confidence(index),
    })),
  sscma: (count) => ({
    type: 1,
    name: 'INVOKE',
    code: 0,
    data: {
      count: 8,
      perf: [[6, 54, 0]],
      resolution: [640, 640],
      labels: rows(count, () => 'person'),
      boxes: rows(count, (index) => [320, 300, coordinate(index, 2) + 1, coordinate(index, 3) + 1, 87, 0]),
    },
  }),
};

function rows<Row>(count: number, make: (index: number) => Row): Row[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function corners(index: number, left: string, top: string, right: string, bottom: string) {
  const x = coordinate(index, 0);
  const y = coordinate(index, 1);
  return { [left]: x, [top]: y, [right]: x + 40.25, [bottom]: y + 80.75 };
}

function frigateObject(time: number) {
  return {
    id: '1700000000.123456-abcdef',
    camera: 'gate',
    frame_time: 1700000000 + time,
    snapshot: {
      frame_time: 1700000000,
      box: [415, 489, 528, 700],
      area: 23843,
      region: [260, 446, 660, 846],
      score: 0.77546,
    },
    label: 'person',
    sub_label: null,
    top_score: 0.958984375,
    false_positive: false,
    start_time: 1700000000.1,
    end_time: null,
    score: 0.7890625,
    box: [424, 500, 536, 712],
    area: 23744,
    ratio: 2.113207,
    region: [264, 450, 667, 853],
    current_zones: ['driveway'],
    entered_zones: ['yard', 'driveway'],
    has_snapshot: false,
    has_clip: false,
    stationary: false,
    motionless_count: 0,
    position_changes: 2,
    attributes: {},
    current_attributes: [],
  };
}

/** Microseconds for one call, over as many calls as fill a round. */
function measure(work: () => unknown, calls: number): number {
  const start = process.hrtime.bigint();
  for (let call = 0; call < calls; call++) work();
  return Number(process.hrtime.bigint() - start) / 1000 / calls;
}

/** How many calls fill a round, once the engine has compiled what it will. */
function callsPerRound(work: () => unknown): number {
  const end = performance.now() + WARM_UP_MILLISECONDS;
  while (performance.now() < end) measure(work, 50);
  return Math.max(1, Math.ceil(ROUND_MICROSECONDS / Math.max(measure(work, 50), 0.1)));
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function measureFormat(format: string): void {
  const make = PAYLOADS[format];
  if (!make)
    throw new Error(`There is no payload of ${format}. There are: ${Object.keys(PAYLOADS).join(', ')}`);
  for (const count of COUNTS) {
    const text = JSON.stringify(make(count));
    const payload: unknown = JSON.parse(text);
    const parse = () => JSON.parse(text) as unknown;
    const convert = () => convertDetections(payload, { format: 'auto' });
    if (convert().format !== format) throw new Error(`${format} was taken for ${convert().format}`);
    const parseCalls = callsPerRound(parse);
    const convertCalls = callsPerRound(convert);
    const parseTimes: number[] = [];
    const convertTimes: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      parseTimes.push(measure(parse, parseCalls));
      convertTimes.push(measure(convert, convertCalls));
    }
    const [parsing, converting] = [median(parseTimes), median(convertTimes)];
    console.log(
      `${format.padEnd(13)}${String(count).padStart(11)}${parsing.toFixed(2).padStart(16)}${converting.toFixed(2).padStart(10)}${(converting / parsing).toFixed(2).padStart(15)}`,
    );
  }
}

const [asked] = process.argv.slice(2);
if (asked === undefined) {
  console.log('format        detections   JSON.parse µs   auto µs   auto / parse');
  for (const format of Object.keys(PAYLOADS)) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, __filename, format], {
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`${format} could not be measured`);
  }
} else {
  measureFormat(asked);
}
