import { join } from 'node:path';
import { type FileLayer, flushFolder, type OpenFolder } from './file-layer';

/** The folder of the chunks, kept open: a chunk comes or goes with every batch, and each time the folder is flushed. */
export class ChunkFolder {
  private constructor(
    readonly files: FileLayer,
    readonly path: string,
    private readonly folder: OpenFolder,
  ) {}

  static async open(files: FileLayer, path: string): Promise<ChunkFolder> {
    return new ChunkFolder(files, path, await files.openFolder(path));
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** Makes created and removed chunks durable. */
  async sync(): Promise<void> {
    await flushFolder(this.folder);
  }

  close(): Promise<void> {
    return this.folder.close();
  }
}
