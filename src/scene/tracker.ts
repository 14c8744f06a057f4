import { cutOf, isCut, type Cut, type CutEnd } from './edge';
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
/** … or this, once a few frames have shown what it is that came back, … */
const KNOWN_REACH_PER_SECOND = 1.3;
/** … up to this time, … */
const MOST_SECONDS = 3;
/** … where a box laid over the expected one overlaps it so much … */
const LEAST_SHAPE = 0.5;
/** … and less far where the detector is less sure than usual, or says another class: detectors waver. */
const OTHER_CLASS_REACH = 0.3;
/** The overlap of a detection of another class counts this much: a rider is not the bicycle. */
const OTHER_CLASS = 0.6;
/** Detections below this share of the usual confidence are weak, and come second, as in ByteTrack. */
const WEAK_SHARE = 0.5;
/** A box whose width and height fit a thing so many times worse than is usual is another thing, … */
const STRANGER = 2;
/** … or this, where it does not overlap the expected one as it should, … */
const STRANGER_AFAR = 1.15;
/** … unless it was seen at most so many frames ago: then the overlap tells enough, and it may be half covered. */
const FRAMES_AGO = 2;
/** A place so many times more surprising than is usual is looked at for a few frames more, … */
const SURPRISING = 7;
/** … and one so many times more at the edge of the picture: newcomers come in there. */
const NEWCOMER = 4;
/** What is seen as another class all the time is the same thing if its box overlaps the expected one so much. */
const SAME_PLACE = 0.7;
/** What may have turned back is looked for up to so many of its sizes beyond the edge of the picture. */
const BEYOND = 0.5;
/** A box that covers one of a thing already found so far is that thing, seen twice. */
const SAME_THING = 0.8;
/** Things that are followed at the same time; of more, those unseen for longest are forgotten. */
const MOST_TRACKS = 2000;

/** What may be a thing that was seen before. */
interface Look {
  class: string;
  box: Box;
  cut: Cut;
  /** 0 to 1, see `Usual` */
  sureness: number;
  /** it is where this thing should be, but may be another one: its class, place or size is not as it should be */
  rival?: Track;
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
    const looks = detections.map((detection) =>
      lookOf(detection, picture, this.usual.sureness(detection.confidence)),
    );
    const isWeak = (index: number) => detections[index]!.confidence < WEAK_SHARE * this.usual.confidence;
    const expected: Likeness = (track, look) => this.expected(track, look, picture);
    const near: Likeness = (track, look) => this.near(track, look, at, picture);
    const passes: [Likeness, readonly number[]][] = [
      [expected, indices.filter((index) => !isWeak(index))],
      [expected, indices.filter(isWeak)],
      [near, indices],
    ];
    for (const [alike, from] of passes) {
      const left = from.filter((index) => !found[index]);
      const theirLooks = left.map((index) => looks[index]!);
      const isExpected = alike === expected;
      for (const { row, column } of pairs(open, theirLooks, alike)) {
        const [track, index] = [open[row]!, left[column]!];
        track.see(detections[index]!, at, this.usual, looks[index]!.cut, isExpected);
        found[index] = track;
      }
      open = open.filter((track) => track.lastSeen < at);
    }
    this.rejoin(open, found, at, picture);
    this.begin(at, detections, indices, found, looks);
    this.dropMistaken(at);
  }

  /**
   * What is new, and would be told in this frame, may be a thing out of sight after all: by now more is known of its
   * class, size and place than its first frame told.
   */
  private rejoin(
    lost: readonly Track[],
    found: (Track | undefined)[],
    at: number,
    picture: PictureSize | undefined,
  ): void {
    const old = lost.filter(({ frames }) => frames >= this.confirmedAt);
    const isNew = ({ frames, isNamed }: Track) => !isNamed && frames === this.confirmedAt;
    const young = found.filter((track) => track && isNew(track)) as Track[];
    const again = (track: Track, newcomer: Track) => this.sameAgain(track, newcomer, at, picture);
    for (const { row, column } of pairs(old, young, again)) {
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
      const { cut, rival } = looks[index]!;
      const track = new Track(`${OWN_ID}${this.nextId++}`, false, detection, at, cut);
      found[index] = track;
      this.tracks.push(track);
      if (!rival || rival.lastSeen === at) continue;
      track.rival = rival;
      if (rival.class !== detection.class) this.usual.learnClass(true);
    }
  }

  /** What stood in the place of a thing for a frame was that thing, looked at wrongly, if it is seen there again. */
  private dropMistaken(at: number): void {
    this.tracks = this.tracks.filter(
      ({ rival, lastSeen }) => !rival || rival.lastSeen < at || lastSeen === at,
    );
    for (const track of this.tracks) if (track.frames >= this.confirmedAt) track.rival = undefined;
  }

  /** How well a box overlaps the expected one. One in doubt may be that of a newcomer: a few frames more will tell. */
  private expected(track: Track, look: Look, picture: PictureSize | undefined): number {
    const share = likeness(track, look);
    if (share === 0 || this.isStranger(track, look, STRANGER, picture)) return 0;
    const isInDoubt =
      this.isOfOtherClass(track, look) ||
      track.surprise(look.box, look.cut) > SURPRISING * this.usual.surprise ||
      this.isLikeNewcomer(track, look);
    if (!isInDoubt) return share;
    look.rival ??= track;
    return 0;
  }

  /** How likely it is that a newcomer, known from a few frames, is a thing out of sight. */
  private sameAgain(track: Track, newcomer: Track, at: number, picture: PictureSize | undefined): number {
    if (track.lastSeen >= newcomer.firstSeen || cameInElsewhere(newcomer, track, picture)) return 0;
    const look = lookOf(newcomer, picture);
    if (this.isOfOtherClass(track, look) && overlap(track.predicted, look.box) < SAME_PLACE) return 0;
    if (this.isStranger(track, look, STRANGER_AFAR, picture)) return 0;
    return nearness(track, look, at, picture, KNOWN_REACH_PER_SECOND, BEYOND);
  }

  /** How likely a box that is not where the thing was expected is that thing all the same. */
  private near(track: Track, look: Look, at: number, picture: PictureSize | undefined): number {
    const value = nearness(track, look, at, picture, REACH_PER_SECOND, 0);
    if (value === 0 || this.isStranger(track, look, STRANGER_AFAR, picture)) return 0;
    if (!this.isLikeNewcomer(track, look)) return value;
    look.rival ??= track;
    return 0;
  }

  /**
   * At the edge of the picture a box in the place of a thing may be that of a newcomer who covers it: it lies
   * elsewhere, or is larger. What is only half covered is smaller.
   */
  private isLikeNewcomer(track: Track, { box, cut }: Look): boolean {
    if (!isCut(cut)) return false;
    const { surprise, misfit } = this.usual;
    return track.surprise(box, cut) > NEWCOMER * surprise || track.growth(box) > STRANGER * misfit;
  }

  /** Another class than the thing has; where the detector wavers between them that says nothing. */
  private isOfOtherClass(track: Track, { class: name }: Look): boolean {
    return track.class !== name && !this.usual.wavers;
  }

  private isStranger(
    track: Track,
    { box, cut }: Look,
    limit: number,
    picture: PictureSize | undefined,
  ): boolean {
    if (!picture || track.framesAgo <= FRAMES_AGO) return false;
    return track.misfit(box, cut) > limit * this.usual.misfit;
  }
}

function pairs<One>(
  tracks: readonly Track[],
  others: readonly One[],
  alike: (track: Track, other: One) => number,
): Candidate[] {
  const found: Candidate[] = [];
  tracks.forEach((track, row) => {
    others.forEach((other, column) => {
      const value = alike(track, other);
      if (value > 0) found.push({ row, column, likeness: value });
    });
  });
  return choosePairs(found);
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
function nearness(
  { predicted, box: whole, lastSeen, frames, class: known }: Track,
  { class: name, box, sureness }: Look,
  at: number,
  picture: PictureSize | undefined,
  perSecond: number,
  beyond: number,
): number {
  if (picture && isOutside(whole, picture, beyond * sizeOf(whole))) return 0;
  // a false detection must not become the first thing that comes by
  if (frames === 1 && known !== name) return 0;
  const shape = overlap({ ...predicted, x: box.x, y: box.y }, box);
  if (shape < LEAST_SHAPE) return 0;
  const seconds = Math.min((at - lastSeen) / 1000, MOST_SECONDS);
  const least = frames === 1 ? FIRST_REACH : REACH;
  const reach = (least + perSecond * seconds) * (known === name ? 1 : OTHER_CLASS_REACH) * sureness;
  const distance = Math.hypot(predicted.x - box.x, predicted.y - box.y) / sizeOf(predicted);
  return distance < reach ? shape * (1 - distance / reach) : 0;
}

function lookOf(
  { class: name, box }: Pick<Look, 'class' | 'box'>,
  picture: PictureSize | undefined,
  sureness = 1,
): Look {
  return { class: name, box, cut: cutOf(box, picture), sureness };
}

/** A thing comes in at an edge of the picture: what did so is not one that is out of sight elsewhere. */
function cameInElsewhere(
  { firstCut }: Track,
  { predicted }: Track,
  picture: PictureSize | undefined,
): boolean {
  if (!isCut(firstCut)) return false;
  const there = cutOf(predicted, picture);
  const isSameEdge = (one: CutEnd, other: CutEnd) => one !== undefined && one === other;
  return !isSameEdge(firstCut.width, there.width) && !isSameEdge(firstCut.height, there.height);
}

function isOutside({ x, y }: Box, { width, height }: PictureSize, by: number): boolean {
  return x < -by || y < -by || x > width + by || y > height + by;
}

function isSame(found: Boxed<SceneDetection>, other: Boxed<SceneDetection>): boolean {
  return found.class === other.class && overlap(found.box, other.box) > SAME_THING;
}
