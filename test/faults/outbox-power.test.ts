import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../../src/delivery/outbox/disk/disk-outbox';
import { LoopDisk, needLoopDisk } from '../support/loop-disk';
import {
  BATCH,
  checkPictures,
  drain,
  missing,
  numberedRecord,
  range,
  simOutbox,
} from '../support/outbox-fixture';
import { chooseSeed, isLongRun, rounds, seededRandom } from '../support/seed';
import { SimDisk } from '../support/sim-disk';
import { WorkerProcess } from '../support/worker-process';

describe('3: a power cut on a real file system', function () {
  const ROUNDS = rounds(2);
  this.timeout(isLongRun ? 900_000 : 120_000);
  const seed = chooseSeed();
  const random = seededRandom(seed);
  let disk: LoopDisk;

  before(async function () {
    await needLoopDisk(this);
    console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`);
  });
  beforeEach(async () => {
    disk = await LoopDisk.make(64);
  });
  afterEach(() => WorkerProcess.endAll());
  afterEach(() => disk.remove());

  /** Returns how many acknowledged events were lost. */
  async function cutWhileAppending(first: number, flags: string[]): Promise<number> {
    const dir = join(disk.mountPoint, 'outbox');
    const worker = new WorkerProcess(dir, 'produce', first, flags);
    await worker.said('ack');
    await delay(random() * 400);
    // What is said while the plug is being pulled may be said too early: only what came before counts.
    const acked = worker.numbers('ack');
    await disk.cutPower();
    // The disk that is gone may have ended it.
    await worker.end();
    await disk.powerUp();
    const outbox = new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ballastBytes: 0 });
    const report = await outbox.open();
    const found = await drain(outbox, checkPictures);
    await outbox.append([numberedRecord(first + 999_999)]);
    assert.deepEqual(await drain(outbox), [first + 999_999], 'it goes on');
    await outbox.close(2_000);
    assert.equal(report.corrupt, 0);
    return missing(acked, found).length;
  }

  it(`${ROUNDS} times: nothing acknowledged is lost`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      assert.equal(await cutWhileAppending(round * 1e6, []), 0, `round ${round}`);
    }
  });

  it('control: without flushes, events are lost', async () => {
    let lost = 0;
    for (let round = 0; round < 3 && lost === 0; round++)
      lost += await cutWhileAppending(round * 1e6, ['no-flush']);
    assert.ok(lost > 0, 'the harness is blind');
  });
});

describe('5: a power cut at each single change to the disk', () => {
  const seed = chooseSeed();
  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));

  interface Known {
    acked: Set<number>;
    /** handed to `settle`; from here on an event may be gone */
    ending: Set<number>;
    /** `settle` resolved: from here on it must be gone */
    settled: Set<number>;
    uploaded: Set<number>;
  }

  /** What the disk does only in the controls. */
  type Lies = 'never' | 'always' | 'of uploads';

  interface Outcome {
    /** the scenario was over before the power went */
    ended: boolean;
    lost: number[];
    uploadedAgain: number[];
    cameBack: number[];
  }

  /** Fills and seals a chunk, uploads a picture, ends events one by one and wholesale, buries one, deletes chunks. */
  async function scenario(disk: SimDisk, known: Known, lies: Lies): Promise<void> {
    const outbox = simOutbox(disk);
    await outbox.open();
    for (const [from, to] of [
      [0, 2],
      [2, 105],
      [105, 120],
    ] as const) {
      await outbox.append(range(from, to).map((n) => numberedRecord(n, n % 25 === 0 ? 600 : 0)));
      for (const n of range(from, to)) known.acked.add(n);
    }
    const lease = await outbox.lease({ ...BATCH, events: 3 });
    const [first, second, third] = lease?.events ?? [];
    assert.ok(lease && first && second && third);
    if (lies === 'of uploads') disk.flushLies = true;
    await outbox.markUploaded(first.id, { role: 'output' }, 'src-0');
    if (lies === 'of uploads') disk.flushLies = false;
    known.uploaded.add(0);
    known.ending.add(1);
    await outbox.settle(lease, {
      acked: [second.id],
      retry: [],
      dead: [{ id: third.id, code: 'REJECTED', why: '' }],
    });
    known.settled.add(1);
    for (let next = await outbox.lease(BATCH); next; next = await outbox.lease(BATCH)) {
      const numbers = next.events.map(({ body }) => (JSON.parse(body) as { n: number }).n);
      for (const n of numbers) known.ending.add(n);
      await outbox.settle(next, { acked: next.events.map(({ id }) => id), retry: [], dead: [] });
      for (const n of numbers) known.settled.add(n);
    }
    await outbox.close(1_000);
  }

  async function cutAt(change: number, chance: () => number, lies: Lies = 'never'): Promise<Outcome> {
    const disk = new SimDisk();
    disk.flushLies = lies === 'always';
    const known: Known = { acked: new Set(), ending: new Set(), settled: new Set(), uploaded: new Set() };
    const death = disk.dieAfter(change).then(() => false);
    const ended = await Promise.race([scenario(disk, known, lies).then(() => true), death]);
    disk.crash(chance);
    disk.flushLies = false;
    const again = simOutbox(disk);
    await again.open();
    const dead = (await again.deadLetters.list()).map(({ event }) => (event as { n: number }).n);
    const uploadedAgain: number[] = [];
    const found = await drain(again, async (lease) => {
      await checkPictures(lease);
      for (const { body, pictures } of lease.events) {
        const { n } = JSON.parse(body) as { n: number };
        const isUploaded = pictures.every(({ sourceId }) => sourceId !== undefined);
        if (known.uploaded.has(n) && !isUploaded) uploadedAgain.push(n);
      }
    });
    const there = [...dead, ...found];
    assert.equal(new Set(there).size, there.length, `change ${change}: an event is there twice`);
    await again.append([numberedRecord(5_000)]);
    assert.deepEqual(await drain(again), [5_000], `change ${change}: it goes on`);
    return {
      ended,
      lost: missing(known.acked, [...known.ending, ...there]),
      uploadedAgain,
      cameBack: [...known.settled].filter((n) => found.includes(n)),
    };
  }

  /** Everything that goes wrong with a disk that lies so, whenever the power goes. */
  async function faultsOf(lies: Lies): Promise<Omit<Outcome, 'ended'>> {
    const all = { lost: [] as number[], uploadedAgain: [] as number[], cameBack: [] as number[] };
    let ended = false;
    for (let change = 0; !ended; change++) {
      const outcome = await cutAt(change, () => 0, lies);
      ended = outcome.ended;
      for (const what of ['lost', 'uploadedAgain', 'cameBack'] as const) all[what].push(...outcome[what]);
    }
    return all;
  }

  it('loses nothing, brings nothing back, uploads nothing twice', async function () {
    this.timeout(60_000);
    let change = 0;
    for (let ended = false; !ended; change++) {
      for (const chance of [() => 0, seededRandom(seed + change), () => 1]) {
        const { ended: hasEnded, ...faults } = await cutAt(change, chance);
        ended = hasEnded;
        assert.deepEqual(faults, { lost: [], uploadedAgain: [], cameBack: [] }, `change ${change}`);
      }
    }
    assert.ok(change > 40, `the scenario has only ${change} changes`);
  });

  it('control: with flushes that lie, the same cuts lose events', async function () {
    this.timeout(60_000);
    const { lost } = await faultsOf('always');
    assert.ok(lost.length > 0, 'the harness is blind');
  });

  it('control: with a flush of the upload that lies, a picture is uploaded again', async function () {
    this.timeout(60_000);
    const { lost, uploadedAgain } = await faultsOf('of uploads');
    assert.deepEqual([...new Set(uploadedAgain)], [0]);
    assert.deepEqual(lost, []);
  });
});
