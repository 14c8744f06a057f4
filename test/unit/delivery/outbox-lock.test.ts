import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DiskOutbox } from '../../../src/delivery/outbox/disk/disk-outbox';
import { type FolderLock, lockFolder } from '../../../src/delivery/outbox/disk/folder-lock';
import { readOwner, thisProcess, writeOwner } from '../../../src/delivery/outbox/disk/lock-owner';
import { isHeldByOwner, lockPlace } from '../../../src/delivery/outbox/disk/lock-socket';
import type { OutboxNotice } from '../../../src/delivery/outbox/notices';
import { drain, durableFiles, numberedRecord } from '../../support/outbox-fixture';

const IN_USE = { code: 'OUTBOX_IO', message: /is in use by process \d+ on / };

describe('the lock of an outbox folder', function () {
  this.timeout(30_000);
  let dir: string;
  const held: FolderLock[] = [];
  const restore: (() => void)[] = [];

  beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'outbox-lock-'))));
  afterEach(async () => {
    for (const undo of restore.splice(0)) undo();
    for (const lock of held.splice(0)) await lock.release();
    await rm(dir, { recursive: true });
  });

  async function take(waitMs = 300, onLost = () => undefined): Promise<FolderLock> {
    const lock = await lockFolder(dir, waitMs, onLost);
    held.push(lock);
    // Its own heartbeat is every 5 s.
    const beating = setInterval(() => void lock.look(), 100).unref();
    restore.push(() => clearInterval(beating));
    return lock;
  }
  const release = async (lock: FolderLock) => {
    held.splice(held.indexOf(lock), 1);
    await lock.release();
  };

  /** As under AppArmor: a socket without a file is refused. */
  function refuseSockets(code: string): void {
    const listen = Object.getOwnPropertyDescriptor(Server.prototype, 'listen')!;
    Server.prototype.listen = function (this: Server) {
      process.nextTick(() => this.emit('error', Object.assign(new Error('refused'), { code })));
      return this;
    };
    restore.push(() => Object.defineProperty(Server.prototype, 'listen', listen));
  }

  function pretendPlatform(platform: NodeJS.Platform): void {
    const real = process.platform;
    Object.defineProperty(process, 'platform', { value: platform });
    restore.push(() => Object.defineProperty(process, 'platform', { value: real }));
  }

  it('has one owner at a time, who leaves nothing but the key behind', async () => {
    const first = await take();
    assert.equal(first.weakness, undefined);
    await assert.rejects(take(), IN_USE);
    await release(first);
    assert.equal(await readOwner(dir), undefined);
    await release(await take());
  });

  it('names no process when the file of the owner cannot be read', async () => {
    held.push(await lockFolder(dir, 300, () => undefined));
    await writeFile(join(dir, 'lock'), '');
    await assert.rejects(
      lockFolder(dir, 300, () => undefined),
      / is in use by another process\.$/,
    );
  });

  it('of two that come at the same moment, one gets it', async () => {
    const results = await Promise.allSettled([take(), take(), take()]);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  describe('without sockets', () => {
    for (const code of ['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EADDRNOTAVAIL']) {
      it(`the heartbeat decides, and the outbox says so (${code})`, async () => {
        refuseSockets(code);
        const notices: OutboxNotice[] = [];
        const outbox = new DiskOutbox({
          dir,
          files: durableFiles,
          ballastBytes: 0,
          freeSpaceFloorBytes: 0,
          onNotice: (notice) => notices.push(notice),
        });
        await outbox.open();
        await outbox.append([numberedRecord(0)]);
        assert.deepEqual(await drain(outbox), [0]);
        assert.deepEqual(
          notices.map((notice) => notice.code),
          ['LOCK_BY_HEARTBEAT'],
        );
        assert.match(notices[0]!.message, new RegExp(`by its heartbeat alone: .*\\(${code}\\).* 15 s`));
        await outbox.close(1_000);
      });
    }

    it('a second is refused while the first beats', async () => {
      refuseSockets('EACCES');
      await take();
      await assert.rejects(take(), IN_USE);
    });

    it('a second with a socket is refused all the same', async () => {
      refuseSockets('EACCES');
      const [allowSockets] = restore.splice(0);
      await take();
      allowSockets!();
      await assert.rejects(take(), IN_USE);
    });

    it('of two that come at the same moment, one gets it', async () => {
      refuseSockets('EACCES');
      const results = await Promise.allSettled([take(), take(), take()]);
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    it('macOS, simulated: works, whatever the length of its folder for temporary files', async () => {
      pretendPlatform('darwin');
      const before = process.env.TMPDIR;
      process.env.TMPDIR = `/var/folders/ab/${'x'.repeat(30)}/T`;
      restore.push(() => (before === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = before)));
      const lock = await take();
      assert.match(lock.weakness ?? '', /no socket/);
      await assert.rejects(take(), IN_USE);
      await release(lock);
      await take();
    });

    it('the folder of a process that is gone is taken at once', async () => {
      const me = await thisProcess('');
      const pid = Number(execFileSync(process.execPath, ['-p', 'process.pid']).toString());
      await writeOwner(dir, { ...me, pid });
      assert.equal((await readOwner(dir))?.pid, pid);
      await take(0);
    });

    it('the folder of a process elsewhere is not', async () => {
      const me = await thisProcess('');
      const owner = { ...me, pid: 2 ** 22 + 1, processes: 'elsewhere pid:[1]' };
      const beating = setInterval(() => {
        owner.beat++;
        void writeOwner(dir, owner);
      }, 100);
      restore.push(() => clearInterval(beating));
      await writeOwner(dir, owner);
      await assert.rejects(take(500), IN_USE);
    });
  });

  describe('its socket', () => {
    before(function () {
      if (process.platform !== 'linux') this.skip();
    });

    /** As any user can: `/proc/net/unix` shows all addresses in use. */
    const addressInUse = async (): Promise<string> => {
      const place = await lockPlace(dir);
      const name = place!.address.slice(1);
      assert.ok((await readFile('/proc/net/unix', 'utf8')).includes(`@${name}`));
      return `\0${name}`;
    };

    /** A program of another user that has taken the address. */
    async function squat(address: string, behaviour: (server: Server) => void): Promise<void> {
      const squatter = createServer();
      behaviour(squatter);
      squatter.listen(address);
      await once(squatter, 'listening');
      restore.push(() => squatter.close());
    }

    it('is one for one folder by all its names, and another for another folder with the same path', async () => {
      const [first, again] = [await lockPlace(dir), await lockPlace(`${dir}/.`)];
      assert.deepEqual(first, again);
      await rm(dir, { recursive: true });
      await mkdir(dir);
      assert.notEqual((await lockPlace(dir))?.address, first?.address);
    });

    it('is another one for a copy of the folder, which has the same key', async () => {
      const key = (await lockPlace(dir))!.key;
      const copy = await mkdtemp(join(tmpdir(), 'outbox-lock-'));
      try {
        await writeFile(join(copy, 'lock.key'), key);
        const place = await lockPlace(copy);
        assert.equal(place?.key, key);
        assert.notEqual(place?.address, (await lockPlace(dir))?.address);
      } finally {
        await rm(copy, { recursive: true });
      }
    });

    it('has a key that only its user can read', async () => {
      await lockPlace(dir);
      assert.equal((await stat(join(dir, 'lock.key'))).mode & 0o777, 0o600);
    });

    it('is the same for processes that make the key at the same moment', async () => {
      const places = await Promise.all(Array.from({ length: 20 }, () => lockPlace(dir)));
      assert.equal(new Set(places.map((place) => place?.address)).size, 1);
    });

    it('has a key of its own again when it was damaged, or is not a file', async () => {
      for (const spoil of [
        () => writeFile(join(dir, 'lock.key'), 'short'),
        () => symlink('/etc/passwd', join(dir, 'lock.key')),
        () => mkdir(join(dir, 'lock.key')),
        () => void execFileSync('mkfifo', [join(dir, 'lock.key')]),
      ]) {
        await rm(join(dir, 'lock.key'), { recursive: true, force: true });
        await spoil();
        const lock = await take();
        assert.equal(lock.weakness, undefined);
        assert.match(await readFile(join(dir, 'lock.key'), 'utf8'), /^[0-9a-f]{64}$/);
        await release(lock);
      }
    });

    it('that another program took keeps nobody out, however it behaves', async () => {
      const lock = await take();
      const address = await addressInUse();
      await release(lock);
      const behaviours: ((server: Server) => void)[] = [
        (server) => server.on('connection', (socket) => socket.end('let me in').on('error', () => undefined)),
        (server) => server.on('connection', (socket) => socket.destroy()),
        (server) => server.on('connection', (socket) => socket.pipe(socket).on('error', () => undefined)),
      ];
      for (const behaviour of behaviours) {
        await squat(address, behaviour);
        const weak = await take(18_000);
        assert.match(weak.weakness ?? '', /another program/);
        await assert.rejects(take(), IN_USE);
        await release(weak);
        restore.splice(0).forEach((undo) => undo());
        await delay(20);
      }
    });

    it('answers whom it does not know, and is not kept from closing by callers that stay', async () => {
      const lock = await take();
      const place = await lockPlace(dir);
      assert.ok(await isHeldByOwner(place!));
      assert.equal(await isHeldByOwner({ ...place!, key: 'wrong' }), false);
      const callers = `for (let n = 0; n < 20; n++) require('net').connect(process.argv[1]).on('error', () => {})`;
      const child = execFileAsync(callers, place!.address.slice(1));
      await delay(500);
      await assert.rejects(take(), IN_USE);
      const startedAt = performance.now();
      await release(lock);
      assert.ok(performance.now() - startedAt < 3_000);
      await child;
    });

    it('has an address that snap allows inside a snap', async () => {
      process.env.SNAP_INSTANCE_NAME = 'node-red_2';
      restore.push(() => delete process.env.SNAP_INSTANCE_NAME);
      assert.match((await lockPlace(dir))!.address, /^\0snap\.node-red_2\./);
    });
  });

  describe('its owner file', () => {
    it('is never written through a link, and nothing that lies in its place keeps the folder shut', async () => {
      const path = join(dir, 'lock');
      const victim = join(dir, 'victim');
      for (const spoil of [
        () => symlink(victim, path),
        () => mkdir(path),
        () => void execFileSync('mkfifo', [path]),
        () => writeFile(path, 'null'),
        () => writeFile(path, '{"token":7,"host":"\\u001b[2J"}'),
      ]) {
        await writeFile(victim, 'mine');
        await spoil();
        const lock = await take(5_000);
        assert.equal(await readFile(victim, 'utf8'), 'mine');
        assert.equal((await readOwner(dir))?.pid, process.pid);
        await release(lock);
        await rm(path, { recursive: true, force: true });
      }
    });

    it('tells of another owner without what a host name cannot hold', async () => {
      const owner = { ...(await thisProcess('')), host: '\u001b[2Jhost', processes: '' };
      await writeFile(join(dir, 'lock'), JSON.stringify(owner));
      assert.equal((await readOwner(dir))?.host, 'an unknown host');
      await writeFile(join(dir, 'lock'), JSON.stringify({ ...owner, host: hostname() }));
      assert.equal((await readOwner(dir))?.host, hostname());
    });

    it('that nobody may read leaves the heartbeat to others: it is not taken for that of a dead one', async function () {
      if (process.getuid?.() === 0) this.skip();
      await writeOwner(dir, await thisProcess(''));
      await chmod(join(dir, 'lock'), 0);
      await assert.rejects(take(), /EACCES/);
    });
  });
});

async function execFileAsync(script: string, name: string): Promise<void> {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  await promisify(execFile)(process.execPath, ['-e', script.replace('process.argv[1]', `'\\0${name}'`)]);
}
