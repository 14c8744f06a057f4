/** How fast what is usual follows the detections, … */
const PACE = 0.02;
/** … and the first ones, as long as little is known: … */
const FIRST_PACE = 0.1;
/** … so many of them, and then slower and slower. */
const FIRST_ONES = 100;
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

/** What most values stay below. */
class Limit {
  value = FIRST_STRANGENESS;
  private learned = 0;

  learn(value: number): void {
    this.learned++;
    const pace = Math.max(PACE, FIRST_PACE * Math.min(1, FIRST_ONES / this.learned));
    const step = value > this.value ? 1 + pace * MOST : 1 - pace * (1 - MOST);
    this.value = Math.max(LEAST_STRANGENESS, this.value * step);
  }
}

/** What is usual for a detector, learned from what it says: how sure it is, how unsteady its boxes and classes are. */
export class Usual {
  /** 0 when nothing is known */
  confidence = 0;
  private readonly mostMisfit = new Limit();
  private readonly mostSurprise = new Limit();
  private otherClass = FIRST_OTHER_CLASS;

  /** What most boxes keep below, of the misfit that `Motion` tells. */
  get misfit(): number {
    return this.mostMisfit.value;
  }

  /** The same of the surprise. */
  get surprise(): number {
    return this.mostSurprise.value;
  }

  /** Its classes say little: it often gives a thing another one than before. */
  get wavers(): boolean {
    return this.otherClass > MOST_OTHER_CLASS;
  }

  /** A confidence as a share of the usual one, at most 1; also 1 when nothing is known. */
  sureness(confidence: number): number {
    return this.confidence > 0 ? Math.min(1, confidence / this.confidence) : 1;
  }

  learnConfidence(confidence: number): void {
    const pace = this.confidence === 0 ? 1 : PACE;
    this.confidence += (confidence - this.confidence) * pace;
  }

  learnMisfit(misfit: number): void {
    this.mostMisfit.learn(misfit);
  }

  learnSurprise(surprise: number): void {
    this.mostSurprise.learn(surprise);
  }

  learnClass(isOther: boolean): void {
    this.otherClass += (Number(isOther) - this.otherClass) * PACE;
  }
}
