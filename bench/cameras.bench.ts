/**
 * Ten cameras through a real Node-RED, each a JPEG of 2 megapixels every two seconds, reduced to 960 pixels with a
 * person hidden, stored and delivered to the simulator; for BENCH_SECONDS (by default 60; the figures in
 * docs/performance.md: 300). Then ten times as many pictures, for a tenth of the time: what cannot be worked on waits,
 * then goes as `whenImageFails` says. Tells the rate, the resident memory over time, what waits, and the longest turn
 * of Node-RED's main thread.
 *
 * Usage: CI=true PACKED_PACKAGE_FOLDER=… npx tsx test/support/prepare.ts, then with the same variables:
 * npm run bench -- cameras
 */
import { loadavg } from 'node:os';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { visionEventDefaults, workspaceDefaults } from '../nodes/shared/properties';
import { startSimulator } from '../simulator/server';
import { RealNodeRed, type FlowNode } from '../test/support/real-node-red';
import { seededRandom } from '../test/support/seed';
import { jpegOf, painted } from '../test/unit/images/work/painted';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const CAMERAS = 10;
const PERIOD_MS = 2000;
const [WIDTH, HEIGHT] = [1920, 1080];
const LOOKS = 10;

/** Every message has a person elsewhere, so that no two pictures are the same and no upload is reused. */
const FILM = `
const number = (context.get('number') || 0) + 1;
context.set('number', number);
msg.frame = Buffer.from(flow.get('photo') || readPhoto());
msg.payload = { image: { width: ${WIDTH}, height: ${HEIGHT} }, predictions: [
  { class: 'person', confidence: 0.8, width: 200, height: 400, x: 100 + (number * 7) % 1700, y: 200 + (number * 3) % 600 }] };
return msg;
function readPhoto() {
  const photo = fs.readFileSync(env.get('PHOTO'));
  flow.set('photo', photo);
  return photo;
}`;

const COUNT = `
const counts = flow.get('counts') || {};
const report = msg.visionEvent || {};
const failed = report.imagesLeftOut ? report.imagesLeftOut[0].message.slice(0, 60) : msg.error ? msg.error.message.slice(0, 60) : 'with picture';
counts[failed] = (counts[failed] || 0) + 1;
flow.set('counts', counts);`;

/** Answers and starts anew. */
const STATE = `
const watch = context.get('watch') || hooks.monitorEventLoopDelay({ resolution: 1 });
watch.enable();
context.set('watch', watch);
const pauses = context.get('pauses') || { longest: 0 };
if (!context.get('pauses')) {
  new hooks.PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.longest = Math.max(pauses.longest, duration);
  }).observe({ entryTypes: ['gc'] });
}
context.set('pauses', pauses);
const { rss, external } = process.memoryUsage();
const { user, system } = process.cpuUsage();
msg.payload = { rss, external, processorMs: (user + system) / 1000, counts: flow.get('counts') || {}, longestTurn: watch.max / 1e6, p99: watch.percentile(99) / 1e6,
  longestPause: pauses.longest };
watch.reset();
pauses.longest = 0;
flow.set('counts', {});
return msg;`;

interface State {
  rss: number;
  external: number;
  processorMs: number;
  counts: Record<string, number>;
  longestTurn: number;
  p99: number;
  /** of the garbage collector */
  longestPause: number;
}

const place = { z: 'tab', x: 100, y: 100 };

function functionNode(id: string, func: string, to: string[], libs: Record<string, string> = {}): FlowNode {
  return {
    ...{ id, type: 'function', ...place, func, outputs: to.length, timeout: 0, initialize: '', finalize: '' },
    libs: Object.entries(libs).map(([name, module]) => ({ var: name, module })),
    wires: [to],
  };
}

/** @param period ms between two pictures of a camera */
function flowOf(baseUrl: string, apiKey: string, period: number): FlowNode[] {
  const cameras = Array.from({ length: CAMERAS }, (_, camera): FlowNode => {
    const repeat = String(period / 1000);
    const onceDelay = 1 + (camera * period) / CAMERAS / 1000;
    return {
      ...{
        id: `camera-${camera}`,
        type: 'inject',
        ...place,
        props: [],
        repeat,
        crontab: '',
        once: true,
        onceDelay,
      },
      wires: [['film']],
    };
  });
  const event = {
    ...visionEventDefaults,
    ...{ workspace: 'workspace', useCase: 'quality-line-1', eventType: 'custom', delivery: 'queue' as const },
    ...{ inputImage: 'frame', inputImageType: 'msg', pictureMaxSide: '960', hideClasses: 'person' },
    whenImageFails: 'send-without' as const,
  };
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    {
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      ...workspaceDefaults,
      baseUrl,
      credentials: { apiKey },
    },
    ...cameras,
    functionNode('film', FILM, ['event'], { fs: 'fs' }),
    { id: 'event', type: 'roboflow-vision-event', ...place, ...event, wires: [['count']] },
    { id: 'catch', type: 'catch', ...place, scope: null, uncaught: false, wires: [['count']] },
    functionNode('count', COUNT, []),
    { id: 'in', type: 'http in', ...place, url: '/state', method: 'get', wires: [['state']] },
    functionNode('state', STATE, ['out'], { process: 'process', hooks: 'perf_hooks' }),
    { id: 'out', type: 'http response', ...place, statusCode: '200', wires: [] },
  ];
}

async function measure(nodeRed: RealNodeRed, seconds: number): Promise<void> {
  const totals: Record<string, number> = {};
  const begun = performance.now();
  const { processorMs: before } = await nodeRed.get<State>('state');
  let spent = 0;
  for (let look = 0; look < LOOKS; look++) {
    await delay((seconds * 1000) / LOOKS);
    const { rss, external, processorMs, counts, longestTurn, p99, longestPause } =
      await nodeRed.get<State>('state');
    spent = processorMs - before;
    for (const [what, count] of Object.entries(counts)) totals[what] = (totals[what] ?? 0) + count;
    const megabytes = (bytes: number) => Math.round(bytes / 1048576);
    console.log(
      `${((performance.now() - begun) / 1000).toFixed(0)} s: resident ${megabytes(rss)} MB, buffers ${megabytes(external)} MB, ` +
        `longest turn ${longestTurn.toFixed(0)} ms (garbage collector ${longestPause.toFixed(0)} ms), 99 of 100 under ${p99.toFixed(0)} ms, ${JSON.stringify(counts)}, load ${loadavg()[0]?.toFixed(1)}`,
    );
  }
  const took = (performance.now() - begun) / 1000;
  for (const [what, count] of Object.entries(totals))
    console.log(`${what}: ${count}, ${(count / took).toFixed(2)} a second`);
  const changed = totals['with picture'] ?? 0;
  console.log(
    `${(spent / changed).toFixed(0)} ms of the processor a picture, ${(spent / took / 10).toFixed(0)} % of one`,
  );
}

/** Soft shapes with the noise of a camera's sensor. */
function photograph() {
  const random = seededRandom(1);
  return painted(WIDTH, HEIGHT, (x, y) => {
    const level = 128 + 60 * Math.sin(x / 40) + 50 * Math.sin(y / 30) + random() * 12;
    return [level, level * 0.9 + random() * 12, level * 0.8];
  });
}

async function main(): Promise<void> {
  const simulator = await startSimulator();
  const photo = await jpegOf(photograph(), 90);
  const nodeRed = await RealNodeRed.start('4.1', {}, { settings: { functionExternalModules: true } });
  try {
    const file = path.join(nodeRed.userDirectory, 'photo.jpg');
    writeFileSync(file, photo);
    const flow = (period: number) =>
      flowOf(simulator.url, simulator.keys.full, period).map((node) =>
        node.type === 'tab' ? { ...node, env: [{ name: 'PHOTO', value: file, type: 'str' }] } : node,
      );
    console.log(
      `\nA picture of ${Math.round(photo.length / 1024)} KB, ${CAMERAS} cameras, every ${PERIOD_MS / 1000} s`,
    );
    await nodeRed.deploy(flow(PERIOD_MS));
    await measure(nodeRed, SECONDS);
    console.log(`\nTen times as many`);
    await nodeRed.deploy(flow(PERIOD_MS / 10));
    await measure(nodeRed, SECONDS / 10);
    console.log(`\nBack to every ${PERIOD_MS / 1000} s`);
    await nodeRed.deploy(flow(PERIOD_MS));
    await measure(nodeRed, SECONDS / 10);
    const arrived = simulator.events().length;
    console.log(`${arrived} events arrived`);
  } finally {
    await nodeRed.stop();
    await simulator.close();
  }
}

void main();
