import { partIn, UNCUT, type Cut } from './edge';
import { Motion } from './motion';
import type { Box, PictureSize, SceneDetection } from './types';
import type { Usual } from './usual';

/** A detection has a place: not a class of the whole picture. */
export type Boxed<Detection extends SceneDetection> = Detection & { box: Box };

/**
 * How much less the box of a doubtful detection counts: its error grows by this for each share of the usual confidence
 * that it lacks.
 */
const DOUBT = 5;
/** Sightings after which the size of a thing is known well enough to call a box strange. */
const KNOWN = 3;

/** A thing that is followed from frame to frame. */
export class Track {
  /** ms */
  lastSeen: number;
  /** in how many it was seen */
  frames = 1;
  /** 0 when it was seen in the last one */
  framesAgo = 0;
  /** where it should be seen in the frame that is looked at: the part that the picture has, pixels */
  predicted: Box;
  /** it began in the place of this thing, which was not seen in that frame: it may be that thing, looked at wrongly */
  rival: Track | undefined;
  private motion: Motion;
  private readonly votes = new Map<string, number>();
  private topClass: string;

  constructor(
    readonly id: string,
    /** the id is the detector's own */
    readonly isNamed: boolean,
    first: Boxed<SceneDetection>,
    /** ms */
    readonly firstSeen: number,
    /** what the edge had cut short of its first box */
    readonly firstCut: Cut = UNCUT,
  ) {
    this.lastSeen = firstSeen;
    this.motion = new Motion(first.box, firstSeen, firstCut);
    this.predicted = first.box;
    this.topClass = first.class;
    this.vote(first);
  }

  /** What it was seen as most, weighed by confidence: a detector that wavers does not make two things. */
  get class(): string {
    return this.topClass;
  }

  /** Where it is, as far as all its detections tell, pixels: also what the picture does not have of it. */
  get box(): Box {
    return this.motion.box();
  }

  predict(at: number, picture: PictureSize | undefined): void {
    this.predicted = partIn(this.motion.predict(at), picture);
  }

  /**
   * How badly a box has the width and height that the thing should have: see `Motion`. 0 while its size is not known
   * well enough.
   */
  misfit(box: Box, cut: Cut): number {
    return this.frames < KNOWN ? 0 : this.motion.misfit(box, cut);
  }

  /** How much larger a box is than the thing should be: see `Motion`. */
  growth(box: Box): number {
    return this.motion.growth(box);
  }

  /** How badly a box lies where the thing should be: see `Motion`. */
  surprise(box: Box, cut: Cut): number {
    return this.motion.surprise(box, cut);
  }

  /**
   * A box of less confidence, or a stranger one, than is usual tells less.
   *
   * @param isExpected it is where it was expected: what it differs by is usual, and is learned
   */
  see(detection: Boxed<SceneDetection>, at: number, usual: Usual, cut = UNCUT, isExpected = false): void {
    this.motion.predict(at);
    const misfit = this.misfit(detection.box, cut);
    if (isExpected) {
      const surprise = this.surprise(detection.box, cut);
      if (misfit > 0) usual.learnMisfit(misfit);
      if (surprise > 0) usual.learnSurprise(surprise);
      usual.learnClass(detection.class !== this.class);
    }
    const lacking = 1 - usual.sureness(detection.confidence);
    const strange = Math.max(1, misfit / usual.misfit);
    this.motion.correct(detection.box, (1 + DOUBT * lacking) * Math.sqrt(strange), cut);
    this.lastSeen = at;
    this.framesAgo = 0;
    this.frames++;
    this.vote(detection);
  }

  /** What was taken for a new thing is this one, come back: where it is and how it moves is known from there. */
  continueAs(newcomer: Track): void {
    this.motion = newcomer.motion;
    this.predicted = newcomer.predicted;
    this.lastSeen = newcomer.lastSeen;
    this.framesAgo = newcomer.framesAgo;
    this.frames += newcomer.frames;
    for (const [name, votes] of newcomer.votes) this.addVotes(name, votes);
  }

  private vote({ class: name, confidence }: SceneDetection): void {
    this.addVotes(name, Math.max(confidence, 0.01));
  }

  private addVotes(name: string, more: number): void {
    const votes = (this.votes.get(name) ?? 0) + more;
    this.votes.set(name, votes);
    if (votes > (this.votes.get(this.topClass) ?? 0)) this.topClass = name;
  }
}
