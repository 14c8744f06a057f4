import assert from 'node:assert/strict';
import { SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { EVENT_SENT_AS_IT_IS } from '../support/sent-as-it-is';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  visionEventDefaults,
  visionEventSendDefaults,
  workspaceDefaults,
} from '../../nodes/shared/properties';
import { startSimulator, type Simulator } from '../../simulator/server';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { until } from '../support/until';

const SLOW_MS = 180_000;
const DEADLINE_MS = 15_000;
const STORING_NODES = ['event', 'send', 'outbox'];
const WATCH_SECONDS = 4;
const MOST_A_SECOND = 2;

interface Shown {
  node: string;
  /** colour, shape and text, such as `blue dot queued 7` */
  status: string;
}

describe('store and forward in a real Node-RED', function () {
  this.timeout(SLOW_MS);

  let simulator: Simulator;
  let nodeRed: RealNodeRed;

  before(async () => {
    simulator = await startSimulator();
    nodeRed = await RealNodeRed.start('4.1');
  });
  beforeEach(async () => {
    simulator.reset();
    await nodeRed.deploy(flow(simulator));
  });
  after(async () => {
    await nodeRed?.stop();
    await simulator?.close();
  });

  const store = async (events: number): Promise<void> => {
    for (let n = 0; n < events; n++) {
      const { status } = await fetch(`${nodeRed.url}/store`, { method: 'POST' });
      assert.equal(status, 200);
    }
  };
  const happens = (holds: () => boolean, what: string): Promise<true> =>
    until(holds, () => `${what}; the statuses:\n${JSON.stringify(statuses())}`, DEADLINE_MS);
  const statuses = (since = 0): Shown[] =>
    [
      ...nodeRed
        .log()
        .slice(since)
        .matchAll(/STATUS (\w+) (.*)/g),
    ].map(([, node = '', status = '']) => ({
      node,
      status,
    }));
  const untilAllShow = (expected: RegExp, since: number) =>
    happens(
      () =>
        STORING_NODES.every((id) =>
          statuses(since).some(({ node, status }) => node === id && expected.test(status)),
        ),
      String(expected),
    );
  /** The file tells who has the folder open: it is written anew with each opening. */
  const owner = () =>
    (
      JSON.parse(readFileSync(path.join(nodeRed.userDirectory, 'vision-events/workspace/lock'), 'utf8')) as {
        token: string;
      }
    ).token;

  it('shows on every node of the workspace how many wait, counts down to the next attempt, and how many were sent', async () => {
    const begin = nodeRed.log().length;
    await store(1);
    await untilAllShow(/^green dot delivered 1$/, begin);

    simulator.faults.always({ status: 503, retryAfter: 60 });
    await store(7);
    await untilAllShow(/^yellow ring retry in \d+ s, 7 kept$/, begin);
    const watched = nodeRed.log().length;
    await delay(WATCH_SECONDS * 1000);
    const seen = statuses(watched);
    for (const id of STORING_NODES) {
      const texts = seen.filter(({ node }) => node === id).map(({ status }) => status);
      const seconds = texts.map((text) => Number(/^yellow ring retry in (\d+) s, 7 kept$/.exec(text)?.[1]));
      assert.ok(seconds.length >= WATCH_SECONDS - 1, texts.join('\n'));
      assert.ok(seconds.length <= MOST_A_SECOND * WATCH_SECONDS + 1, texts.join('\n'));
      assert.deepEqual(
        seconds,
        [...new Set(seconds)].sort((a, b) => b - a),
        'each second once, downwards',
      );
    }

    const refused = nodeRed.log().length;
    simulator.faults.clear();
    await nodeRed.deploy(flow(simulator, 'expired-key-of-somebody'));
    await untilAllShow(/^red ring 401 API key refused, 7 kept$/, refused);

    const fixed = nodeRed.log().length;
    await nodeRed.deploy(flow(simulator));
    await untilAllShow(/^green dot delivered 7$/, fixed);
    assert.equal(simulator.events().length, 8);
  });

  it('keeps the outbox open over deploys that leave the workspace alone', async () => {
    await store(1);
    const opened = owner();
    const nodes = flow(simulator);
    for (const node of nodes) delete node.credentials;
    for (const [type, id] of [
      ['nodes', 'event'],
      ['flows', 'event'],
      ['nodes', 'outbox'],
    ] as const) {
      nodes.find((node) => node.id === id)!['name'] = `changed by a deploy of ${type}`;
      await nodeRed.deploy(nodes, type);
      await store(1);
      assert.equal(owner(), opened, type);
    }
    nodes.find(({ id }) => id === 'workspace')!['batchSize'] = 10;
    await nodeRed.deploy(nodes, 'nodes');
    await store(1);
    assert.notEqual(owner(), opened, 'control: a change of the workspace opens it anew');
    await happens(() => simulator.events().length === 5, 'all events');
  });

  it('keeps the folder of a deleted workspace, and says where it is', async () => {
    simulator.faults.always({ status: 503 });
    await store(2);
    const begin = nodeRed.log().length;
    await nodeRed.deploy([{ id: 'tab', type: 'tab', label: 'Test' }]);
    const folder = path.join(nodeRed.userDirectory, 'vision-events/workspace');
    assert.ok(nodeRed.log().slice(begin).includes(`Its outbox is kept in ${folder} (2 events wait there)`));
    assert.equal(existsSync(path.join(folder, 'meta.json')), true);

    simulator.faults.clear();
    await nodeRed.deploy(flow(simulator));
    await happens(() => simulator.events().length === 2, 'the events of the folder');
  });
});

/** `POST /store` stores an event and answers once it is safe; each status is written to the log. */
function flow(simulator: Simulator, apiKey = simulator.keys.full): FlowNode[] {
  const place = { z: 'tab', x: 300, y: 100 };
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'roboflow-vision-event-workspace',
      baseUrl: simulator.url,
      batchLinger: 0,
      credentials: { apiKey },
    },
    { id: 'in', type: 'http in', ...place, url: '/store', method: 'post', wires: [['event']] },
    {
      ...visionEventDefaults,
      ...EVENT_SENT_AS_IT_IS,
      id: 'event',
      type: 'roboflow-vision-event',
      ...place,
      workspace: 'workspace',
      useCase: 'quality-line-1',
      delivery: 'queue',
      detectionsType: 'none',
      wires: [['answer']],
    },
    { id: 'answer', type: 'http response', ...place, statusCode: '200' },
    {
      ...visionEventSendDefaults,
      ...SENT_AS_IT_IS,
      id: 'send',
      type: 'roboflow-vision-event-send',
      ...place,
      workspace: 'workspace',
      delivery: 'queue',
    },
    {
      id: 'outbox',
      type: 'roboflow-vision-event-outbox',
      ...place,
      workspace: 'workspace',
      wires: [[], [], []],
    },
    { id: 'status', type: 'status', ...place, scope: STORING_NODES, wires: [['log']] },
    {
      id: 'log',
      type: 'function',
      ...place,
      func: "const { fill, shape, text, source } = msg.status; node.log(['STATUS', source.id, fill, shape, text].join(' '));",
      wires: [[]],
    },
  ];
}
