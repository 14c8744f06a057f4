import type { AnnotationLists } from '../event/types';

/** The names of the four lists of annotations. */
export type AnnotationList = keyof AnnotationLists;

/** An upright box, in pixels of the picture; x and y are its CENTRE. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Of a picture, in pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

/** One thing that a detector saw in one frame. */
export interface SceneDetection {
  class: string;
  /** 0 to 1 */
  confidence: number;
  /** pixels; absent for a class of the whole picture */
  box?: Box;
  /** the detector's own name of the thing, where it tracks by itself */
  trackId?: string;
}

/** A message that speaks of one thing, not of all things in the frame: nothing follows for the others. */
export interface SingleThing {
  /** the detector confirmed the thing before it told of it */
  isConfirmed?: boolean;
  /** the detector will say when the thing is gone: silence means nothing */
  saysEnd?: boolean;
  /** the thing is gone */
  isEnd?: boolean;
}

/**
 * What a detector says of one frame. `Kept` is whatever the caller wants back with a moment: the message of the frame.
 */
export interface SceneFrame<Kept, Detection extends SceneDetection = SceneDetection> {
  /** the frame's own time, in ms of any clock that does not jump */
  at: number;
  detections: readonly Detection[];
  /** of the picture, in pixels; zones need it */
  size?: PictureSize;
  single?: SingleThing;
  kept: Kept;
}

export const MOMENT_KINDS = ['appeared', 'left', 'stayed', 'crossed', 'count'] as const;
export type MomentKind = (typeof MOMENT_KINDS)[number];

/** A point as fractions of the picture, from its upper left corner. */
export type ZonePoint = readonly [x: number, y: number];

/**
 * A part of the picture that matters: an area with a corner at each point, or a line from its first point to its last.
 */
export interface Zone {
  name: string;
  kind: 'area' | 'line';
  /** an area has at least 3, a line at least 2 */
  points: readonly ZonePoint[];
  /** of the things that count here; none = all */
  classes: readonly string[];
}

/** The settings of a scene. Times are in ms. */
export interface SceneSettings {
  moments: readonly MomentKind[];
  confirm: Confirmation;
  /** not seen for so long: it left */
  lostAfter: number;
  stayAfter: number;
  countStable: number;
  /** undefined: only when the count changes */
  countEvery?: number;
  zones: readonly Zone[];
  /** the point of a box that is in a zone or not: the middle of its lower edge, or of the box */
  anchor: 'bottom' | 'center';
  /** `never`: a class in a zone counts as one thing, there or not there */
  trackBy: 'auto' | 'never';
}

/** Seen in `hits` of the last `frames` frames before it counts. */
export interface Confirmation {
  hits: number;
  frames: number;
}

/** Something that happened. Times are those of the frames. */
export interface Moment<Kept, Detection extends SceneDetection = SceneDetection> {
  kind: MomentKind;
  /** what the thing was seen as most; of a count, the class that all counted things have in common */
  class?: string;
  trackId?: string;
  zone?: string;
  direction?: 'in' | 'out';
  count?: number;
  since: number;
  until?: number;
  durationMs?: number;
  /** 0 to 1, of the detection that goes with the moment; of a count, the lowest */
  confidence: number;
  /** in how many frames the thing was seen */
  frames: number;
  /** of the frame that goes with the moment: only those of the moment */
  detections: Detection[];
  /** undefined when no frame can go with it */
  kept: Kept | undefined;
}
