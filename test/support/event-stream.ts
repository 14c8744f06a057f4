import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { visionEventDefaults, workspaceDefaults } from '../../nodes/shared/properties';
import { drawScene } from './drawn-scene';
import type { FlowNode, RealNodeRed } from './real-node-red';

/** A text of a detector or a server that would be a script, were it not a text. */
export const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';

const SIZE = { width: 320, height: 240 };
const BOX = { x: 120, y: 100, width: 80, height: 60 };

export interface StreamOrder {
  /** messages for each of the five nodes in turn */
  count: number;
  /** so many at a time, every `everyMs` */
  atOnce: number;
  everyMs: number;
}

/** Sends what comes to `/stream` to five nodes in turn, each with a picture and a detection. */
const SEND_IN_TURN = `
const { count, atOnce, everyMs, picture } = msg.payload;
const bytes = Buffer.from(picture, 'base64');
const hostile = ${JSON.stringify(HOSTILE)};
let sent = 0;
const turn = () => {
  for (let now = 0; now < atOnce && sent < count; now++, sent++) {
    const predictions = [{ ...${JSON.stringify(BOX)}, class: sent % 5 === 4 ? hostile : 'scratch', confidence: 0.9 }];
    const outputs = [null, null, null, null, null];
    outputs[sent % 5] = {
      _msgid: RED.util.generateId(),
      payload: { predictions, image: ${JSON.stringify(SIZE)} },
      id: (sent % 10 === 1 ? 'refuse-' : 'event-') + sent + '-' + Date.now(),
      image: Buffer.from(bytes),
    };
    node.send(outputs);
  }
  if (sent < count) setTimeout(turn, everyMs);
};
turn();
return [null, null, null, null, null, { ...msg, payload: 'started' }];`;

/**
 * Five nodes of one workspace: one stores, one sends at once (the target refuses every other event), one only builds,
 * one has warnings, one has texts that are meant to do harm.
 */
export function streamFlow(baseUrl: string, outboxDir: string, apiKey: string): FlowNode[] {
  const place = { z: 'tab', x: 400 };
  const event = (id: string, y: number, properties: Partial<typeof visionEventDefaults>): FlowNode => ({
    ...visionEventDefaults,
    id,
    type: 'roboflow-vision-event',
    ...place,
    y,
    name: id,
    workspace: 'workspace',
    useCase: 'quality-line-1',
    useCaseType: 'str',
    eventId: 'id',
    eventIdType: 'msg',
    inputImage: 'image',
    inputImageType: 'msg',
    ...properties,
    wires: [[]],
  });
  return [
    { id: 'tab', type: 'tab', label: 'Stream' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      name: `Plant ${HOSTILE}`,
      baseUrl,
      outboxDir,
      batchLinger: 200,
      credentials: { apiKey },
    },
    { id: 'in', type: 'http in', z: 'tab', x: 100, y: 60, url: '/stream', method: 'post', wires: [['turn']] },
    {
      id: 'turn',
      type: 'function',
      z: 'tab',
      x: 240,
      y: 60,
      func: SEND_IN_TURN,
      outputs: 6,
      wires: [['stored'], ['sent'], ['built'], ['warned'], ['hostile'], ['answer']],
    },
    event('stored', 100, { delivery: 'queue' }),
    event('sent', 160, { delivery: 'send' }),
    event('built', 220, { delivery: 'build', eventType: 'inventory_count' }),
    event('warned', 280, { delivery: 'build', onWarnings: 'send', result: 'broken', resultType: 'str' }),
    event('hostile', 340, {
      delivery: 'build',
      onWarnings: 'send',
      name: HOSTILE,
      useCase: HOSTILE,
      result: HOSTILE,
      resultType: 'str',
      comment: HOSTILE,
      commentType: 'str',
      metadata: [{ key: HOSTILE, value: HOSTILE, valueType: 'str' }],
    }),
    { id: 'answer', type: 'http response', z: 'tab', x: 400, y: 40, wires: [] },
  ];
}

/** The picture that every message brings along. */
export const streamPicture = () => drawScene(SIZE.width, SIZE.height, [BOX]);

export async function startStream(nodeRed: RealNodeRed, order: StreamOrder, picture = streamPicture()) {
  const answer = await fetch(`${nodeRed.url}/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...order, picture: picture.toString('base64') }),
  });
  if (!answer.ok) throw new Error(`the stream did not start: HTTP ${answer.status}`);
}

/** What a process has cost so far: seconds of a core, and its memory in MB. Of Linux. */
export function costOf(pid: number): { cpuSeconds: number; megabytes: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuSeconds: ticks / ticksPerSecond(), megabytes: Number(rss) / 1024 };
}

let clockTicks: number | undefined;
function ticksPerSecond(): number {
  clockTicks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return clockTicks;
}
