import { Motion } from './motion';
import type { Box, SceneDetection } from './types';

/** A detection has a place: not a class of the whole picture. */
export type Boxed<Detection extends SceneDetection> = Detection & { box: Box };

/**
 * How much less the box of a doubtful detection counts: its error grows by this for each share of the usual confidence
 * that it lacks.
 */
const DOUBT = 5;

/** A thing that is followed from frame to frame. */
export class Track {
  /** ms */
  lastSeen: number;
  /** in how many it was seen */
  frames = 1;
  /** where it should be in the frame that is looked at, pixels */
  predicted: Box;
  private readonly motion: Motion;
  private readonly votes = new Map<string, number>();
  private topClass: string;

  constructor(
    readonly id: string,
    /** the id is the detector's own */
    readonly isNamed: boolean,
    first: Boxed<SceneDetection>,
    /** ms */
    readonly firstSeen: number,
  ) {
    this.lastSeen = firstSeen;
    this.motion = new Motion(first.box, firstSeen);
    this.predicted = first.box;
    this.topClass = first.class;
    this.vote(first);
  }

  /** What it was seen as most, weighed by confidence: a detector that wavers does not make two things. */
  get class(): string {
    return this.topClass;
  }

  /** Where it is, as far as all its detections tell, pixels. */
  get box(): Box {
    return this.motion.box();
  }

  predict(at: number): void {
    this.predicted = this.motion.predict(at);
  }

  /** @param usualConfidence of the detector; 0 when nothing is known of it */
  see(detection: Boxed<SceneDetection>, at: number, usualConfidence: number): void {
    this.motion.predict(at);
    const lacking = usualConfidence > 0 ? Math.max(0, 1 - detection.confidence / usualConfidence) : 0;
    this.motion.correct(detection.box, 1 + DOUBT * lacking);
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
