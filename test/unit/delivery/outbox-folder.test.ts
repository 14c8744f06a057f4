import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskOutbox } from '../../../src/delivery/disk-outbox/disk-outbox';
import { drain, numberedRecord, SIM_DIR, simOutbox, withoutLock } from '../../support/outbox-fixture';
import { SimDisk } from '../../support/sim-disk';

/** No file of the one is in the way of the other. */
async function bothWork(outboxes: DiskOutbox[]): Promise<void> {
  await Promise.all(outboxes.map((outbox) => outbox.open()));
  for (const [n, outbox] of outboxes.entries()) {
    await outbox.append([numberedRecord(n)]);
    assert.deepEqual(await drain(outbox), [n]);
    await outbox.close(1_000);
  }
}

describe('two that make the same folder at the same moment, without the lock', () => {
  it('both succeed, on a simulated disk', async () => {
    const disk = new SimDisk();
    await bothWork([simOutbox(disk), simOutbox(disk)]);
    const meta = disk.paths().filter((path) => path.includes('meta'));
    assert.deepEqual(meta, [`${SIM_DIR}/meta.json`]);
    assert.match(
      disk.bytesOf(`${SIM_DIR}/meta.json`).toString(),
      /^\{"format":"vision-events-outbox".*\}\n$/,
    );
  });

  it('both succeed, on a real one', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'outbox-'));
    try {
      for (let round = 0; round < 20; round++) {
        const dir = join(parent, String(round));
        const make = () =>
          new DiskOutbox({ dir, ballastBytes: 0, freeSpaceFloorBytes: 0, lock: withoutLock });
        await bothWork([make(), make()]);
        assert.deepEqual((await readdir(dir)).sort(), [
          'chunks',
          'dead',
          'meta.json',
          'pictures',
          'quarantine',
        ]);
      }
    } finally {
      await rm(parent, { recursive: true });
    }
  });
});
