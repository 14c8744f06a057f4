import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../simulator/server';
import { ADOPT_AFTER_MS, ADOPT_LOOK_MS } from '../../src/delivery/outbox/limits';
import {
  ArrivalLog,
  commandOutbox,
  faultsOfArrivals,
  NumberedLoad,
  numberedFlow,
  wrongPictures,
} from '../support/numbered-load';
import { RealNodeRed } from '../support/real-node-red';
import { until } from '../support/until';

const NAMES = ['replica-0', 'replica-1', 'replica-2'];
const NUMBERS_EACH = 10_000;
const EVENTS_EACH = 30;
/** Beyond the minute after which the others look again. */
const ADOPTION_DEADLINE_MS = ADOPT_LOOK_MS + 60_000;

describe('three replicas of one flow, with a folder each on one volume', function () {
  this.timeout(ADOPTION_DEADLINE_MS + 180_000);
  let simulator: Simulator;
  let volume: string;
  const replicas: RealNodeRed[] = [];

  before(async () => {
    simulator = await startSimulator();
    volume = mkdtempSync(path.join(tmpdir(), 'vision-events-volume-'));
    // As a container has it.
    for (const HOSTNAME of NAMES) replicas.push(await RealNodeRed.start('4.1', { HOSTNAME }));
    const outboxDir = path.join(volume, '${HOSTNAME}');
    const flows = numberedFlow(simulator, { workspace: { outboxDir, adopt: volume } });
    for (const replica of replicas) await replica.deploy(flows);
  });
  after(async () => {
    for (const replica of replicas) await replica.stop();
    await simulator?.close();
    if (volume) rmSync(volume, { recursive: true, force: true });
  });

  it('of which one is gone for good: a neighbour takes over what waits in its folder, with the pictures', async () => {
    simulator.faults.always({ status: 503 });
    const loads = replicas.map(({ url }, index) => new NumberedLoad(url, 2, 1 + index * NUMBERS_EACH));
    for (const load of loads) load.start();
    for (const load of loads) await load.more(EVENTS_EACH);
    for (const load of loads) await load.stop();
    assert.deepEqual(readdirSync(volume).sort(), NAMES);
    const [gone = assert.fail(), ...others] = [...replicas].reverse();
    await gone.kill();
    makeOlder(path.join(volume, NAMES[2] ?? ''), ADOPT_AFTER_MS + 60_000);
    await until(
      () => others.some((replica) => replica.log().includes('were taken over')),
      'the adoption',
      ADOPTION_DEADLINE_MS,
    );
    simulator.faults.clear();
    const acknowledged = loads.flatMap((load) => load.acknowledged);
    await until(
      async () => {
        for (const { url } of others) await commandOutbox(url, 'flush');
        return faultsOfArrivals(acknowledged, simulator, new ArrivalLog()).length === 0;
      },
      () => faultsOfArrivals(acknowledged, simulator, new ArrivalLog()).join(),
      60_000,
    );
    assert.deepEqual(await wrongPictures(simulator), []);
    const took = others.map((replica) => replica.log().match(/\d+ event\(s\) that waited in \S+/)?.[0]);
    console.log(
      `      ${acknowledged.length} acknowledged, 0 lost; taken over: ${took.filter(Boolean).join(', ')}`,
    );
    assert.equal(took.filter(Boolean).length, 1, 'by one of them alone');
  });
});

/** As if that much time had passed since it was last written to. */
function makeOlder(folder: string, ms: number): void {
  const then = new Date(Date.now() - ms);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory())
      utimesSync(path.join(entry.parentPath, entry.name), then, then);
  utimesSync(folder, then, then);
}
