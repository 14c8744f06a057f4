/**
 * Runs a folder of recorded detector payloads with expected results through the conversion and prints the agreement per
 * format. The folder is given by VISION_EVENT_SAMPLES or stands beside the checkout; it is not part of the package.
 * Without it there is nothing to check, and this says so.
 *
 * Usage: npx tsx scripts/check-samples.ts [part of a sample's name]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertDetections, DetectionError } from '../src/detections/convert';
import type { DetectionContext, DetectionResult, DetectionSettings } from '../src/detections/convert';
import { ANNOTATION_LISTS } from '../src/event/derive';
import type { AnnotationLists } from '../src/event/types';
import { difference, findRecordings } from './recordings';

interface Expectation {
  format: string;
  adapter: string;
  imageSize: { width: number; height: number } | null;
  msg?: { imageWidth?: number; imageHeight?: number; shape?: unknown; image?: string };
  settings?: Partial<DetectionSettings> & {
    box?: 'snapshot' | 'current';
    sourceSize?: { width: number; height: number; fit?: DetectionSettings['sourceFit'] };
  };
  annotations: AnnotationLists;
  perImage?: (AnnotationLists & { imageSize?: { width: number; height: number } })[];
  dropped: number;
  warnings: string[];
  error: { code: string } | null;
}

function settingsOf(expected: Expectation): DetectionSettings {
  const { box, sourceSize, ...settings } = expected.settings ?? {};
  return {
    format: settings.mapping ? 'custom' : 'auto',
    ...settings,
    frigateBox: box,
    sourceSize,
    sourceFit: sourceSize?.fit,
  };
}

function contextOf({ msg }: Expectation): DetectionContext {
  const { imageWidth, imageHeight, shape, image } = msg ?? {};
  return {
    imageSize: imageWidth && imageHeight ? { width: imageWidth, height: imageHeight } : undefined,
    shape,
    picture: image,
  };
}

/** Every difference between what was expected and what came out, in words. */
function compare(expected: Expectation, actual: DetectionResult | DetectionError): string[] {
  if (actual instanceof DetectionError) {
    if (losesEveryRow(expected)) return actual.code === 'rows-unreadable' ? [] : [`error ${actual.code}`];
    return expected.error?.code === actual.code ? [] : [`error ${actual.code}: ${actual.message}`];
  }
  if (expected.error) return [`expected error ${expected.error.code}, got ${actual.count} annotations`];
  const format = expected.adapter;
  const differences = [
    ...difference('format', format, actual.format),
    ...difference('dropped', expected.dropped, actual.dropped),
    ...difference('notes', [...expected.warnings].sort(), [...actual.notes].sort()),
    ...difference(
      'imageSize',
      expected.imageSize && sizeOf(expected.imageSize),
      actual.images[0]?.imageSize ?? null,
    ),
  ];
  const images = expected.perImage ?? [expected.annotations];
  differences.push(...difference('images', images.length, actual.images.length));
  images.forEach((image, index) => {
    const lists = actual.images[index]?.annotations ?? {};
    for (const name of ANNOTATION_LISTS) {
      differences.push(...difference(`images.${index}.${name}`, image[name] ?? [], lists[name] ?? []));
    }
  });
  return differences;
}

/**
 * Some samples expect an event without detections and rows left out: that is an error, for "nothing found" needs a
 * positive sign.
 */
function losesEveryRow({ error, dropped, annotations }: Expectation): boolean {
  return !error && dropped > 0 && ANNOTATION_LISTS.every((name) => !annotations[name]?.length);
}

function sizeOf({ width, height }: { width: number; height: number }) {
  return { width, height };
}

function check(payload: unknown, expected: Expectation): string[] {
  try {
    return compare(expected, convertDetections(payload, settingsOf(expected), contextOf(expected)));
  } catch (error) {
    if (error instanceof DetectionError) return compare(expected, error);
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}

function main(): number {
  const folder = findRecordings('samples', 'VISION_EVENT_SAMPLES');
  if (!folder) {
    console.log(
      'check-samples: no samples found, nothing was checked. Set VISION_EVENT_SAMPLES to a folder of payloads with .expected.json files.',
    );
    return 0;
  }
  const only = process.argv[2] ?? '';
  let disagreements = 0;
  let total = 0;
  for (const format of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const names = readdirSync(join(folder, format.name))
      .filter((name) => name.endsWith('.expected.json'))
      .map((name) => name.replace(/\.expected\.json$/, ''))
      .filter((name) => `${format.name}/${name}`.includes(only));
    const failures = names.flatMap((name) => {
      const base = join(folder, format.name, name);
      const payload: unknown = JSON.parse(readFileSync(`${base}.json`, 'utf8'));
      const expected = JSON.parse(readFileSync(`${base}.expected.json`, 'utf8')) as Expectation;
      const found = check(payload, expected);
      return found.length > 0 ? [`  ${name}\n    ${found.slice(0, 6).join('\n    ')}`] : [];
    });
    total += names.length;
    disagreements += failures.length;
    if (names.length > 0) console.log(`${format.name}: ${names.length - failures.length} of ${names.length}`);
    for (const failure of failures) console.log(failure);
  }
  console.log(`${total - disagreements} of ${total} samples agree`);
  return disagreements > 0 ? 1 : 0;
}

process.exitCode = main();
