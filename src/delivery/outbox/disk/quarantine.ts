import { basename, join } from 'node:path';
import { type FileLayer, syncFolder, writeNewFile } from './file-layer';

/** Keeps what is damaged or not ours, for whoever wants to look, and counts it. */
export class Quarantine {
  readonly found = { corrupt: 0, tornTails: 0, quarantined: [] as string[] };

  constructor(
    private readonly files: FileLayer,
    private readonly folder: string,
    /** random, of this session */
    private readonly token: string,
  ) {}

  /**
   * Copies bytes of a chunk, under a name that tells where they were; what was copied before is not counted again.
   * @returns whether there is a copy
   */
  async keep(chunk: string, offset: number, bytes: Buffer, torn: boolean): Promise<boolean> {
    const { files } = this;
    const name = quarantineName(chunk, offset);
    const path = join(this.folder, name);
    if ((await files.size(path).catch(() => -1)) === bytes.length) return true;
    if (torn) this.found.tornTails++;
    else this.found.corrupt++;
    this.found.quarantined.push(name);
    try {
      await files.remove(path);
      await writeNewFile(files, path, bytes);
      await syncFolder(files, this.folder);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Moves what lies in the place of a file of ours and is not a plain file, or far too large.
   * @returns whether it is gone
   */
  async take(path: string): Promise<boolean> {
    const name = `${basename(path)}.aside-${this.token}`;
    this.found.corrupt++;
    try {
      await this.files.rename(path, join(this.folder, name));
      await syncFolder(this.files, this.folder);
    } catch {
      return false;
    }
    this.found.quarantined.push(name);
    return true;
  }
}

export function quarantineName(chunk: string, offset: number): string {
  return `${chunk}@${offset}`;
}
