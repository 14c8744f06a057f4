import { dirname } from 'node:path';
import type { FileLayer, ForgetfulFileSystem, OpenFile } from '../../src/delivery/outbox/disk/file-layer';

const SECTOR = 512;

type Change = { kind: 'write'; position: number; bytes: Buffer } | { kind: 'truncate'; length: number };

/** A file's bytes as programs see them, as the platters have them, and what lies between. */
class Inode {
  current: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);
  unsynced: Change[] = [];
  private hasForgotten = false;

  constructor(public modifiedAt: number) {}

  apply(change: Change): void {
    this.current = applied(this.current, change);
    this.unsynced.push(change);
  }

  sync(): void {
    this.durable = this.hasForgotten ? this.unsynced.reduce(applied, this.durable) : this.current;
    this.unsynced = [];
  }

  /**
   * A flush that failed: the system takes the pages for clean and never tries them again, though programs still see
   * them.
   */
  forgetUnsynced(): void {
    this.hasForgotten = true;
    this.unsynced = [];
  }
}

function applied(bytes: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') {
    return change.length <= bytes.length
      ? Buffer.from(bytes.subarray(0, change.length))
      : Buffer.concat([bytes, Buffer.alloc(change.length - bytes.length)]);
  }
  const end = change.position + change.bytes.length;
  const result = Buffer.alloc(Math.max(bytes.length, end));
  bytes.copy(result);
  change.bytes.copy(result, change.position);
  return result;
}

export type Operation = 'makeDir' | 'open' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncDir';

/** What a fault does to one operation: an error code, a write that comes up short, or time. */
export type Fault = { fail: string } | { short: number } | { wait: Promise<void> } | undefined;

/**
 * A disk in memory that forgets. `mount` gives a process its file layer; `crash` takes the power away: what was not
 * flushed is gone, or half of it, as chance has it. `kill` ends the process only. Operations of a process that is gone
 * never come back, so nothing of it can go on.
 */
export class SimDisk {
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private readonly folders = new Set<string>();
  private epoch = 0;
  private budget = Infinity;
  private readonly deathWaiters: (() => void)[] = [];
  /** bytes; writes beyond it come up short */
  capacity = Infinity;
  /** counts what an outbox does, for tests that look at flushes and bytes */
  counts: Record<Operation, number> & { bytes: number } = zeroCounts();
  fault: (operation: Operation, path: string) => Fault = () => undefined;
  /** wall clock of the file times */
  now: () => number = () => Date.now();
  /** the kind of file system that it says to be */
  forgets: ForgetfulFileSystem | undefined;
  /** the control: flushes that only say so */
  flushLies = false;

  mount(): FileLayer {
    const epoch = this.epoch;
    const step = (operation: Operation, path: string) => this.step(epoch, operation, path);
    return {
      makeDir: async (path) => {
        await step('makeDir', path);
        this.folders.add(path);
      },
      restrict: async () => {
        await this.alive(epoch);
        return 'unchanged';
      },
      list: async (path) => {
        await this.alive(epoch);
        return [...this.names.keys()]
          .filter((name) => dirname(name) === path)
          .map(baseName)
          .sort();
      },
      readFile: async (path) => {
        await this.alive(epoch);
        return Buffer.from(this.find(path).current);
      },
      size: async (path) => {
        await this.alive(epoch);
        return this.find(path).current.length;
      },
      modifiedAt: async (path) => {
        await this.alive(epoch);
        return this.find(path).modifiedAt;
      },
      open: (path, mode) => this.openFile(epoch, path, mode),
      rename: async (from, to) => {
        await step('rename', to);
        this.names.set(to, this.find(from));
        this.names.delete(from);
      },
      remove: async (path) => {
        await step('remove', path);
        this.names.delete(path);
      },
      openFolder: async (path) => {
        await this.alive(epoch);
        return {
          sync: async () => {
            await step('syncDir', path);
            if (!this.flushLies) this.syncNames(path);
          },
          close: () => this.alive(epoch),
        };
      },
      forgets: async () => {
        await this.alive(epoch);
        return this.forgets;
      },
      space: async () => {
        await this.alive(epoch);
        return this.capacity === Infinity
          ? undefined
          : { free: Math.max(0, this.capacity - this.used()), total: this.capacity };
      },
    };
  }

  private async openFile(epoch: number, path: string, mode: 'create' | 'read'): Promise<OpenFile> {
    await (mode === 'create' ? this.step(epoch, 'open', path) : this.alive(epoch));
    if (mode === 'create') {
      if (this.names.has(path)) throw failure('EEXIST');
      this.names.set(path, new Inode(this.now()));
    }
    const inode = this.find(path);
    return {
      write: (bytes, position) => this.write(epoch, path, inode, Buffer.from(bytes), position),
      read: async (into, position) => {
        await this.alive(epoch);
        return inode.current.copy(into, 0, position);
      },
      sync: async () => {
        try {
          await this.step(epoch, 'sync', path);
        } catch (error) {
          inode.forgetUnsynced();
          throw error;
        }
        if (!this.flushLies) inode.sync();
      },
      truncate: async (length) => {
        await this.step(epoch, 'truncate', path);
        inode.apply({ kind: 'truncate', length });
        inode.modifiedAt = this.now();
      },
      close: () => this.alive(epoch),
    };
  }

  private async write(
    epoch: number,
    path: string,
    inode: Inode,
    bytes: Buffer,
    position: number,
  ): Promise<number> {
    const fault = await this.step(epoch, 'write', path);
    const growth = Math.max(0, position + bytes.length - inode.current.length);
    const room = Math.max(0, this.capacity - this.used());
    let taken = bytes.length - Math.max(0, growth - room);
    if (fault && 'short' in fault) taken = Math.max(0, Math.min(taken, bytes.length - fault.short));
    if (taken <= 0 && bytes.length > 0) throw failure('ENOSPC');
    inode.apply({ kind: 'write', position, bytes: bytes.subarray(0, taken) });
    inode.modifiedAt = this.now();
    this.counts.bytes += taken;
    return taken;
  }

  /** One operation that changes something: it may fail, wait, or be the one during which the power goes. */
  private async step(epoch: number, operation: Operation, path: string): Promise<Fault> {
    await this.alive(epoch);
    if (this.budget-- <= 0) return this.die();
    this.counts[operation]++;
    const fault = this.fault(operation, path);
    if (fault && 'fail' in fault) throw failure(fault.fail);
    if (fault && 'wait' in fault) {
      await fault.wait;
      await this.alive(epoch);
    }
    return fault;
  }

  private alive(epoch: number): Promise<void> {
    return epoch === this.epoch && this.budget >= 0 ? Promise.resolve() : new Promise(() => undefined);
  }

  private die(): Promise<never> {
    for (const wake of this.deathWaiters.splice(0)) wake();
    return new Promise(() => undefined);
  }

  /** The process stops at its so-many-th change from now on. Resolves when it has. */
  dieAfter(changes: number): Promise<void> {
    this.budget = changes;
    return new Promise((resolve) => this.deathWaiters.push(resolve));
  }

  /** Takes `dieAfter` back. */
  neverDie(): void {
    this.budget = Infinity;
    this.deathWaiters.length = 0;
  }

  /** kill -9: the system still has every byte. */
  kill(): void {
    this.epoch++;
    this.neverDie();
  }

  /** Power cut. `chance` (0 to 1, as Math.random) decides for each unflushed sector and name whether it got through. */
  crash(chance: () => number = () => 0): void {
    this.kill();
    const survives = (): boolean => chance() >= 0.5;
    for (const path of new Set([...this.names.keys(), ...this.durableNames.keys()])) {
      const durable = this.durableNames.get(path);
      if (this.names.get(path) === durable || !survives()) put(this.names, path, durable);
    }
    for (const inode of new Set(this.names.values())) {
      inode.current = inode.unsynced.reduce<Buffer>(
        (bytes, change) => tear(bytes, change, survives),
        inode.durable,
      );
      inode.sync();
    }
    this.durableNames = new Map(this.names);
  }

  /** Lets time pass for the files: they become so many ms older. */
  age(ms: number): void {
    for (const inode of new Set(this.names.values())) inode.modifiedAt -= ms;
  }

  private syncNames(folder: string): void {
    for (const path of new Set([...this.names.keys(), ...this.durableNames.keys()])) {
      if (dirname(path) === folder) put(this.durableNames, path, this.names.get(path));
    }
  }

  private used(): number {
    let bytes = 0;
    for (const inode of new Set(this.names.values())) bytes += inode.current.length;
    return bytes;
  }

  private find(path: string): Inode {
    const inode = this.names.get(path);
    if (!inode) throw failure('ENOENT');
    return inode;
  }

  /** All files, for a look from outside. */
  paths(): string[] {
    return [...this.names.keys()].sort();
  }

  bytesOf(path: string): Buffer {
    return Buffer.from(this.find(path).current);
  }

  /** Puts bytes there from outside, durable at once; undefined removes the file. */
  plant(path: string, bytes: Buffer | undefined): void {
    const inode = new Inode(this.now());
    inode.current = bytes ?? inode.current;
    inode.sync();
    put(this.names, path, bytes && inode);
    put(this.durableNames, path, bytes && inode);
  }

  resetCounts(): void {
    this.counts = zeroCounts();
  }
}

function tear(bytes: Buffer, change: Change, survives: () => boolean): Buffer {
  if (change.kind === 'truncate') return survives() ? applied(bytes, change) : bytes;
  let result: Buffer = bytes;
  for (let start = 0; start < change.bytes.length; start += SECTOR) {
    if (!survives()) continue;
    const sector = change.bytes.subarray(start, start + SECTOR);
    result = applied(result, { kind: 'write', position: change.position + start, bytes: sector });
  }
  return result;
}

function put(names: Map<string, Inode>, path: string, inode: Inode | undefined): void {
  if (inode) names.set(path, inode);
  else names.delete(path);
}

function baseName(path: string): string {
  return path.slice(dirname(path).length + 1);
}

function failure(code: string): Error {
  return Object.assign(new Error(`simulated ${code}`), { code });
}

function zeroCounts(): SimDisk['counts'] {
  return { makeDir: 0, open: 0, write: 0, sync: 0, truncate: 0, rename: 0, remove: 0, syncDir: 0, bytes: 0 };
}
