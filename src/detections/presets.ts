import { compileMapping } from './mapping';
import type { CompiledMapping, Mapping } from './mapping';
import type { NoteCode } from './types';

export interface Preset {
  id: string;
  label: string;
  needs?: string[];
  /** remarks that hold for every payload of the format */
  notes?: NoteCode[];
  /** the first whose list is in the payload is used */
  mappings: [Mapping, ...Mapping[]];
}

export const PRESETS: readonly Preset[] = [];

export interface ReadyPreset {
  id: string;
  notes?: NoteCode[];
  variants: CompiledMapping[];
}

const ready = new Map<string, ReadyPreset>();

/** A preset made ready for use, compiled when it is first asked for; undefined when there is none of that name. */
export function findPreset(id: string): ReadyPreset | undefined {
  const known = ready.get(id);
  if (known) return known;
  const preset = PRESETS.find((candidate) => candidate.id === id);
  if (!preset) return undefined;
  const variants = preset.mappings.map((mapping) => compileMapping(mapping, 'auto'));
  const made = { id, notes: preset.notes, variants };
  ready.set(id, made);
  return made;
}
