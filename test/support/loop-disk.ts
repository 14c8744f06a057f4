import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from 'mocha';

const run = promisify(execFile);

/** EXT4_IOC_SHUTDOWN with "no log flush": what was not flushed is gone, as if the plug had been pulled. */
const PULL_THE_PLUG = `
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(fd, 0x8004587d, struct.pack("I", 2))
`;

/** An ext4 file system of its own, in a file of a temporary folder. */
export class LoopDisk {
  private constructor(
    private readonly folder: string,
    private readonly image: string,
    readonly mountPoint: string,
  ) {}

  static async make(mebibytes: number): Promise<LoopDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'loop-disk-'));
    // PostgreSQL runs as another user.
    await chmod(folder, 0o755);
    const disk = new LoopDisk(folder, join(folder, 'disk.img'), join(folder, 'mnt'));
    try {
      await run('mkdir', [disk.mountPoint]);
      await run('truncate', ['-s', `${mebibytes}M`, disk.image]);
      // Nothing in reserve for the superuser, who may be running the tests.
      await run('mkfs.ext4', ['-q', '-F', '-m', '0', disk.image]);
      await disk.mount();
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
    return disk;
  }

  private async mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.image, this.mountPoint]);
  }

  private async unmount(): Promise<void> {
    await run('umount', [this.mountPoint]);
  }

  async cutPower(): Promise<void> {
    await run('python3', ['-c', PULL_THE_PLUG, this.mountPoint]);
  }

  async powerUp(): Promise<void> {
    await this.unmount();
    await this.mount();
  }

  async remove(): Promise<void> {
    await this.unmount();
    await rm(this.folder, { recursive: true });
  }
}

async function whyNone(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs Linux';
  try {
    const disk = await LoopDisk.make(8);
    await disk.cutPower().finally(() => disk.remove());
    return undefined;
  } catch (error) {
    return (error as Error).message.trim().split('\n').slice(0, 2).join(' ');
  }
}

let asked: Promise<string | undefined> | undefined;

/** Skips the test, saying why, on a machine that forbids loop devices. */
export async function needLoopDisk(test: Context): Promise<void> {
  const reason = await (asked ??= whyNone());
  if (reason === undefined) return;
  console.log(`      skipped: no file system of its own to fill and to cut the power of (${reason})`);
  test.skip();
}
