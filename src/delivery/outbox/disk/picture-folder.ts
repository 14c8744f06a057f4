import { join } from 'node:path';
import type { PicturePlace } from '../../../event/picture-place';
import { OutboxDamage, type OutboxPicture } from '../outbox';
import { PICTURE_WRITES_AT_ONCE } from '../limits';
import { errorCode, type FileLayer, isNoPlainFile, syncFolder, writeNewFile } from './file-layer';
import { crc32, type PictureRecord } from './lines';
import { PICTURE_FILE } from './names';

/** A picture that still has to be written to its file. */
export interface PictureFile {
  file: string;
  bytes: Uint8Array;
}

const EXTENSIONS: Record<string, string> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/bmp': 'bmp',
  'image/gif': 'gif',
  'image/tiff': 'tif',
};

export function describePicture(id: string, index: number, picture: OutboxPicture): PictureRecord {
  const extension = EXTENSIONS[picture.mediaType] ?? 'bin';
  return {
    ...placeOf(picture),
    mediaType: picture.mediaType,
    name: picture.name,
    ...(picture.metadata && { metadata: picture.metadata }),
    file: `${id}.${index}-${picture.role}.${extension}`,
    size: picture.bytes.length,
    crc: crc32(picture.bytes),
  };
}

/** As it is written down: without the position when it is the first. */
export function placeOf({ role, image }: PicturePlace): PicturePlace {
  return image ? { role, image } : { role };
}

/**
 * The pictures beside the chunks. A file gets its final name at once: the chunk's line that names it is what counts, so
 * a renaming would add a flush and no safety. They go when their event ends (`end` of disk-outbox.ts), once that is
 * durable (committer.ts); an upload only notes the picture's id.
 */
export class PictureFolder {
  constructor(
    private readonly files: FileLayer,
    private readonly folder: string,
  ) {}

  /** Writes and flushes one event's pictures; `syncNames` has to follow. Leaves none behind when it rejects. */
  async write(pictures: PictureFile[]): Promise<void> {
    try {
      for (const { file, bytes } of pictures) {
        await writeNewFile(this.files, join(this.folder, file), bytes);
      }
    } catch (error) {
      await this.remove(pictures.map(({ file }) => file));
      throw error;
    }
  }

  async syncNames(): Promise<void> {
    await syncFolder(this.files, this.folder);
  }

  async read(picture: PictureRecord): Promise<Uint8Array> {
    const path = join(this.folder, picture.file);
    let bytes: Buffer;
    try {
      bytes = await this.files.readFile(path, picture.size);
    } catch (error) {
      if (isNoPlainFile(error))
        throw new OutboxDamage(`The stored picture ${path} is not a file, or not what was stored.`);
      if (errorCode(error) !== 'ENOENT') throw error;
      throw new OutboxDamage(`The stored picture ${path} is missing.`);
    }
    if (bytes.length !== picture.size || crc32(bytes) !== picture.crc) {
      throw new OutboxDamage(`The stored picture ${path} is damaged: it is not what was stored.`);
    }
    return bytes;
  }

  /** What cannot be removed now is swept at the next start. */
  async remove(names: string[]): Promise<void> {
    await Promise.all(names.map((name) => this.files.remove(join(this.folder, name)).catch(() => undefined)));
  }

  /**
   * Removes the pictures that no event and no dead letter names, and that are not to be left alone. Files with strange
   * names are not ours.
   */
  async sweep(
    isNeeded: (file: string, id: string) => boolean,
    isLeftAlone: (path: string) => Promise<boolean>,
  ): Promise<number> {
    let orphans = 0;
    for (const name of await this.files.list(this.folder)) {
      const id = PICTURE_FILE.exec(name)?.[1];
      if (id === undefined || isNeeded(name, id) || (await isLeftAlone(join(this.folder, name)))) continue;
      await this.remove([name]);
      orphans++;
    }
    return orphans;
  }
}

/** Runs over the items, a few at a time: a disk gains nothing from a hundred writes in its queue. */
export async function forEachLimited<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(PICTURE_WRITES_AT_ONCE, items.length) }, worker));
}
