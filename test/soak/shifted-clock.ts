import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A wall clock that processes can be given, and that jumps when told. The monotonic clock stays true. */
export class ShiftedClock {
  /** for the processes that are to have this clock */
  readonly environment: NodeJS.ProcessEnv;
  private readonly shiftFile: string;

  /** @throws where there is no Linux and no C compiler */
  constructor(folder: string) {
    if (process.platform !== 'linux') throw new Error('only Linux has LD_PRELOAD');
    const library = join(folder, 'clock-shift.so');
    const source = join(__dirname, 'clock-shift.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
    this.shiftFile = join(folder, 'clock-shift');
    writeFileSync(this.shiftFile, Buffer.alloc(8));
    this.environment = { LD_PRELOAD: library, CLOCK_SHIFT_FILE: this.shiftFile };
  }

  shiftBy(seconds: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Math.round(seconds)));
    // Written in place: the processes have this very file in their memory.
    const file = openSync(this.shiftFile, 'r+');
    writeSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
  }
}
