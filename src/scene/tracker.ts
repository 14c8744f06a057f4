import { overlap } from './overlap';
import { choosePairs, type Candidate } from './pairing';
import { Track, type Boxed } from './track';
import type { SceneDetection } from './types';

/** Boxes of one thing overlap at least so much from frame to frame, as in SORT. */
const LEAST_OVERLAP = 0.3;
/** What is left after that is looked for around its place: both boxes grow by this share of their size on every side … */
const FIRST_GROWTH = 0.3;
/** … and by so much more for each second out of sight … */
const GROWTH_PER_SECOND = 0.5;
/** … up to this … */
const MOST_GROWTH = 0.8;
/** … and then have to overlap so much. */
const LEAST_GROWN_OVERLAP = 0.35;
/** The overlap of a detection of another class counts this much: a rider is not the bicycle. */
const OTHER_CLASS = 0.6;
/** Detections below this share of the usual confidence are weak, and come second, as in ByteTrack. */
const WEAK_SHARE = 0.5;
/** How fast the usual confidence follows the detections. */
const CONFIDENCE_PACE = 0.02;
/** A box that covers one of a thing already found so far is that thing, seen twice. */
const SAME_THING = 0.8;
/** Things that are followed at the same time; of more, those unseen for longest are forgotten. */
const MOST_TRACKS = 2000;

/** How alike a track and a detection are: 0 (not at all) to 1. */
type Likeness = (track: Track, detection: Boxed<SceneDetection>) => number;

/** Detectors count as well: a number alone could be one of theirs. */
const OWN_ID = 'own-';

/**
 * Follows things from frame to frame: by the detector's own ids where it sends them, else by overlap with the place that the motion
 * so far leads to, in the way of SORT and ByteTrack. Frames may come in any rhythm.
 */
export class Tracker {
  private tracks: Track[] = [];
  private readonly named = new Map<string, Track>();
  private nextId = 1;
  private usualConfidence = 0;

  /** All tracks that were not forgotten. */
  get all(): readonly Track[] {
    return this.tracks;
  }

  /**
   * Takes the detections of a frame.
   *
   * @param at ms, not before the last frame
   * @returns for each detection its track; undefined for one that repeats another
   */
  update(at: number, detections: readonly Boxed<SceneDetection>[]): (Track | undefined)[] {
    const found = new Array<Track | undefined>(detections.length).fill(undefined);
    const unnamed: number[] = [];
    detections.forEach((detection, index) => {
      if (detection.trackId === undefined) unnamed.push(index);
      else found[index] = this.byName(detection.trackId, detection, at);
    });
    if (unnamed.length > 0) this.associate(at, detections, unnamed, found);
    for (const { confidence } of detections) this.learnConfidence(confidence);
    return found;
  }

  /**
   * Forgets tracks.
   *
   * @returns those forgotten, also those beyond the number that is followed
   */
  forget(isLost: (track: Track) => boolean): Track[] {
    const lost = this.tracks.filter(isLost);
    const gone = new Set(lost);
    const kept = lost.length > 0 ? this.tracks.filter((track) => !gone.has(track)) : this.tracks;
    if (kept.length > MOST_TRACKS) {
      kept.sort((a, b) => b.lastSeen - a.lastSeen);
      lost.push(...kept.splice(MOST_TRACKS));
    }
    this.tracks = kept;
    for (const track of lost) if (this.named.get(track.id) === track) this.named.delete(track.id);
    return lost;
  }

  private byName(name: string, detection: Boxed<SceneDetection>, at: number): Track | undefined {
    const known = this.named.get(name);
    if (!known) {
      const track = new Track(name, true, detection, at);
      this.named.set(name, track);
      this.tracks.push(track);
      return track;
    }
    // the same id twice at one time: the first one counts
    if (known.lastSeen === at) return undefined;
    known.see(detection, at, this.usualConfidence);
    return known;
  }

  private associate(
    at: number,
    detections: readonly Boxed<SceneDetection>[],
    indices: readonly number[],
    found: (Track | undefined)[],
  ): void {
    let open = this.tracks.filter((track) => !track.isNamed && track.lastSeen < at);
    for (const track of open) track.predict(at);
    const isWeak = (index: number) => detections[index]!.confidence < WEAK_SHARE * this.usualConfidence;
    const passes: [Likeness, readonly number[]][] = [
      [likeness, indices.filter((index) => !isWeak(index))],
      [likeness, indices.filter(isWeak)],
      [nearness(at), indices],
    ];
    for (const [alike, from] of passes) {
      const left = from.filter((index) => !found[index]);
      for (const { row, column } of choosePairs(candidates(open, left, detections, alike))) {
        const [track, index] = [open[row]!, left[column]!];
        track.see(detections[index]!, at, this.usualConfidence);
        found[index] = track;
      }
      open = open.filter((track) => track.lastSeen < at);
    }
    this.begin(at, detections, indices, found);
  }

  /** Everything that is left is new, but for second boxes of things already found. */
  private begin(
    at: number,
    detections: readonly Boxed<SceneDetection>[],
    indices: readonly number[],
    found: (Track | undefined)[],
  ): void {
    for (const index of indices) {
      const detection = detections[index]!;
      if (found[index] || indices.some((other) => found[other] && isSame(detections[other]!, detection)))
        continue;
      found[index] = new Track(`${OWN_ID}${this.nextId++}`, false, detection, at);
      this.tracks.push(found[index]);
    }
  }

  private learnConfidence(confidence: number): void {
    const pace = this.usualConfidence === 0 ? 1 : CONFIDENCE_PACE;
    this.usualConfidence += (confidence - this.usualConfidence) * pace;
  }
}

function likeness(track: Track, { class: name, box }: Boxed<SceneDetection>): number {
  const share = overlap(track.predicted, box) * (track.class === name ? 1 : OTHER_CLASS);
  return share >= LEAST_OVERLAP ? share : 0;
}

/** For what moved farther than its own box: with few frames a second, or after some time out of sight. */
function nearness(at: number): Likeness {
  return (track, { class: name, box }) => {
    if (track.class !== name) return 0;
    const growth = FIRST_GROWTH + (GROWTH_PER_SECOND * (at - track.lastSeen)) / 1000;
    const share = overlap(track.predicted, box, Math.min(growth, MOST_GROWTH));
    return share >= LEAST_GROWN_OVERLAP ? share : 0;
  };
}

function isSame(found: Boxed<SceneDetection>, other: Boxed<SceneDetection>): boolean {
  return found.class === other.class && overlap(found.box, other.box) > SAME_THING;
}

function candidates(
  tracks: readonly Track[],
  indices: readonly number[],
  detections: readonly Boxed<SceneDetection>[],
  alike: Likeness,
): Candidate[] {
  const found: Candidate[] = [];
  tracks.forEach((track, row) => {
    indices.forEach((index, column) => {
      const value = alike(track, detections[index]!);
      if (value > 0) found.push({ row, column, likeness: value });
    });
  });
  return found;
}
