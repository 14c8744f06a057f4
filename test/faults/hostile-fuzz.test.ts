import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isLongRun, printedSeed } from '../support/seed';

const WORKER = join(__dirname, 'fuzz-worker.ts');
const SUBJECTS = ['pictures', 'replies', 'outbox', 'messages', 'admin'];
/** All subjects together; `npm run fuzz -- --minutes 10` says otherwise. */
const MINUTES = Number(process.env.VISION_EVENTS_FUZZ_MINUTES ?? (isLongRun ? 10 : 0.2));
/** To replay one case: `VISION_EVENTS_FUZZ_CASE="messages 17"`, with the seed. */
const ONLY_CASE = process.env.VISION_EVENTS_FUZZ_CASE?.split(' ');
/** A case that is silent for so long hangs for good. */
const LONGEST_SILENCE_MS = 60_000;

interface Outcome {
  cases: number;
  longestMs: number;
  failures: string[];
}

/** Fuzzes in a process of its own, which may crash or hang. */
async function fuzz(subject: string, seed: number, milliseconds: number): Promise<Outcome> {
  const args = [subject, String(seed), String(milliseconds), ...(ONLY_CASE ? [ONLY_CASE[1] ?? '0'] : [])];
  const child = spawn(process.execPath, ['-r', 'tsx/cjs', WORKER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outcome: Outcome = { cases: 0, longestMs: 0, failures: [] };
  let last = 'before the first case';
  let ended = false;
  let complaints = '';
  const silence = setTimeout(() => {
    outcome.failures.push(`${subject} ${last}: it hangs`);
    child.kill('SIGKILL');
  }, LONGEST_SILENCE_MS);
  createInterface(child.stdout).on('line', (line) => {
    silence.refresh();
    if (!line.startsWith('{')) return;
    const told = JSON.parse(line) as { case?: number; failure?: string; cases?: number; longestMs?: number };
    if (told.case !== undefined) last = String(told.case);
    if (told.failure !== undefined) outcome.failures.push(told.failure);
    if (told.cases === undefined) return;
    ended = true;
    Object.assign(outcome, { cases: told.cases, longestMs: told.longestMs });
  });
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (complaints = (complaints + text).slice(-3_000)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(silence);
  if (code !== 0 || !ended)
    outcome.failures.push(`${subject} ${last}: the process ended (${String(code)}) ${complaints}`);
  return outcome;
}

describe('whatever strangers send', function () {
  this.timeout(MINUTES * 60_000 + 10 * LONGEST_SILENCE_MS);
  const seed = printedSeed('fuzzer');

  for (const subject of SUBJECTS) {
    if (ONLY_CASE && ONLY_CASE[0] !== subject) continue;
    it(`${subject}: no crash, nothing held for 200 ms, no file touched outside, the key in no output`, async () => {
      const { cases, longestMs, failures } = await fuzz(subject, seed, (MINUTES * 60_000) / SUBJECTS.length);
      console.log(
        `      ${subject}: ${cases} cases, the longest turn ${longestMs} ms, ${failures.length} failures`,
      );
      assert.deepEqual(failures, []);
      assert.ok(cases > 0);
    });
  }
});
