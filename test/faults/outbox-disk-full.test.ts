import assert from 'node:assert/strict';
import { open as openFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox, type DiskOutboxOptions } from '../../src/delivery/outbox/disk/disk-outbox';
import type { Outbox } from '../../src/delivery/outbox/outbox';
import { blindToFullDisk, type Layer, sound, writingBeforeReading } from '../support/broken-file-layers';
import { LoopDisk, needLoopDisk } from '../support/loop-disk';
import {
  BATCH,
  checkPictures,
  drain,
  missing,
  numberedRecord,
  range,
  SIM_DIR,
  simOutbox,
} from '../support/outbox-fixture';
import { chooseSeed, isLongRun, rounds, seededRandom } from '../support/seed';
import { SimDisk } from '../support/sim-disk';
import { WorkerProcess } from '../support/worker-process';
import { until } from '../support/until';

const KIB = 1024;
const MIB = 1024 * KIB;
const DISK_MIB = 24;
const BALLAST = 256 * KIB;
const PICTURE = 150 * KIB;

/** A clock by which the free space is looked at again each time. */
function impatientClock(): NonNullable<DiskOutboxOptions['clock']> {
  let time = 0;
  return { now: () => 1_700_000_000_000, monotonic: () => (time += 10_000) };
}

const options = (): Partial<DiskOutboxOptions> => ({ ballastBytes: BALLAST, clock: impatientClock() });

/** Appends events with pictures until the outbox says no. Returns those that were accepted. */
async function fill(outbox: Outbox): Promise<number[]> {
  for (let n = 0; ; n++) {
    try {
      await outbox.append([numberedRecord(n, PICTURE)]);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'OUTBOX_FULL');
      assert.match((error as Error).message, /disk|full/);
      return range(0, n);
    }
  }
}

/** Test 6: on a full disk everything but accepting goes on, and that too once there is room again. */
async function fillAndEmpty(outbox: Outbox, fillUp: () => Promise<void>): Promise<void> {
  await outbox.open();
  const accepted = await fill(outbox);
  await fillUp();
  assert.ok(accepted.length > 80, `only ${accepted.length} fitted`);
  assert.ok(outbox.stats().rejectedFull > 0);
  const lease = await outbox.lease({ ...BATCH, events: 3 });
  assert.ok(lease);
  await outbox.markUploaded(lease.events[1]?.id ?? '', { role: 'output' }, 'src-1');
  const acked = [lease.events[0]?.id ?? ''];
  const dead = [{ id: lease.events[2]?.id ?? '', code: 'REJECTED', why: 'no' }];
  await outbox.settle(lease, { acked, retry: [], dead });
  assert.equal(outbox.stats().dead, 1);
  const drained = await drain(outbox, checkPictures);
  assert.deepEqual(missing(accepted, [0, 2, ...drained]), []);
  assert.equal(outbox.stats().events, 0);
  await outbox.deadLetters.discard();
  await outbox.append([numberedRecord(9_000, PICTURE)]);
  assert.deepEqual(await drain(outbox, checkPictures), [9_000]);
  await outbox.close(1_000);
}

/** Test 8: what was stored before the disk filled up is delivered, and makes room for more. */
async function deliverAndRecover(outbox: Outbox, stored: number[]): Promise<void> {
  await outbox.open();
  await assert.rejects(outbox.append([numberedRecord(500, PICTURE)]), { code: 'OUTBOX_FULL' });
  assert.deepEqual(await drain(outbox, checkPictures), stored);
  await outbox.append([numberedRecord(501)]);
  assert.deepEqual(await drain(outbox), [501]);
  await outbox.close(1_000);
}

describe('a disk that is full', function () {
  this.timeout(isLongRun ? 600_000 : 60_000);
  const seed = chooseSeed();
  const random = seededRandom(seed);
  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));

  function used(disk: SimDisk): number {
    return disk.paths().reduce((sum, path) => sum + disk.bytesOf(path).length, 0);
  }

  describe('simulated', () => {
    for (const floor of [0, 2 * MIB]) {
      it(`6: floor ${floor / MIB} MiB: refuses, stays readable, is emptied and goes on without a restart`, async () => {
        const disk = new SimDisk();
        disk.capacity = DISK_MIB * MIB;
        const outbox = simOutbox(disk, { ...options(), freeSpaceFloorBytes: floor });
        await fillAndEmpty(outbox, () => Promise.resolve());
        const left = disk.paths().filter((path) => /\/(chunks|pictures)\//.test(path));
        assert.deepEqual(left, []);
      });
    }

    it('6, control: without the ballast, an acknowledgement does not fit on a disk that others have filled', async () => {
      for (const ballastBytes of [0, BALLAST]) {
        const disk = new SimDisk();
        disk.capacity = DISK_MIB * MIB;
        const outbox = simOutbox(disk, { ...options(), ballastBytes });
        await outbox.open();
        await outbox.append(range(0, 10).map((n) => numberedRecord(n, PICTURE)));
        disk.capacity = used(disk);
        assert.equal(await canNoteOn(outbox), ballastBytes > 0, `with a ballast of ${ballastBytes} bytes`);
      }
    });

    /** Notes uploads, more than the padding of the open chunk has room for. */
    async function canNoteOn(outbox: Outbox): Promise<boolean> {
      for (let notes = 0; notes < 400; notes++) {
        const lease = await outbox.lease({ ...BATCH, events: 1 });
        assert.ok(lease);
        const noted = await outbox
          .markUploaded(lease.events[0]?.id ?? '', { role: 'output' }, 'x'.repeat(200))
          .then(
            () => true,
            () => false,
          );
        if (!noted) return false;
        await outbox.settle(lease, { acked: [], retry: [], dead: [] });
      }
      return true;
    }

    const ROUNDS = rounds(20, 200);
    const ENDS = {
      'kill -9': (disk: SimDisk) => disk.kill(),
      'a power cut': (disk: SimDisk) => disk.crash(random),
    };

    /** Another file takes all the room for a moment. */
    async function fullForAMoment(end: (disk: SimDisk) => void, layer: Layer) {
      const disk = new SimDisk();
      const outbox = simOutbox(disk, { ...options(), files: layer(disk.mount()) });
      await outbox.open();
      const accepted: number[] = [];
      const append = async (n: number): Promise<void> => {
        await outbox.append([numberedRecord(n, n % 3 === 0 ? 700 : 0)]).then(
          () => accepted.push(n),
          () => undefined,
        );
      };
      for (const n of range(0, 20)) await append(n);
      disk.capacity = used(disk) + Math.floor(random() * 3_000);
      await Promise.all(range(20, 50).map(append));
      disk.capacity = Infinity;
      for (const n of range(50, 70)) await append(n);
      assert.ok(accepted.includes(69), 'it accepts again');
      end(disk);
      const again = simOutbox(disk, options());
      const { corrupt } = await again.open();
      return { lost: missing(accepted, await drain(again, checkPictures)), corrupt };
    }

    for (const [how, end] of Object.entries(ENDS)) {
      it(`7: full for a moment, then ${how}: nothing is lost in ${ROUNDS} rounds`, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          assert.deepEqual(await fullForAMoment(end, sound), { lost: [], corrupt: 0 }, `round ${round}`);
        }
      });
    }

    it('7, control: an outbox that writes on behind a failed write loses events', async () => {
      let lost = 0;
      for (let round = 0; round < 5; round++) {
        lost += await fullForAMoment(ENDS['kill -9'], blindToFullDisk).then(
          (outcome) => outcome.lost.length,
          ({ code }: { code?: string }) => (code === 'PICTURE_DAMAGED' ? 1 : 0),
        );
      }
      assert.ok(lost > 0, 'the harness is blind');
    });

    /** A disk with so many events on it, and no room for anything else. */
    async function fullDisk(count: number): Promise<SimDisk> {
      const disk = new SimDisk();
      const outbox = simOutbox(disk, options());
      await outbox.open();
      await outbox.append(range(0, count).map((n) => numberedRecord(n, 500)));
      await outbox.close(1_000);
      disk.plant(`${SIM_DIR}/ballast`, undefined);
      disk.capacity = used(disk);
      return disk;
    }

    const tight = (): Partial<DiskOutboxOptions> => ({
      ...options(),
      freeSpaceFloorBytes: 64 * KIB,
      ballastBytes: 16 * KIB,
    });

    it('8: full at the start: it opens, delivers and accepts again', async () => {
      const disk = await fullDisk(150);
      await deliverAndRecover(simOutbox(disk, tight()), range(0, 150));
    });

    it('8, control: an outbox that needs room to open does not even deliver', async () => {
      const disk = await fullDisk(150);
      const outbox = simOutbox(disk, { ...tight(), files: writingBeforeReading(disk.mount()) });
      await assert.rejects(deliverAndRecover(outbox, range(0, 150)), /Free some space .*could not be opened/);
    });
  });

  describe('real', () => {
    let disk: LoopDisk;
    let dir: string;
    let filler: string;

    before(function () {
      return needLoopDisk(this);
    });
    beforeEach(async () => {
      disk = await LoopDisk.make(DISK_MIB);
      dir = join(disk.mountPoint, 'outbox');
      filler = join(disk.mountPoint, 'filler');
    });
    afterEach(() => WorkerProcess.endAll());
    afterEach(() => disk.remove());

    const makeOutbox = (): DiskOutbox => new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ...options() });

    /** Another file takes all the room that is left. */
    async function takeAllRoom(): Promise<void> {
      const file = await openFile(filler, 'w');
      try {
        for (const step of [256 * KIB, 4 * KIB, 1]) {
          while (await hasTaken(file.write(Buffer.alloc(step, 'x')), step));
        }
      } finally {
        await file.close();
      }
    }

    async function hasTaken(writing: Promise<{ bytesWritten: number }>, wanted: number): Promise<boolean> {
      try {
        return (await writing).bytesWritten === wanted;
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ENOSPC');
        return false;
      }
    }

    it(`6: ${DISK_MIB} MiB: refuses, stays readable, is emptied and goes on without a restart`, async () => {
      await fillAndEmpty(makeOutbox(), takeAllRoom);
      assert.deepEqual(await readdir(join(dir, 'chunks')), []);
      assert.deepEqual(await readdir(join(dir, 'pictures')), []);
    });

    it(`7: full for a moment, then kill -9: nothing is lost in ${rounds(1, 20)} rounds`, async () => {
      let first = 0;
      for (let round = 0; round < rounds(1, 20); round++) {
        const worker = new WorkerProcess(dir, 'produce', first, ['stubborn', 'slowly']);
        await worker.said('ack');
        await takeAllRoom();
        await worker.said('refused OUTBOX_FULL');
        await rm(filler);
        const ackedThen = worker.numbers('ack').length;
        await until(() => worker.numbers('ack').length >= ackedThen + 10, 'ten more events', 60_000);
        await delay(random() * 200);
        await worker.kill();
        const outbox = makeOutbox();
        const { corrupt } = await outbox.open();
        const found = await drain(outbox, checkPictures);
        await outbox.close(1_000);
        assert.deepEqual(missing(worker.numbers('ack'), found), [], `round ${round}`);
        assert.equal(corrupt, 0);
        first = Math.max(...found) + 1_000_000;
      }
    });

    it('8: full at the start: it opens, delivers and accepts again', async () => {
      const outbox = makeOutbox();
      await outbox.open();
      // More than the ballast: only then there is room for something new when they are delivered.
      await outbox.append(range(0, 150).map((n) => numberedRecord(n, 4 * KIB)));
      await outbox.close(1_000);
      await rm(join(dir, 'ballast'));
      await takeAllRoom();
      await deliverAndRecover(makeOutbox(), range(0, 150));
    });
  });
});
