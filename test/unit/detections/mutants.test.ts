/**
 * One thing wrong in a payload, everywhere and in every format: no mutant gives an event with fewer detections than the
 * payload holds without an error or a note that counts what was left out, and none a box in another place. What a
 * format itself still defines (a row fewer, an empty list, a part that was not asked for) is listed by rule and counted
 * apart.
 */
import assert from 'node:assert/strict';
import { convertDetections, DetectionError } from '../../../src/detections/convert';
import type { DetectionContext, DetectionResult, DetectionSettings } from '../../../src/detections/convert';
import { ANNOTATION_LISTS } from '../../../src/event/derive';
import { CASES } from './adapters.test';
import { MAPPED } from './mapped';
import { mutantsOf } from './mutants';
import type { Mutant } from './mutants';
import { CHOSEN, RECOGNISED } from './scene';

const LEAST_MUTANTS = 20_000;

interface Specimen {
  name: string;
  payload: unknown;
  settings: DetectionSettings;
  context?: DetectionContext;
  /** each row stands twice in it */
  isDoubled?: boolean;
  /** what the unharmed payload gives */
  whole: DetectionResult;
}

interface Trial {
  specimen: Specimen;
  mutant: Mutant;
  result: DetectionResult;
}

/** What a format itself still defines: the mutant is a payload of its own, with another meaning. */
const RULES: Readonly<Record<string, (trial: Trial) => boolean>> = {
  'a row fewer': ({ specimen, mutant }) =>
    mutant.what === 'drop' && (isRow(specimen, mutant) || isNamedRow(specimen, mutant)),
  'one of several rows alone': ({ specimen, mutant }) =>
    mutant.what === 'unwrap' && isOneOfSeveral(specimen, mutant),
  'an empty list': ({ mutant }) => Array.isArray(mutant.payload) && mutant.payload.length === 0,
  'a class of the whole picture, as it has no place': ({ specimen, mutant }) =>
    mutant.what === 'drop' && (PLACES[specimen.whole.format]?.test(mutant.path) ?? false),
  'a part that there need not be': ({ specimen, mutant }) =>
    ['drop', 'rename', 'null'].includes(mutant.what) && isOptional(specimen, mutant),
  'zeros are left out': ({ specimen, mutant }) =>
    specimen.whole.format === 'google-vision' &&
    mutant.what === 'drop' &&
    /ertices\.\d\.[xy]$/.test(mutant.path),
  'a box around the points, and said': ({ specimen, result }) =>
    result.notes.includes('box-derived') && result.count >= specimen.whole.count,
  'a fixture without detections': ({ specimen }) => specimen.whole.count === 0,
  'the only row of a map, unwrapped': ({ specimen, mutant }) =>
    specimen.whole.format === 'landing-ai' && mutant.what === 'unwrap' && mutant.path === 'predictions',
  'the list of another part of the same answer': ({ specimen, mutant }) =>
    mutant.what === 'other payload' &&
    [specimen.whole.format, mutant.now].every((id) => id.startsWith('human-')),
  'the same keys with another meaning': ({ specimen, mutant }) =>
    mutant.what === 'other payload' && SAME_KEYS.includes(`${specimen.whole.format} reads ${mutant.now}`),
};

/** Formats that nothing but the user's choice can tell apart. */
const SAME_KEYS = [
  'qwen25-bbox2d reads qwen3-bbox2d',
  'qwen3-bbox2d reads qwen25-bbox2d',
  // any object of lists is one of classes
  'good-i-deer reads dlstreamer',
  'good-i-deer reads custom',
  'custom reads opendatacam',
  'opendatacam reads custom',
];

/** Parts that stand for something when they are absent, by format. */
const OPTIONAL: Readonly<Record<string, RegExp>> = {
  'google-vision': /^responses\.\d\.[a-z]+Annotations$/i,
  'azure-vision': /^([a-z]+Result|predictions\.\d\.boundingBox)$/,
  dlstreamer: /^objects$/,
  doods: /^detections$/,
  'landing-ai': /^backbonepredictions$/,
  frigate: /^(after\.snapshot|plate_box)$/,
  'edge-impulse': /^result\.object_tracking$/,
  // without a place it is a class of the whole picture
  'aws-rekognition': /^(Labels\.\d\.Instances|CustomLabels\.\d\.Geometry)$/,
  'vision-event': /(^|\.)(objectDetections|classifications|instanceSegmentations|keypoints)$/,
};

/** Without its place a row has the shape of a class of the whole picture, and none but the detector knows. */
const PLACES: Readonly<Record<string, RegExp>> = {
  ultralytics: /\d\.(box|segment)$/,
  huggingface: /\d\.box$/,
};

/** Objects whose keys are the classes or the ids of the rows. */
const ROWS_BY_NAME: Readonly<Record<string, RegExp>> = {
  'good-i-deer': /^(data\.)?valve$/,
  'ha-doods': /^attributes\.matches\.valve$/,
  'landing-ai': /^(backbone)?predictions\.[\w-]+$/,
  roboflow: /^predictions\.valve$/,
  'edge-impulse': /^result\.classification\.\w+$/,
  custom: /^(found|lines\.a)\.[a-z]+$/,
};

/** An element of a list; a number of a list is not a row but a coordinate or the like. */
function isRow({ payload }: Specimen, { path }: Mutant): boolean {
  if (!/(^|\.)\d+$/.test(path)) return false;
  return typeof valueAt(payload, path) !== 'number';
}

function isOneOfSeveral({ payload }: Specimen, { path, now }: Mutant): boolean {
  const list = valueAt(payload, path);
  return /^only its \d/.test(now) && Array.isArray(list) && list.length > 1 && typeof list[0] !== 'number';
}

function isNamedRow({ whole }: Specimen, { path }: Mutant): boolean {
  return ROWS_BY_NAME[whole.format]?.test(path) ?? false;
}

function isOptional({ whole }: Specimen, { path }: Mutant): boolean {
  return OPTIONAL[whole.format]?.test(path) ?? false;
}

function valueAt(payload: unknown, path: string): unknown {
  if (path === '') return payload;
  return path
    .split('.')
    .reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], payload);
}

type Annotation = { class: string; x?: number; y?: number; width?: number; height?: number };

function annotationsOf({ images }: DetectionResult): Annotation[] {
  return images.flatMap(({ annotations }) =>
    ANNOTATION_LISTS.flatMap((list): Annotation[] => annotations[list] ?? []),
  );
}

function isClose(a = 0, b = 0): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));
}

/** Classes of the whole picture have no place; they are all in the same. */
function isSamePlace(a: Annotation, b: Annotation): boolean {
  return (
    (a.x === undefined) === (b.x === undefined) &&
    isClose(a.x, b.x) &&
    isClose(a.y, b.y) &&
    isClose(a.width, b.width) &&
    isClose(a.height, b.height)
  );
}

function pointsOf({ images }: DetectionResult): (readonly [number, number])[] {
  return images.flatMap(({ annotations: { instanceSegmentations = [], keypoints = [] } }) => [
    ...instanceSegmentations.flatMap(({ points }) => points),
    ...keypoints.flatMap((row) => row.keypoints.map(({ x, y }) => [x, y] as const)),
  ]);
}

/** What is wrong with a result; undefined when nothing is. `others` are results whose places are right as well. */
function faultOf(
  result: DetectionResult,
  whole: DetectionResult,
  others: DetectionResult[] = [],
): string | undefined {
  const allowed = [whole, ...others].flatMap(annotationsOf);
  const astray = annotationsOf(result).find((one) => !allowed.some((other) => isSamePlace(one, other)));
  if (astray) return `in another place: ${JSON.stringify(astray)}`;
  const points = [whole, ...others].flatMap(pointsOf);
  const loose = pointsOf(result).find(
    ([x, y]) => !points.some((other) => isClose(x, other[0]) && isClose(y, other[1])),
  );
  if (loose) return `a point in another place: ${loose.join(', ')}`;
  if (result.count >= whole.count || isCounted(result, whole)) return undefined;
  return `${result.count} of ${whole.count}, nothing left out, notes ${result.notes.join(', ')}`;
}

/** The rows left out are counted, and a note says why. */
function isCounted(result: DetectionResult, whole: DetectionResult): boolean {
  // what was left out before may be part of what cannot be read now
  return whole.dropped > 0 ? result.dropped > 0 : result.dropped > 0 && result.notes.length > 0;
}

const specimens: Specimen[] = [
  ...[...RECOGNISED, ...CHOSEN, ...CASES, ...MAPPED].flatMap((fixture) => {
    const { format, name, settings, context } = fixture;
    const asChosen = { format, ...settings };
    // what is text is one value: there is nothing inside to change
    const payload: unknown = fixture.payload;
    return specimensOf(`${format}: ${name}`, payload, asChosen, context);
  }),
];

/** The payload as it is, and with each of its rows twice, so that one of them can be left out. */
function specimensOf(
  name: string,
  payload: unknown,
  settings: DetectionSettings,
  context: DetectionContext | undefined,
): Specimen[] {
  const whole = convertDetections(payload, settings, context);
  const specimen = { name, payload, settings, context, whole };
  for (const twice of doubled(payload)) {
    const result = resultOf(twice, settings, context);
    if (result && whole.count > 0 && result.count === 2 * whole.count && result.dropped === 2 * whole.dropped)
      return [
        specimen,
        { ...specimen, name: `${name}, twice`, isDoubled: true, payload: twice, whole: result },
      ];
  }
  return [specimen];
}

/** Copies with one list of the payload, or all lists beside each other, twice as long. */
function* doubled(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) yield [...(value as unknown[]), ...(value as unknown[])];
  if (typeof value !== 'object' || value === null) return;
  const lists = Object.entries(value).filter(([, inner]) => Array.isArray(inner)) as [string, unknown[]][];
  const isParallel = lists.length > 1 && new Set(lists.map(([, list]) => list.length)).size === 1;
  if (!Array.isArray(value) && isParallel)
    yield { ...value, ...Object.fromEntries(lists.map(([key, list]) => [key, [...list, ...list]])) };
  for (const [key, inner] of Object.entries(value)) {
    for (const changed of doubled(inner))
      yield Array.isArray(value)
        ? (value as unknown[]).map((element, index) => (index === Number(key) ? changed : element))
        : { ...value, [key]: changed };
  }
}

/** Undefined for an error. Anything but a DetectionError fails the test. */
function resultOf(
  payload: unknown,
  settings: DetectionSettings,
  context: DetectionContext | undefined,
): DetectionResult | undefined {
  try {
    return convertDetections(payload, settings, context);
  } catch (error) {
    if (error instanceof DetectionError) return undefined;
    throw error;
  }
}

describe('one thing wrong in a payload', function () {
  this.timeout(180_000);
  const counts = { mutants: 0, errors: 0, 'left out and said': 0, 'as whole': 0 };
  const byRule = new Map<string, number>(Object.keys(RULES).map((rule) => [rule, 0]));
  const { stackTraceLimit } = Error;

  // a conversion that ends in an error costs little but its stack
  before(() => (Error.stackTraceLimit = 0));
  after(() => (Error.stackTraceLimit = stackTraceLimit));

  /** The fault of one mutant by one way, in words; undefined when there is none. */
  function tryMutant(
    specimen: Specimen,
    mutant: Mutant,
    settings: DetectionSettings,
    other?: DetectionResult,
  ): string | undefined {
    counts.mutants++;
    const result = resultOf(mutant.payload, settings, specimen.context);
    if (!result) {
      counts.errors++;
      return undefined;
    }
    const { whole } = specimen;
    const fault = other ? faultOf(result, other, [whole]) : faultOf(result, whole);
    if (!fault) {
      counts[result.count < (other ?? whole).count ? 'left out and said' : 'as whole']++;
      return undefined;
    }
    const rule = Object.keys(RULES).find((name) => RULES[name]?.({ specimen, mutant, result }));
    if (!rule)
      return `${specimen.name} by ${settings.format}: ${mutant.what} "${mutant.path}", now ${mutant.now}: ${fault}`;
    byRule.set(rule, (byRule.get(rule) ?? 0) + 1);
    return undefined;
  }

  it('is an error, is said, or changes nothing', () => {
    const faults: string[] = [];
    for (const specimen of specimens) {
      for (const mutant of mutantsOf(specimen.payload)) {
        // what errors say makes no difference between two rows: one of them is enough
        if (specimen.isDoubled && mutant.what === 'error body' && mutant.now !== 'error body 0') continue;
        const ways = specimen.isDoubled
          ? [specimen.settings]
          : [specimen.settings, { ...specimen.settings, format: 'auto' }];
        for (const settings of ways) {
          const fault = tryMutant(specimen, mutant, settings);
          if (fault) faults.push(fault);
        }
      }
    }
    assert.equal(faults.length, 0, faults.join('\n'));
  });

  it("another format's payload is an error, or read where its detections are", () => {
    const faults: string[] = [];
    for (const specimen of specimens) {
      for (const other of specimens) {
        const { format } = other.settings;
        if (format === specimen.settings.format || specimen.isDoubled || other.isDoubled) continue;
        const mutant: Mutant = { what: 'other payload', path: '', payload: other.payload, now: format };
        {
          const fault = tryMutant(specimen, mutant, specimen.settings, other.whole);
          if (fault) faults.push(fault);
        }
      }
    }
    assert.equal(faults.length, 0, faults.join('\n'));
  });

  it(`tries ${LEAST_MUTANTS} mutants at least, and every rule is needed`, () => {
    const lines = [
      ...Object.entries(counts),
      ...[...byRule].map(([rule, count]) => [`by rule: ${rule}`, count] as const),
    ];
    console.log(lines.map(([name, count]) => `    ${name}: ${count}`).join('\n'));
    assert.ok(counts.mutants >= LEAST_MUTANTS);
    assert.deepEqual(
      [...byRule].filter(([, count]) => count === 0),
      [],
    );
  });
});
