import type { Track } from './track';
import type { SingleThing, Zone } from './types';

/** What is known of a thing, or of a class where nothing is tracked. */
export interface Thing {
  id: string;
  class: string;
  track?: Track;
  /** ms */
  lastSeen: number;
  /** frames that could have shown it */
  looks: number;
  /** the number of the frame that showed it last */
  lastFrame: number;
  single?: SingleThing;
}

export function newThing(id: string, track?: Track): Thing {
  return { id, class: id, track, lastSeen: -Infinity, looks: 0, lastFrame: 0 };
}

/** Whether things of a class count in a zone. */
export function counts({ classes }: Zone, name: string): boolean {
  return classes.length === 0 || classes.includes(name.trim());
}
