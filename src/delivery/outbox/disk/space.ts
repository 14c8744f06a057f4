import { join } from 'node:path';
import type { Clock } from '../outbox';
import {
  FREE_SPACE_CHECK_BYTES,
  FREE_SPACE_CHECK_MS,
  FREE_SPACE_FLOOR_BYTES,
  FREE_SPACE_FLOOR_MOST_BYTES,
  FREE_SPACE_FLOOR_SHARE,
} from '../limits';
import { type FileLayer, writeNewFile } from './file-layer';

const BALLAST_FILE = 'ballast';

/**
 * Watches the disk's free space. Below the floor nothing new is accepted, so that the rest of the gateway goes on
 * working. The ballast is a file that is given up when even "these are done" no longer fits, and made anew later.
 */
export class DiskSpace {
  /** undefined where the system does not say */
  freeBytes: number | undefined;
  /** Nothing new is to be accepted. */
  isLow = false;
  private hasBallast = false;
  private checkedAt = -Infinity;
  private writtenSince = 0;
  private checking: Promise<void> | undefined;

  constructor(
    private readonly files: FileLayer,
    private readonly folder: string,
    private readonly clock: Clock,
    private readonly limits: { floorBytes: number | undefined; ballastBytes: number },
  ) {}

  /** Asks the disk again when the last answer is too old; undefined when it need not be waited for. */
  refresh(): Promise<void> | undefined {
    const age = this.clock.monotonic() - this.checkedAt;
    if (age < FREE_SPACE_CHECK_MS && this.writtenSince < FREE_SPACE_CHECK_BYTES) return undefined;
    this.checking ??= this.check().finally(() => (this.checking = undefined));
    return this.checking;
  }

  private async check(): Promise<void> {
    const space = await this.files.space(this.folder);
    this.checkedAt = this.clock.monotonic();
    this.writtenSince = 0;
    this.freeBytes = space?.free;
    const floor = space ? (this.limits.floorBytes ?? defaultFloor(space.total)) : 0;
    // Once low, it takes a little more than the floor: otherwise each event would tip it over again.
    const wanted = this.isLow ? floor + this.limits.ballastBytes : floor;
    this.isLow = space !== undefined && space.free < wanted;
    if (!this.isLow && !this.hasBallast) await this.takeBallast(space?.free, floor);
  }

  private async takeBallast(free: number | undefined, floor: number): Promise<void> {
    const { ballastBytes } = this.limits;
    if (ballastBytes === 0 || (free !== undefined && free < floor + 2 * ballastBytes)) return;
    const path = join(this.folder, BALLAST_FILE);
    try {
      const size = await this.files.size(path).catch(() => 0);
      if (size !== ballastBytes) {
        await this.files.remove(path);
        await writeNewFile(this.files, path, Buffer.alloc(ballastBytes));
      }
      this.hasBallast = true;
    } catch {
      // No room for it: then there is none until the next check.
    }
  }

  written(bytes: number): void {
    this.writtenSince += bytes;
  }

  /** The disk refused a write: nothing new is accepted before the next check. */
  sawFullDisk(): void {
    this.isLow = true;
    this.checkedAt = this.clock.monotonic();
    this.writtenSince = 0;
  }

  /** True when there was one, so that writing again has a chance. */
  async dropBallast(): Promise<boolean> {
    if (!this.hasBallast) return false;
    this.hasBallast = false;
    await this.files.remove(join(this.folder, BALLAST_FILE)).catch(() => undefined);
    return true;
  }
}

function defaultFloor(total: number): number {
  return Math.min(
    Math.max(FREE_SPACE_FLOOR_BYTES, total * FREE_SPACE_FLOOR_SHARE),
    FREE_SPACE_FLOOR_MOST_BYTES,
  );
}
