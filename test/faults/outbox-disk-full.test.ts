import assert from 'node:assert/strict';
import type { DiskOutboxOptions } from '../../src/delivery/disk-outbox/disk-outbox';
import { BATCH, drain, missing, numberedRecord, range, SIM_DIR, simOutbox } from '../support/outbox-fixture';
import { chooseSeed, isLongRun, seededRandom } from '../support/seed';
import { SimDisk } from '../support/sim-disk';

const KIB = 1024;
const MIB = 1024 * KIB;
const DISK = 24 * MIB;
const BALLAST = 256 * KIB;

/** A clock by which the free space is looked at again each time. */
function impatientClock(): NonNullable<DiskOutboxOptions['clock']> {
  let time = 0;
  return { now: () => 1_700_000_000_000, monotonic: () => (time += 10_000) };
}

describe('a disk that is full', () => {
  const seed = chooseSeed();
  const random = seededRandom(seed);
  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));

  const options = (): Partial<DiskOutboxOptions> => ({ ballastBytes: BALLAST, clock: impatientClock() });

  /** Appends events with pictures until the outbox says no. Returns those that were accepted. */
  async function fill(outbox: ReturnType<typeof simOutbox>, from: number): Promise<number[]> {
    for (let n = from; ; n++) {
      try {
        await outbox.append([numberedRecord(n, 150 * KIB)]);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'OUTBOX_FULL');
        assert.match((error as Error).message, /disk|full/);
        return range(from, n);
      }
    }
  }

  for (const floor of [0, 2 * MIB]) {
    it(`6: floor ${floor / MIB} MiB: refuses, stays readable, is emptied and goes on without a restart`, async () => {
      const disk = new SimDisk();
      disk.capacity = DISK;
      const outbox = simOutbox(disk, { ...options(), freeSpaceFloorBytes: floor });
      await outbox.open();
      const accepted = await fill(outbox, 0);
      assert.ok(accepted.length > 100, `only ${accepted.length} fitted`);
      assert.ok(outbox.stats().rejectedFull > 0);
      const lease = await outbox.lease({ ...BATCH, events: 3 });
      assert.ok(lease);
      await outbox.markUploaded(lease.events[1]?.id ?? '', 'output', 'src-1');
      const acked = [lease.events[0]?.id ?? ''];
      const dead = [{ id: lease.events[2]?.id ?? '', code: 'REJECTED', why: 'no' }];
      await outbox.settle(lease, { acked, retry: [], dead });
      assert.equal(outbox.stats().dead, 1);
      const drained = await drain(outbox, ({ events }) => readAll(events));
      assert.deepEqual(missing(accepted, [0, 2, ...drained]), []);
      assert.equal(outbox.stats().events, 0);
      await outbox.deadLetters.discard();
      await outbox.append([numberedRecord(9_000, 150 * KIB)]);
      assert.deepEqual(await drain(outbox), [9_000]);
      await outbox.close(1_000);
      const left = disk.paths().filter((path) => /\/(chunks|pictures)\//.test(path));
      assert.deepEqual(left, []);
    });
  }

  it('6, control: without the ballast, an acknowledgement does not fit on a disk that others have filled', async () => {
    for (const ballastBytes of [0, BALLAST]) {
      const disk = new SimDisk();
      disk.capacity = DISK;
      const outbox = simOutbox(disk, { ...options(), ballastBytes });
      await outbox.open();
      await outbox.append(range(0, 10).map((n) => numberedRecord(n)));
      disk.capacity = disk.paths().reduce((sum, path) => sum + disk.bytesOf(path).length, 0);
      // Padding gives the open chunk some room; use it up.
      const settled: boolean[] = [];
      for (
        let lease = await outbox.lease(BATCH);
        lease && settled.length < 400;
        lease = await outbox.lease(BATCH)
      ) {
        const [first] = lease.events;
        const marked = outbox.markUploaded(first?.id ?? '', 'output', 'x'.repeat(200));
        settled.push(
          await marked.then(
            () => true,
            () => false,
          ),
        );
        await outbox.settle(lease, { acked: [], retry: [], dead: [] });
        if (!settled.at(-1)) break;
      }
      assert.equal(settled.includes(false), ballastBytes === 0, `with a ballast of ${ballastBytes} bytes`);
    }
  });

  const rounds = isLongRun ? 200 : 20;
  for (const [how, end] of [
    ['kill -9', (disk: SimDisk) => disk.kill()],
    ['a power cut', (disk: SimDisk) => disk.crash(random)],
  ] as const) {
    it(`7: full for a moment, then ${how}: nothing is lost in ${rounds} rounds`, async function () {
      this.timeout(60_000);
      for (let round = 0; round < rounds; round++) {
        const disk = new SimDisk();
        const outbox = simOutbox(disk, options());
        await outbox.open();
        const accepted: number[] = [];
        const append = async (n: number): Promise<void> => {
          await outbox.append([numberedRecord(n, n % 3 === 0 ? 700 : 0)]).then(
            () => accepted.push(n),
            () => undefined,
          );
        };
        for (const n of range(0, 20)) await append(n);
        const used = disk.paths().reduce((sum, path) => sum + disk.bytesOf(path).length, 0);
        disk.capacity = used + Math.floor(random() * 3_000);
        await Promise.all(range(20, 50).map(append));
        disk.capacity = Infinity;
        for (const n of range(50, 70)) await append(n);
        assert.ok(accepted.includes(69), 'it accepts again');
        end(disk);
        const again = simOutbox(disk, options());
        const report = await again.open();
        const found = await drain(again, ({ events }) => readAll(events));
        assert.deepEqual(missing(accepted, found), [], `round ${round}`);
        assert.equal(report.corrupt, 0, `round ${round}`);
      }
    });
  }

  it('8: full at the start: it opens, delivers and accepts again', async () => {
    const disk = new SimDisk();
    let outbox = simOutbox(disk, options());
    await outbox.open();
    await outbox.append(range(0, 150).map((n) => numberedRecord(n, 500)));
    await outbox.close(1_000);
    disk.plant(`${SIM_DIR}/ballast`, undefined);
    disk.capacity = disk.paths().reduce((sum, path) => sum + disk.bytesOf(path).length, 0);
    outbox = simOutbox(disk, { ...options(), freeSpaceFloorBytes: 64 * KIB, ballastBytes: 16 * KIB });
    await outbox.open();
    await assert.rejects(outbox.append([numberedRecord(500)]), { code: 'OUTBOX_FULL' });
    assert.deepEqual(await drain(outbox, ({ events }) => readAll(events)), range(0, 150));
    await outbox.append([numberedRecord(501)]);
    assert.deepEqual(await drain(outbox), [501]);
  });
});

async function readAll(events: { pictures: { read(): Promise<Uint8Array> }[] }[]): Promise<void> {
  for (const { pictures } of events) for (const picture of pictures) await picture.read();
}
