import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PictureError } from '../picture-error';
import { DECODED_MAX_PIXELS, MAX_WAITING_PICTURES } from '../limits';
import type { PictureJob, PictureJobResult } from './process';
import type { WorkerAnswer } from './worker';

/** Of all pictures that wait for the thread. */
const MAX_WAITING_BYTES = 100 * 1024 * 1024;
/** The thread ends when it has had nothing to do for so long, ms. */
const IDLE_MS = 30_000;
/** One picture, ms: 50 megapixels take some seconds on a small computer, a picture made to hurt takes minutes. */
const MAX_WORK_MS = 60_000;
/** The memory of WebAssembly never shrinks: after a picture of more pixels than this the thread is not used again. */
const MAX_PIXELS_KEPT = 16_000_000;
/** Copied in one turn of the event loop, bytes: some milliseconds, where 35 MB at once take up to 60. */
const COPIED_AT_ONCE = 1024 * 1024;

export interface WorkerLimits {
  maxWaiting: number;
  maxWaitingBytes: number;
  idleMs: number;
  maxWorkMs: number;
}

interface Waiting {
  job: PictureJob;
  resolve(result: PictureJobResult): void;
  reject(error: unknown): void;
}

/**
 * Decodes, changes and encodes pictures in one thread of its own, one after the other: started by the first, ended when
 * idle.
 */
export class PictureWorker {
  private readonly limits: WorkerLimits;
  private readonly line: Waiting[] = [];
  private waitingBytes = 0;
  private thread: Worker | undefined;
  private current: Waiting | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(limits: Partial<WorkerLimits> = {}) {
    this.limits = {
      maxWaiting: MAX_WAITING_PICTURES,
      maxWaitingBytes: MAX_WAITING_BYTES,
      idleMs: IDLE_MS,
      maxWorkMs: MAX_WORK_MS,
      ...limits,
    };
  }

  /**
   * The bytes of the job are copied once, in slices, since the message that they came with goes on.
   *
   * @param maxPixels width times height, at most
   * @throws PictureError when the picture cannot be decoded, has too many pixels, takes too long, or when too many wait
   */
  run(job: PictureJob, maxPixels = DECODED_MAX_PIXELS): Promise<PictureJobResult> {
    const pixels = job.width * job.height;
    if (pixels > maxPixels) {
      throw new PictureError(
        `Send a smaller picture: at most ${maxPixels / 1e6} megapixels can be changed, this one has ${Math.round(pixels / 1e6)}. ` +
          'visionEvents.pictureMaxMegapixels in settings.js is that limit.',
      );
    }
    const bytes = job.bytes.byteLength;
    if (
      this.line.length >= this.limits.maxWaiting ||
      this.waitingBytes + bytes > this.limits.maxWaitingBytes
    ) {
      throw new PictureError(
        `Send fewer or smaller pictures: ${this.line.length} wait to be changed already, this computer cannot keep up.`,
      );
    }
    this.waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.line.push({ job, resolve, reject });
      this.next();
    });
  }

  /** True while there is a thread. */
  get isRunning(): boolean {
    return this.thread !== undefined;
  }

  private next(): void {
    if (this.current) return;
    const waiting = this.line.shift();
    if (!waiting) return this.rest();
    this.current = waiting;
    this.waitingBytes -= waiting.job.bytes.byteLength;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.failed(tooLong()), this.limits.maxWorkMs);
    const thread = (this.thread ??= this.start());
    thread.ref();
    void this.handOver(waiting, thread);
  }

  private async handOver(waiting: Waiting, thread: Worker): Promise<void> {
    const bytes = await copyOf(waiting.job.bytes);
    // Its time may be over, or the thread have ended.
    if (this.current !== waiting || this.thread !== thread) return;
    thread.postMessage({ ...waiting.job, bytes }, [bytes.buffer]);
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.thread) return;
    this.thread.unref();
    this.timer = setTimeout(() => this.end(), this.limits.idleMs).unref();
  }

  private start(): Worker {
    const file = require.resolve('./worker');
    // The tests run the sources, which Node.js does not read by itself.
    const execArgv = file.endsWith('.ts') ? ['--require', 'tsx/cjs'] : [];
    const thread = new Worker(file, { execArgv, stdout: true, stderr: true, name: 'pictures' });
    const failed = (reason: string) => {
      if (this.thread === thread) this.failed(cannotBeDecoded(reason));
    };
    thread.on('message', (answer: WorkerAnswer) => {
      if (this.thread !== thread) return;
      if ('error' in answer) failed(answer.error);
      else this.finished(answer.result);
    });
    // What the codecs complain of is in their error; unread it would pile up.
    thread.stdout.resume();
    thread.stderr.resume();
    thread.on('error', (error) => failed(error.message));
    thread.on('exit', () => failed('the thread ended'));
    return thread;
  }

  private finished(result: PictureJobResult): void {
    const { current } = this;
    this.current = undefined;
    if (current && current.job.width * current.job.height > MAX_PIXELS_KEPT) this.end();
    current?.resolve(result);
    this.next();
  }

  private failed(error: PictureError): void {
    const { current } = this;
    this.current = undefined;
    this.end();
    current?.reject(error);
    this.next();
  }

  private end(): void {
    const { thread } = this;
    this.thread = undefined;
    void thread?.terminate();
  }
}

/** One for all nodes: a second thread would take the time of everything else. */
export const pictureWorker = new PictureWorker();

async function copyOf(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const copy = new Uint8Array(bytes.byteLength);
  for (let at = 0; at < copy.length; at += COPIED_AT_ONCE) {
    if (at > 0) await nextTurn();
    copy.set(bytes.subarray(at, at + COPIED_AT_ONCE), at);
  }
  return copy;
}

function cannotBeDecoded(reason: string): PictureError {
  const shown = reason.replace(/\s+/g, ' ').slice(0, 120);
  return new PictureError(
    `Check what the camera sends: this picture cannot be decoded. It is damaged, or of an unusual kind (${shown}).`,
  );
}

function tooLong(): PictureError {
  return new PictureError('Send a simpler or smaller picture: this one took more than a minute to decode.');
}
