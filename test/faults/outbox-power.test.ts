import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DiskOutbox } from '../../src/delivery/disk-outbox/disk-outbox';
import { BATCH, drain, missing, numberedRecord, range, simOutbox } from '../support/outbox-fixture';
import { chooseSeed, isLongRun, seededRandom } from '../support/seed';
import { SimDisk } from '../support/sim-disk';
import { WorkerProcess } from '../support/worker-process';

const run = promisify(execFile);

/** EXT4_IOC_SHUTDOWN with "no log flush": what was not flushed is gone, as if the plug had been pulled. */
const PULL_THE_PLUG = `
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(fd, 0x8004587d, struct.pack("I", 2))
`;

/** An ext4 file system of its own, in a file. */
class LoopDisk {
  private constructor(
    private readonly image: string,
    readonly mountPoint: string,
  ) {}

  static async make(dir: string): Promise<LoopDisk> {
    const disk = new LoopDisk(join(dir, 'disk.img'), join(dir, 'mnt'));
    await run('mkdir', [disk.mountPoint]);
    await run('truncate', ['-s', '64M', disk.image]);
    await run('mkfs.ext4', ['-q', '-F', disk.image]);
    await disk.mount();
    return disk;
  }

  async mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.image, this.mountPoint]);
  }

  async cutPower(): Promise<void> {
    await run('python3', ['-c', PULL_THE_PLUG, this.mountPoint]);
  }

  async unmount(): Promise<void> {
    await run('umount', [this.mountPoint]);
  }
}

async function whyNoLoopDisk(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs Linux';
  const dir = await mkdtemp(join(tmpdir(), 'outbox-probe-'));
  try {
    const disk = await LoopDisk.make(dir);
    await disk.cutPower().finally(() => disk.unmount());
    return undefined;
  } catch (error) {
    return (error as Error).message.trim().split('\n').slice(0, 2).join(' ');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe('3: a power cut on a real file system', function () {
  const rounds = isLongRun ? 30 : 2;
  this.timeout(isLongRun ? 900_000 : 120_000);
  let dir: string;
  let disk: LoopDisk;

  before(async function () {
    const reason = await whyNoLoopDisk();
    if (reason === undefined) return;
    console.log(`      skipped: no loop device to cut the power of (${reason})`);
    this.skip();
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'outbox-'));
    disk = await LoopDisk.make(dir);
  });
  afterEach(async () => {
    await disk.unmount();
    await rm(dir, { recursive: true });
  });

  /** Returns how many acknowledged events were lost. */
  async function cutWhileAppending(first: number, flags: string[]): Promise<number> {
    const outboxDir = join(disk.mountPoint, 'outbox');
    const worker = new WorkerProcess(outboxDir, 'produce', first, flags);
    await worker.said('ack');
    await delay(Math.random() * 400);
    // What is said while the plug is being pulled may be said too early: only what came before counts.
    const acked = worker.numbers('ack');
    await disk.cutPower();
    await worker.kill();
    await disk.unmount();
    await disk.mount();
    const outbox = new DiskOutbox({ dir: outboxDir, freeSpaceFloorBytes: 0, ballastBytes: 0 });
    const report = await outbox.open();
    const found = await drain(outbox, async ({ events }) => {
      for (const { pictures } of events) for (const picture of pictures) await picture.read();
    });
    await outbox.close(2_000);
    assert.equal(report.corrupt, 0);
    return missing(acked, found).length;
  }

  it(`${rounds} times: nothing acknowledged is lost`, async () => {
    for (let round = 0; round < rounds; round++) {
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

  /** Fills and seals a chunk, uploads a picture, ends events one by one and wholesale, buries one, deletes chunks. */
  async function scenario(disk: SimDisk, known: Known): Promise<void> {
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
    await outbox.markUploaded(first.id, 'output', 'src-0');
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

  async function cutAt(
    change: number,
    chance: () => number,
    flushLies = false,
  ): Promise<{ ended: boolean; lost: number[] }> {
    const disk = new SimDisk();
    disk.flushLies = flushLies;
    const known: Known = { acked: new Set(), ending: new Set(), settled: new Set(), uploaded: new Set() };
    const death = disk.dieAfter(change).then(() => false);
    const ended = await Promise.race([scenario(disk, known).then(() => true), death]);
    disk.crash(chance);
    disk.flushLies = false;
    const again = simOutbox(disk);
    await again.open();
    const dead = (await again.deadLetters.list()).map(({ event }) => (event as { n: number }).n);
    const uploadedAgain: number[] = [];
    const found = await drain(again, async ({ events }) => {
      for (const { body, pictures } of events) {
        const { n } = JSON.parse(body) as { n: number };
        for (const picture of pictures) {
          await picture.read();
          if (known.uploaded.has(n) && picture.sourceId === undefined) uploadedAgain.push(n);
        }
      }
    });
    assert.deepEqual(uploadedAgain, [], `change ${change}: uploaded twice`);
    assert.deepEqual(
      [...new Set([...dead, ...found])].length,
      dead.length + found.length,
      `change ${change}`,
    );
    for (const n of known.settled) assert.ok(!found.includes(n), `change ${change}: ${n} came back`);
    await again.append([numberedRecord(5_000)]);
    return { ended, lost: missing(known.acked, [...known.ending, ...dead, ...found]) };
  }

  it('loses nothing, brings nothing back, uploads nothing twice', async function () {
    this.timeout(60_000);
    let change = 0;
    for (let ended = false; !ended; change++) {
      for (const chance of [() => 0, seededRandom(seed + change), () => 1]) {
        const outcome = await cutAt(change, chance);
        ended = outcome.ended;
        assert.deepEqual(outcome.lost, [], `change ${change}`);
      }
    }
    assert.ok(change > 40, `the scenario has only ${change} changes`);
  });

  it('control: with flushes that lie, the same cuts lose events', async function () {
    this.timeout(60_000);
    let lost = 0;
    for (let change = 20; change < 60; change++) {
      lost += await cutAt(change, () => 0, true).then(
        (outcome) => outcome.lost.length,
        () => 1,
      );
    }
    assert.ok(lost > 0, 'the harness is blind');
  });
});
