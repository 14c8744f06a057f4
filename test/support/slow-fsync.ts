import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';

const SOURCE = join(__dirname, 'slow-fsync.c');
const COMPILERS = ['cc', 'gcc', 'clang'];

/** The environment of a process whose every flush lasts so many ms longer. */
export type SlowFsync = (extraMs: number) => NodeJS.ProcessEnv;

/**
 * Compiles the library that slows flushes down, into a folder that the caller removes. Without a compiler: a failure
 * where CI is set, elsewhere a skip that says so.
 */
export function compileSlowFsync(test: Context): { folder: string; slowFsync: SlowFsync } {
  if (process.platform !== 'linux') return skip(test, 'only Linux has LD_PRELOAD');
  const compiler = COMPILERS.find(answers);
  if (compiler === undefined) {
    const missing = `no C compiler (${COMPILERS.join(', ')}); install gcc and libc6-dev`;
    if (process.env.CI) throw new Error(missing);
    return skip(test, missing);
  }
  const folder = mkdtempSync(join(tmpdir(), 'slow-fsync-'));
  const library = join(folder, 'slow-fsync.so');
  execFileSync(compiler, ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl']);
  return {
    folder,
    slowFsync: (extraMs) => ({
      ...process.env,
      LD_PRELOAD: library,
      FSYNC_EXTRA_MS: String(extraMs),
      // Flushes by io_uring do not pass through the C library.
      UV_USE_IO_URING: '0',
    }),
  };
}

function answers(compiler: string): boolean {
  try {
    execFileSync(compiler, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function skip(test: Context, why: string): never {
  console.log(`      skipped: ${why}`);
  return test.skip();
}
