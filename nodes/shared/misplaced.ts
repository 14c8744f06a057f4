import type { NoteCode } from '../../src/detections/types';

/** Notes that say that boxes may lie elsewhere in the picture that goes with them, and what mends it. */
export const MISPLACED_NOTES: Partial<Record<NoteCode, string>> = {
  'image-size-conflict':
    'Tick "Scale boxes" or enter the right sizes: the boxes count in another size than that of the picture',
  'crop-coordinates': 'Send boxes of the whole picture: these count from the corner of a part of it',
  'snapshot-frame-mismatch':
    'Choose the snapshot under "Frigate box": these boxes belong to another frame than the picture',
};

/** Why boxes may lie elsewhere in their picture, beginning with the remedy; undefined when nothing says so. */
export function misplacement(notes: readonly NoteCode[] = []): string | undefined {
  return firstReason(notes, MISPLACED_NOTES);
}

/** What the first note stands for of which the list has something to say. */
export function firstReason(
  notes: readonly NoteCode[],
  reasons: Partial<Record<NoteCode, string>>,
): string | undefined {
  return notes.map((note) => reasons[note]).find((reason) => reason !== undefined);
}
