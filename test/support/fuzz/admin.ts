import assert from 'node:assert/strict';
import { visionEventDefaults } from '../../../nodes/shared/properties';
import { EVENT_NODE_ID, helper, TestFlow, WORKSPACE_ID } from '../node-red-helper';
import { sendJson, startServer, stopServers, type TestServer } from '../servers';
import type { Dice } from './dice';
import { FUZZ_KEY } from './key';
import type { Subject } from './subject';
import { anyValue, jsonValue } from './values';

interface Request {
  method: string;
  path: string;
  type: string;
  body: string | undefined;
}

let server: TestServer;

const IDS = [
  WORKSPACE_ID,
  WORKSPACE_ID,
  EVENT_NODE_ID,
  'nowhere',
  '__proto__',
  'constructor',
  '..',
  '%2e%2e%2f',
  '%ff',
  '%00',
  'a'.repeat(3_000),
];
const COMMANDS = [
  'pause',
  'resume',
  'flush',
  'retry-refused',
  'discard-refused',
  '__proto__',
  'toString',
  '%2f',
];

/** Whatever a browser or a script may send to the routes of the dialogs: always an answer, never the key. */
export const admin: Subject<Request> = {
  async start() {
    await new Promise<void>((resolve) => void helper.startServer(resolve));
    server = await startServer(({ headers }, response) =>
      sendJson(response, 200, {
        useCases: [{ id: headers.authorization, name: headers.authorization }],
        fields: {},
        id: 'u',
        name: 'n',
      }),
    );
    await TestFlow.load({ delivery: 'build' }, { baseUrl: server.url, apiKey: FUZZ_KEY, timeout: 500 });
  },
  make(dice) {
    const [method, path] = route(dice);
    return {
      method: dice.chance(0.9)
        ? method
        : dice.pick(['get', 'post', 'put', 'delete', 'head', 'options', 'patch']),
      path:
        path +
        (dice.chance(0.3)
          ? `?${dice.pick(['refresh', 'baseUrl=x', 'baseUrl[]=1', 'baseUrl[a]=1', 'refresh=%ff'])}`
          : ''),
      type: dice.chance(0.9)
        ? 'application/json'
        : dice.pick(['text/plain', 'application/x-www-form-urlencoded', 'x', '']),
      body: dice.chance(0.95) ? bodyText(dice) : undefined,
    };
  },
  async run({ method, path, type, body }) {
    const hasBody = !['get', 'head'].includes(method) && body !== undefined;
    const answer = await fetch(`${adminUrl()}/vision-events/${path}`, {
      method: method.toUpperCase(),
      headers: { 'content-type': type },
      ...(hasBody && { body }),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await answer.text();
    assert.ok(answer.status !== 500, `${method} ${path}: ${answer.status} ${text}`);
    if (answer.headers.get('content-type')?.startsWith('application/json') && text !== '') JSON.parse(text);
    return [text, [...answer.headers]];
  },
  async end() {
    await helper.unload();
    await stopServers();
    await new Promise<void>((resolve) => void helper.stopServer(resolve));
  },
};

function adminUrl(): string {
  return helper.url().replace(/\/$/, '');
}

function route(dice: Dice): [method: string, path: string] {
  const id = dice.pick(IDS);
  return dice.pick<[string, string]>([
    ['get', `workspaces/${id}/outbox`],
    ['post', `workspaces/${id}/outbox/${dice.pick(COMMANDS)}`],
    [
      'post',
      `workspaces/${id}/outbox/refused/${dice.pick(IDS)}/${dice.pick(['retry', 'discard', '__proto__'])}`,
    ],
    ['post', 'use-cases/list'],
    ['post', 'use-cases/create'],
    ['post', 'test-event'],
    ['get', `workspaces/${id}/metadata-schema/${dice.pick(IDS)}`],
    ['get', `nodes/${id}/last-message`],
    ['post', 'check-connection'],
    ['post', 'try'],
    ['post', 'try'],
  ]);
}

function bodyText(dice: Dice): string {
  const fields: Record<string, unknown> = {};
  for (const name of [
    'id',
    'target',
    'baseUrl',
    'apiKey',
    'eventStoreKey',
    'tls',
    'proxy',
    'timeout',
    'name',
    'useCase',
    'deviceId',
    'payload',
    'useLast',
    'properties',
  ]) {
    if (dice.chance(0.5))
      fields[name] = dice.pick<() => unknown>([
        () => dice.pick(IDS),
        () =>
          dice.pick([
            '__PWRD__',
            '${HOME}',
            'event-store',
            'http://127.0.0.1:9',
            server.url,
            'file:///etc/passwd',
            'http://[',
            FUZZ_KEY,
            true,
          ]),
        () => properties(dice),
        () => jsonValue(dice, 2),
      ])();
  }
  if (dice.chance(0.6)) fields['properties'] = properties(dice);
  if (dice.chance(0.6)) fields['payload'] = anyValue(dice);
  try {
    const text = JSON.stringify(dice.chance(0.9) ? fields : jsonValue(dice)) ?? '';
    return dice.chance(0.05) ? dice.damaged(Buffer.from(text.slice(0, 10_000))).toString() : text;
  } catch {
    return '{"__proto__":{"polluted":1}}';
  }
}

function properties(dice: Dice): unknown {
  const changed: Record<string, unknown> = { ...visionEventDefaults, useCase: 'u' };
  for (const name of Object.keys(visionEventDefaults))
    if (dice.chance(0.1)) changed[name] = jsonValue(dice, 2);
  for (const name of Object.keys(visionEventDefaults)) {
    // Node-RED itself evaluates JSONata, which may take as long as its author wishes.
    if (name.endsWith('Type') && dice.chance(0.15))
      changed[name] = dice.pick([
        'msg',
        'str',
        'num',
        'json',
        'env',
        'file',
        'none',
        'flow',
        'bool',
        'detected',
        'x',
      ]);
  }
  return changed;
}
