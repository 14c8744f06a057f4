import { startSimulator, type Simulator } from '../simulator/server';
import { EVENT_SENT_AS_IT_IS } from '../test/support/sent-as-it-is';
import { visionEventDefaults, workspaceDefaults } from '../nodes/shared/properties';
import { RealNodeRed, type FlowNode } from '../test/support/real-node-red';

/**
 * An event with two pictures of 200 KB through a real Node-RED: a `roboflow-vision-event` node with `separate` and with
 * `bundle` transport, beside three `http request` nodes with the functions between them that they need. Requests, bytes
 * sent and milliseconds an event; medians; the ways take turns.
 */
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 30);
const WAYS = ['separate', 'bundle', 'three http request nodes'] as const;

/** A JPEG of 200 KB that does not compress and is new each time, so that no upload is reused. */
const FILM = `
function picture() {
  const parts = [Buffer.from([0xff, 0xd8])];
  for (let i = 0; i < 4; i++) {
    const noise = crypto.randomBytes(51200);
    const head = Buffer.from([0xff, 0xfe, 0, 0]);
    head.writeUInt16BE(noise.length + 2, 2);
    parts.push(head, noise);
  }
  const frame = Buffer.from('ffc0000b0801e0028001011100', 'hex');
  parts.push(frame, Buffer.from('ffda0008010100003f0000ffd9', 'hex'));
  return Buffer.concat(parts);
}
msg.output = picture();
msg.input = picture();
msg.payload = { image: { width: 640, height: 480 }, predictions: [
  { x: 50, y: 40, width: 20, height: 10, confidence: 0.8, class: 'dent', class_id: 0, detection_id: 'd' }] };
return msg;`;

const uploadForm = (from: string, before = '') => `${before}
msg.headers = { Authorization: 'Bearer simulator-key', 'content-type': 'multipart/form-data' };
msg.payload = { file: { value: msg.${from}, options: { filename: 'picture.jpg', contentType: 'image/jpeg' } } };
return msg;`;

const EVENT_BY_HAND = `
msg.headers = { Authorization: 'Bearer simulator-key', 'content-type': 'application/json' };
msg.payload = { eventId: crypto.randomUUID(), eventType: 'quality_check', useCaseId: 'quality-line-1',
  timestamp: new Date().toISOString(), eventData: { result: 'fail' }, displayImagePosition: 0,
  images: [{ sourceId: msg.outputId, inputSourceId: msg.payload.sourceId,
    objectDetections: [{ class: 'dent', x: 50, y: 40, width: 20, height: 10, confidence: 0.8 }] }] };
return msg;`;

function flow(baseUrl: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const functionNode = (id: string, func: string, to: string): FlowNode => ({
    id,
    type: 'function',
    ...place,
    func,
    outputs: 1,
    timeout: 0,
    initialize: '',
    finalize: '',
    libs: [{ var: 'crypto', module: 'crypto' }],
    wires: [[to]],
  });
  const request = (id: string, url: string, to: string): FlowNode => ({
    id,
    type: 'http request',
    ...place,
    method: 'POST',
    ret: 'obj',
    paytoqs: 'ignore',
    url: `${baseUrl}${url}`,
    persist: false,
    wires: [[to]],
  });
  const start = (index: number, to: string): FlowNode[] => [
    {
      id: `in-${index}`,
      type: 'http in',
      ...place,
      url: `/${index}`,
      method: 'get',
      wires: [[`film-${index}`]],
    },
    functionNode(`film-${index}`, FILM, to),
  ];
  const ours = (['separate', 'bundle'] as const).flatMap((transport, index): FlowNode[] => [
    {
      id: `workspace-${index}`,
      type: 'roboflow-vision-event-workspace',
      ...workspaceDefaults,
      baseUrl,
      transport,
      credentials: { apiKey: 'simulator-key' },
    },
    ...start(index, `event-${index}`),
    {
      id: `event-${index}`,
      type: 'roboflow-vision-event',
      ...place,
      ...visionEventDefaults,
      ...EVENT_SENT_AS_IT_IS,
      workspace: `workspace-${index}`,
      useCase: 'quality-line-1',
      result: 'fail',
      outputImage: 'output',
      outputImageType: 'msg',
      inputImage: 'input',
      inputImageType: 'msg',
      wires: [['answer']],
    },
  ]);
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    ...ours,
    ...start(2, 'form-1'),
    functionNode('form-1', uploadForm('output'), 'upload-1'),
    request('upload-1', '/vision-events/upload', 'form-2'),
    functionNode('form-2', uploadForm('input', 'msg.outputId = msg.payload.sourceId;'), 'upload-2'),
    request('upload-2', '/vision-events/upload', 'by-hand'),
    functionNode('by-hand', EVENT_BY_HAND, 'post'),
    request('post', '/vision-events', 'answer'),
    functionNode(
      'answer',
      'msg.headers = {}; msg.statusCode = 200; msg.payload = "done"; return msg;',
      'reply',
    ),
    { id: 'reply', type: 'http response', ...place, wires: [] },
  ];
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** One event with both its pictures must have arrived: a way that fails fast is not a way. */
async function once(nodeRed: RealNodeRed, simulator: Simulator, way: number) {
  simulator.reset();
  const begun = performance.now();
  const reply = await fetch(`${nodeRed.url}/${way}`, { signal: AbortSignal.timeout(20_000) });
  await reply.text();
  const ms = performance.now() - begun;
  const [image] = (simulator.events()[0]?.event['images'] ?? []) as {
    sourceId?: string;
    inputSourceId?: string;
  }[];
  if (!image?.sourceId || !image.inputSourceId)
    throw new Error(`${WAYS[way]}: the event did not arrive whole`);
  const { entries } = simulator.requests;
  return {
    ms,
    requests: entries.length,
    bytes: entries.reduce((sum, { bodyBytes }) => sum + (bodyBytes ?? 0), 0),
  };
}

async function main(): Promise<void> {
  const simulator = await startSimulator({ apiKey: 'simulator-key' });
  const nodeRed = await RealNodeRed.start('4.1');
  try {
    await nodeRed.deploy(flow(simulator.url));
    for (const answerMs of [0, 50]) {
      const runs = WAYS.map(() => [] as Awaited<ReturnType<typeof once>>[]);
      // the first two rounds load and compile code: they do not count
      for (let round = -2; round < ROUNDS; round++) {
        for (const [way] of WAYS.entries()) {
          simulator.faults.clear();
          const run = await onceWith(nodeRed, simulator, way, answerMs);
          if (round >= 0) runs[way]?.push(run);
        }
      }
      console.log(
        `\n${answerMs === 0 ? 'loopback' : `each answer takes ${answerMs} ms`} (${ROUNDS} events each, medians)`,
      );
      console.table(
        Object.fromEntries(
          WAYS.map((name, way) => {
            const of = (field: 'ms' | 'requests' | 'bytes') =>
              median((runs[way] ?? []).map((run) => run[field]));
            return [name, { requests: of('requests'), bytes: of('bytes'), ms: Number(of('ms').toFixed(1)) }];
          }),
        ),
      );
    }
  } finally {
    await nodeRed.stop();
    await simulator.close();
  }
}

async function onceWith(nodeRed: RealNodeRed, simulator: Simulator, way: number, answerMs: number) {
  if (answerMs === 0) return once(nodeRed, simulator, way);
  simulator.reset();
  return once(nodeRed, slowed(simulator, answerMs), way);
}

/** `reset` clears the faults as well, so the delay is set again behind it. */
function slowed(simulator: Simulator, slowMs: number): Simulator {
  return {
    ...simulator,
    reset: () => {
      simulator.reset();
      simulator.faults.always({ kind: 'none', slowMs });
    },
  };
}

void main();
