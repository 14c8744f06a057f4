import assert from 'node:assert/strict';
import { type DiskOutboxOptions } from '../../../src/delivery/outbox/disk/disk-outbox';
import type { FolderLock } from '../../../src/delivery/outbox/disk/folder-lock';
import { crc32ByTable } from '../../../src/crc32';
import { crc32 } from '../../../src/delivery/outbox/disk/lines';
import type { OutboxNotice } from '../../../src/delivery/outbox/notices';
import { flagShedPictures, SHED_KEY } from '../../../src/delivery/outbox/disk/shed-flag';
import type { StoredEvent } from '../../../src/delivery/outbox/outbox';
import { LEFT_ALONE_MS } from '../../../src/delivery/outbox/limits';
import { BATCH, drain, numberedRecord, OPEN_LOCK, range, simOutbox } from '../../support/outbox-fixture';
import { SimDisk } from '../../support/sim-disk';

describe('outbox limits', () => {
  let disk: SimDisk;
  let notices: OutboxNotice[];
  beforeEach(() => {
    disk = new SimDisk();
    notices = [];
  });

  async function open(options: Partial<DiskOutboxOptions>): Promise<ReturnType<typeof simOutbox>> {
    const outbox = simOutbox(disk, { onNotice: (notice) => notices.push(notice), ...options });
    await outbox.open();
    return outbox;
  }

  it('reject: names the setting that fixes it', async () => {
    const outbox = await open({ maxEvents: 1 });
    await outbox.append([numberedRecord(0)]);
    await assert.rejects(outbox.append([numberedRecord(1)]), /"Max. events".*may hold 1 events/s);
    assert.deepEqual(await drain(outbox), [0]);
  });

  it('drop-oldest: the oldest waiting events make room, for good', async () => {
    const outbox = await open({ maxEvents: 10, whenFull: 'drop-oldest' });
    for (const n of range(0, 10)) await outbox.append([numberedRecord(n, 100)]);
    const lease = await outbox.lease({ ...BATCH, events: 1 });
    assert.ok(lease);
    await outbox.append([numberedRecord(10), numberedRecord(11)]);
    assert.equal(outbox.stats().dropped, 2);
    await outbox.settle(lease, { acked: [], retry: [], dead: [] });
    await outbox.close(1_000);
    disk.crash();
    // The names of the removed pictures came back with the power cut.
    disk.age(LEFT_ALONE_MS);
    const again = await open({});
    assert.deepEqual(await drain(again), [0, ...range(3, 12)], 'what is leased is not dropped');
    await again.close(1_000);
    assert.deepEqual(
      disk.paths().filter((path) => path.includes('/pictures/')),
      [],
    );
  });

  it('drop-oldest: an event that can never fit costs nothing', async () => {
    const outbox = await open({ maxBytes: 3_000, whenFull: 'drop-oldest' });
    await outbox.append([numberedRecord(0)]);
    await assert.rejects(outbox.append([numberedRecord(1, 4_000)]), { code: 'OUTBOX_FULL' });
    assert.deepEqual(await drain(outbox), [0]);
  });

  it('shed-images: the oldest pictures make room, the event says so, also after a restart', async () => {
    const outbox = await open({ maxBytes: 5_000, whenFull: 'shed-images' });
    await outbox.append([numberedRecord(0, 1_500)]);
    await outbox.append([numberedRecord(1, 1_500)]);
    await outbox.append([numberedRecord(2, 1_500)]);
    assert.equal(outbox.stats().shedPictures, 1);
    await outbox.close(1_000);
    disk.crash();
    const again = await open({});
    const lease = await again.lease(BATCH);
    assert.deepEqual(
      lease?.events.map(({ pictures }) => pictures.length),
      [0, 1, 1],
    );
    const [first, second] = (lease?.events ?? []).map(
      ({ body }) => JSON.parse(body) as Record<string, unknown>,
    );
    assert.deepEqual(first?.customMetadata, { [SHED_KEY]: 1 });
    assert.equal(second?.customMetadata, undefined);
  });

  it('shed-images: leaves the pictures of an event that was sent, also after a restart and back from the dead letters', async () => {
    const limits = { maxBytes: 5_500, whenFull: 'shed-images' } as const;
    const outbox = await open(limits);
    await outbox.append([numberedRecord(0, 2_000)]);
    const lease = await outbox.lease(BATCH);
    assert.ok(lease);
    const [{ id }] = lease.events as [StoredEvent];
    await outbox.markSent(id);
    await outbox.settle(lease, { acked: [], retry: [], dead: [{ id, code: 'REJECTED', why: 'no' }] });
    await outbox.close(1_000);
    const reopened = await open(limits);
    await reopened.deadLetters.retry();
    await reopened.append([numberedRecord(1, 2_000)]);
    await reopened.append([numberedRecord(2, 2_000)]);
    assert.equal(reopened.stats().shedPictures, 1);
    assert.deepEqual(
      (await reopened.lease(BATCH))?.events.map(({ pictures }) => pictures.length),
      [1, 0, 1],
    );
  });

  it('shed-images: refuses when no picture is left to shed', async () => {
    const outbox = await open({ maxEvents: 1, whenFull: 'shed-images' });
    await outbox.append([numberedRecord(0, 100)]);
    await assert.rejects(outbox.append([numberedRecord(1)]), { code: 'OUTBOX_FULL' });
    assert.equal(outbox.stats().shedPictures, 0);
  });

  it('the flag leaves other metadata alone and respects the limit of keys', () => {
    const flagged = JSON.parse(flagShedPictures('{"a":1,"customMetadata":{"shift":"night"}}', 2)) as object;
    assert.deepEqual(flagged, { a: 1, customMetadata: { shift: 'night', [SHED_KEY]: 2 } });
    const keys = Object.fromEntries(range(0, 100).map((n) => [`k${n}`, n]));
    const crowded = JSON.stringify({ customMetadata: keys });
    assert.equal(flagShedPictures(crowded, 1), crowded);
    assert.equal(flagShedPictures('no json', 1), 'no json');
  });

  it('tells of 70 %, of 90 % and of being full, once an episode', async () => {
    const outbox = await open({ maxEvents: 10 });
    const fill = async (): Promise<void> => {
      for (const n of range(0, 12)) await outbox.append([numberedRecord(n)]).catch(() => undefined);
    };
    await fill();
    assert.deepEqual(
      notices.map(({ code }) => code),
      ['FILLING', 'FILLING', 'FULL'],
    );
    assert.match(notices[0]?.message ?? '', /70 % full: 7 of 10 events/);
    assert.match(notices[1]?.message ?? '', /90 % full: 9 of 10 events/);
    await drain(outbox);
    await fill();
    assert.equal(notices.length, 6);
  });

  it('tells of a full disk once, however much is settled meanwhile', async () => {
    let time = 0;
    const clock = { now: () => 0, monotonic: () => (time += 10_000) };
    const outbox = await open({ clock, freeSpaceFloorBytes: 1_000_000 });
    await outbox.append(range(0, 5).map((n) => numberedRecord(n)));
    disk.capacity = 100_000;
    for (let round = 0; round < 5; round++) {
      await assert.rejects(outbox.append([numberedRecord(9)]), { code: 'OUTBOX_FULL' });
      const lease = await outbox.lease({ ...BATCH, events: 1 });
      assert.ok(lease);
      await outbox.settle(lease, { acked: lease.events.map(({ id }) => id), retry: [], dead: [] });
    }
    assert.deepEqual(
      notices.map(({ code }) => code),
      ['DISK_LOW'],
    );
    disk.capacity = Infinity;
    await outbox.append([numberedRecord(10)]);
    disk.capacity = 100_000;
    await assert.rejects(outbox.append([numberedRecord(11)]), { code: 'OUTBOX_FULL' });
    assert.equal(notices.length, 2);
  });

  it('close does not wait for an open that waits for the lock', async () => {
    let give: (lock: FolderLock) => void = () => undefined;
    let released = false;
    const lock = (): Promise<FolderLock> => new Promise((resolve) => (give = resolve));
    const outbox = simOutbox(disk, { lock });
    const opening = outbox.open();
    await new Promise((resolve) => setImmediate(resolve));
    await outbox.close(60_000);
    give({ ...OPEN_LOCK, release: () => Promise.resolve(void (released = true)) });
    await assert.rejects(opening, { code: 'OUTBOX_IO' });
    assert.ok(released, 'a lock that comes too late is given back');
  });

  it('keeps an event in the queue when the dead letters are full', async () => {
    let time = 0;
    const clock = { now: () => time, monotonic: () => time };
    const outbox = await open({ deadMaxBytes: 100, clock });
    await outbox.append([numberedRecord(0)]);
    const lease = await outbox.lease(BATCH);
    assert.ok(lease);
    const dead = lease.events.map(({ id }) => ({ id, code: 'REJECTED', why: 'no' }));
    await outbox.settle(lease, { acked: [], retry: [], dead });
    assert.equal(outbox.stats().dead, 0);
    assert.equal(outbox.stats().events, 1);
    assert.equal(notices[0]?.code, 'DEAD_LETTERS_FULL');
    time = outbox.nextDueAt() ?? 0;
    assert.ok(time > 0);
    assert.deepEqual(await drain(outbox), [0]);
  });

  it('has one checksum, whichever way it is computed', () => {
    for (const text of ['', '123456789', 'Größe ✓']) {
      const bytes = Buffer.from(text);
      assert.equal(crc32(bytes), crc32ByTable(bytes).toString(16).padStart(8, '0'));
    }
    assert.equal(crc32(Buffer.from('123456789')), 'cbf43926');
  });
});
