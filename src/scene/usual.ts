/** How fast what is usual follows the detections. */
const PACE = 0.02;
/** The share of the boxes that shall be less strange than is usual. */
const MOST = 0.95;
/** What is usual before anything is known, … */
const FIRST_STRANGENESS = 10;
/** … and for the steadiest detector: things turn, and look wider or narrower then. */
const LEAST_STRANGENESS = 4;
/** A detector wavers that gives a thing another class more often than this, … */
const MOST_OTHER_CLASS = 0.05;
/** … as it is taken to do before anything is known. */
const FIRST_OTHER_CLASS = 0.06;

/** What is usual for a detector, learned from what it says: how sure it is, how unsteady its boxes and classes are. */
export class Usual {
  /** 0 when nothing is known */
  confidence = 0;
  /** what most boxes keep below, of the misfit that `Motion` tells */
  misfit = FIRST_STRANGENESS;
  /** the same of the surprise */
  surprise = FIRST_STRANGENESS;
  private otherClass = FIRST_OTHER_CLASS;

  /** Its classes say little: it often gives a thing another one than before. */
  get wavers(): boolean {
    return this.otherClass > MOST_OTHER_CLASS;
  }

  learnConfidence(confidence: number): void {
    const pace = this.confidence === 0 ? 1 : PACE;
    this.confidence += (confidence - this.confidence) * pace;
  }

  learnMisfit(misfit: number): void {
    this.misfit = mostBelow(this.misfit, misfit);
  }

  learnSurprise(surprise: number): void {
    this.surprise = mostBelow(this.surprise, surprise);
  }

  learnClass(isOther: boolean): void {
    this.otherClass += (Number(isOther) - this.otherClass) * PACE;
  }
}

/** Moves a limit so that most values stay below it. */
function mostBelow(limit: number, value: number): number {
  const step = value > limit ? 1 + PACE * MOST : 1 - PACE * (1 - MOST);
  return Math.max(LEAST_STRANGENESS, limit * step);
}
