import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const WORKER = join(__dirname, '../faults/outbox-worker.ts');

export type WorkerJob = 'produce' | 'deliver' | 'hold';

/** A worker process and everything it said. */
export class WorkerProcess {
  private static readonly alive = new Set<WorkerProcess>();
  readonly lines: string[] = [];
  /** what it wrote to its standard error: an unhandled rejection would stand there */
  private complaints = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;
  private readonly waiters: { prefix: string; resolve: () => void }[] = [];

  constructor(
    dir: string,
    job: WorkerJob,
    first = 0,
    flags: string[] = [],
    environment: Record<string, string> = {},
    /** a program with its arguments that becomes the worker, after it changed what the worker sees */
    wrapper: string[] = [],
  ) {
    const node = [process.execPath, '-r', 'tsx/cjs', WORKER, dir, job, String(first), ...flags];
    const [program = process.execPath, ...args] = [...wrapper, ...node];
    this.child = spawn(program, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.child;
    if (!stdout || !stderr) throw new Error('the worker has no output');
    createInterface(stdout).on('line', (line) => this.hear(line));
    stderr.setEncoding('utf8').on('data', (text: string) => (this.complaints += text));
    this.closed = once(this.child, 'close');
    WorkerProcess.alive.add(this);
  }

  /** For after a test that failed half way. */
  static async endAll(): Promise<void> {
    for (const worker of WorkerProcess.alive) await worker.end();
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

  /** kill -9, by the process that started it; until now it has to be alive. Resolves when its last word is read. */
  async kill(): Promise<void> {
    const wasAlive = this.child.exitCode === null && this.child.signalCode === null;
    await this.end();
    assert.ok(wasAlive, `the worker ended by itself: ${this.lines.slice(-3).join(' / ')}`);
  }

  /** As a container that is paused. */
  suspend(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** The same for a worker that may have ended by itself, but not with a complaint. */
  async end(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }

  async ended(): Promise<void> {
    await this.closed;
    WorkerProcess.alive.delete(this);
    assert.equal(this.complaints, '', 'the worker complained');
  }

  /** The numbers of all lines such as `ack 17`. */
  numbers(word: string): number[] {
    return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]));
  }
}
