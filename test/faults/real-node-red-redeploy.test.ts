import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator, type Simulator } from '../../simulator/server';
import {
  ArrivalLog,
  faultsOfArrivals,
  NumberedLoad,
  numberedFlow,
  untilDrained,
  wrongPictures,
} from '../support/numbered-load';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';
import { assertNoSecret } from '../support/secrets';
import { chooseSeed, isLongRun, seededRandom } from '../support/seed';
import { until } from '../support/until';

const ROUNDS = isLongRun ? 50 : 6;
/** Of which so many end the process. */
const TERMINATION_EVERY = 3;
const FAULT_RATE = 0.2;
const EVENTS_BETWEEN = 10;
/** Node-RED gives a node 15 s, `docker stop` the process 10 s; we want half of that. */
const LONGEST_CLOSE_MS = 5_000;
const RESUME_MS = 5_000;
/** Garbage collection and keep-alive connections let the counts breathe. */
const COUNTS_BREATHE = 3;
const REDEPLOYS_FOR_COUNTS = 5;
/** of the control */
const SLOW_CLOSE_MS = 200;

/** What each change touches; the outbox is closed and opened again only with its workspace. */
const CHANGES = ['everything', 'one event node', 'the workspace'] as const;
type Change = (typeof CHANGES)[number];

describe('a real Node-RED that is redeployed and ended under load', function () {
  this.timeout(isLongRun ? 30 * 60_000 : 180_000);

  const seed = chooseSeed();
  const random = seededRandom(seed);
  let arrivals: ArrivalLog;
  let simulator: Simulator;
  let nodeRed: RealNodeRed;
  let version = 0;

  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));
  before(async () => {
    simulator = await startSimulator({
      maxEventsKept: 1_000_000,
      observe: (endpoint, body) => arrivals.observe(endpoint, body),
    });
    nodeRed = await RealNodeRed.start('4.1', {}, { settings: { nodeCloseTimeout: 15_000 } });
  });
  beforeEach(() => {
    simulator.reset();
    arrivals = new ArrivalLog();
  });
  after(async () => {
    await nodeRed?.stop();
    await simulator?.close();
  });

  async function redeploy(flow: FlowNode[], change: Change): Promise<void> {
    if (change === 'everything') return nodeRed.deploy(flow, 'full');
    const changed = change === 'the workspace' ? 'workspace' : 'plain';
    const node = flow.find(({ id }) => id === changed)!;
    node['name'] = `version ${++version}`;
    return nodeRed.deploy(flow, 'nodes');
  }

  function assertHealthyLog(): void {
    assert.doesNotMatch(nodeRed.log(), /in use by|close timed out|unhandled|uncaught/i);
    assertNoSecret(simulator.keys.full, nodeRed.log(), 'the log');
  }

  it(`24: ${ROUNDS} times: closes in time, loses nothing, never opens a second outbox`, async () => {
    const flow = numberedFlow(simulator);
    await nodeRed.deploy(flow);
    forgetCredentials(flow);
    simulator.faults.random({ rate: FAULT_RATE, seed });
    const load = new NumberedLoad(nodeRed.url);
    load.start();
    for (let round = 0; round < ROUNDS; round++) {
      await load.more(EVENTS_BETWEEN);
      await delay(random() * 300);
      if (round % TERMINATION_EVERY === TERMINATION_EVERY - 1) {
        await nodeRed.terminate();
        await nodeRed.restart();
      } else {
        await redeploy(flow, CHANGES[Math.floor(random() * CHANGES.length)]!);
        load.abandon();
      }
    }
    await load.stop();
    simulator.faults.clear();
    await untilDrained(nodeRed.url);

    const closes = closeTimes(nodeRed.log(), 'roboflow-vision-event[\\w-]*');
    console.log(
      `      ${load.acknowledged.length} acknowledged, ${simulator.events().length} arrived; ` +
        `${closes.length} nodes closed, the slowest in ${Math.max(...closes)} ms`,
    );
    assert.ok(closes.length >= ROUNDS, 'the log tells of no closed nodes');
    assert.ok(Math.max(...closes) < LONGEST_CLOSE_MS, `a node took ${Math.max(...closes)} ms to close`);
    assert.deepEqual(faultsOfArrivals(load.acknowledged, simulator, arrivals), []);
    assert.deepEqual(await wrongPictures(simulator), []);
    assertHealthyLog();
  });

  it('20: refuses nothing while its key is refused, and delivers within 5 s of a redeploy with another', async () => {
    const revoked = 'key-that-was-revoked';
    await nodeRed.deploy(numberedFlow(simulator, { apiKey: revoked }));
    const load = new NumberedLoad(nodeRed.url);
    load.start();
    await load.more(EVENTS_BETWEEN);
    await load.stop();
    await until(() => (simulator.requests.byStatus[401] ?? 0) > 0, 'a refused key');
    assert.equal(simulator.events().length, 0);

    await nodeRed.deploy(numberedFlow(simulator), 'nodes');
    const redeployedAt = performance.now();
    await until(() => simulator.events().length > 0, 'an event at the simulator');
    const resumedAfter = performance.now() - redeployedAt;
    assert.ok(resumedAfter < RESUME_MS, `resumed after ${resumedAfter} ms`);
    const { refused } = await untilDrained(nodeRed.url);
    assert.equal(refused, 0);
    assert.deepEqual(faultsOfArrivals(load.acknowledged, simulator, arrivals), []);
    assertNoSecret(revoked, nodeRed.log(), 'the log');
    assertHealthyLog();
  });

  describe('24: the counts of handles and listeners', () => {
    /** Redeploys and answers how much the counts grew; one redeploy goes ahead, for what is made only once. */
    async function growth(flow: FlowNode[]): Promise<number> {
      await nodeRed.deploy(flow);
      forgetCredentials(flow);
      const load = new NumberedLoad(nodeRed.url);
      const underLoad = async (change: Change): Promise<void> => {
        load.start();
        await load.more(EVENTS_BETWEEN);
        await redeploy(flow, change);
        load.abandon();
        await load.stop();
      };
      await underLoad('everything');
      await untilDrained(nodeRed.url);
      const before = await countsOf(nodeRed);
      for (let i = 0; i < REDEPLOYS_FOR_COUNTS; i++) await underLoad(CHANGES[i % CHANGES.length]!);
      await untilDrained(nodeRed.url);
      const after = await countsOf(nodeRed);
      console.log(`      before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
      return Math.max(
        after.listeners - before.listeners,
        after.timers - before.timers,
        after.handles - before.handles,
      );
    }

    it(`do not grow with ${REDEPLOYS_FOR_COUNTS} redeploys`, async () => {
      const grown = await growth([...numberedFlow(simulator), ...countingFlow()]);
      assert.ok(grown <= COUNTS_BREATHE, `grew by ${grown}`);
    });

    it('control: a node that is slow to close and leaves timers behind is noticed', async () => {
      const leaky: FlowNode = {
        id: 'leak',
        type: 'function',
        z: 'tab',
        x: 200,
        y: 200,
        func: 'return msg;',
        initialize: 'for (let i = 0; i < 3; i++) timers.setInterval(() => undefined, 1e6);',
        finalize: `for (const end = Date.now() + ${SLOW_CLOSE_MS}; Date.now() < end;);`,
        libs: [{ var: 'timers', module: 'timers' }],
        outputs: 1,
        wires: [[]],
      };
      const grown = await growth([...numberedFlow(simulator), ...countingFlow(), leaky]);
      assert.ok(grown > COUNTS_BREATHE, `only ${grown} more`);
      const slowest = Math.max(...closeTimes(nodeRed.log(), 'function'));
      assert.ok(slowest >= SLOW_CLOSE_MS, `the slowest took ${slowest} ms to close`);
    });
  });

  // The last one: the log keeps what it finds there.
  it('24, control: a second outbox on the same folder is noticed', async () => {
    const outboxDir = path.join(nodeRed.userDirectory, 'shared');
    const flow = numberedFlow(simulator);
    const [workspace, event] = ['workspace', 'plain'].map((id) => flow.find((node) => node.id === id)!);
    workspace!['outboxDir'] = outboxDir;
    assertHealthyLog();
    await nodeRed.deploy([
      ...flow,
      { ...workspace!, id: 'second-workspace' },
      { ...event!, id: 'second-event', workspace: 'second-workspace' },
    ]);
    await until(() => nodeRed.log().includes('in use by'), 'the folder in use', 30_000);
    assert.throws(assertHealthyLog);
  });
});

interface Counts {
  listeners: number;
  timers: number;
  /** servers, pipes and files; connections come and go with keep-alive */
  handles: number;
}

/** Node-RED keeps the credentials of nodes that come without; coming again they would count as a change. */
function forgetCredentials(flow: FlowNode[]): void {
  for (const node of flow) delete node.credentials;
}

/** Answers what the process holds: listeners on `process`, timers, handles other than connections. */
function countingFlow(): FlowNode[] {
  const func = `
    const active = process.getActiveResourcesInfo();
    const count = (wanted) => active.filter(wanted).length;
    msg.payload = {
      listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
      timers: count((name) => name === 'Timeout'),
      handles: count((name) => /Server|Pipe|FS|Watcher|FileHandle/.test(name)),
    };
    return msg;`;
  return [
    {
      id: 'count-in',
      type: 'http in',
      z: 'tab',
      x: 200,
      y: 300,
      url: '/counts',
      method: 'get',
      wires: [['count']],
    },
    {
      id: 'count',
      type: 'function',
      z: 'tab',
      x: 300,
      y: 300,
      func,
      libs: [{ var: 'process', module: 'process' }],
      outputs: 1,
      wires: [['answer']],
    },
  ];
}

/** The least of a few looks: what is still on its way out does not count. */
async function countsOf(nodeRed: RealNodeRed): Promise<Counts> {
  const looks: Counts[] = [];
  for (let look = 0; look < 5; look++) {
    await delay(200);
    looks.push(await nodeRed.get<Counts>('counts'));
  }
  const least = (name: keyof Counts) => Math.min(...looks.map((counts) => counts[name]));
  return { listeners: least('listeners'), timers: least('timers'), handles: least('handles') };
}

/** How long each node of such a type took to close, as Node-RED itself measured it. */
function closeTimes(log: string, type: string): number[] {
  const stopped = new RegExp(`Stopped node ${type}:\\S+ \\((\\d+)ms\\)`, 'g');
  return [...log.matchAll(stopped)].map(([, ms]) => Number(ms));
}
