import assert from 'node:assert/strict';
import { CHUNK_PADDING_BYTES } from '../../src/delivery/outbox/limits';
import {
  blindToFullDisk,
  deafToFailedFlush,
  flushingAgain,
  type Layer,
  sound,
} from '../support/broken-file-layers';
import { BATCH, drain, missing, numberedRecord, range, simOutbox } from '../support/outbox-fixture';
import { type Fault, type Operation, SimDisk } from '../support/sim-disk';

const isChunk = (path: string): boolean => path.includes('/chunks/');

/** Lets the `count` next operations of a kind on chunk files fail. Returns the files that it hits. */
function failNext(disk: SimDisk, operation: Operation, fault: Fault, count = 1): string[] {
  const hit: string[] = [];
  disk.fault = (current, path) => {
    if (current !== operation || !isChunk(path) || hit.length >= count) return undefined;
    hit.push(path);
    return fault;
  };
  return hit;
}

/** The chunk files with the event in them. */
function chunksOf(disk: SimDisk, n: number): string[] {
  return disk.paths().filter((path) => isChunk(path) && disk.bytesOf(path).includes(`"n":${n},`));
}

/** The numbers of what is still there. */
async function reopened(disk: SimDisk): Promise<{ found: number[]; corrupt: number }> {
  const outbox = simOutbox(disk);
  const { corrupt } = await outbox.open();
  return { found: await drain(outbox), corrupt };
}

describe('faults of the disk', () => {
  describe('9: a write that comes up short', () => {
    /** Empty lines follow what is written for the first time: the first of these only loses one of them. */
    const SHORTAGES = { 'by one byte': 1, 'in the middle of a line': CHUNK_PADDING_BYTES + 100 };

    for (const [how, short] of Object.entries(SHORTAGES)) {
      it(`${how}: it is written again in a new chunk and nothing is lost over a power cut`, async () => {
        const disk = new SimDisk();
        const outbox = simOutbox(disk);
        await outbox.open();
        const failed = failNext(disk, 'write', { short });
        await outbox.append([numberedRecord(0)]);
        await outbox.append([numberedRecord(1)]);
        assert.equal(failed.length, 1);
        for (const n of [0, 1]) {
          const written = chunksOf(disk, n).filter((path) => !failed.includes(path));
          assert.equal(written.length, 1, `event ${n} stands in a new chunk`);
        }
        assert.deepEqual(
          chunksOf(disk, 1).filter((path) => failed.includes(path)),
          [],
          'behind a failed write',
        );
        disk.crash();
        assert.deepEqual(await reopened(disk), { found: [0, 1], corrupt: 0 });
      });
    }

    it('rejects when the second chunk fails too, and the next append goes into a third', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk, { clock: { now: () => 0, monotonic: () => performance.now() * 1e6 } });
      await outbox.open();
      await outbox.append([numberedRecord(0)]);
      const failed = failNext(disk, 'write', { short: 1 }, 2);
      await assert.rejects(outbox.append([numberedRecord(1)]), { code: 'OUTBOX_FULL' });
      await outbox.append([numberedRecord(2)]);
      assert.equal(failed.length, 2);
      const [third] = chunksOf(disk, 2);
      assert.ok(third && !failed.includes(third), 'nothing may follow a failed write in its chunk');
      disk.kill();
      assert.deepEqual(
        await reopened(disk),
        { found: [0, 2], corrupt: 0 },
        'what was refused does not come back',
      );
    });

    it('control: an outbox that does not look at the number of bytes loses the event', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk, { files: blindToFullDisk(disk.mount()) });
      await outbox.open();
      failNext(disk, 'write', { short: SHORTAGES['in the middle of a line'] });
      await outbox.append([numberedRecord(0)]);
      disk.crash();
      assert.deepEqual((await reopened(disk)).found, [], 'the harness is blind');
    });
  });

  describe('10: a flush that fails once', () => {
    /** Twenty events at a time while one flush fails, then a power cut. */
    async function flushFails(operation: 'sync' | 'syncDir', layer: Layer) {
      const disk = new SimDisk();
      const outbox = simOutbox(disk, { files: layer(disk.mount()) });
      await outbox.open();
      if (operation === 'sync') await outbox.append([numberedRecord(0)]);
      let failed: string | undefined;
      let flushedAgain = 0;
      disk.fault = (current, path) => {
        if (current !== operation || !(isChunk(path) || path.endsWith('/chunks'))) return undefined;
        if (path === failed) flushedAgain++;
        if (failed !== undefined) return undefined;
        failed = path;
        return { fail: 'EIO' };
      };
      const acked: number[] = [];
      const appends = range(1, 21).map((n) => outbox.append([numberedRecord(n)]).then(() => acked.push(n)));
      await Promise.allSettled(appends);
      assert.ok(failed !== undefined, 'no flush failed');
      disk.crash();
      return { acked, flushedAgain, lost: missing(acked, (await reopened(disk)).found) };
    }

    for (const operation of ['sync', 'syncDir'] as const) {
      it(`${operation}: the group is written again elsewhere before it is acknowledged`, async () => {
        const { acked, flushedAgain, lost } = await flushFails(operation, sound);
        assert.deepEqual(
          acked.sort((a, b) => a - b),
          range(1, 21),
        );
        assert.deepEqual(lost, []);
        if (operation === 'sync') assert.equal(flushedAgain, 0, 'the file whose flush failed is left alone');
      });

      it(`control, ${operation}: an outbox that does not hear of the failure loses events`, async () => {
        const { lost } = await flushFails(operation, deafToFailedFlush);
        assert.ok(lost.length > 0, 'the harness is blind');
      });
    }

    it('control: an outbox that flushes the same file again loses events', async () => {
      const { lost, flushedAgain } = await flushFails('sync', flushingAgain);
      assert.ok(lost.length > 0 && flushedAgain > 0, 'the harness is blind');
    });

    it('a flush that fails for ever acknowledges nothing', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      disk.fault = (operation, path) => (operation === 'sync' && isChunk(path) ? { fail: 'EIO' } : undefined);
      await assert.rejects(outbox.append([numberedRecord(0)]), { code: 'OUTBOX_IO' });
      disk.fault = () => undefined;
      await outbox.append([numberedRecord(1)]);
      assert.deepEqual(await drain(outbox), [1]);
    });

    it('a settlement that cannot be noted is in force, keeps its pictures, and is noted with the next group', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      await outbox.append([numberedRecord(0, 500), numberedRecord(1)]);
      const lease = await outbox.lease({ ...BATCH, events: 1 });
      assert.ok(lease);
      disk.fault = (operation) =>
        operation === 'write' || operation === 'remove' ? { fail: 'EIO' } : undefined;
      const acked = lease.events.map(({ id }) => id);
      await assert.rejects(outbox.settle(lease, { acked, retry: [], dead: [] }), { code: 'OUTBOX_IO' });
      disk.fault = () => undefined;
      assert.equal(outbox.stats().events, 1);
      assert.equal(disk.paths().filter((path) => path.includes('/pictures/')).length, 1);
      await outbox.append([numberedRecord(2)]);
      disk.crash();
      assert.deepEqual((await reopened(disk)).found, [1, 2]);
    });
  });
});
