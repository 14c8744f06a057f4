import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskOutbox, type DiskOutboxOptions } from '../../src/delivery/outbox/disk/disk-outbox';
import type { FileLayer } from '../../src/delivery/outbox/disk/file-layer';
import { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { SpillOutbox } from '../../src/delivery/outbox/postgres/spill-outbox';
import { BATCH, ids, mustLease, NOTHING, record } from '../support/outbox-contract';
import { LossyProxy } from '../support/lossy-proxy';
import { checkPictures, drain, durableFiles, numberedRecord, range } from '../support/outbox-fixture';
import { PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

const PICTURE_BYTES = 3_000;

describe('an outbox in PostgreSQL with a disk in front', () => {
  let server: PostgresServer;
  let proxy: LossyProxy;
  let schema: string;
  let dir: string;
  let told: string[];
  const opened: SpillOutbox[] = [];
  before(async function () {
    server = await PostgresServer.start(this);
    proxy = await LossyProxy.to(server.port);
  });
  after(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    schema = server.freshSchema();
    dir = await mkdtemp(join(tmpdir(), 'spill-'));
    told = [];
  });
  afterEach(async () => {
    proxy.letThrough();
    for (const outbox of opened.splice(0)) await outbox.close(1_000);
    await rm(dir, { recursive: true });
  });

  function make(files: FileLayer = durableFiles, limits: Partial<DiskOutboxOptions> = {}): SpillOutbox {
    const outbox = new SpillOutbox({
      spill: new DiskOutbox({ dir, files, freeSpaceFloorBytes: 0, ballastBytes: 0, ...limits }),
      makeQueue: () =>
        new PostgresOutbox({
          url: proxy.url(server.url),
          schema,
          queueName: 'line',
          boundTo: 'a target',
          workerName: 'a',
          beatMs: 200,
          refreshMs: 100,
          appendRepeatMs: 100,
        }),
      onNotice: ({ code }) => told.push(code),
      retryMs: 50,
    });
    opened.push(outbox);
    return outbox;
  }

  async function open(files?: FileLayer, limits?: Partial<DiskOutboxOptions>): Promise<SpillOutbox> {
    const outbox = make(files, limits);
    await outbox.open();
    return outbox;
  }

  const isMoved = (outbox: SpillOutbox) =>
    until(() => outbox.spilled === 0 && told.includes('SPILL_MOVED'), 'the move');

  it('keeps events while the database is away, and moves them over in their order, with their pictures', async () => {
    const outbox = await open();
    await outbox.append([numberedRecord(0)]);
    proxy.refuse();
    await outbox.append([numberedRecord(1, PICTURE_BYTES)]);
    for (const n of range(2, 120)) await outbox.append([numberedRecord(n)]);
    assert.equal(outbox.spilled, 119);
    assert.equal(outbox.stats().events, 120);
    proxy.letThrough();
    await isMoved(outbox);
    assert.deepEqual(await drain(outbox, checkPictures), range(0, 120));
    assert.deepEqual(told, ['SPILLING', 'SPILL_MOVED']);
    await outbox.append([numberedRecord(120)]);
    assert.equal(outbox.spilled, 0, 'afterwards events go into the database at once');
  });

  it('counts what this machine had no room for', async () => {
    const outbox = await open(undefined, { maxEvents: 2, whenFull: 'drop-oldest' });
    proxy.refuse();
    for (const n of range(0, 5)) await outbox.append([numberedRecord(n)]);
    assert.equal(outbox.stats().dropped, 3);
    assert.equal(outbox.spilled, 2);
  });

  it('keeps the versions of an event in their order, also those that come while others are moved', async () => {
    const outbox = await open();
    const version = (n: number) => record('x', { body: `{"v":${n}}` });
    await outbox.append([version(1)]);
    proxy.refuse();
    await Promise.all([outbox.append([version(2)]), outbox.append([version(3)])]);
    proxy.letThrough();
    for (let n = 4; n <= 40; n++) await outbox.append([version(n)]);
    await isMoved(outbox);
    const found: string[] = [];
    await until(async () => {
      const lease = await outbox.lease(BATCH);
      if (!lease) return found.length === 40;
      found.push(...lease.events.map(({ body }) => body));
      await outbox.settle(lease, { ...NOTHING, acked: ids(lease) });
      return false;
    }, '40 versions');
    assert.deepEqual(
      found,
      range(1, 41).map((n) => `{"v":${n}}`),
    );
  });

  it('stores an append once of which the answer was lost', async () => {
    const outbox = await open();
    await outbox.append([numberedRecord(0)]);
    proxy.loseAnswersTo('.append(');
    const appending = outbox.append([numberedRecord(1)]);
    await until(() => proxy.hasLost, 'an answer to be lost');
    proxy.refuse();
    await appending;
    assert.equal(outbox.spilled, 1);
    proxy.letThrough();
    await isMoved(outbox);
    assert.deepEqual(await drain(outbox), [0, 1]);
  });

  it('stores appends once of which the answer was lost that they shared', async () => {
    const outbox = await open();
    proxy.loseAnswersTo('.append(');
    const appending = [0, 1, 2].map((n) => outbox.append([numberedRecord(n)]));
    await until(() => proxy.hasLost, 'an answer to be lost');
    proxy.refuse();
    await Promise.all(appending);
    assert.equal(outbox.spilled, 3);
    proxy.letThrough();
    await isMoved(outbox);
    assert.deepEqual(await drain(outbox), [0, 1, 2]);
  });

  it('loses no append when the answer to whether it is stored is lost in turn', async () => {
    const outbox = await open();
    await outbox.append([numberedRecord(0)]);
    proxy.refuse();
    await outbox.append([numberedRecord(1)]);
    proxy.loseAnswersTo('.is_stored(');
    proxy.letThrough();
    await until(() => proxy.hasLost, 'that answer to be lost');
    proxy.cut();
    await isMoved(outbox);
    assert.deepEqual(await drain(outbox), [0, 1]);
  });

  it('moves what an earlier process left on the disk, and once only what that one moved already', async () => {
    const first = await open();
    proxy.refuse();
    for (const n of range(0, 5)) await first.append([numberedRecord(n)]);
    await first.close(1_000);
    proxy.letThrough();
    // As after a crash between the move and the note of it on the disk.
    const disk = new DiskOutbox({ dir, files: durableFiles, freeSpaceFloorBytes: 0, ballastBytes: 0 });
    await disk.open();
    const lease = await mustLease(disk, { ...BATCH, events: 2 });
    await disk.close(1_000);
    const queue = new PostgresOutbox({
      url: server.url,
      schema,
      queueName: 'line',
      boundTo: 'a target',
      workerName: 'b',
    });
    await queue.open();
    for (const [n, id] of ids(lease).entries())
      await queue.appendKeyed({ key: `spill ${id}`, records: [numberedRecord(n)] });
    await queue.close(1_000);
    const second = await open();
    await isMoved(second);
    assert.deepEqual(await drain(second), range(0, 5));
  });

  it('starts while the database is away', async () => {
    proxy.refuse();
    const outbox = await open();
    await outbox.append([numberedRecord(0)]);
    assert.equal(await outbox.lease(BATCH), undefined);
    assert.equal(await outbox.holds('any'), true);
    let woken = false;
    outbox.onAppended(() => (woken = true));
    proxy.letThrough();
    await isMoved(outbox);
    await until(() => woken, 'the sender to be woken');
    assert.deepEqual(await drain(outbox), [0]);
  });

  it('tells the flow instead when the folder does not outlive the container', async () => {
    const outbox = await open({ ...durableFiles, forgets: () => Promise.resolve('overlay') });
    proxy.refuse();
    await assert.rejects(outbox.append([numberedRecord(0)]), { code: 'OUTBOX_IO' });
    assert.equal(outbox.spilled, 0);
  });
});
