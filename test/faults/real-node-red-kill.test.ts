import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator, type Simulator } from '../../simulator/server';
import {
  ArrivalLog,
  faultsOfArrivals,
  NumberedLoad,
  numberedEventId,
  numberedFlow,
  untilDrained,
  wrongPictures,
} from '../support/numbered-load';
import { RealNodeRed } from '../support/real-node-red';
import { assertNoSecret } from '../support/secrets';
import { chooseSeed, isLongRun, seededRandom } from '../support/seed';

const KILLS = isLongRun ? 50 : 3;
const FAULT_RATE = 0.4;
/** Each round is killed at a random moment after its first acknowledged events. */
const LEAST_EVENTS = 5;
const LONGEST_ROUND_MS = 600;

describe('a real Node-RED that is killed', function () {
  this.timeout(isLongRun ? 30 * 60_000 : 180_000);

  const seed = chooseSeed();
  const random = seededRandom(seed);
  let arrivals: ArrivalLog;
  let simulator: Simulator;
  let nodeRed: RealNodeRed;

  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));
  before(async () => {
    simulator = await startSimulator({
      maxEventsKept: 1_000_000,
      observe: (endpoint, body) => arrivals.observe(endpoint, body),
    });
    nodeRed = await RealNodeRed.start('4.1');
  });
  beforeEach(() => {
    simulator.reset();
    arrivals = new ArrivalLog();
  });
  after(async () => {
    await nodeRed?.stop();
    await simulator?.close();
  });

  /** Lets the load run for a random while and kills Node-RED under it. */
  async function killUnder(load: NumberedLoad): Promise<void> {
    load.start();
    await load.more(LEAST_EVENTS);
    await delay(random() * LONGEST_ROUND_MS);
    await nodeRed.kill();
    await load.stop();
  }

  it(`${KILLS} times with -9: every event whose done was seen arrives, each id with one body`, async () => {
    await nodeRed.deploy(numberedFlow(simulator));
    // However slow the machine, so that few requests are made: the first one meets a fault.
    simulator.faults.next({ kind: 'lost-answer' });
    simulator.faults.random({ rate: FAULT_RATE, seed });
    const load = new NumberedLoad(nodeRed.url);
    for (let kill = 0; kill < KILLS; kill++) {
      await killUnder(load);
      await nodeRed.restart();
    }
    simulator.faults.clear();
    const state = await untilDrained(nodeRed.url);

    const { acknowledged } = load;
    const faults = simulator.requests.entries.filter(({ fault }) => fault).length;
    console.log(
      `      ${acknowledged.length} acknowledged, ${simulator.events().length} arrived in ${simulator.requests.total} requests, ${faults} met a fault`,
    );
    assert.ok(faults > 0, 'no request met a fault');
    assert.deepEqual(faultsOfArrivals(acknowledged, simulator, arrivals), []);
    assert.deepEqual(await wrongPictures(simulator), []);
    assert.equal(state.refused, 0);
    assert.doesNotMatch(nodeRed.log(), /unhandled|uncaught/i);
    assertNoSecret(simulator.keys.full, nodeRed.log(), 'the log');
  });

  it('control: a flow that sends at once and acknowledges beside it loses events', async () => {
    await nodeRed.deploy(numberedFlow(simulator, { delivery: 'send', acknowledge: 'at once' }));
    simulator.faults.random({ rate: FAULT_RATE, seed });
    const load = new NumberedLoad(nodeRed.url);
    load.start();
    await load.more(100);
    await killUnder(load);
    await nodeRed.restart();
    assert.match(faultsOfArrivals(load.acknowledged, simulator, arrivals).join('\n'), /^\d+ lost: /);
  });

  it('control: an id that comes with two bodies is noticed', () => {
    for (const value of ['number 1', 'number 2']) {
      arrivals.observe('event', Buffer.from(JSON.stringify({ eventId: numberedEventId(1), value })));
    }
    assert.match(faultsOfArrivals([], simulator, arrivals).join('\n'), /1 with several bodies/);
  });
});
