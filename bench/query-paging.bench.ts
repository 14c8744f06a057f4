import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { visionEventQueryDefaults, workspaceDefaults } from '../nodes/shared/properties';
import { RealNodeRed, type FlowNode } from '../test/support/real-node-red';

/**
 * Whether the memory of a real Node-RED stays flat while the query node reads 100,000 events of about 1.5 KB in pages
 * of 1,000: the heap in use, always after a collection. Beside it the delivery `array`, which has to keep them all.
 */
const EVENTS = Number(process.env.BENCH_EVENTS ?? 100_000);
const MEASURE_EVERY = 10_000;
const WAYS = ['page', 'event', 'array'] as const;

/** Text of a function node: `heap()` is the megabytes in use. */
const HEAP = `
v8.setFlagsFromString('--expose-gc');
const heap = () => { vm.runInNewContext('gc')(); return process.memoryUsage().heapUsed / 1024 / 1024; };
`;
const COUNT = `${HEAP}
const before = flow.get('seen');
const seen = before + (Array.isArray(msg.payload) ? msg.payload.length : 1);
flow.set('seen', seen);
if (Math.floor(seen / ${MEASURE_EVERY}) > Math.floor(before / ${MEASURE_EVERY})) flow.set('heaps', [...flow.get('heaps'), heap()]);
`;
const BEGIN = `${HEAP} flow.set('seen', 0); flow.set('heaps', []); flow.set('ended', 0); flow.set('before', heap()); return msg;`;
const END = `flow.set('ended', Date.now());`;
const RESULT = `${HEAP}
const names = ['seen', 'before', 'heaps', 'ended'];
msg.payload = Object.fromEntries(names.map((name) => [name, flow.get(name)]));
if (msg.payload.ended) msg.payload.after = heap();
return msg;`;

interface Result {
  seen: number;
  before: number;
  heaps: number[];
  /** epoch ms; 0 while the query runs */
  ended: number;
  after: number;
}

function flowFor(deliver: (typeof WAYS)[number], serverUrl: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const functionNode = (id: string, func: string, wires: string[][]): FlowNode => ({
    id,
    type: 'function',
    ...place,
    func,
    outputs: 1,
    timeout: 0,
    initialize: '',
    finalize: '',
    libs: ['v8', 'vm', 'process'].map((module) => ({ var: module, module })),
    wires,
  });
  const route = (id: string, wires: string[][]): FlowNode => ({
    id,
    type: 'http in',
    ...place,
    url: `/${id}`,
    method: 'get',
    wires,
  });
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    route('start', [['begin']]),
    functionNode('begin', BEGIN, [['reply', 'query']]),
    { id: 'reply', type: 'http response', ...place, wires: [] },
    {
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      ...workspaceDefaults,
      baseUrl: serverUrl,
      credentials: { apiKey: 'bench-key' },
    },
    {
      id: 'query',
      type: 'roboflow-vision-event-query',
      ...place,
      ...visionEventQueryDefaults,
      workspace: 'workspace',
      useCase: 'line-3',
      startTime: '',
      deliver,
      wires: [['count']],
    },
    functionNode('count', COUNT, [[]]),
    { id: 'complete', type: 'complete', ...place, scope: ['query'], wires: [['end']] },
    functionNode('end', END, [[]]),
    route('result', [['answer']]),
    functionNode('answer', RESULT, [['reply']]),
  ];
}

async function run(deliver: (typeof WAYS)[number], serverUrl: string): Promise<Result & { seconds: number }> {
  const nodeRed = await RealNodeRed.start('4.1');
  try {
    await nodeRed.deploy(flowFor(deliver, serverUrl));
    const begun = Date.now();
    await fetch(`${nodeRed.url}/start`);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const result = (await (await fetch(`${nodeRed.url}/result`)).json()) as Result;
      // The last messages may still be on their way to the counter.
      if (result.ended > 0 && Date.now() - result.ended > 500)
        return { ...result, seconds: (result.ended - begun) / 1000 };
    }
  } finally {
    await nodeRed.stop();
  }
}

async function main(): Promise<void> {
  const server = fork(path.join(__dirname, 'support-event-pages.ts'), [String(EVENTS)], {
    execArgv: ['--require', 'tsx/cjs'],
  });
  try {
    const [port] = (await once(server, 'message')) as [number];
    await compare(`http://127.0.0.1:${port}`);
  } finally {
    server.kill();
  }
}

async function compare(serverUrl: string): Promise<void> {
  console.log(
    `${EVENTS.toLocaleString('en')} events in pages of 100 through Node-RED; MB of heap in use after a collection`,
  );
  const titles = ['deliver', 'before', 'at 10 %', 'most', 'after', 'events/s'];
  console.log(titles.map((title) => title.padStart(10)).join(''));
  for (const deliver of WAYS) {
    const { seen, before, heaps, after, seconds } = await run(deliver, serverUrl);
    if (seen !== EVENTS) throw new Error(`${deliver}: ${seen} of ${EVENTS} events came`);
    const megabytes = [before, heaps[0]!, Math.max(...heaps), after].map((heap) => heap.toFixed(1));
    const cells = [deliver, ...megabytes, (EVENTS / seconds).toFixed(0)];
    console.log(cells.map((cell) => cell.padStart(10)).join(''));
  }
}

void main();
