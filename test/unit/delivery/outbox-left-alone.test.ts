import assert from 'node:assert/strict';
import type { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import { mayBeOpen } from '../../../src/delivery/outbox/disk/chunk-file';
import { CHUNK_PADDING_BYTES, LEFT_ALONE_MS, OPEN_CHUNK_IDLE_MS } from '../../../src/delivery/outbox/limits';
import { drain, missing, numberedRecord, range, SIM_DIR, simOutbox } from '../../support/outbox-fixture';
import { SimDisk } from '../../support/sim-disk';

/**
 * Two outboxes on one folder without a lock: the second must not take for left over what the first is just beginning.
 */
describe('what another process may be at work on', () => {
  const ORPHAN = `${SIM_DIR}/pictures/0000000009-1f2e3d4c.0-output.jpg`;
  let disk: SimDisk;
  let wall: number;
  let monotonic: number;
  beforeEach(() => {
    wall = Date.UTC(2026, 5, 1);
    monotonic = 0;
    disk = new SimDisk();
    disk.now = () => wall;
  });

  async function open(): Promise<DiskOutbox> {
    const outbox = simOutbox(disk, { clock: { now: () => wall, monotonic: () => monotonic } });
    await outbox.open();
    return outbox;
  }

  function pass(ms: number): void {
    wall += ms;
    monotonic += ms;
  }

  const append = (outbox: DiskOutbox, n: number) => outbox.append([numberedRecord(n, 100)]);
  const chunks = () => disk.paths().filter((path) => path.endsWith('.chunk'));

  /** The first stores and delivers an event, a second one starts, the first stores another. Returns what is lost. */
  async function secondStart(between: () => void): Promise<number[]> {
    const first = await open();
    await append(first, 0);
    await drain(first);
    between();
    await open();
    await append(first, 1);
    disk.kill();
    return missing([1], await drain(await open()));
  }

  it('a chunk whose events are all done so far stays while it may still grow', async () => {
    assert.deepEqual(await secondStart(() => undefined), []);
  });

  it('control: it would be lost if it looked old', async () => {
    assert.deepEqual(await secondStart(() => disk.age(LEFT_ALONE_MS)), [1]);
  });

  it('one that was idle for long may go: its writer seals it before the next write', async () => {
    assert.deepEqual(await secondStart(() => pass(LEFT_ALONE_MS)), []);
  });

  for (const [name, wait] of [
    ['only the monotonic clock tells', () => (monotonic += OPEN_CHUNK_IDLE_MS + 1)],
    ['the machine slept', () => (wall += OPEN_CHUNK_IDLE_MS + 1)],
    ['the wall clock was put back', () => (wall -= OPEN_CHUNK_IDLE_MS + 1)],
  ] as const) {
    it(`an idle chunk is sealed also when ${name}`, async () => {
      const outbox = await open();
      await append(outbox, 0);
      await append(outbox, 1);
      assert.equal(chunks().length, 1);
      wait();
      await append(outbox, 2);
      assert.equal(chunks().length, 2);
      assert.equal(mayBeOpen(disk.bytesOf(chunks()[0]!)), false);
      assert.deepEqual(await drain(outbox), range(0, 3));
    });
  }

  for (const [name, wait] of [
    ['a chunk that may grow', () => undefined],
    ['an old chunk', () => pass(LEFT_ALONE_MS)],
  ] as const) {
    it(`a refused event whose end was not noted in ${name} does not come back once it was discarded`, async () => {
      const outbox = await open();
      await append(outbox, 0);
      const lease = await outbox.lease({ events: 1, bytes: 1_000_000 });
      assert.ok(lease);
      const dead = lease.events.map(({ id }) => ({ id, code: 'REJECTED', why: 'no' }));
      const changesOfDeadLetter = 5;
      const died = disk.dieAfter(changesOfDeadLetter);
      void outbox.settle(lease, { acked: [], retry: [], dead });
      await died;
      disk.crash();
      wait();
      const second = await open();
      assert.deepEqual([second.stats().dead, second.stats().events], [1, 0]);
      await second.deadLetters.discard();
      disk.crash();
      assert.equal((await open()).stats().events, 0);
    });
  }

  it('what the second delivered of a chunk that may grow is noted beside it, not deleted with it', async () => {
    const first = await open();
    await append(first, 0);
    const second = await open();
    assert.deepEqual(await drain(second), [0]);
    await append(first, 1);
    disk.kill();
    const third = await open();
    assert.deepEqual(await drain(third), [1]);
  });

  it('goes at the first start after it is old, with its notes: nothing piles up', async () => {
    for (const n of range(0, 20)) {
      const outbox = await open();
      await append(outbox, n);
      assert.deepEqual(await drain(outbox), [n]);
      pass(LEFT_ALONE_MS / 4);
      disk.kill();
      // The one of this start and those of the last ten minutes.
      assert.ok(chunks().length <= 5, chunks().join('\n'));
    }
    pass(LEFT_ALONE_MS);
    await open();
    assert.deepEqual(
      disk.paths().filter((path) => path.includes('/chunks/')),
      [],
    );
  });

  it('a chunk of another session that is sealed goes at once', async () => {
    const first = await open();
    await append(first, 0);
    await first.close(1_000);
    const second = await open();
    assert.deepEqual(await drain(second), [0]);
    assert.deepEqual(chunks(), []);
  });

  it('a chunk that is made but not written to stays for the same time', async () => {
    const path = `${SIM_DIR}/chunks/0000000009-1f2e3d4c.chunk`;
    await (await open()).close(1_000);
    disk.plant(path, Buffer.alloc(0));
    await (await open()).close(1_000);
    assert.deepEqual(chunks(), [path]);
    pass(LEFT_ALONE_MS);
    await (await open()).close(1_000);
    assert.deepEqual(chunks(), []);
  });

  it('so does a picture that no line names yet', async () => {
    await (await open()).close(1_000);
    disk.plant(ORPHAN, Buffer.from('picture'));
    const orphans = async () => {
      const outbox = simOutbox(disk, { clock: { now: () => wall, monotonic: () => monotonic } });
      const { orphanPictures } = await outbox.open();
      await outbox.close(1_000);
      return orphanPictures;
    };
    assert.equal(await orphans(), 0);
    pass(LEFT_ALONE_MS - 1);
    assert.equal(await orphans(), 0);
    assert.ok(disk.paths().includes(ORPHAN));
    pass(1);
    assert.equal(await orphans(), 1);
    assert.ok(!disk.paths().includes(ORPHAN));
  });

  it('a file from far ahead is not a reason to wait: the clock of the gateway was set since', async () => {
    await (await open()).close(1_000);
    disk.plant(ORPHAN, Buffer.from('picture'));
    wall = 0;
    await (await open()).close(1_000);
    assert.ok(!disk.paths().includes(ORPHAN));
  });

  it('a write that is seen half way is not damage: it is looked at again', async () => {
    const first = await open();
    await first.append(range(0, 3).map((n) => numberedRecord(n)));
    const [path] = chunks();
    const halves = [300, 301, 500];
    const files = disk.mount();
    const readFile = async (wanted: string, most: number): Promise<Buffer> => {
      const bytes = await files.readFile(wanted, most);
      const half = wanted === path ? halves.shift() : undefined;
      return half === undefined ? bytes : bytes.fill('\n', half);
    };
    const second = simOutbox(disk, { files: { ...files, readFile } });
    const { events, corrupt, tornTails, quarantined } = await second.open();
    assert.deepEqual(halves, [], 'it was not looked at again');
    assert.deepEqual(
      { events, corrupt, tornTails, quarantined },
      { events: 3, corrupt: 0, tornTails: 0, quarantined: [] },
    );
  });

  it('tells an open chunk from a sealed one, also when a write is seen half way', () => {
    const line = (bytes: number) => Buffer.alloc(bytes, 'x').fill('\n', bytes - 1);
    assert.equal(mayBeOpen(Buffer.alloc(0)), true);
    assert.equal(mayBeOpen(Buffer.from('line\n\n')), true);
    assert.equal(mayBeOpen(Buffer.from('li')), true);
    assert.equal(mayBeOpen(line(4096)), true);
    assert.equal(mayBeOpen(line(4095)), false);
  });

  it('an open chunk never looks sealed, whatever fills its padding', async () => {
    const outbox = await open();
    const appendPadded = async (pad: number): Promise<Buffer> => {
      const body = JSON.stringify({ pad: 'x'.repeat(pad) });
      await outbox.append([{ eventId: 'a', useCaseId: 'line-1', body, pictures: [] }]);
      return disk.bytesOf(chunks()[0]!);
    };
    const shortest = (await appendPadded(0)).indexOf('\n') + 1;
    const bytes = await appendPadded(CHUNK_PADDING_BYTES - shortest);
    assert.equal(bytes.indexOf('\n\n') + 1, shortest + CHUNK_PADDING_BYTES, 'the padding was not just full');
    assert.equal(mayBeOpen(bytes), true);
  });
});
