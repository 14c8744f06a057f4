import { setTimeout as delay } from 'node:timers/promises';

/** Most answers come within milliseconds; a server that takes seconds should not be asked hundreds of times. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * Asks again and again until there is an answer: anything but undefined and false.
 * @param missing what never came, for the error; a function is asked only then
 * @throws Error after `deadlineMs`
 */
export async function until<T>(
  answer: () => T | undefined | false | Promise<T | undefined | false>,
  missing: string | (() => string | Promise<string>),
  deadlineMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(1.5 * pause, LONGEST_PAUSE_MS)) {
    const found = await answer();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      const what = typeof missing === 'string' ? missing : await missing();
      throw new Error(`Waited in vain for ${deadlineMs} ms: ${what}`);
    }
    await delay(pause);
  }
}
