import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const WORKER = join(__dirname, '../faults/outbox-worker.ts');

/** A worker process and everything it said. */
export class WorkerProcess {
  readonly lines: string[] = [];
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;
  private readonly waiters: { prefix: string; resolve: () => void }[] = [];

  constructor(dir: string, job: 'produce' | 'deliver' | 'hold', first = 0, flags: string[] = []) {
    this.child = spawn(process.execPath, ['-r', 'tsx/cjs', WORKER, dir, job, String(first), ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = this.child.stdout;
    if (!output) throw new Error('the worker has no output');
    createInterface(output).on('line', (line) => this.hear(line));
    this.closed = once(this.child, 'close');
  }

  private hear(line: string): void {
    this.lines.push(line);
    for (const { prefix, resolve } of this.waiters) if (line.startsWith(prefix)) resolve();
  }

  /** Resolves when the worker said a line that begins so, or ended. */
  async said(prefix: string): Promise<void> {
    if (this.lines.some((line) => line.startsWith(prefix))) return;
    await Promise.race([new Promise<void>((resolve) => this.waiters.push({ prefix, resolve })), this.closed]);
  }

  /** kill -9, by the process that started it. Resolves when its last word is read. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
  }

  async ended(): Promise<void> {
    await this.closed;
  }

  /** The numbers of all lines such as `ack 17`. */
  numbers(word: string): number[] {
    return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]));
  }
}
