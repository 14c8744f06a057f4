import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pause, type Site } from './site';

const run = promisify(execFile);

const HOUR_S = 3600;
const FULL = ['OUTBOX_FULL', 'OUTBOX_IO'] as const;
/** the outbox stops taking events below so many free MiB */
const FLOOR_MEBIBYTES = 64;
const LONGEST_PAUSE_MS = 15_000;

interface Act {
  name: string;
  codes?: readonly string[];
  interrupts?: boolean;
  isUnclean?: boolean;
  isPossible?: (site: Site) => boolean;
  do: (site: Site) => Promise<void>;
}

const hasDisk = ({ disk }: Site) => disk !== undefined;
const hasClock = ({ shiftedClock }: Site) => shiftedClock !== undefined;
const isLinux = () => process.platform === 'linux';
const between = (site: Site, least: number, most: number) => least + site.random() * (most - least);
const some = (site: Site, leastSeconds: number, mostSeconds: number) =>
  delay(between(site, leastSeconds, mostSeconds) * 1000);

/** Everything that is done to a Node-RED. */
const ACTS: Act[] = [
  { name: 'kill -9', interrupts: true, isUnclean: true, do: killAndStart },
  { name: 'kill -9, twice', interrupts: true, isUnclean: true, do: killTwice },
  {
    name: 'SIGTERM',
    interrupts: true,
    do: async (site) => {
      await site.terminate();
      await site.restart();
    },
  },
  ...(['full', 'flows', 'nodes'] as const).map((type) => ({
    name: `deploy of ${type}`,
    interrupts: true,
    do: (site: Site) => site.deploy({ type }),
  })),
  {
    name: 'wrong key',
    interrupts: true,
    do: async (site) => {
      await site.deploy({ isKeyWrong: true, type: 'nodes' });
      await some(site, 10, 40);
      await site.deploy({ type: 'nodes' });
    },
  },
  { name: 'frozen', do: (site) => freeze(site, () => some(site, 5, 22)) },
  {
    name: 'archived use case',
    do: async (site) => {
      site.server.isSeasonArchived = true;
      await some(site, 10, 60);
      site.server.isSeasonArchived = false;
    },
  },
  {
    name: 'no further files',
    // So do the sockets: the picture, the disk and the server are out of reach.
    codes: ['OUTBOX_IO', 'IMAGE_INVALID'],
    isPossible: isLinux,
    do: (site) => limitFiles(site, () => some(site, 5, 15)),
  },
  {
    name: 'disk below the floor',
    codes: FULL,
    isPossible: hasDisk,
    do: (site) => withFullDisk(site, FLOOR_MEBIBYTES / 2, () => some(site, 10, 30)),
  },
  {
    name: 'full disk',
    codes: FULL,
    isPossible: hasDisk,
    do: (site) => withFullDisk(site, 0, () => some(site, 10, 30)),
  },
  {
    name: 'kill -9 with a full disk',
    codes: FULL,
    interrupts: true,
    isUnclean: true,
    isPossible: hasDisk,
    do: (site) =>
      withFullDisk(site, 0, async () => {
        await some(site, 3, 8);
        await killAndStart(site);
        await some(site, 3, 8);
      }),
  },
  {
    name: 'power cut',
    codes: FULL,
    interrupts: true,
    isUnclean: true,
    isPossible: hasDisk,
    do: cutPower,
  },
  ...([HOUR_S, -24 * HOUR_S] as const).map((shift) => ({
    name: `clock ${shift / HOUR_S} h`,
    isPossible: hasClock,
    do: (site: Site) => withClock(site, shift, () => some(site, 10, 30)),
  })),
  {
    name: 'start in 1970',
    codes: ['EVENT_INVALID'],
    interrupts: true,
    isUnclean: true,
    isPossible: hasClock,
    do: (site) =>
      withClock(site, 2 * HOUR_S - Date.now() / 1000, async () => {
        await killAndStart(site);
        await some(site, 10, 20);
      }),
  },
  {
    name: 'second owner',
    codes: ['OUTBOX_IO'],
    interrupts: true,
    do: (site) => site.letSecondOwnerTry(20_000),
  },
  {
    name: 'second owner, the first frozen',
    codes: ['OUTBOX_IO'],
    interrupts: true,
    do: (site) => freeze(site, () => site.letSecondOwnerTry(20_000)),
  },
];

/**
 * Does one thing after the other to the site, each as often as the others, in an order of chance, until the signal
 * comes.
 */
export async function keepDisturbing(site: Site, end: AbortSignal): Promise<void> {
  const possible = ACTS.filter(({ isPossible }) => isPossible?.(site) ?? true);
  while (!end.aborted) {
    for (const act of shuffled(possible, site.random)) {
      await pause(between(site, 1_000, LONGEST_PAUSE_MS), end);
      if (end.aborted || !site.isMeantToRun) return;
      await site.during(act.name, () => act.do(site), act);
    }
  }
}

async function killAndStart(site: Site): Promise<void> {
  await site.kill();
  await site.restart();
}

/** The second time while it starts to deliver what the first left behind. */
async function killTwice(site: Site): Promise<void> {
  await killAndStart(site);
  await some(site, 0, 1);
  await killAndStart(site);
}

async function freeze(site: Site, meanwhile: () => Promise<void>): Promise<void> {
  process.kill(site.nodeRed.pid, 'SIGSTOP');
  await meanwhile();
  process.kill(site.nodeRed.pid, 'SIGCONT');
}

async function limitFiles(site: Site, meanwhile: () => Promise<void>): Promise<void> {
  const pid = String(site.nodeRed.pid);
  const inUse = readdirSync(`/proc/${pid}/fd`).length;
  const hard = await run('prlimit', ['--pid', pid, '--nofile', '--noheadings', '--raw', '--output', 'HARD']);
  await run('prlimit', ['--pid', pid, `--nofile=${inUse}:`]);
  await meanwhile();
  await run('prlimit', ['--pid', pid, `--nofile=${hard.stdout.trim()}:`]);
}

/** @param leftMebibytes so much stays free */
async function withFullDisk(
  site: Site,
  leftMebibytes: number,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const mountPoint = site.disk?.mountPoint ?? '';
  const filler = join(mountPoint, 'filler');
  const file = openSync(filler, 'w');
  try {
    for (const size of [1 << 20, 4096]) fillUp(file, mountPoint, Buffer.alloc(size, 1), leftMebibytes);
  } finally {
    closeSync(file);
  }
  await meanwhile();
  rmSync(filler);
}

function fillUp(file: number, mountPoint: string, block: Buffer, leftMebibytes: number): void {
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(mountPoint);
      if (bavail * bsize < leftMebibytes * 2 ** 20) return;
      if (writeSync(file, block) < block.length) return;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** Nothing can be written any more, and what was not flushed is gone; the process lives on for a while. */
async function cutPower(site: Site): Promise<void> {
  await site.disk?.cutPower();
  await some(site, 2, 10);
  await site.kill();
  await site.disk?.powerUp();
  await site.restart();
}

async function withClock(site: Site, shiftSeconds: number, meanwhile: () => Promise<void>): Promise<void> {
  site.shiftedClock?.shiftBy(shiftSeconds);
  await meanwhile();
  site.shiftedClock?.shiftBy(0);
}

function shuffled<Value>(values: readonly Value[], random: () => number): Value[] {
  return values
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}
