/** How fast what is usual follows the detections. */
const CONFIDENCE_PACE = 0.02;
const MISFIT_PACE = 0.02;
/** The misfit below which most boxes shall lie. */
const MOST = 0.95;
/** Before anything is known, … */
const FIRST_MISFIT = 10;
/** … and for the steadiest detector: things turn, and look wider or narrower then. */
const LEAST_MISFIT = 4;

/** What is usual for a detector, learned from what it says: how sure it is, and how unsteady its boxes are. */
export class Usual {
  /** 0 when nothing is known */
  confidence = 0;
  /** what most boxes keep below, of the misfit that `Motion` tells */
  misfit = FIRST_MISFIT;

  learnConfidence(confidence: number): void {
    const pace = this.confidence === 0 ? 1 : CONFIDENCE_PACE;
    this.confidence += (confidence - this.confidence) * pace;
  }

  learnMisfit(misfit: number): void {
    const step = misfit > this.misfit ? 1 + MISFIT_PACE * MOST : 1 - MISFIT_PACE * (1 - MOST);
    this.misfit = Math.max(LEAST_MISFIT, this.misfit * step);
  }
}
