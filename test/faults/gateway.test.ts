import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gateway } from '../../scripts/examples/gateway';
import { startSimulator, type Simulator } from '../../simulator/server';
import { Mosquitto } from '../support/mosquitto';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { assertNoSecret } from '../support/secrets';
import { isLongRun } from '../support/seed';
import { until } from '../support/until';

const API_KEY = 'key-of-the-gateways';
const SLOW_MS = 240_000;
const PORTIONS = 20;
const PORTION = 50;
/** Gateway B is killed in the middle of this portion, and the next one waits until the broker has noticed. */
const KILLED_IN = 10;
const BROKER_NOTICES_MS = 1000;
/** Nothing more comes when so long nothing came. */
const QUIET_MS = 3000;

type Session = 'clean' | 'kept';
const SESSIONS: Session[] = isLongRun ? ['clean', 'kept'] : ['clean'];

/**
 * The flows of the example "Central gateway over MQTT": device and gateway A in one Node-RED, gateway B in another,
 * which is killed. MQTT's promise ends with the acknowledgement, and Node-RED's `mqtt in` acknowledges on arrival: what
 * lay between arrival and outbox in that moment is gone. That loss is measured and printed; everything else must
 * arrive.
 */
describe('two gateways share the events of a broker, one is killed', function () {
  this.timeout(SLOW_MS);

  let mosquitto: Mosquitto;
  let simulator: Simulator;
  let folder: string;
  const running: RealNodeRed[] = [];

  before(async function () {
    mosquitto = await Mosquitto.start(this);
  });
  beforeEach(async () => {
    simulator = await startSimulator({ apiKey: API_KEY });
    folder = mkdtempSync(path.join(tmpdir(), 'vision-events-gateway-'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((nodeRed) => nodeRed.stop()));
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => mosquitto?.stop());

  async function start(name: 'A' | 'B', session: Session, hasDevice: boolean): Promise<RealNodeRed> {
    const nodeRed = await RealNodeRed.start('4.1');
    running.push(nodeRed);
    const settings = { name, session, hasDevice, folder, baseUrl: simulator.url, port: mosquitto.port };
    await nodeRed.deploy(gatewayFlow(settings));
    return nodeRed;
  }

  for (const session of SESSIONS) {
    it(`loses at most what had not reached the outbox (${session} session)`, async () => {
      const [a, b] = await Promise.all([start('A', session, true), start('B', session, false)]);
      await until(async () => (await connected(a)) && (await connected(b)), 'both gateways to be connected');
      for (let portion = 0; portion < PORTIONS; portion++) {
        const published = publish(a, portion);
        if (portion === KILLED_IN) {
          await b.kill();
          await new Promise((resolve) => setTimeout(resolve, BROKER_NOTICES_MS));
        }
        await published;
      }
      const total = PORTIONS * PORTION;
      await until(async () => (await publishedBy(a)) === total, 'the broker to have everything');
      const missingOf = (...names: ('A' | 'B')[]) => {
        const arrived = numbersAt(simulator);
        return names.flatMap((name) => storedBy(folder, name)).filter((number) => !arrived.has(number));
      };
      const allArrivedOf =
        (...names: ('A' | 'B')[]) =>
        () =>
          Promise.resolve(missingOf(...names).length === 0);
      await until(allArrivedOf('A'), 'what gateway A had stored');
      const beforeRestart = numbersAt(simulator).size;
      await b.restart();
      await until(() => connected(b), 'gateway B to be connected again');
      await until(allArrivedOf('A', 'B'), 'what both gateways had stored');
      await quiet(simulator);

      const arrived = numbersAt(simulator);
      const stored = { A: storedBy(folder, 'A'), B: storedBy(folder, 'B') };
      const lost = range(0, total).filter((number) => !arrived.has(number));
      console.log(
        `      ${session} session: ${total} published; A stored ${stored.A.length}, B ${stored.B.length}; ` +
          `${beforeRestart} arrived before B was started again, ${arrived.size} in the end; ${lost.length} lost` +
          (lost.length > 0 ? ` (${lost[0]} to ${lost.at(-1)})` : ''),
      );
      assert.ok(stored.A.length > 0 && stored.B.length > 0, 'both had work');
      assert.deepEqual(missingOf('A', 'B'), [], 'what an outbox had taken');
      const afterKill = (KILLED_IN + 1) * PORTION;
      assert.deepEqual(
        lost.filter((number) => number >= afterKill),
        [],
        'what was published afterwards',
      );
      assert.equal(simulator.events().length, arrived.size, 'no event under two ids');
      for (const nodeRed of [a, b]) {
        assert.doesNotMatch(nodeRed.log(), /unhandled|uncaught/i);
        assertNoSecret(API_KEY, nodeRed.log(), 'a log');
      }
    });
  }
});

interface GatewaySettings {
  name: 'A' | 'B';
  session: Session;
  hasDevice: boolean;
  folder: string;
  baseUrl: string;
  port: number;
}

/** The example, with numbered events on request in place of its camera, and a note of each event that is stored. */
function gatewayFlow(settings: GatewaySettings): FlowNode[] {
  const nodes = gateway().nodes as FlowNode[];
  const tab = (label: string) => nodes.find((node) => node['label'] === label)?.id ?? '';
  const named = (name: string) => nodes.find((node) => node['name'] === name)?.id ?? '';
  const device = tab('Edge device');
  const dropped = new Set([tab('Stand-in API (gateway)'), ...(settings.hasDevice ? [] : [device])]);
  const isKept = ({ id, z, type }: FlowNode) =>
    !dropped.has(id) && !dropped.has(z as string) && type !== 'inject' && type !== 'comment';
  const stored = path.join(settings.folder, `${settings.name}.stored`);
  return [
    ...nodes.filter(isKept).map((node) => adapted(node, settings)),
    ...noteStored(tab('Gateway'), named('store and deliver'), stored),
    ...answerConnected(tab('Gateway')),
    ...(settings.hasDevice ? publisher(device, named('only build'), named('to the gateway')) : []),
  ];
}

function adapted(node: FlowNode, { name, session, baseUrl, port }: GatewaySettings): FlowNode {
  if (node.type === 'roboflow-vision-event-workspace') {
    return { ...node, baseUrl, credentials: { apiKey: API_KEY } };
  }
  if (node.type === 'mqtt-broker') {
    const kept = { clientid: `gateway-${name}`, cleansession: false, sessionExpiry: '3600' };
    return { ...node, port: String(port), ...(session === 'kept' ? kept : {}) };
  }
  if (node.type === 'roboflow-vision-event') {
    return { ...node, metadata: [{ key: 'number', value: 'number', valueType: 'msg' }] };
  }
  return node;
}

function noteStored(tab: string, sender: string, file: string): FlowNode[] {
  const func = `fs.appendFileSync(${JSON.stringify(file)}, msg.payload.customMetadata.number + '\\n');`;
  return [
    { ...place('done', tab), type: 'complete', scope: [sender], uncaught: false, wires: [['note']] },
    {
      ...place('note', tab),
      type: 'function',
      func,
      libs: [{ var: 'fs', module: 'fs' }],
      outputs: 0,
      wires: [],
    },
  ];
}

function answerConnected(tab: string): FlowNode[] {
  const remember = `if (/connected$/.test(msg.status.text)) global.set('connected', msg.status.fill === 'green');`;
  return [
    { ...place('status', tab), type: 'status', scope: null, wires: [['remember']] },
    { ...place('remember', tab), type: 'function', func: remember, outputs: 0, wires: [] },
    ...answering(tab, 'connected', `msg.payload = global.get('connected') === true;`),
  ];
}

/** POST /publish {first, count}: so many numbered detections; GET /published: how many the broker has acknowledged. */
function publisher(tab: string, build: string, mqttOut: string): FlowNode[] {
  const send = `
    const { first, count } = msg.payload;
    for (let number = first; number < first + count; number++) {
      node.send([{ number, payload: { image: { width: 640, height: 480 }, predictions: [] } }, null]);
    }
    return [null, msg];`;
  return [
    { ...place('publish', tab), type: 'http in', url: '/publish', method: 'post', wires: [['numbers']] },
    {
      ...place('numbers', tab),
      type: 'function',
      func: send,
      outputs: 2,
      wires: [[build], ['publish-answer']],
    },
    { ...place('publish-answer', tab), type: 'http response', wires: [] },
    { ...place('acked', tab), type: 'complete', scope: [mqttOut], uncaught: false, wires: [['count']] },
    {
      ...place('count', tab),
      type: 'function',
      func: `global.set('published', (global.get('published') || 0) + 1);`,
      outputs: 0,
      wires: [],
    },
    ...answering(tab, 'published', `msg.payload = global.get('published') || 0;`),
  ];
}

function answering(tab: string, name: string, func: string): FlowNode[] {
  return [
    {
      ...place(`${name}-in`, tab),
      type: 'http in',
      url: `/${name}`,
      method: 'get',
      wires: [[`${name}-func`]],
    },
    {
      ...place(`${name}-func`, tab),
      type: 'function',
      func: `${func} msg.payload = JSON.stringify(msg.payload); return msg;`,
      outputs: 1,
      wires: [[`${name}-out`]],
    },
    { ...place(`${name}-out`, tab), type: 'http response', wires: [] },
  ];
}

function place(id: string, z: string): FlowNode {
  return { id, type: '', z, x: 100, y: 100, name: '' };
}

async function publish(nodeRed: RealNodeRed, portion: number): Promise<void> {
  const answer = await fetch(`${nodeRed.url}/publish`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ first: portion * PORTION, count: PORTION }),
  });
  assert.equal(answer.status, 200);
}

const connected = (nodeRed: RealNodeRed) => nodeRed.get<boolean>('connected');
const publishedBy = (nodeRed: RealNodeRed) => nodeRed.get<number>('published');

function numbersAt(simulator: Simulator): Set<number> {
  return new Set(
    simulator.events().map(({ event }) => (event['customMetadata'] as { number: number }).number),
  );
}

function storedBy(folder: string, name: string): number[] {
  const file = path.join(folder, `${name}.stored`);
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
}

const range = (first: number, end: number) => Array.from({ length: end - first }, (_, i) => first + i);

/** Waits until nothing arrives any more. */
async function quiet(simulator: Simulator): Promise<void> {
  let count = -1;
  while (count !== simulator.events().length) {
    count = simulator.events().length;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}
