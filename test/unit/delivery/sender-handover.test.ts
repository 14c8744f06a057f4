import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeFileLayer } from '../../../src/delivery/outbox/disk/file-layer';
import { HANDOVER_FILE, leaveLandings, takeLandings } from '../../../src/delivery/sender/handover';

describe('what a sender leaves to the next one', () => {
  const landings = [{ eventId: 'a', id: '0000000001-00000000', forMs: 12_000 }];
  let parent: string;
  let dir: string;

  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'vision-events-handover-'));
    dir = mkdtempSync(path.join(parent, 'outbox-'));
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  /** As another process sees the folder. */
  const elsewhere = () => {
    const moved = path.join(parent, 'moved');
    renameSync(dir, moved);
    return moved;
  };

  it('is on the disk for another process, and taken once', async () => {
    await leaveLandings(dir, landings);
    const folder = elsewhere();
    assert.deepEqual(await takeLandings(folder), landings);
    assert.equal(existsSync(path.join(folder, HANDOVER_FILE)), false);
    assert.equal(await takeLandings(folder), undefined);
  });

  it('tells a clean end without anything under way from an end without a word', async () => {
    assert.equal(await takeLandings(dir), undefined);
    await leaveLandings(dir, []);
    assert.deepEqual(await takeLandings(elsewhere()), []);
  });

  it('stays in the process when the disk takes nothing', async () => {
    const open = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    await leaveLandings(dir, landings, { ...nodeFileLayer, open });
    assert.equal(existsSync(path.join(dir, HANDOVER_FILE)), false);
    assert.deepEqual(await takeLandings(path.join(dir, '.')), landings);
    assert.equal(await takeLandings(dir), undefined);
  });

  for (const text of ['', '{}', '[{"eventId":"a"}]', '[null]']) {
    it(`takes a file with ${text || 'nothing'} in it for an end without a word`, async () => {
      writeFileSync(path.join(dir, HANDOVER_FILE), text);
      assert.equal(await takeLandings(dir), undefined);
      assert.equal(existsSync(path.join(dir, HANDOVER_FILE)), false);
    });
  }
});
