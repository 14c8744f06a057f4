import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskOutbox } from '../../src/delivery/disk-outbox/disk-outbox';
import { OutboxDamage } from '../../src/delivery/outbox';
import { BATCH, drain, missing, numberedRecord, range, simOutbox } from '../support/outbox-fixture';
import { chooseSeed, isLongRun, seededRandom } from '../support/seed';
import { type Fault, SimDisk } from '../support/sim-disk';

const isChunk = (path: string): boolean => path.includes('/chunks/');

/** Lets the `count` next operations of a kind on chunk files fail. */
function failNext(disk: SimDisk, operation: string, fault: Fault, count = 1): void {
  let left = count;
  disk.fault = (current, path) => (current === operation && isChunk(path) && left-- > 0 ? fault : undefined);
}

async function filled(disk: SimDisk, count: number): Promise<void> {
  const outbox = simOutbox(disk);
  await outbox.open();
  for (const n of range(0, count)) await outbox.append([numberedRecord(n)]);
  await outbox.close(1_000);
}

function chunkPaths(disk: SimDisk): string[] {
  return disk.paths().filter((path) => path.endsWith('.chunk'));
}

describe('faults of the disk', () => {
  const seed = chooseSeed();
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  before(() => console.log(`      seed ${seed}; replay with VISION_EVENTS_SEED`));

  describe('9: a write that comes up short', () => {
    it('is written again in a new chunk and nothing is lost over a power cut', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      await outbox.append([numberedRecord(0)]);
      failNext(disk, 'write', { short: 1 });
      await outbox.append([numberedRecord(1)]);
      await outbox.append([numberedRecord(2)]);
      assert.equal(chunkPaths(disk).length, 2, 'nothing may follow a failed write in its chunk');
      disk.crash();
      const again = simOutbox(disk);
      assert.equal((await again.open()).corrupt, 0);
      assert.deepEqual(await drain(again), [0, 1, 2]);
    });

    it('rejects when the second chunk fails too, and the next append works', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk, { clock: { now: () => 0, monotonic: () => performance.now() * 1e6 } });
      await outbox.open();
      await outbox.append([numberedRecord(0)]);
      failNext(disk, 'write', { short: 1 }, 2);
      await assert.rejects(outbox.append([numberedRecord(1)]), { code: 'OUTBOX_FULL' });
      await outbox.append([numberedRecord(2)]);
      disk.kill();
      const again = simOutbox(disk);
      await again.open();
      assert.deepEqual(await drain(again), [0, 2], 'what was refused does not come back');
    });

    it('control: an outbox that does not look at the number of bytes loses the event', async () => {
      const disk = new SimDisk();
      const files = disk.mount();
      const careless = {
        ...files,
        open: async (path: string, mode: 'create' | 'read') => {
          const file = await files.open(path, mode);
          return {
            ...file,
            write: async (bytes: Uint8Array, at: number) => (await file.write(bytes, at), bytes.length),
          };
        },
      };
      const outbox = simOutbox(disk, { files: careless });
      await outbox.open();
      const padding = 16 * 1024;
      failNext(disk, 'write', { short: padding + 100 });
      await outbox.append([numberedRecord(0)]).catch(() => undefined);
      disk.crash();
      const again = simOutbox(disk);
      await again.open();
      assert.deepEqual(await drain(again), [], 'the harness must see a loss');
    });
  });

  describe('10: a flush that fails once', () => {
    for (const operation of ['sync', 'syncDir'] as const) {
      it(`${operation}: the group is written again elsewhere before it is acknowledged`, async () => {
        const disk = new SimDisk();
        const outbox = simOutbox(disk);
        await outbox.open();
        if (operation === 'sync') await outbox.append([numberedRecord(0)]);
        let failed = false;
        disk.fault = (current, path) => {
          if (failed || current !== operation || !(isChunk(path) || path.endsWith('/chunks')))
            return undefined;
          failed = true;
          return { fail: 'EIO' };
        };
        await Promise.all(range(1, 20).map((n) => outbox.append([numberedRecord(n)])));
        assert.ok(failed);
        disk.crash();
        const again = simOutbox(disk);
        await again.open();
        assert.deepEqual(missing(range(1, 20), await drain(again)), []);
      });
    }

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
      const again = simOutbox(disk);
      await again.open();
      assert.deepEqual(await drain(again), [1, 2]);
    });
  });

  describe('11: one bit flipped', () => {
    const trials = isLongRun ? 200 : 60;

    it(`${trials} times: at most one event is missing, none is wrong, the damage is counted and kept`, async function () {
      this.timeout(120_000);
      const events = 150;
      const original = new SimDisk();
      await filled(original, events);
      for (let trial = 0; trial < trials; trial++) {
        const disk = new SimDisk();
        for (const path of original.paths()) disk.plant(path, original.bytesOf(path));
        const chunks = chunkPaths(disk);
        const path = chunks[below(chunks.length)] ?? '';
        const bytes = disk.bytesOf(path);
        const position = below(bytes.length);
        bytes[position] = (bytes[position] ?? 0) ^ (1 << below(8));
        disk.plant(path, bytes);
        const outbox = simOutbox(disk);
        const report = await outbox.open();
        const where = `trial ${trial}: ${path} at ${position}`;
        assert.equal(report.corrupt + report.tornTails, report.quarantined.length, where);
        const lost = missing(range(0, events), await drain(outbox));
        assert.ok(lost.length <= 1, `${where}: ${lost.length} events are missing`);
        assert.ok(report.quarantined.length === 1 || lost.length === 0, `${where}: a loss went unnoticed`);
        assert.ok(report.quarantined.length <= 1, where);
        const kept = disk.paths().filter((name) => name.includes('/quarantine/'));
        assert.equal(kept.length, report.quarantined.length, where);
        await outbox.append([numberedRecord(1_000)]);
        assert.deepEqual(await drain(outbox), [1_000]);
      }
    });

    it('control: without the checksum the harness sees a wrong body', () => {
      const body = Buffer.from(numberedRecord(7).body);
      const position = body.indexOf('ä');
      body[position] = (body[position] ?? 0) ^ 1;
      assert.throws(() => checkBody(body.toString()));
    });

    it('found while leasing: set aside, counted once, the rest goes out', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      await outbox.append(range(0, 5).map((n) => numberedRecord(n)));
      const [path = ''] = chunkPaths(disk);
      const bytes = disk.bytesOf(path);
      const position = bytes.indexOf('"n":3');
      bytes[position + 4] = 0x39;
      disk.plant(path, bytes);
      assert.deepEqual(await drain(outbox), [0, 1, 2, 4]);
      assert.equal(outbox.stats().corrupt, 1);
      assert.equal(outbox.stats().events, 0);
      assert.equal(disk.paths().filter((name) => name.includes('/quarantine/')).length, 1);
    });
  });

  describe('12: holes and lost tails', () => {
    const trials = isLongRun ? 100 : 30;

    it(`4 KiB zeroed, ${trials} times: only events in the hole are missing`, async function () {
      this.timeout(120_000);
      await damageTrials(trials, (bytes) => {
        const start = below(bytes.length);
        const end = Math.min(start + 4_096, bytes.length);
        bytes.fill(0, start, end);
        return { bytes, start, end };
      });
    });

    it(`tail cut off, ${trials} times: only events behind the cut are missing`, async function () {
      this.timeout(120_000);
      await damageTrials(trials, (bytes) => {
        const start = below(bytes.length);
        return { bytes: bytes.subarray(0, start), start, end: bytes.length };
      });
    });

    async function damageTrials(
      count: number,
      damage: (bytes: Buffer) => { bytes: Buffer; start: number; end: number },
    ): Promise<void> {
      const events = 90;
      const original = new SimDisk();
      await filled(original, events);
      for (let trial = 0; trial < count; trial++) {
        const disk = new SimDisk();
        for (const path of original.paths()) disk.plant(path, original.bytesOf(path));
        const [path = ''] = chunkPaths(disk);
        const before = disk.bytesOf(path);
        const { bytes, start, end } = damage(disk.bytesOf(path));
        disk.plant(path, bytes);
        const outbox = simOutbox(disk);
        await outbox.open();
        const lost = missing(range(0, events), await drain(outbox));
        for (const n of lost) {
          const line = before.indexOf(`"n":${n},`);
          const from = before.lastIndexOf('\n', line);
          const to = before.indexOf('\n', line);
          assert.ok(to >= start && from < end, `trial ${trial}: event ${n} lay outside of ${start}-${end}`);
        }
        await outbox.append([numberedRecord(1_000)]);
        assert.deepEqual(await drain(outbox), [1_000], `trial ${trial}`);
      }
    }
  });

  describe('13: pictures that are missing, cut short or altered', () => {
    for (const [what, spoil] of [
      ['missing', () => undefined],
      ['cut short', (bytes: Buffer) => bytes.subarray(0, 10)],
      ['altered', (bytes: Buffer) => (bytes.fill('x', 3, 4), bytes)],
    ] as const) {
      it(`${what}: reading says so, never gives a wrong picture, and the event can go to the dead letters`, async () => {
        const disk = new SimDisk();
        const outbox = simOutbox(disk);
        await outbox.open();
        await outbox.append([numberedRecord(0, 2_000)]);
        const path = disk.paths().find((name) => name.includes('/pictures/')) ?? '';
        disk.plant(path, spoil(disk.bytesOf(path)));
        const lease = await outbox.lease(BATCH);
        const [event] = lease?.events ?? [];
        assert.ok(lease && event);
        await assert.rejects(event.pictures[0]?.read() ?? Promise.resolve(), (error: unknown) => {
          assert.ok(error instanceof OutboxDamage);
          assert.equal(error.code, 'PICTURE_DAMAGED');
          assert.ok(error.message.includes(path));
          return true;
        });
        const dead = [{ id: event.id, code: 'PICTURE_DAMAGED', why: 'its picture is damaged' }];
        await outbox.settle(lease, { acked: [], retry: [], dead });
        assert.equal((await outbox.deadLetters.list())[0]?.code, 'PICTURE_DAMAGED');
        assert.equal(outbox.stats().events, 0);
      });
    }
  });

  describe('14: foreign files', () => {
    let dir: string;
    beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'outbox-'))));
    afterEach(() => rm(dir, { recursive: true }));

    const open = async (): Promise<DiskOutbox> => {
      const outbox = new DiskOutbox({ dir, freeSpaceFloorBytes: 0, ballastBytes: 0, lockWaitMs: 0 });
      await outbox.open();
      return outbox;
    };

    it('are left alone wherever they lie', async () => {
      let outbox = await open();
      await outbox.append([numberedRecord(0, 100)]);
      await outbox.close(1_000);
      const strangers = [
        'notes.txt',
        'chunks/holiday.jpg',
        'chunks/0000000001-xyz.chunk.bak',
        'pictures/cat.jpg',
        'dead/letter.txt',
        'quarantine/old.bin',
      ];
      for (const name of strangers) await writeFile(join(dir, name), 'not yours');
      outbox = await open();
      assert.deepEqual(await drain(outbox), [0]);
      assert.equal(await outbox.deadLetters.discard(), 0);
      await outbox.close(1_000);
      for (const name of strangers) assert.equal(await readFile(join(dir, name), 'utf8'), 'not yours');
    });

    it('a chunk of garbage is set aside, not fatal', async () => {
      await (await open()).close(1_000);
      await writeFile(join(dir, 'chunks', '0000000009-00000000.chunk'), 'rubbish\nmore rubbish}\n');
      const outbox = await open();
      assert.equal(outbox.stats().corrupt, 1);
      const [kept = ''] = await readdir(join(dir, 'quarantine'));
      assert.equal(await readFile(join(dir, 'quarantine', kept), 'utf8'), 'rubbish\nmore rubbish}');
      await outbox.append([numberedRecord(1)]);
      await outbox.close(1_000);
    });

    for (const [what, meta, expected] of [
      ['a newer format', { format: 'vision-events-outbox', version: 2 }, /newer version of this package/],
      ['another program', { format: 'something else', version: 1 }, /does not belong to an outbox/],
      ['garbage', 'rubbish', /does not belong to an outbox/],
    ] as const) {
      it(`meta.json of ${what}: refused, nothing changed`, async () => {
        const text = typeof meta === 'string' ? meta : JSON.stringify(meta);
        await writeFile(join(dir, 'meta.json'), text);
        await writeFile(join(dir, 'precious'), 'data');
        await assert.rejects(
          open(),
          (error: Error) => expected.test(error.message) && error.message.includes(dir),
        );
        assert.deepEqual(await readdir(dir), ['meta.json', 'precious']);
        assert.equal(await readFile(join(dir, 'meta.json'), 'utf8'), text);
      });
    }
  });

  describe('16: a slow disk', () => {
    it('does not hold up the event loop, and twenty producers share its flushes', async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      await outbox.append([numberedRecord(0)]);
      disk.resetCounts();
      let turns = 0;
      let open = true;
      const count = (): void => {
        turns++;
        if (open) setImmediate(count);
      };
      setImmediate(count);
      // Each flush lasts until the event loop has gone round fifty times: it could not, if anything waited for it.
      disk.fault = (operation) => (operation === 'sync' ? { wait: afterTurns(50) } : undefined);
      const producer = async (start: number): Promise<void> => {
        for (const n of range(start, start + 10)) await outbox.append([numberedRecord(n)]);
      };
      await Promise.all(range(0, 20).map((index) => producer(1 + index * 10)));
      open = false;
      assert.ok(turns >= 50 * 10, `the event loop went round only ${turns} times`);
      assert.ok(disk.counts.sync <= 25, `200 appends of 20 producers took ${disk.counts.sync} flushes`);
    });
  });
});

function checkBody(body: string): void {
  const { n } = JSON.parse(body) as { n: number };
  assert.equal(body, numberedRecord(n).body);
}

function afterTurns(turns: number): Promise<void> {
  return new Promise((resolve) => {
    let left = turns;
    const next = (): void => {
      if (left-- > 0) setImmediate(next);
      else resolve();
    };
    next();
  });
}
