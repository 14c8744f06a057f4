/**
 * Runs a folder of recorded payloads by every way that a user can take (automatic, a preset, an own mapping) and prints
 * a table: right, error, silently empty or wrong. The folder is given by VISION_EVENT_CASES or stands beside the
 * checkout; it is not part of the package. Without it there is nothing to check, and this says so.
 *
 * An error is a clear answer, so it is not a fault; an event that says "nothing found" of a payload that holds
 * something, or that holds anything but what was expected, is one: then the exit code is 1.
 *
 * Usage: npx tsx scripts/check-cases.ts [part of a case's name]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertDetections, DetectionError, FORMATS } from '../src/detections/convert';
import type { DetectionContext, DetectionResult, DetectionSettings } from '../src/detections/convert';
import { ANNOTATION_LISTS, detectedResult } from '../src/event/derive';
import type { AnnotationLists } from '../src/event/types';
import { exifSegment, jpeg } from '../test/unit/images/made-pictures';
import { difference, findRecordings } from './recordings';

interface Expectation {
  imageSize?: { width: number; height: number } | null;
  settings: {
    preset?: string;
    format?: string;
    /** a text says why no mapping can do it */
    mapping?: unknown;
    labels?: string[];
    imageWidth?: number;
    imageHeight?: number;
    exifOrientation?: 'turned' | 'stored';
    /** the picture that goes with it, in words */
    picture?: string;
    result?: { detected: string };
  };
  annotations?: ExpectedLists;
  expected?: ExpectedLists;
  /** the payload must be refused */
  error?: true | string;
}

type ExpectedLists = AnnotationLists & {
  /** what a quality check of these classes says, with a reason behind it */
  result_wanted?: string;
  objectDetections_upright?: AnnotationLists['objectDetections'];
};

interface Case {
  name: string;
  payload: unknown;
  expectation: Expectation;
}

const VERDICTS = ['right', 'error', 'silently empty', 'wrong'] as const;
type Verdict = (typeof VERDICTS)[number];

interface Outcome {
  verdict: Verdict;
  /** what was read where, or why not */
  detail: string;
}

const WAYS = ['auto', 'preset', 'mapping'] as const;
type Way = (typeof WAYS)[number];

function settingsFor(way: Way, { settings }: Expectation): DetectionSettings | undefined {
  const { labels, exifOrientation, mapping } = settings;
  const others = { labels, exifOrientation };
  if (way === 'auto') return { format: 'auto', ...others };
  const preset = settings.preset ?? settings.format;
  if (way === 'preset')
    return preset && preset !== 'auto' && preset !== 'custom' ? { format: preset, ...others } : undefined;
  return typeof mapping === 'object' ? { format: 'custom', mapping, ...others } : undefined;
}

function contextFor({ imageSize, settings }: Expectation): DetectionContext {
  const { imageWidth, imageHeight, picture } = settings;
  const size =
    imageWidth && imageHeight ? { width: imageWidth, height: imageHeight } : (imageSize ?? undefined);
  return {
    imageSize: size && { width: size.width, height: size.height },
    picture: picture === undefined ? undefined : describedPicture(picture),
  };
}

/** A grey JPEG of the size and orientation that the text names. */
function describedPicture(text: string): Buffer {
  const [, width, height, orientation] =
    /JPEG (\d+) x (\d+) stored, EXIF orientation (\d)/.exec(text)?.map(Number) ?? [];
  if (!width || !height || !orientation) throw new Error(`What picture is this? ${text}`);
  return jpeg(width, height, { exif: exifSegment(orientation) });
}

/** The four lists as the case gives them; undefined when the payload must be refused. */
function listsOf({ annotations, expected, error }: Expectation): Required<AnnotationLists> | undefined {
  const given = annotations ?? expected;
  if (error || !given) return undefined;
  const isGiven = [...ANNOTATION_LISTS, 'objectDetections_upright', 'result_wanted'].some(
    (key) => key in given,
  );
  if (!isGiven) return undefined;
  const { objectDetections_upright, objectDetections = objectDetections_upright ?? [] } = given;
  const { classifications = [], instanceSegmentations = [], keypoints = [] } = given;
  return { objectDetections, classifications, instanceSegmentations, keypoints };
}

function run(one: Case, settings: DetectionSettings): Outcome {
  const { payload, expectation } = one;
  try {
    return judge(one, settings, convertDetections(payload, settings, contextFor(expectation)));
  } catch (error) {
    if (!(error instanceof DetectionError)) return { verdict: 'wrong', detail: `threw ${String(error)}` };
    if (error.code === 'ambiguous-outputs' && settings.output === undefined)
      return withOutputs(one, settings, error);
    return { verdict: listsOf(expectation) ? 'error' : 'right', detail: `${error.code}: ${error.message}` };
  }
}

/** The error names the outputs of a Workflow: with one of them entered, as it asks, the result must be right. */
function withOutputs(one: Case, settings: DetectionSettings, error: DetectionError): Outcome {
  const outcomes = (error.candidates ?? []).map((output) => run(one, { ...settings, output }));
  const right = outcomes.find(({ verdict }) => verdict === 'right');
  if (settings.format === 'auto' || !right) return { verdict: 'error', detail: error.message };
  return right;
}

function judge(one: Case, settings: DetectionSettings, result: DetectionResult): Outcome {
  const { expectation, payload } = one;
  const lists = listsOf(expectation);
  if (!lists) return judgeReadText(payload, settings, result);
  if (expectation.expected?.result_wanted !== undefined) return judgeDerived(expectation, result);
  const actual = result.images.map(({ annotations }) => annotations);
  const isExpectedEmpty = Object.values(lists).every((list) => list.length === 0);
  if (result.count === 0 && !isExpectedEmpty) return { verdict: 'silently empty', detail: summary(result) };
  const differences = ANNOTATION_LISTS.flatMap((name) =>
    difference(
      name,
      lists[name],
      actual.flatMap((image) => image[name] ?? []),
    ),
  );
  if (differences.length === 0) return { verdict: 'right', detail: summary(result) };
  return { verdict: 'wrong', detail: `${summary(result)}; ${differences.slice(0, 4).join('; ')}` };
}

/**
 * A payload that must be refused, unless its own text, given alone, holds the same: then the format unwraps the answer
 * around it.
 */
function judgeReadText(payload: unknown, settings: DetectionSettings, result: DetectionResult): Outcome {
  if (result.count === 0) return { verdict: 'silently empty', detail: summary(result) };
  for (const text of textsIn(payload)) {
    try {
      const alone = convertDetections(text, settings, { imageSize: result.images[0]?.imageSize });
      if (difference('', alone.images, result.images).length === 0)
        return { verdict: 'right', detail: `${summary(result)} of the text inside` };
    } catch {
      // not this one
    }
  }
  return { verdict: 'wrong', detail: summary(result) };
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function judgeDerived({ expected, settings }: Expectation, { seen = [] }: DetectionResult): Outcome {
  const said = detectedResult(seen, [settings.result?.detected ?? '']);
  return { verdict: expected?.result_wanted?.startsWith(said) ? 'right' : 'wrong', detail: `result ${said}` };
}

function summary({ format, count, dropped, notes }: DetectionResult): string {
  return `${format} ${count}${dropped ? `, ${dropped} left out` : ''}${notes.length ? ` (${notes.join(', ')})` : ''}`;
}

function readCases(folder: string): Case[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(folder, name))
        .filter((file) => file.endsWith('.expected.json'))
        .map((file) => `${name}/${file.replace(/\.expected\.json$/, '')}`),
    )
    .sort()
    .map((name) => ({
      name,
      payload: JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as unknown,
      expectation: JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')) as Expectation,
    }));
}

interface Row {
  name: string;
  ways: Partial<Record<Way, Outcome>>;
  /** formats other than the case's own that read it right */
  others: string[];
}

function check(one: Case): Row {
  const row: Row = { name: one.name, ways: {}, others: [] };
  for (const way of WAYS) {
    const settings = settingsFor(way, one.expectation);
    if (settings) row.ways[way] = run(one, settings);
  }
  const own = settingsFor('preset', one.expectation)?.format;
  // to refuse what must be refused is not a merit of a format of another detector
  if (listsOf(one.expectation)) {
    const { labels, exifOrientation } = one.expectation.settings;
    row.others = FORMATS.map(({ id }) => id)
      .filter((id) => id !== own)
      .filter((format) => run(one, { format, labels, exifOrientation }).verdict === 'right');
  }
  return row;
}

function isRightSomehow({ ways, others }: Row): boolean {
  return others.length > 0 || Object.values(ways).some(({ verdict }) => verdict === 'right');
}

function print(rows: readonly Row[]): void {
  const widest = Math.max(...rows.map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    console.log([name.padEnd(widest), ...cells.map((cell) => cell.padEnd(14))].join('  ').trimEnd());
  line('case', [...WAYS, 'right by another format']);
  for (const { name, ways, others } of rows)
    line(name, [...WAYS.map((way) => ways[way]?.verdict ?? '-'), others.join(' ')]);
  console.log();
  line('', VERDICTS);
  for (const way of WAYS) {
    const outcomes = rows.map(({ ways }) => ways[way]?.verdict);
    line(
      way,
      VERDICTS.map((verdict) => String(outcomes.filter((one) => one === verdict).length)),
    );
  }
  const right = rows.filter(isRightSomehow).length;
  console.log(
    `\nright in some way: ${right} of ${rows.length} (${((100 * right) / rows.length).toFixed(1)} %)`,
  );
}

function printDetails(rows: readonly Row[]): void {
  for (const { name, ways, others } of rows)
    for (const way of WAYS) {
      const outcome = ways[way];
      if (!outcome || outcome.verdict === 'right') continue;
      if (outcome.verdict === 'error' && isRightSomehow({ name, ways, others })) continue;
      console.log(`${name} by ${way}: ${outcome.verdict}\n    ${outcome.detail}`);
    }
}

function main(): number {
  const folder = findRecordings('cases', 'VISION_EVENT_CASES');
  if (!folder) {
    console.log(
      'check-cases: no cases found, nothing was checked. Set VISION_EVENT_CASES to a folder of payloads with .expected.json files.',
    );
    return 0;
  }
  const only = process.argv[2] ?? '';
  const rows = readCases(folder)
    .filter(({ name }) => name.includes(only))
    .map(check);
  print(rows);
  printDetails(rows);
  const verdicts = rows.flatMap(({ ways }) => Object.values(ways).map(({ verdict }) => verdict));
  return verdicts.some((verdict) => verdict === 'silently empty' || verdict === 'wrong') ? 1 : 0;
}

process.exitCode = main();
