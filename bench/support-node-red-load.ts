/** Node-RED processes that a benchmark sends a burst of events through, and the server that counts what arrives. */
import { fork } from 'node:child_process';
import { EVENT_SENT_AS_IT_IS } from '../test/support/sent-as-it-is';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { visionEventDefaults, workspaceDefaults } from '../nodes/shared/properties';
import { RealNodeRed, type FlowNode } from '../test/support/real-node-red';

export type Way = 'http request' | 'send' | 'queue';

export interface Load {
  events: number;
  /** all in one go, or in small groups: 50 every 50 ms */
  pace: 'at once' | 'steady';
  /** ms that the server refuses everything for, from the first event on: a backlog builds up */
  outageMs?: number;
  /** ms without an arrival after which the rest is given up */
  patienceMs?: number;
}

export interface Run {
  eventsPerSecond: number;
  /** of the Node-RED process, microseconds of processor an event */
  userMicroseconds: number;
  systemMicroseconds: number;
  connections: number;
  peakGrowthMb: number;
  arrived: number;
}

const WARM_UP_EVENTS = Number(process.env.BENCH_WARM_UP ?? 2000);
const GROUP = 50;
const GROUP_INTERVAL_MS = 50;

const burst = ({ events, pace }: Load) => `
const one = (i) => node.send({ payload: { inference_id: 'run', time: 0.03, image: { width: 640, height: 480 }, predictions: [
  { x: 320.5, y: 240, width: 40, height: 30, confidence: 0.91, class: 'part', class_id: 0, detection_id: 'a' + i },
  { x: 120.5, y: 140, width: 42, height: 31, confidence: 0.87, class: 'scratch', class_id: 1, detection_id: 'b' + i },
] } });
const group = ${pace === 'at once' ? events : GROUP};
let sent = 0;
const next = () => {
  for (let end = Math.min(${events}, sent + group); sent < end; sent++) one(sent);
  if (sent < ${events}) setTimeout(next, ${GROUP_INTERVAL_MS});
  else node.done();
};
next();`;

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

function flowFor(way: Way, load: Load, serverUrl: string): FlowNode[] {
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
    functionNode('burst', burst(load), [[first]]),
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
      type: 'roboflow-vision-event-workspace',
      ...workspaceDefaults,
      baseUrl: serverUrl,
      maxWaiting: load.events,
      credentials: { apiKey: 'bench-key' },
    },
    {
      id: 'event',
      type: 'roboflow-vision-event',
      ...place,
      ...visionEventDefaults,
      ...EVENT_SENT_AS_IT_IS,
      workspace: 'workspace',
      delivery: way,
      useCase: 'quality-line-1',
      result: 'scratch',
      resultType: 'detected',
      wires: [[]],
    },
  ];
}

const residentMb = (pid: number, field: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Clock ticks of a hundredth of a second, as Linux counts them for every process. */
function processorTicks(pid: number): { user: number; system: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { user: Number(fields[11]), system: Number(fields[12]) };
}

const MICROSECONDS_A_TICK = 10_000;

export class CountingServer {
  private constructor(
    private readonly child: ReturnType<typeof fork>,
    readonly url: string,
  ) {}

  static async start(): Promise<CountingServer> {
    if (!existsSync('/proc/self/status'))
      throw new Error('This benchmark reads memory from /proc: run it on Linux.');
    const file = path.join(__dirname, 'support-counting-server.ts');
    const child = fork(file, { execArgv: ['--require', 'tsx/cjs'] });
    const [port] = (await once(child, 'message')) as [number];
    return new CountingServer(child, `http://127.0.0.1:${port}`);
  }

  async ask<T>(question: 'counts' | 'reset' | 'down' | 'up'): Promise<T> {
    return (await (await fetch(`${this.url}/_${question}`)).json()) as T;
  }

  stop(): void {
    this.child.kill();
  }
}

/** One load through one way, in a Node-RED of its own. */
export async function run(way: Way, load: Load, server: CountingServer): Promise<Run> {
  await server.ask('reset');
  const nodeRed = await RealNodeRed.start('4.1');
  try {
    await warmUp(nodeRed, way, server);
    if (load.outageMs) await server.ask('down');
    await nodeRed.deploy(flowFor(way, load, server.url));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const before = residentMb(nodeRed.pid, 'VmRSS');
    const ticksBefore = processorTicks(nodeRed.pid);
    const begun = Date.now();
    await fetch(`${nodeRed.url}/start`);
    if (load.outageMs) {
      await new Promise((resolve) => setTimeout(resolve, load.outageMs));
      await server.ask('up');
    }
    const counts = await arrived(load, server);
    const ticks = processorTicks(nodeRed.pid);
    const perEvent = (after: number, earlier: number) =>
      ((after - earlier) * MICROSECONDS_A_TICK) / counts.events;
    return {
      eventsPerSecond: counts.events / ((counts.lastArrival - begun) / 1000),
      userMicroseconds: perEvent(ticks.user, ticksBefore.user),
      systemMicroseconds: perEvent(ticks.system, ticksBefore.system),
      connections: counts.connections,
      peakGrowthMb: residentMb(nodeRed.pid, 'VmHWM') - before,
      arrived: counts.events,
    };
  } finally {
    await nodeRed.stop();
  }
}

/**
 * A plant's Node-RED has seen events before: what is loaded and compiled for the first of them is not a cost of a
 * burst. With BENCH_WARM_UP=0 the burst is the first that a fresh process sees.
 */
async function warmUp(nodeRed: RealNodeRed, way: Way, server: CountingServer): Promise<void> {
  if (WARM_UP_EVENTS === 0) return;
  const load: Load = { events: WARM_UP_EVENTS, pace: 'steady' };
  await nodeRed.deploy(flowFor(way, load, server.url));
  await fetch(`${nodeRed.url}/start`);
  await arrived(load, server);
  await server.ask('reset');
}

/** Until all have arrived, or none more comes. */
async function arrived({ events, patienceMs = 30_000 }: Load, server: CountingServer) {
  const asked = Date.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const counts = await server.ask<{ events: number; connections: number; lastArrival: number }>('counts');
    if (counts.events >= events || Date.now() - Math.max(counts.lastArrival, asked) > patienceMs)
      return counts;
  }
}

const median = (numbers: number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

export function printRun(round: number, title: string, result: Run): void {
  const rate = Math.round(result.eventsPerSecond);
  const growth = Math.round(result.peakGrowthMb);
  console.log(
    `round ${round + 1}: ${title}: ${result.arrived} arrived, ${rate} events/s, +${growth} MB at most`,
  );
}

/** Medians of each title's runs; ratios to the first title. */
export function printTable(runs: Map<string, Run[]>): void {
  const [first = []] = runs.values();
  const base = median(first.map(({ eventsPerSecond }) => eventsPerSecond));
  const rows = [...runs].map(([title, results]) => {
    const of = (name: keyof Run) => median(results.map((result) => result[name]));
    const row = {
      'events/s': Math.round(of('eventsPerSecond')),
      ratio: Number((of('eventsPerSecond') / base).toFixed(2)),
      'user µs': Math.round(of('userMicroseconds')),
      'system µs': Math.round(of('systemMicroseconds')),
      connections: of('connections'),
      'peak growth MB': Math.round(of('peakGrowthMb')),
      arrived: of('arrived'),
    };
    return [title, row] as const;
  });
  console.table(Object.fromEntries(rows));
}
