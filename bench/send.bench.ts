import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { visionEventDefaults, workspaceDefaults } from '../nodes/properties';
import { RealNodeRed, type FlowNode } from '../test/support/real-node-red';

/**
 * A burst of events through a real Node-RED: function node + "http request" node, as users do it today, beside
 * `vision-event` with delivery `send` and with `queue`. Each run is a fresh Node-RED; the ways take turns; medians.
 */
const EVENTS = Number(process.env.BENCH_EVENTS ?? 5000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const WAYS = (process.env.BENCH_WAYS ?? 'http request,send,queue').split(',');

const BURST = `
for (let i = 0; i < ${EVENTS}; i++) {
  node.send({ payload: { inference_id: 'run', time: 0.03, image: { width: 640, height: 480 }, predictions: [
    { x: 320.5, y: 240, width: 40, height: 30, confidence: 0.91, class: 'part', class_id: 0, detection_id: 'a' + i },
    { x: 120.5, y: 140, width: 42, height: 31, confidence: 0.87, class: 'scratch', class_id: 1, detection_id: 'b' + i },
  ] } });
}
node.done();`;

const BY_HAND = `
const predictions = msg.payload.predictions;
msg.payload = {
  eventId: crypto.randomUUID(), eventType: 'quality_check', useCaseId: 'quality-line-1', timestamp: new Date().toISOString(),
  eventData: { result: predictions.some((p) => p.class === 'scratch') ? 'fail' : 'pass' },
  images: [{ objectDetections: predictions.map(({ x, y, width, height, confidence, class: name }) => (
    { x, y, width, height, confidence, class: name })) }],
};
msg.headers = { Authorization: 'Bearer bench-key', 'Content-Type': 'application/json' };
return msg;`;

function flowFor(way: string, serverUrl: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const functionNode = (id: string, func: string, wires: string[][]) => ({
    id,
    type: 'function',
    ...place,
    func,
    outputs: 1,
    timeout: 0,
    initialize: '',
    finalize: '',
    libs: id === 'by-hand' ? [{ var: 'crypto', module: 'crypto' }] : [],
    wires,
  });
  const first = way === 'http request' ? 'by-hand' : 'event';
  const nodes: FlowNode[] = [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'start', type: 'http in', ...place, url: '/start', method: 'get', wires: [['reply', 'burst']] },
    { id: 'reply', type: 'http response', ...place, wires: [] },
    functionNode('burst', BURST, [[first]]),
  ];
  if (way === 'http request') {
    return [
      ...nodes,
      functionNode('by-hand', BY_HAND, [['request']]),
      {
        id: 'request',
        type: 'http request',
        ...place,
        method: 'POST',
        ret: 'obj',
        paytoqs: 'ignore',
        url: `${serverUrl}/vision-events`,
        persist: false,
        wires: [[]],
      },
    ];
  }
  return [
    ...nodes,
    {
      id: 'workspace',
      type: 'vision-event-workspace',
      ...workspaceDefaults,
      baseUrl: serverUrl,
      maxWaiting: EVENTS,
      credentials: { apiKey: 'bench-key' },
    },
    {
      id: 'event',
      type: 'vision-event',
      ...place,
      ...visionEventDefaults,
      workspace: 'workspace',
      delivery: way,
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      wires: [[]],
    },
  ];
}

interface Run {
  eventsPerSecond: number;
  connections: number;
  peakGrowthMb: number;
  arrived: number;
}

const residentMb = (pid: number, field: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function run(way: string, port: number): Promise<Run> {
  const url = `http://127.0.0.1:${port}`;
  await fetch(`${url}/_reset`);
  const nodeRed = await RealNodeRed.start('4.1');
  try {
    await nodeRed.deploy(flowFor(way, url));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const before = residentMb(nodeRed.pid, 'VmRSS');
    const begun = Date.now();
    await fetch(`${nodeRed.url}/start`);
    const counts = await arrived(url, begun);
    const seconds = (counts.lastArrival - begun) / 1000;
    return {
      eventsPerSecond: counts.events / seconds,
      connections: counts.connections,
      peakGrowthMb: residentMb(nodeRed.pid, 'VmHWM') - before,
      arrived: counts.events,
    };
  } finally {
    await nodeRed.stop();
  }
}

/** Until all have arrived, or none more comes for ten seconds. */
async function arrived(url: string, begun: number) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const counts = (await (await fetch(`${url}/_counts`)).json()) as {
      events: number;
      connections: number;
      lastArrival: number;
    };
    if (counts.events >= EVENTS || Date.now() - Math.max(counts.lastArrival, begun) > 10_000) return counts;
  }
}

const median = (numbers: number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

async function main(): Promise<void> {
  if (!existsSync('/proc/self/status'))
    throw new Error('This benchmark reads memory from /proc: run it on Linux.');
  const server = fork(path.join(__dirname, 'support-counting-server.ts'), {
    execArgv: ['--require', 'tsx/cjs'],
  });
  const [port] = (await once(server, 'message')) as [number];
  const runs = new Map<string, Run[]>(WAYS.map((way) => [way, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of WAYS) runs.get(way)?.push(await run(way, port));
  }
  server.kill();
  console.log(`${EVENTS} events at once, medians of ${ROUNDS} runs, Node.js ${process.version}\n`);
  const base = median((runs.get(WAYS[0] ?? '') ?? []).map(({ eventsPerSecond }) => eventsPerSecond));
  console.table(
    Object.fromEntries(
      [...runs].map(([way, results]) => {
        const of = (name: keyof Run) => median(results.map((result) => result[name]));
        return [
          way,
          {
            'events/s': Math.round(of('eventsPerSecond')),
            ratio: Number((of('eventsPerSecond') / base).toFixed(2)),
            connections: of('connections'),
            'peak growth MB': Math.round(of('peakGrowthMb')),
            arrived: of('arrived'),
          },
        ];
      }),
    ),
  );
}

void main();
