import {
  visionEventDefaults,
  visionEventSendDefaults,
  workspaceDefaults,
} from '../../nodes/shared/properties';
import { SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { EVENT_SENT_AS_IT_IS } from '../support/sent-as-it-is';
import type { FlowNode } from '../support/real-node-red';
import { ROUTES, type Route } from './copies';

export const WORKSPACE = 'workspace';

/** What a message carries through the flow. */
export interface LoadMessage {
  messageId: number;
  route: Route;
  eventId: string;
  version: number;
  number: number;
  useCase: string;
  value: string;
  detections?: unknown;
  /** base64 */
  image?: string;
  /** for the route `array` */
  events?: object[];
}

/** A line of the flow's log. Written synchronously, so that what was seen survives kill -9. */
export type FlowLine =
  | { kind: 'done'; messageId: number; ms: number }
  | { kind: 'error'; messageId: number; code: string; text: string }
  /** ids that an array's report names as failed */
  | { kind: 'failed'; messageId: number; eventIds: (string | null)[] };

export interface FlowSettings {
  apiKey: string;
  baseUrl: string;
  logFile: string;
  pictureFile: string;
  workspace: Partial<typeof workspaceDefaults>;
}

/**
 * Each route with its node, a Complete and a Catch node that write down what became of the messages, and the outbox
 * node.
 */
export function soakFlow({ apiKey, baseUrl, logFile, pictureFile, workspace }: FlowSettings): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'Soak' },
    {
      ...workspaceDefaults,
      id: WORKSPACE,
      type: 'roboflow-vision-event-workspace',
      name: 'Soak',
      baseUrl,
      timeout: 8_000,
      ...workspace,
      credentials: { apiKey },
    },
    ...loadNodes(),
    eventNode('message-picture', { outputImage: 'image', outputImageType: 'msg' }),
    eventNode('file-picture', { outputImage: pictureFile, outputImageType: 'file' }),
    eventNode('maybe-picture', {
      outputImage: 'image',
      outputImageType: 'msg',
      whenImageFails: 'send-without',
    }),
    eventNode('no-picture', {
      value: '$string(load.value)',
      valueType: 'jsonata',
      imageWidth: '640',
      imageHeight: '480',
    }),
    eventNode('direct', { delivery: 'send' }),
    node('array', 'roboflow-vision-event-send', {
      ...visionEventSendDefaults,
      ...SENT_AS_IT_IS,
      workspace: WORKSPACE,
      delivery: 'queue',
      events: 'load.events',
      wires: [['log-failed']],
    }),
    ...logNodes(logFile),
    ...commandNodes(),
  ];
}

function node(id: string, type: string, properties: object): FlowNode {
  return { id, type, z: 'tab', x: 200, y: 200, ...properties };
}

function eventNode(route: Route, properties: Partial<typeof visionEventDefaults>): FlowNode {
  const metadata = (key: string) => ({ key, value: `load.${key}`, valueType: 'msg' as const });
  return node(route, 'roboflow-vision-event', {
    ...visionEventDefaults,
    ...EVENT_SENT_AS_IT_IS,
    workspace: WORKSPACE,
    delivery: 'queue',
    detections: 'load.detections',
    eventType: 'custom',
    useCase: 'load.useCase',
    useCaseType: 'msg',
    eventId: 'load.eventId',
    eventIdType: 'msg',
    value: 'load.value',
    valueType: 'msg',
    metadata: [metadata('number'), metadata('version')],
    ...properties,
    wires: [[]],
  });
}

/** Hands all messages of a request over in one tick. */
function loadNodes(): FlowNode[] {
  const func = `
    const routes = ${JSON.stringify(ROUTES)};
    for (const load of msg.payload.messages) {
      const image = load.image === undefined ? undefined : Buffer.from(load.image, 'base64');
      const outputs = routes.map((route) => (route === load.route ? { load, image, since: hooks.performance.now() } : null));
      node.send([...outputs, null]);
    }
    return [...routes.map(() => null), { ...msg, payload: 'taken' }];`;
  return [
    node('load-in', 'http in', { url: '/load', method: 'post', wires: [['load']] }),
    node('load', 'function', {
      func,
      outputs: ROUTES.length + 1,
      libs: [{ var: 'hooks', module: 'node:perf_hooks' }],
      wires: [...ROUTES.map((route) => [route]), ['load-taken']],
    }),
    node('load-taken', 'http response', { statusCode: '200', wires: [] }),
  ];
}

function logNodes(logFile: string): FlowNode[] {
  const writer = (id: string, line: string) =>
    node(id, 'function', {
      // Opened beforehand, since the files that the process may open are limited now and then.
      initialize: `context.set('file', fs.openSync(${JSON.stringify(logFile)}, 'a'));`,
      func: `if (msg.load) fs.writeSync(context.get('file'), JSON.stringify(${line}) + '\\n');`,
      finalize: `fs.closeSync(context.get('file'));`,
      outputs: 0,
      libs: [
        { var: 'fs', module: 'node:fs' },
        { var: 'hooks', module: 'node:perf_hooks' },
      ],
      wires: [],
    });
  return [
    node('complete', 'complete', { scope: [...ROUTES], wires: [['log-done']] }),
    node('catch', 'catch', { scope: [...ROUTES], wires: [['log-error']] }),
    writer(
      'log-done',
      `{ kind: 'done', messageId: msg.load.messageId, ms: Math.round(hooks.performance.now() - msg.since) }`,
    ),
    writer(
      'log-error',
      `{ kind: 'error', messageId: msg.load.messageId, code: msg.error.code, text: msg.error.message }`,
    ),
    writer(
      'log-failed',
      `{ kind: 'failed', messageId: msg.load.messageId, eventIds: msg.visionEvent.failed.map((one) => one.eventId) }`,
    ),
  ];
}

function commandNodes(): FlowNode[] {
  return [
    node('command-in', 'http in', { url: '/outbox', method: 'post', wires: [['command']] }),
    node('command', 'change', {
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'payload.command', tot: 'msg' }],
      wires: [['outbox']],
    }),
    node('outbox', 'roboflow-vision-event-outbox', { workspace: WORKSPACE, wires: [[], [], ['state']] }),
    // The state also comes unasked; only an answer has somewhere to go.
    node('state', 'switch', {
      property: 'res',
      propertyType: 'msg',
      rules: [{ t: 'nnull' }],
      checkall: 'true',
      outputs: 1,
      wires: [['answer']],
    }),
    node('answer', 'http response', { statusCode: '200', wires: [] }),
  ];
}
