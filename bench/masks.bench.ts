/**
 * What masks cost: an answer of Roboflow with run-length masks of a picture of 12 megapixels, turned into polygons,
 * beside the time that `JSON.parse` takes for the same text. Ways: counts as COCO's compressed text and as numbers.
 *
 * Usage: npm run build && npx tsx bench/masks.bench.ts
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compressedRuns } from '../test/support/run-length';

const built = join(__dirname, '../dist/src/detections/convert.js');
if (!existsSync(built)) throw new Error('Build first: npm run build.');
const { convertDetections } = createRequire(__filename)(built) as typeof import('../src/detections/convert');

const WIDTH = 4000;
const HEIGHT = 3000;
const ROUNDS = 15;

/** The runs of a disc with a wavy edge, some pixels of its outline torn off, as a model's mask has them. */
function disc(centreX: number, centreY: number, radius: number): number[] {
  const counts: number[] = [];
  let end = 0;
  for (let x = Math.max(0, centreX - radius); x < Math.min(WIDTH, centreX + radius); x++) {
    const reach = Math.sqrt(radius ** 2 - (x - centreX) ** 2) * (1 + 0.05 * Math.sin(x / 7));
    const top = Math.max(0, Math.round(centreY - reach));
    const bottom = Math.min(HEIGHT, Math.round(centreY + reach));
    if (bottom <= top) continue;
    counts.push(x * HEIGHT + top - end, bottom - top);
    end = x * HEIGHT + bottom;
  }
  return [...counts, WIDTH * HEIGHT - end];
}

function answer(masks: number[][], asText: boolean): string {
  const predictions = masks.map((counts, index) => ({
    x: 100,
    y: 100,
    width: 50,
    height: 50,
    confidence: 0.9,
    class: 'part',
    class_id: 0,
    detection_id: String(index),
    rle_mask: { size: [HEIGHT, WIDTH], counts: asText ? compressedRuns(counts) : counts },
  }));
  return JSON.stringify({ image: { width: WIDTH, height: HEIGHT }, predictions });
}

const scattered = (count: number, radius: number) =>
  Array.from({ length: count }, (_value, index) =>
    disc((index * 977) % WIDTH, (index * 613) % HEIGHT, radius),
  );
const SCENES: Record<string, number[][]> = {
  '1 mask of the whole picture': [[0, WIDTH * HEIGHT]],
  '1 mask, radius 1400': scattered(1, 1400),
  '20 masks, radius 300': scattered(20, 300),
  '100 masks, radius 100': scattered(100, 100),
};

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function milliseconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

console.log('scene                         counts    JSON.parse ms   convert ms, median   first   points');
for (const [scene, masks] of Object.entries(SCENES)) {
  for (const asText of [true, false]) {
    const text = answer(masks, asText);
    const payload: unknown = JSON.parse(text);
    const parse: number[] = [];
    const convert: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      parse.push(milliseconds(() => JSON.parse(text) as unknown));
      convert.push(milliseconds(() => convertDetections(payload, { format: 'auto' })));
    }
    const { images } = convertDetections(payload, { format: 'auto' });
    const polygons = images[0]?.annotations.instanceSegmentations ?? [];
    if (polygons.length !== masks.length) throw new Error(`${polygons.length} polygons of ${masks.length}`);
    const points = polygons.reduce((sum, polygon) => sum + polygon.points.length, 0);
    console.log(
      scene.padEnd(30) +
        (asText ? 'text' : 'numbers').padEnd(10) +
        median(parse).toFixed(2).padStart(13) +
        median(convert).toFixed(2).padStart(21) +
        (convert[0] ?? NaN).toFixed(1).padStart(8) +
        String(points).padStart(9),
    );
  }
}
