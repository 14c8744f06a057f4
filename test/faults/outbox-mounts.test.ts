import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkerProcess } from '../support/worker-process';

/** Mounts one folder on another for the worker alone, as a container sees its volume; the network is everybody's. */
function mounted(folder: string, at: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', folder, at];
}

/** 6, 15: as containers with the host's network (`network_mode: host`) see them. */
describe('outbox folders under mounts', function () {
  this.timeout(60_000);
  let dir: string;
  let at: string;

  before(function () {
    const probe = mounted(tmpdir(), tmpdir());
    try {
      execFileSync(probe[0]!, [...probe.slice(1), 'true'], { stdio: 'ignore' });
    } catch {
      console.log('      skipped: it takes Linux, unshare and the right to mount');
      this.skip();
    }
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'outbox-mounts-'));
    at = await makeFolder('mount');
  });
  afterEach(() => WorkerProcess.endAll());
  afterEach(() => rm(dir, { recursive: true }));

  async function makeFolder(name: string): Promise<string> {
    await mkdir(join(dir, name));
    return join(dir, name);
  }

  const hold = (folder: string, wrapper: string[] = []) =>
    new WorkerProcess(folder, 'hold', 0, [], {}, wrapper);

  it('two with the same path and folders of their own do not meet', async () => {
    const workers = [
      hold(at, mounted(await makeFolder('first'), at)),
      hold(at, mounted(await makeFolder('second'), at)),
    ];
    for (const worker of workers) {
      await worker.said('open');
      assert.ok(worker.lines.includes('open'), worker.lines.join(' / '));
    }
  });

  it('one under two paths has one owner, and the next at once when that one is killed', async () => {
    const folder = await makeFolder('folder');
    const first = hold(folder);
    await first.said('open');
    const refused = hold(at, mounted(folder, at));
    await refused.ended();
    assert.match(refused.lines.join('\n'), /refused OUTBOX_IO .* is in use by process \d+ on /);
    await first.kill();
    const killedAt = performance.now();
    const next = hold(at, mounted(folder, at));
    await next.said('open');
    assert.ok(next.lines.includes('open'), next.lines.join(' / '));
    assert.ok(performance.now() - killedAt < 10_000, 'it waited for the heartbeat');
  });
});
