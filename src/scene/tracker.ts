import { cutOf, type Cut } from './edge';
import { sizeOf } from './motion';
import { overlap } from './overlap';
import { choosePairs, type Candidate } from './pairing';
import { Track, type Boxed } from './track';
import type { Box, PictureSize, SceneDetection } from './types';
import { Usual } from './usual';

/** Boxes of one thing overlap at least so much from frame to frame, as in SORT. */
const LEAST_OVERLAP = 0.3;
/** What is left after that is looked for around its place: so far away, in sizes of the thing, … */
const REACH = 0.3;
/** … or this, when it was seen only once: nobody knows yet how fast it is, … */
const FIRST_REACH = 0.8;
/** … and so much farther for each second out of sight, … */
const REACH_PER_SECOND = 1;
/** … up to this time, … */
const MOST_SECONDS = 3;
/** … where a box laid over the expected one overlaps it so much … */
const LEAST_SHAPE = 0.5;
/** … and not as far when it has another class: detectors waver. */
const OTHER_CLASS_REACH = 0.3;
/** The overlap of a detection of another class counts this much: a rider is not the bicycle. */
const OTHER_CLASS = 0.6;
/** Detections below this share of the usual confidence are weak, and come second, as in ByteTrack. */
const WEAK_SHARE = 0.5;
/** A box whose width and height fit a thing so many times worse than is usual is another thing, … */
const STRANGER = 2;
/** … unless it was seen at most so many frames ago: then the overlap tells enough, and it may be half covered. */
const FRAMES_AGO = 2;
/** A box that covers one of a thing already found so far is that thing, seen twice. */
const SAME_THING = 0.8;
/** Things that are followed at the same time; of more, those unseen for longest are forgotten. */
const MOST_TRACKS = 2000;

/** What may be a thing that was seen before. */
interface Look {
  class: string;
  box: Box;
  cut: Cut;
  /** ms, when it was seen first */
  since: number;
}

/** How alike a track and a look are: 0 (not at all) to 1. */
type Likeness = (track: Track, look: Look) => number;

/** Detectors count as well: a number alone could be one of theirs. */
const OWN_ID = 'own-';

/**
 * Follows things from frame to frame: by the detector's own ids where it sends them, else by overlap with the place
 * that the motion so far leads to, in the way of SORT and ByteTrack. Frames may come in any rhythm.
 */
export class Tracker {
  private tracks: Track[] = [];
  private readonly named = new Map<string, Track>();
  private nextId = 1;
  private readonly usual = new Usual();

  /** @param confirmedAt in how many frames a thing has to be seen before it may be told */
  constructor(private readonly confirmedAt: number) {}

  /** All tracks that were not forgotten. */
  get all(): readonly Track[] {
    return this.tracks;
  }

  /**
   * Takes the detections of a frame.
   *
   * @param at ms, not before the last frame
   * @param picture its size in pixels, where it is known: what leaves it does not come back
   * @returns for each detection its track; undefined for one that repeats another
   */
  update(
    at: number,
    detections: readonly Boxed<SceneDetection>[],
    picture?: PictureSize,
  ): (Track | undefined)[] {
    for (const track of this.tracks) track.framesAgo++;
    const found = new Array<Track | undefined>(detections.length).fill(undefined);
    const unnamed: number[] = [];
    detections.forEach((detection, index) => {
      if (detection.trackId === undefined) unnamed.push(index);
      else found[index] = this.byName(detection.trackId, detection, at);
    });
    if (unnamed.length > 0) this.associate(at, detections, unnamed, found, picture);
    for (const { confidence } of detections) this.usual.learnConfidence(confidence);
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
    known.see(detection, at, this.usual);
    return known;
  }

  private associate(
    at: number,
    detections: readonly Boxed<SceneDetection>[],
    indices: readonly number[],
    found: (Track | undefined)[],
    picture: PictureSize | undefined,
  ): void {
    let open = this.tracks.filter((track) => !track.isNamed && track.lastSeen < at);
    for (const track of open) track.predict(at, picture);
    const looks = detections.map((detection) => lookOf(detection, at, picture));
    const isWeak = (index: number) => detections[index]!.confidence < WEAK_SHARE * this.usual.confidence;
    const near = nearness(at, picture);
    const passes: [Likeness, readonly number[]][] = [
      [likeness, indices.filter((index) => !isWeak(index))],
      [likeness, indices.filter(isWeak)],
      [near, indices],
    ];
    for (const [alike, from] of passes) {
      const left = from.filter((index) => !found[index]);
      const theirLooks = left.map((index) => looks[index]!);
      const isExpected = alike === likeness;
      for (const { row, column } of this.pairs(open, theirLooks, alike, picture)) {
        const [track, index] = [open[row]!, left[column]!];
        track.see(detections[index]!, at, this.usual, looks[index]!.cut, isExpected);
        found[index] = track;
      }
      open = open.filter((track) => track.lastSeen < at);
    }
    this.rejoin(open, found, near, picture);
    this.begin(at, detections, indices, found, looks);
  }

  /**
   * What is new, and was not told yet, may be a thing out of sight after all: by now more is known of its class, size
   * and place than its first frame told.
   */
  private rejoin(
    lost: readonly Track[],
    found: (Track | undefined)[],
    near: Likeness,
    picture: PictureSize | undefined,
  ): void {
    const old = lost.filter(({ frames }) => frames >= this.confirmedAt);
    const isYoung = ({ frames, isNamed }: Track) => !isNamed && frames > 1 && frames <= this.confirmedAt;
    const young = found.filter((track) => track && isYoung(track)) as Track[];
    const alike: Likeness = (track, look) => (track.lastSeen < look.since ? near(track, look) : 0);
    const looks = young.map((track) => lookOf(track, track.firstSeen, picture));
    for (const { row, column } of this.pairs(old, looks, alike, picture)) {
      const [track, newcomer] = [old[row]!, young[column]!];
      track.continueAs(newcomer);
      found[found.indexOf(newcomer)] = track;
      this.tracks = this.tracks.filter((other) => other !== newcomer);
    }
  }

  /** Everything that is left is new, but for second boxes of things already found. */
  private begin(
    at: number,
    detections: readonly Boxed<SceneDetection>[],
    indices: readonly number[],
    found: (Track | undefined)[],
    looks: readonly Look[],
  ): void {
    for (const index of indices) {
      const detection = detections[index]!;
      if (found[index] || indices.some((other) => found[other] && isSame(detections[other]!, detection)))
        continue;
      found[index] = new Track(`${OWN_ID}${this.nextId++}`, false, detection, at, looks[index]!.cut);
      this.tracks.push(found[index]);
    }
  }

  private pairs(
    tracks: readonly Track[],
    looks: readonly Look[],
    alike: Likeness,
    picture: PictureSize | undefined,
  ): Candidate[] {
    const found: Candidate[] = [];
    tracks.forEach((track, row) => {
      looks.forEach((look, column) => {
        const value = alike(track, look);
        if (value > 0 && !(picture && this.isStranger(track, look)))
          found.push({ row, column, likeness: value });
      });
    });
    return choosePairs(found);
  }

  private isStranger(track: Track, { box, cut }: Look): boolean {
    return track.framesAgo > FRAMES_AGO && track.misfit(box, cut) > STRANGER * this.usual.misfit;
  }
}

function likeness(track: Track, { class: name, box }: Look): number {
  const share = overlap(track.predicted, box) * (track.class === name ? 1 : OTHER_CLASS);
  return share >= LEAST_OVERLAP ? share : 0;
}

/**
 * For what moved farther than its own box: with few frames a second, or after some time out of sight. It has to have
 * the shape that the thing had, and to be within its reach. What must be out of the picture by now does not come back:
 * whoever comes in there is another one.
 */
function nearness(at: number, picture: PictureSize | undefined): Likeness {
  return ({ predicted, box: whole, lastSeen, frames, class: known }, { class: name, box }) => {
    if (picture && isOutside(whole, picture)) return 0;
    const shape = overlap({ ...predicted, x: box.x, y: box.y }, box);
    if (shape < LEAST_SHAPE) return 0;
    const seconds = Math.min((at - lastSeen) / 1000, MOST_SECONDS);
    const least = frames === 1 ? FIRST_REACH : REACH;
    const reach = (least + REACH_PER_SECOND * seconds) * (known === name ? 1 : OTHER_CLASS_REACH);
    const distance = Math.hypot(predicted.x - box.x, predicted.y - box.y) / sizeOf(predicted);
    return distance < reach ? shape * (1 - distance / reach) : 0;
  };
}

function lookOf(
  { class: name, box }: Omit<Look, 'cut' | 'since'>,
  since: number,
  picture?: PictureSize,
): Look {
  return { class: name, box, cut: cutOf(box, picture), since };
}

function isOutside({ x, y }: Box, { width, height }: PictureSize): boolean {
  return x < 0 || y < 0 || x > width || y > height;
}

function isSame(found: Boxed<SceneDetection>, other: Boxed<SceneDetection>): boolean {
  return found.class === other.class && overlap(found.box, other.box) > SAME_THING;
}
