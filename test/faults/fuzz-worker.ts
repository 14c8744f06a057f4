import { inspect } from 'node:util';
import { admin } from '../support/fuzz/admin';
import { Dice } from '../support/fuzz/dice';
import { FUZZ_KEY } from '../support/fuzz/key';
import { messages } from '../support/fuzz/messages';
import { outbox } from '../support/fuzz/outbox';
import { pictures } from '../support/fuzz/pictures';
import { replies } from '../support/fuzz/replies';
import type { Subject } from '../support/fuzz/subject';

/**
 * Fuzzes one subject: `fuzz-worker.ts <subject> <seed> <milliseconds> [first case]`. Tells its parent, a JSON line
 * each: `{case}` before a case begins, `{failure}` when a promise was broken, `{cases, longestMs}` at the end. A crash
 * or a hang is the parent's to see.
 */
const SUBJECTS: Record<string, Subject> = { pictures, replies, outbox, messages, admin };

/** One turn of the event loop. */
const LONGEST_TURN_MS = 200;
/** The first times may hold compilation, a collection of garbage, or other work on the machine. */
const TRIES = 3;
const LONGEST_CASE_MS = 15_000;
const MOST_FAILURES = 20;

const [name = '', seed = '0', milliseconds = '1000', first] = process.argv.slice(2);
const chosen = SUBJECTS[name];
if (!chosen) throw new Error(`no such subject: ${name}`);

/** Time of the processor, and of the clock, since the last turn: the smaller of both, as other programs run as well. */
class Turns {
  longestMs = 0;
  private clock = performance.now();
  private cpu = process.cpuUsage();
  private readonly timer = setInterval(() => this.look(), 1);

  look(): void {
    const { user, system } = process.cpuUsage(this.cpu);
    const took = Math.min((user + system) / 1000, performance.now() - this.clock);
    this.longestMs = Math.max(this.longestMs, took);
    this.restart();
  }

  restart(): void {
    this.clock = performance.now();
    this.cpu = process.cpuUsage();
  }

  end(): void {
    this.look();
    clearInterval(this.timer);
  }
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function runOnce(subject: Subject, caseNumber: number): Promise<number> {
  const made = await subject.make(new Dice(Number(seed), caseNumber));
  const turns = new Turns();
  let output: unknown;
  try {
    output = await withinTime(subject.run(made));
  } finally {
    turns.end();
    await subject.after?.(made);
  }
  const seen = inspect(output, { depth: 12, maxArrayLength: null, maxStringLength: null, showHidden: true });
  if (seen.includes(FUZZ_KEY))
    throw new Error(`the key shows: ${seen.slice(Math.max(0, seen.indexOf(FUZZ_KEY) - 300), 500)}`);
  return turns.longestMs;
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it did not end')), LONGEST_CASE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function runCase(subject: Subject, caseNumber: number): Promise<number> {
  let longest = Infinity;
  for (let round = 0; round < TRIES && longest > LONGEST_TURN_MS; round++) {
    longest = Math.min(longest, await runOnce(subject, caseNumber));
  }
  if (longest > LONGEST_TURN_MS) throw new Error(`everything else was held for ${Math.round(longest)} ms`);
  return longest;
}

async function main(subject: Subject): Promise<void> {
  await subject.start?.();
  const end = performance.now() + Number(milliseconds);
  let failures = 0;
  let longestMs = 0;
  let caseNumber = Number(first ?? 0);
  for (; performance.now() < end && failures < MOST_FAILURES; caseNumber++) {
    tell({ case: caseNumber });
    try {
      longestMs = Math.max(longestMs, await runCase(subject, caseNumber));
    } catch (error) {
      failures++;
      const why = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
      tell({ failure: `${name} ${caseNumber}: ${why.slice(0, 2_000)}` });
    }
    if (first !== undefined) break;
  }
  tell({ cases: caseNumber, longestMs: Math.round(longestMs) });
  await subject.end?.();
}

void main(chosen).then(() => process.exit(0));
