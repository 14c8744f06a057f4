import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What an outbox's folder holds, by the numbers of the copies; read as `docs/store-and-forward.md` says how to read it
 * by hand.
 */
export interface FolderContents {
  waiting: number[];
  dead: number[];
  quarantined: string[];
  /** picture files that no waiting and no refused event names, though the last start should have removed them */
  orphanPictures: string[];
}

interface StoredEvent {
  customMetadata?: { number?: number };
}

interface ChunkLine {
  put?: string;
  done?: string[];
  event?: StoredEvent;
  pictures?: { file: string }[];
}

/** What is younger at a start may belong to another process, and is left alone. */
const YOUNG_MS = 10 * 60_000;

/** @param lastStart when the outbox was opened last: wall clock, ms */
export function readOutboxFolder(folder: string, lastStart: number): FolderContents {
  const waiting = new Map<string, ChunkLine>();
  for (const line of chunkLines(join(folder, 'chunks'))) {
    if (line.put !== undefined) waiting.set(line.put, line);
    for (const id of line.done ?? []) waiting.delete(id);
  }
  const dead = filesIn(join(folder, 'dead')).map(
    (name) =>
      JSON.parse(readFileSync(join(folder, 'dead', name), 'utf8')) as ChunkLine & { event: StoredEvent },
  );
  const named = new Set(
    [...waiting.values(), ...dead].flatMap(({ pictures = [] }) => pictures.map(({ file }) => file)),
  );
  return {
    waiting: [...waiting.values()].map(({ event }) => event?.customMetadata?.number ?? -1),
    dead: dead.map(({ event }) => event.customMetadata?.number ?? -1),
    quarantined: filesIn(join(folder, 'quarantine')),
    orphanPictures: filesIn(join(folder, 'pictures')).filter(
      (name) => !named.has(name) && statSync(join(folder, 'pictures', name)).mtimeMs < lastStart - YOUNG_MS,
    ),
  };
}

/** All events, then all notes: a note may stand in a file of its own beside its chunk. */
function chunkLines(folder: string): ChunkLine[] {
  const lines: ChunkLine[] = [];
  for (const name of filesIn(folder)) {
    for (const text of readFileSync(join(folder, name), 'utf8').split('\n')) {
      try {
        if (text) lines.push(JSON.parse(text.slice('00000000 '.length)) as ChunkLine);
      } catch {
        // torn by a kill, and never confirmed
      }
    }
  }
  return [...lines.filter(({ put }) => put !== undefined), ...lines.filter(({ put }) => put === undefined)];
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
