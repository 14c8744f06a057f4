import { assign } from './assignment';
import { Motion } from './motion';
import { overlap } from './overlap';
import type { Box, SceneDetection } from './types';

/** Boxes of one thing overlap at least so much from frame to frame, as in SORT. */
const LEAST_OVERLAP = 0.3;
/** What is left after that is looked for around the place: boxes grow by this share of their size … */
const FIRST_GROWTH = 0.3;
/** … and by this more for each second out of sight, … */
const GROWTH_PER_SECOND = 0.5;
/** … up to this. */
const MOST_GROWTH = 0.8;
const LEAST_GROWN_OVERLAP = 0.25;
/** A detection of another class has to overlap more: a rider is not the bicycle. */
const OTHER_CLASS = 0.6;
/** Detections below this share of the usual confidence are weak: they are matched after the others. */
const WEAK_SHARE = 0.6;
/** A box that covers one of a thing already found, so far, is the same thing seen twice. */
const SAME_THING = 0.8;
/** Things that are followed at the same time; the longest unseen are forgotten. */
const MOST_TRACKS = 2000;

/** A thing that is followed. */
export class Track {
  /** ms */
  lastSeen: number;
  frames = 1;
  predicted: Box;
  readonly motion: Motion;
  private readonly votes = new Map<string, number>();
  private topClass: string;

  constructor(
    readonly id: string,
    /** the id is the detector's own */
    readonly isNamed: boolean,
    detection: SceneDetection & { box: Box },
    readonly firstSeen: number,
  ) {
    this.lastSeen = firstSeen;
    this.motion = new Motion(detection.box, firstSeen);
    this.predicted = detection.box;
    this.topClass = detection.class;
    this.vote(detection);
  }

  /** What it was seen as most, by confidence: a detector that wavers does not make two things. */
  get class(): string {
    return this.topClass;
  }

  see(detection: SceneDetection & { box: Box }, at: number): void {
    this.motion.predict(at);
    this.motion.correct(detection.box);
    this.lastSeen = at;
    this.frames++;
    this.vote(detection);
  }

  private vote({ class: name, confidence }: SceneDetection): void {
    const votes = (this.votes.get(name) ?? 0) + Math.max(confidence, 0.01);
    this.votes.set(name, votes);
    if (votes > (this.votes.get(this.topClass) ?? 0)) this.topClass = name;
  }
}

export type Boxed<Detection extends SceneDetection> = Detection & { box: Box };

/**
 * Follows things from frame to frame: by the detector's own ids where it sends them, else by overlap with the place that the motion
 * so far leads to, in the way of SORT and ByteTrack. Pure; frames may come in any rhythm.
 */
export class Tracker {
  private tracks: Track[] = [];
  private readonly named = new Map<string, Track>();
  private nextId = 1;
  private usualConfidence = 0;

  /** @param lostAfter ms */
  constructor(private readonly lostAfter: number) {}

  /** All tracks that are not lost. */
  get all(): readonly Track[] {
    return this.tracks;
  }

  /**
   * Takes the detections of a frame.
   *
   * @param at ms, not before the last frame
   * @returns for each detection its track; undefined for one that repeats another
   */
  update<Detection extends SceneDetection>(
    at: number,
    detections: readonly Boxed<Detection>[],
  ): (Track | undefined)[] {
    const found = new Array<Track | undefined>(detections.length).fill(undefined);
    const unnamed: number[] = [];
    detections.forEach((detection, index) => {
      if (detection.trackId === undefined) unnamed.push(index);
      else found[index] = this.byName(detection.trackId, detection, at);
    });
    this.associate(at, detections, unnamed, found);
    return found;
  }

  /** Forgets a track. */
  drop(track: Track): void {
    this.tracks = this.tracks.filter((other) => other !== track);
    if (this.named.get(track.id) === track) this.named.delete(track.id);
  }

  /** Forgets the tracks that were not seen for longer than `lostAfter`, and answers them. */
  dropLost(at: number, isKept: (track: Track) => boolean = () => false): Track[] {
    const isLost = (track: Track) => at - track.lastSeen > this.lostAfter && !isKept(track);
    const lost = this.tracks.filter(isLost);
    if (this.tracks.length - lost.length > MOST_TRACKS) {
      const others = this.tracks.filter((track) => !isLost(track)).sort((a, b) => b.lastSeen - a.lastSeen);
      lost.push(...others.slice(MOST_TRACKS));
    }
    if (lost.length === 0) return lost;
    const gone = new Set(lost);
    this.tracks = this.tracks.filter((track) => !gone.has(track));
    for (const track of lost) if (this.named.get(track.id) === track) this.named.delete(track.id);
    return lost;
  }

  private byName<Detection extends SceneDetection>(
    name: string,
    detection: Boxed<Detection>,
    at: number,
  ): Track | undefined {
    const known = this.named.get(name);
    if (!known) {
      const track = new Track(name, true, detection, at);
      this.named.set(name, track);
      this.tracks.push(track);
      return track;
    }
    // the same id twice in a frame: the first one counts
    if (known.lastSeen === at) return undefined;
    known.see(detection, at);
    return known;
  }

  private associate<Detection extends SceneDetection>(
    at: number,
    detections: readonly Boxed<Detection>[],
    indices: readonly number[],
    found: (Track | undefined)[],
  ): void {
    if (indices.length === 0) return;
    const weakBelow = WEAK_SHARE * this.usualConfidence;
    let open = this.tracks.filter((track) => !track.isNamed);
    for (const track of open) track.predicted = track.motion.predict(at);
    const strong = indices.filter((index) => detections[index]!.confidence >= weakBelow);
    const weak = indices.filter((index) => detections[index]!.confidence < weakBelow);
    const plain = (track: Track, detection: Boxed<Detection>) => {
      const share = overlap(track.predicted, detection.box);
      const likeness = track.class === detection.class ? share : share * OTHER_CLASS;
      return likeness >= LEAST_OVERLAP ? likeness : 0;
    };
    const grown = (track: Track, detection: Boxed<Detection>) => {
      if (track.class !== detection.class) return 0;
      const seconds = (at - track.lastSeen) / 1000;
      const growth = Math.min(FIRST_GROWTH + GROWTH_PER_SECOND * seconds, MOST_GROWTH);
      const likeness = overlap(track.predicted, detection.box, growth);
      return likeness >= LEAST_GROWN_OVERLAP ? likeness : 0;
    };
    for (const [likeness, candidates] of [
      [plain, strong],
      [plain, weak],
      [grown, indices],
    ] as const) {
      const left = candidates.filter((index) => !found[index]);
      for (const [track, index] of pairs(open, left, detections, likeness)) {
        track.see(detections[index]!, at);
        found[index] = track;
      }
      open = open.filter((track) => track.lastSeen < at || track.frames === 0);
    }
    this.begin(at, detections, indices, found);
    for (const index of indices) {
      const { confidence } = detections[index]!;
      this.usualConfidence += (confidence - this.usualConfidence) * (this.usualConfidence === 0 ? 1 : 0.02);
    }
  }

  /** Everything that is left is new, but for second boxes of things already found. */
  private begin<Detection extends SceneDetection>(
    at: number,
    detections: readonly Boxed<Detection>[],
    indices: readonly number[],
    found: (Track | undefined)[],
  ): void {
    for (const index of indices) {
      const detection = detections[index]!;
      if (found[index]) continue;
      const isSecond = indices.some(
        (other) =>
          found[other] &&
          detections[other]!.class === detection.class &&
          overlap(detections[other]!.box, detection.box) > SAME_THING,
      );
      if (isSecond) continue;
      const track = new Track(String(this.nextId++), false, detection, at);
      this.tracks.push(track);
      found[index] = track;
    }
  }
}

/** The pairs that are most alike in total; a likeness of 0 is none. */
function pairs<Detection extends SceneDetection>(
  tracks: readonly Track[],
  indices: readonly number[],
  detections: readonly Boxed<Detection>[],
  likeness: (track: Track, detection: Boxed<Detection>) => number,
): [Track, number][] {
  if (tracks.length === 0 || indices.length === 0) return [];
  const cost = tracks.map((track) =>
    indices.map((index) => {
      const value = likeness(track, detections[index]!);
      return value > 0 ? 1 - value : Infinity;
    }),
  );
  return assign(cost).flatMap((column, row): [Track, number][] =>
    column < 0 ? [] : [[tracks[row]!, indices[column]!]],
  );
}
