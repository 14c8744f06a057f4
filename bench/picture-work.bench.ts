/**
 * What it costs to change a picture: milliseconds of the thread, the longest turn of the main thread meanwhile (by the
 * clock, and on Linux what of it the processor spent, which other work on the machine does not lengthen), bytes before
 * and after, for JPEG and PNG of 0.3, 2 and 12 megapixels, reduced to 960 pixels with one class hidden. Beside sharp,
 * where it is installed: native, and no dependency, it is the limit. Then ten cameras at a picture of 2 megapixels
 * every two seconds, for BENCH_SECONDS (by default 20).
 *
 * Usage: npm run build && npm run bench -- picture-work
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import type { PictureJob } from '../src/images/work/process';
import { seededRandom } from '../test/support/seed';
import { TurnWatch } from '../test/support/turn-watch';
import { until } from '../test/support/until';
import { jpegOf, painted, pngOf } from '../test/unit/images/work/painted';

const built = join(__dirname, '../dist/src/images/work/picture-worker.js');
if (!existsSync(built)) throw new Error('Build first: npm run build.');
const { PictureWorker } = createRequire(__filename)(
  built,
) as typeof import('../src/images/work/picture-worker');

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);
const MAX_SIDE = 960;
const QUALITY = 80;
const CAMERAS = 10;
const PERIOD_MS = 2000;
const SIZES = [
  [640, 480],
  [1920, 1080],
  [4000, 3000],
] as const;

type Sharp = (bytes: Uint8Array) => {
  rotate(): ReturnType<Sharp>;
  resize(options: object): ReturnType<Sharp>;
  jpeg(options: object): ReturnType<Sharp>;
  toBuffer(): Promise<Buffer>;
};

function installedSharp(): Sharp | undefined {
  try {
    return createRequire(process.env.BENCH_SHARP ?? __filename)('sharp') as Sharp;
  } catch {
    return undefined;
  }
}

/** Soft shapes with the noise of a camera's sensor. */
function photograph(width: number, height: number) {
  const random = seededRandom(1);
  const wave = (at: number, length: number) => 60 * Math.sin((at / length) * 6.3);
  return painted(width, height, (x, y) => {
    const level = 128 + wave(x, width / 7) + wave(y, height / 5) + wave(x + y, 90) / 4;
    const noise = () => random() * 12 - 6;
    return [level + noise(), level * 0.9 + noise(), level * 0.8 + noise()];
  });
}

const jobOf = (bytes: Buffer, mediaType: string, width: number, height: number): PictureJob => ({
  ...{ bytes, mediaType, width, height, quality: QUALITY, maxSide: MAX_SIDE },
  hide: { regions: [{ x: width / 2, y: height / 2, width: width / 5, height: height / 3 }], margin: 0.1 },
});

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
const megabytes = () => Math.round(process.memoryUsage.rss() / 1048576);

async function timed(work: () => Promise<{ length: number }>): Promise<{ ms: number; bytes: number }> {
  const started = performance.now();
  const { length } = await work();
  return { ms: performance.now() - started, bytes: length };
}

async function measureSizes(): Promise<void> {
  const worker = new PictureWorker({ idleMs: 200 });
  const sharp = installedSharp();
  console.log(
    'picture              KB in    KB out thread ms turn by clock  by processor  first turn  sharp ms',
  );
  for (const [width, height] of SIZES) {
    const pixels = photograph(width, height);
    const kinds = [
      ['image/jpeg', await jpegOf(pixels, 90)],
      ['image/png', pngOf(pixels)],
    ] as const;
    for (const [mediaType, bytes] of kinds) {
      const job = jobOf(bytes, mediaType, width, height);
      // This one starts the thread.
      const first = new TurnWatch();
      first.start();
      await worker.run(job);
      const { onProcessor: firstTurn } = first.stop();
      const turns = new TurnWatch();
      const [own, native]: number[][] = [[], []];
      let out = 0;
      let longest = { byClock: NaN, onProcessor: NaN };
      for (let round = 0; round < ROUNDS; round++) {
        turns.start();
        const run = await timed(async () => (await worker.run(job)).picture.bytes);
        longest = turns.stop();
        own?.push(run.ms);
        out = run.bytes;
        if (!sharp) continue;
        const resize = { width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true };
        const limit = await timed(() =>
          sharp(bytes).rotate().resize(resize).jpeg({ quality: QUALITY }).toBuffer(),
        );
        native?.push(limit.ms);
      }
      const cells = [
        bytes.length / 1024,
        out / 1024,
        median(own ?? []),
        longest.byClock,
        longest.onProcessor,
        firstTurn,
        median(native ?? []),
      ];
      console.log(
        `${mediaType} ${((width * height) / 1e6).toFixed(1)} MP`.padEnd(18),
        cells
          .map((cell, column) => (Number.isNaN(cell) ? '-' : cell.toFixed(0)).padStart(column < 3 ? 9 : 12))
          .join(' '),
      );
      await until(() => !worker.isRunning, 'the end of the thread');
    }
  }
}

async function measureCameras(): Promise<void> {
  const [width, height] = SIZES[1];
  const worker = new PictureWorker({ idleMs: 1000 });
  const job = jobOf(await jpegOf(photograph(width, height), 90), 'image/jpeg', width, height);
  const turns = new TurnWatch();
  const took: number[] = [];
  let refused = 0;
  const before = megabytes();
  let highest = before;
  turns.start();
  const cameras = Array.from({ length: CAMERAS }, async (_, camera) => {
    await delay((camera * PERIOD_MS) / CAMERAS);
    const end = performance.now() + SECONDS * 1000;
    const pictures: Promise<void>[] = [];
    while (performance.now() < end) {
      const started = performance.now();
      const run = async () => {
        try {
          await worker.run(job);
          took.push(performance.now() - started);
        } catch {
          refused++;
        }
      };
      pictures.push(run());
      highest = Math.max(highest, megabytes());
      await delay(PERIOD_MS);
    }
    await Promise.all(pictures);
  });
  await Promise.all(cameras);
  const longest = turns.stop();
  const slowest = Math.max(...took);
  console.log(
    `\n${CAMERAS} cameras, a picture of 2 megapixels every ${PERIOD_MS / 1000} s, ${SECONDS} s: ${took.length} changed, ${refused} refused, ` +
      `median ${median(took).toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms from arrival; ` +
      `longest turn of the main thread ${longest.byClock.toFixed(0)} ms, ${longest.onProcessor.toFixed(0)} of them on the processor; memory ${before} to ${highest} MB`,
  );
}

void measureSizes().then(measureCameras);
