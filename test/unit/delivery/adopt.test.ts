import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adoptFolders } from '../../../src/delivery/outbox/disk/adopt';
import { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import { checkPictures, drain, numberedRecord, range } from '../../support/outbox-fixture';

const MINUTE = 60_000;

describe('outbox folders of replicas that are gone for good', () => {
  let parent: string;
  const opened: DiskOutbox[] = [];
  beforeEach(async () => (parent = await mkdtemp(join(tmpdir(), 'adopt-'))));
  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close(1_000);
    await rm(parent, { recursive: true });
  });

  async function open(name: string): Promise<DiskOutbox> {
    const outbox = new DiskOutbox({
      dir: join(parent, name),
      freeSpaceFloorBytes: 0,
      ballastBytes: 0,
      lockWaitMs: 0,
    });
    opened.push(outbox);
    await outbox.open();
    return outbox;
  }

  const adopt = (into: DiskOutbox, minutesLater: number, told: unknown[] = []) =>
    adoptFolders(parent, {
      ownDir: join(parent, 'own'),
      into,
      adopted: (dir, events, refused) => told.push([dir, events, refused]),
      now: () => Date.now() + minutesLater * MINUTE,
    });

  it('are taken over with their pictures, and told of', async () => {
    const gone = await open('gone');
    for (const n of range(0, 120)) await gone.append([numberedRecord(n, n % 50 === 0 ? 2_000 : 0)]);
    await gone.close(1_000);
    const own = await open('own');
    const told: unknown[] = [];
    assert.equal(await adopt(own, 6, told), 120);
    assert.deepEqual(told, [[join(parent, 'gone'), 120, 0]]);
    assert.deepEqual(await drain(own, checkPictures), range(0, 120));
    assert.equal(await adopt(own, 6), 0);
    assert.equal((await open('gone')).stats().events, 0, 'an owner that comes back finds it empty');
  });

  it('are left alone while their replica may only be restarting', async () => {
    const restarting = await open('restarting');
    await restarting.append([numberedRecord(0)]);
    await restarting.close(1_000);
    assert.equal(await adopt(await open('own'), 4), 0);
    assert.deepEqual(await drain(await open('restarting')), [0]);
  });

  it('are left alone while their owner lives, however long it stores nothing', async () => {
    const alive = await open('alive');
    await alive.append([numberedRecord(0)]);
    assert.equal(await adopt(await open('own'), 60), 0);
    assert.deepEqual(await drain(alive), [0]);
  });

  it('keep what does not fit into the own outbox', async () => {
    const gone = await open('gone');
    await gone.append([numberedRecord(0)]);
    await gone.close(1_000);
    const own = new DiskOutbox({
      dir: join(parent, 'own'),
      maxEvents: 0,
      freeSpaceFloorBytes: 0,
      ballastBytes: 0,
    });
    opened.push(own);
    await own.open();
    await assert.rejects(adopt(own, 6), { code: 'OUTBOX_FULL' });
    assert.deepEqual(await drain(await open('gone')), [0]);
  });
});
