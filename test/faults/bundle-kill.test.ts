import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BUNDLE_FILE_NAME, BundleError, PARTIAL_BUNDLE_FILE_NAME } from '../../src/bundle/format';
import { readBundle } from '../../src/bundle/read';
import { printedSeed, rounds, seededRandom } from '../support/seed';

/** In the short form fewer are enough, once kills fell both before and after the rename. */
const ENOUGH_ROUNDS = rounds(5);
const MOST_ROUNDS = 30;
/**
 * Some bundles are written in that time, on a quiet machine; on a busy one the first is, so that kills fall before and
 * after a rename.
 */
const LONGEST_WAIT_MS = 100;
const WRITER = join(__dirname, 'bundle-writer.ts');

/** Kills a writer without warning, so long after its first file appeared in the folder. */
async function killWriter(mode: 'atomic' | 'direct', directory: string, afterMs: number): Promise<void> {
  const watcher = watch(directory);
  const firstFile = once(watcher, 'change');
  const writer = spawn(process.execPath, ['--require', 'tsx/cjs', WRITER, mode, directory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(writer, 'exit');
  try {
    await Promise.race([firstFile, exited]);
    await wait(afterMs);
  } finally {
    watcher.close();
    writer.kill('SIGKILL');
  }
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', 'the writer failed on its own');
}

interface Found {
  whole: number;
  half: number;
  partial: number;
}

async function look(directory: string): Promise<Found> {
  const names = await readdir(directory);
  const found: Found = { whole: 0, half: 0, partial: 0 };
  for (const name of names) {
    if (PARTIAL_BUNDLE_FILE_NAME.test(name)) found.partial += 1;
    else {
      assert.match(name, BUNDLE_FILE_NAME);
      const isWhole = await readBundle(join(directory, name)).then(
        () => true,
        (error: unknown) => {
          assert.ok(error instanceof BundleError, String(error));
          return false;
        },
      );
      found[isWhole ? 'whole' : 'half'] += 1;
    }
  }
  return found;
}

async function killAgain(
  mode: 'atomic' | 'direct',
  seed: number,
  isEnough: (total: Found, round: number) => boolean,
): Promise<Found> {
  const random = seededRandom(seed);
  const total: Found = { whole: 0, half: 0, partial: 0 };
  for (let round = 0; round < MOST_ROUNDS && !isEnough(total, round); round += 1) {
    const directory = await mkdtemp(join(tmpdir(), 'bundle-kill-'));
    try {
      await killWriter(mode, directory, Math.floor(random() * LONGEST_WAIT_MS));
      const found = await look(directory);
      for (const key of ['whole', 'half', 'partial'] as const) total[key] += found[key];
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  return total;
}

describe('a bundle writer that is killed', function () {
  this.timeout(300_000);
  const say = (total: Found) =>
    console.log(`      ${total.whole} whole, ${total.half} half, ${total.partial} hidden dot files`);

  it('never leaves a visible half bundle', async () => {
    const total = await killAgain(
      'atomic',
      printedSeed('killed writer'),
      ({ whole, partial }, round) => round >= ENOUGH_ROUNDS && whole > 0 && partial > 0,
    );
    say(total);
    assert.equal(total.half, 0);
    assert.ok(total.partial > 0, 'no kill fell into a write: the test shows nothing');
    assert.ok(total.whole > 0, 'no bundle was finished: the test shows nothing');
  });

  it('would leave one when writing under the final name (control)', async () => {
    const total = await killAgain('direct', printedSeed('control'), ({ half }) => half > 0);
    say(total);
    assert.ok(total.half > 0);
  });
});
