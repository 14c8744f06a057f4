import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import { nodeFileLayer } from '../../../src/delivery/outbox/disk/file-layer';
import type { OutboxNotice } from '../../../src/delivery/outbox/notices';
import type { Lease } from '../../../src/delivery/outbox/outbox';
import {
  BATCH,
  checkedNumber,
  checkPictures,
  drain,
  numberedRecord,
  range,
  SIM_DIR,
  simOutbox,
  withoutLock,
} from '../../support/outbox-fixture';
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

const notesOf = (disk: SimDisk) => disk.paths().filter((path) => /\/chunks\/.*\.notes-/.test(path));

describe('what an outbox says of its disk', () => {
  for (const [code, says] of [
    ['EMFILE', /^Raise Node-RED's limit \(ulimit -n\): too many open files \(EMFILE\)\. .*\/outbox/],
    ['ENFILE', /^Raise the machine's limit/],
    ['EIO', /^Check the disk .*\(EIO\)\.$/],
  ] as const) {
    it(`names ${code} for what it is`, async () => {
      const disk = new SimDisk();
      const outbox = simOutbox(disk);
      await outbox.open();
      disk.fault = (operation) => (operation === 'open' ? { fail: code } : undefined);
      await assert.rejects(outbox.append([numberedRecord(0)]), { code: 'OUTBOX_IO', message: says });
    });
  }
});

describe('an outbox folder', () => {
  it('is new only the first time', async () => {
    const disk = new SimDisk();
    for (const isNew of [true, false]) {
      const outbox = simOutbox(disk);
      assert.equal((await outbox.open()).isNew, isNew);
      await outbox.close(1_000);
    }
  });
});

describe('events that are written in one go', () => {
  const chunksOf = (disk: SimDisk) => disk.paths().filter((path) => path.endsWith('.chunk'));

  /** One alone, then sixty at a time: two of them do not fit into one chunk of a hundred. */
  async function unevenGroups(): Promise<{ disk: SimDisk; outbox: DiskOutbox }> {
    const disk = new SimDisk();
    const outbox = simOutbox(disk);
    await outbox.open();
    for (const group of [[0], range(1, 61), range(61, 121), range(121, 181)])
      await outbox.append(group.map((n) => numberedRecord(n)));
    return { disk, outbox };
  }
  const numbersOf = (lease: Lease | undefined) =>
    lease?.events.map((event) => checkedNumber(event.body)) ?? [];

  it('lie in one chunk, unless they fit into none', async () => {
    const { disk, outbox } = await unevenGroups();
    assert.equal(chunksOf(disk).length, 3);
    await outbox.append(range(200, 350).map((n) => numberedRecord(n)));
    // 40 more into the third chunk, then 100, then 10.
    assert.equal(chunksOf(disk).length, 5);
  });

  it('are handed out in one go where less than all that may be is enough: no note is written', async () => {
    const { disk, outbox } = await unevenGroups();
    const sizes: number[] = [];
    const numbers: number[] = [];
    const some = () => outbox.lease({ events: 100, bytes: 1e6, enough: 50 });
    for (let lease = await some(); lease; lease = await some()) {
      sizes.push(lease.events.length);
      numbers.push(...numbersOf(lease));
      await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
      assert.deepEqual(notesOf(disk), []);
    }
    assert.deepEqual(sizes, [61, 60, 60]);
    assert.deepEqual(numbers, range(0, 181));
  });

  it('are handed out in part where more is wanted, and where they cannot end together', async () => {
    for (const enough of [undefined, 100]) {
      const { outbox } = await unevenGroups();
      assert.equal((await outbox.lease({ events: 100, bytes: 1e6, enough }))?.events.length, 100);
    }
    const { outbox } = await unevenGroups();
    const [first] = numbersOf(await outbox.lease({ events: 1, bytes: 1e6, newest: true }));
    assert.equal(first, 180);
    assert.deepEqual(numbersOf(await outbox.lease({ events: 61, bytes: 1e6 })), range(0, 61));
    assert.deepEqual(
      numbersOf(await outbox.lease({ events: 100, bytes: 1e6, enough: 50 })),
      range(61, 161),
      'one of the last chunk is leased',
    );
  });
});

describe('notes on a chunk of an earlier start', () => {
  /**
   * A chunk of ten events, of which the first nine are done one by one in a second session; three pictures are
   * uploaded.
   */
  async function pinnedChunk(disk: SimDisk): Promise<void> {
    const first = simOutbox(disk);
    await first.open();
    await first.append(range(0, 10).map((n) => numberedRecord(n, n === 9 ? 100 : 0)));
    await first.close(1_000);
    const second = simOutbox(disk);
    await second.open();
    for (let n = 0; n < 9; n++) {
      const lease = await second.lease({ ...BATCH, events: 1 });
      assert.ok(lease);
      await second.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
    }
    const last = await second.lease(BATCH);
    await second.markUploaded(last?.events[0]?.id ?? '', { role: 'output' }, 'src-9');
    await second.close(1_000);
  }

  it('become one file at the next start, and hold as before', async () => {
    const disk = new SimDisk();
    await pinnedChunk(disk);
    assert.equal(notesOf(disk).length, 10);
    for (let start = 0; start < 2; start++) {
      const outbox = simOutbox(disk);
      await outbox.open();
      assert.equal(notesOf(disk).length, 1);
      const lease = await outbox.lease(BATCH);
      assert.deepEqual(
        lease?.events.map(({ body, pictures }) => [checkedNumber(body), pictures[0]?.sourceId]),
        [[9, 'src-9']],
      );
      disk.crash();
    }
  });

  it('hold also when the power goes at any moment of that', async () => {
    for (let change = 0; ; change++) {
      const disk = new SimDisk();
      await pinnedChunk(disk);
      const died = disk.dieAfter(change);
      const opened = simOutbox(disk).open();
      const outcome = await Promise.race([opened.then(() => 'opened'), died.then(() => 'died')]);
      disk.crash();
      const outbox = simOutbox(disk);
      await outbox.open();
      assert.deepEqual(await drain(outbox), [9], `after change ${change}`);
      if (outcome === 'opened') break;
      assert.ok(change < 100);
    }
  });

  it('stay when they are damaged, or may be those of a write that is under way', async () => {
    const disk = new SimDisk();
    await pinnedChunk(disk);
    const [damaged = '', torn = ''] = notesOf(disk);
    const bytes = disk.bytesOf(damaged);
    bytes[12]! ^= 1;
    disk.plant(damaged, bytes);
    disk.plant(torn, Buffer.alloc(0));
    await simOutbox(disk).open();
    assert.equal(notesOf(disk).length, 3);
    assert.ok([damaged, torn].every((path) => notesOf(disk).includes(path)));
  });
});

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

describe('the pictures of several cameras', () => {
  it('are in their places with what was uploaded of them after a restart', async () => {
    const disk = new SimDisk();
    const first = simOutbox(disk);
    await first.open();
    const views = [0, 1, 2].map((image) => ({
      role: 'output' as const,
      image,
      mediaType: 'image/jpeg',
      name: `view-${image}.jpg`,
      ...(image === 2 && { metadata: { lens: '8mm' } }),
      bytes: Buffer.from(`view ${image}`),
    }));
    await first.append([{ ...numberedRecord(0), pictures: views }]);
    const lease = await first.lease({ events: 1, bytes: 1e6 });
    const place = { role: 'output' as const, image: 1 };
    await first.markUploaded(lease?.events[0]?.id ?? '', place, 'src-1');
    await first.close(1_000);

    const second = simOutbox(disk);
    await second.open();
    const [event] = (await second.lease({ events: 1, bytes: 1e6 }))?.events ?? [];
    assert.deepEqual(
      event?.pictures.map(({ image = 0, metadata, sourceId }) => [image, metadata, sourceId]),
      [
        [0, undefined, undefined],
        [1, undefined, 'src-1'],
        [2, { lens: '8mm' }, undefined],
      ],
    );
    await second.close(1_000);
  });
});

describe('a file system that does not outlive the machine or the container', () => {
  for (const [kind, words] of [
    ['overlay', /part of the container .* on a volume\.$/],
    ['tmpfs', /in memory \(tmpfs\).* on a disk\.$/],
    ['ramfs', /in memory \(ramfs\).* on a disk\.$/],
    [undefined, undefined],
  ] as const) {
    it(`${kind ?? 'control: none'}, simulated: is said once at the start`, async () => {
      const disk = new SimDisk();
      disk.forgets = kind;
      const notices: OutboxNotice[] = [];
      const outbox = simOutbox(disk, { onNotice: (notice) => notices.push(notice) });
      assert.equal((await outbox.open()).forgets, kind);
      await outbox.append([numberedRecord(0)]);
      assert.deepEqual(await drain(outbox), [0]);
      await outbox.close(1_000);
      assert.deepEqual(
        notices.map(({ code }) => code),
        kind ? ['NOT_DURABLE'] : [],
      );
      if (words) assert.match(notices[0]!.message, words);
    });
  }

  it('is known by its type', async function () {
    const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
    if (!/^\S+ \/dev\/shm tmpfs /m.test(mounts)) this.skip();
    assert.equal(await nodeFileLayer.forgets('/dev/shm'), 'tmpfs');
    assert.equal(await nodeFileLayer.forgets('/proc'), undefined, 'control');
    assert.equal(await nodeFileLayer.forgets('/dev/shm/nothing/here'), undefined);
  });
});

describe('a disk that cannot flush folders, simulated', () => {
  for (const code of ['EINVAL', 'ENOTSUP', 'ENOSYS']) {
    it(`has an outbox all the same, which says so once (${code})`, async () => {
      const disk = new SimDisk();
      disk.fault = (operation) => (operation === 'syncDir' ? { fail: code } : undefined);
      const notices: OutboxNotice[] = [];
      const outbox = simOutbox(disk, { onNotice: (notice) => notices.push(notice) });
      await outbox.open();
      for (const n of [0, 1]) {
        await outbox.append([numberedRecord(n, 100)]);
        assert.deepEqual(await drain(outbox, checkPictures), [n]);
      }
      await outbox.close(1_000);
      assert.deepEqual(
        notices.map((notice) => notice.code),
        ['NO_FOLDER_FLUSH'],
      );
    });
  }

  it('control: a flush that fails keeps it shut', async () => {
    const disk = new SimDisk();
    disk.fault = (operation) => (operation === 'syncDir' ? { fail: 'EIO' } : undefined);
    await assert.rejects(simOutbox(disk).open(), { code: 'OUTBOX_IO', message: /EIO/ });
  });
});
