import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import type { FileLayer } from '../../../src/delivery/outbox/disk/file-layer';
import type { OutboxNotice } from '../../../src/delivery/outbox/notices';
import { BATCH, drain, durableFiles, numberedRecord } from '../../support/outbox-fixture';

const rightsOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('the rights on an outbox folder', () => {
  let parent: string;
  let dir: string;
  let notices: OutboxNotice[];
  const umask = process.umask();

  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(async () => {
    process.umask(0o022);
    parent = await mkdtemp(join(tmpdir(), 'outbox-rights-'));
    dir = join(parent, 'outbox');
    notices = [];
  });
  afterEach(async () => {
    process.umask(umask);
    await rm(parent, { recursive: true });
  });

  async function open(files: FileLayer = durableFiles): Promise<DiskOutbox> {
    const onNotice = (notice: OutboxNotice) => notices.push(notice);
    const outbox = new DiskOutbox({ dir, ballastBytes: 4096, freeSpaceFloorBytes: 0, files, onNotice });
    await outbox.open();
    return outbox;
  }

  /** Every kind of file that an outbox makes. */
  async function fill(outbox: DiskOutbox): Promise<void> {
    await outbox.append([numberedRecord(0, 100)]);
    const lease = await outbox.lease(BATCH);
    const dead = lease!.events.map(({ id }) => ({ id, code: 'REJECTED', why: 'no' }));
    await outbox.settle(lease!, { acked: [], retry: [], dead });
    await outbox.append([numberedRecord(1, 100)]);
  }

  /** Rights of everything in the folder, and of the folder itself. */
  async function allRights(): Promise<Record<string, string>> {
    const rights: Record<string, string> = { '.': await rightsOf(dir) };
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      rights[path.slice(dir.length + 1)] = await rightsOf(path);
    }
    return rights;
  }

  function assertPrivate(rights: Record<string, string>): void {
    assert.ok(Object.keys(rights).length >= 10, Object.keys(rights).join());
    for (const [path, mode] of Object.entries(rights)) assert.match(mode, /^[67]00$/, path);
  }

  it('are those of its owner alone when it is made, without a word', async () => {
    const outbox = await open();
    await fill(outbox);
    assertPrivate(await allRights());
    await outbox.close(1_000);
    assert.deepEqual(notices, []);
  });

  it('are taken from other users when the folder is there already, and that is said once', async () => {
    const first = await open();
    await fill(first);
    await first.close(1_000);
    for (const path of Object.keys(await allRights())) {
      const isFolder = (await stat(join(dir, path))).isDirectory();
      await chmod(join(dir, path), isFolder ? 0o755 : 0o644);
    }
    const second = await open();
    assertPrivate(await allRights());
    assert.deepEqual(await drain(second), [1]);
    await second.close(1_000);
    await (await open()).close(1_000);
    assert.deepEqual(
      notices.map(({ code }) => code),
      ['RIGHTS'],
    );
    assert.match(notices[0]!.message, /^Other users of this machine could read the outbox in /);
  });

  it('stay as they are on a folder that holds other things too, and on what a link names', async () => {
    await mkdir(dir, { mode: 0o755 });
    await writeFile(join(dir, 'notes.txt'), 'mine');
    await symlink(join(dir, 'notes.txt'), join(dir, 'meta.json.linked'));
    const outbox = await open();
    await fill(outbox);
    const { '.': folder, 'notes.txt': notes, 'meta.json.linked': _, ...own } = await allRights();
    assert.deepEqual([folder, notes], ['755', '644']);
    assertPrivate(own);
    await outbox.close(1_000);
    assert.deepEqual(notices, []);
  });

  it('that cannot be changed keep nothing from working, and are said at each start', async () => {
    const stubborn: FileLayer = { ...durableFiles, restrict: () => Promise.resolve('wide') };
    for (const n of [0, 1]) {
      const outbox = await open(stubborn);
      await outbox.append([numberedRecord(n)]);
      assert.deepEqual(await drain(outbox), [n]);
      await outbox.close(1_000);
    }
    assert.equal(notices.length, 2);
    assert.match(notices[0]!.message, /^Other users .* may read .*Make Node-RED's user its owner/s);
  });
});
