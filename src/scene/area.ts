import type { BestFrames } from './best-frames';
import { Interval, StableCount } from './count';
import { frameQuality } from './quality';
import { counts, type Thing } from './thing';
import type { Moment, SceneDetection, SceneFrame, SceneSettings, Zone } from './types';
import { Visit } from './visit';
import { anchorOf, isInside, placed } from './zones';

/** A thing whose detector would say when it is gone, and does not, is forgotten after that, ms. */
export const LONGEST_SILENCE = 3_600_000;

/** An area of the picture, or all of it: who is there, and how many. */
export class Area<Kept, Detection extends SceneDetection> {
  private readonly count: StableCount;
  private readonly interval: Interval;
  /** those that go on */
  private readonly visits = new Map<Thing, Visit<Detection>>();

  /**
   * @param zone undefined: the whole picture
   * @param frames where the best frames are kept
   * @param tell takes what happens
   */
  constructor(
    readonly zone: Zone | undefined,
    private readonly settings: SceneSettings,
    private readonly frames: BestFrames<Kept>,
    private readonly tell: (moment: Moment<Kept, Detection>) => void,
  ) {
    this.count = new StableCount(settings.countStable);
    this.interval = new Interval(settings.countEvery);
  }

  /** The things that are there for certain. */
  get confirmed(): Thing[] {
    return [...this.visits].filter(([, { isConfirmed }]) => isConfirmed).map(([thing]) => thing);
  }

  /** When a count is to be told if nothing changes, ms. */
  get countDueAt(): number | undefined {
    return this.count.dueAt;
  }

  hasConfirmed(thing: Thing): boolean {
    return this.visits.get(thing)?.isConfirmed === true;
  }

  holds(name: string, { box }: Detection, { size }: SceneFrame<Kept, Detection>): boolean {
    if (!this.zone) return true;
    if (!counts(this.zone, name) || !box || !size) return false;
    return isInside(placed(this.zone, size), anchorOf(box, this.settings.anchor));
  }

  /** A thing was seen there. @param number of the frame */
  see(thing: Thing, detection: Detection, frame: SceneFrame<Kept, Detection>, number: number): void {
    const visit = this.visits.get(thing) ?? new Visit<Detection>();
    this.visits.set(thing, visit);
    const { confirm, stayAfter } = this.settings;
    // a message of one thing says nothing of the others: each has frames of its own
    const look = thing.single ? thing.looks : number;
    const needed = thing.single?.isConfirmed ? { hits: 1, frames: 1 } : confirm;
    const isNew = visit.see(detection, frame.at, look, needed);
    this.keepBest(visit, detection, frame);
    if (isNew) {
      this.tellOf('appeared', thing, visit, this.bestOf(visit, frame));
      if (!this.wants('left')) this.frames.drop(visit);
    }
    if (visit.isConfirmed && !visit.hasStayed && frame.at - visit.since >= stayAfter) {
      visit.hasStayed = true;
      this.tellOf('stayed', thing, visit, { detection, kept: frame.kept });
    }
  }

  /** What was not seen there for long enough has left. */
  endLost(at: number): void {
    for (const [thing, visit] of this.visits) {
      const isSilent = thing.single?.saysEnd && at - thing.lastSeen <= LONGEST_SILENCE;
      const now = isSilent ? thing.lastSeen : at;
      if (now - visit.lastSeen > this.settings.lostAfter) this.end(thing);
    }
  }

  end(thing: Thing): void {
    const visit = this.visits.get(thing);
    if (!visit) return;
    if (visit.isConfirmed) this.tellOf('left', thing, visit, this.bestOf(visit));
    this.frames.drop(visit);
    this.visits.delete(thing);
  }

  /** @param frame undefined: the clock tells, with the last frame that came */
  tellCount(at: number, frame?: SceneFrame<Kept, Detection>): void {
    const there = [...this.visits].filter(([, { isConfirmed }]) => isConfirmed);
    if (frame) this.keepLast(frame);
    const changed = this.count.note(there.length, at);
    const startOfInterval = frame && this.interval.over(at);
    const since = changed?.since ?? startOfInterval;
    if (since === undefined) return;
    // one that is hidden just now stands where it was seen last
    const detections = there.flatMap(([, { last }]) => last ?? []);
    const classes = new Set(there.map(([thing]) => thing.class));
    if (classes.size === 0) this.zone?.classes.forEach((name) => classes.add(name));
    this.tell({
      kind: 'count',
      ...(classes.size === 1 && { class: [...classes][0] }),
      ...(this.zone && { zone: this.zone.name }),
      count: there.length,
      since,
      until: at,
      durationMs: at - since,
      confidence: lowestConfidence(detections),
      frames: Math.max(0, ...there.map(([, { frames }]) => frames)),
      detections,
      kept: this.frames.get(this)?.kept,
    });
  }

  /** Forgets everything, and tells nothing. */
  clear(): void {
    for (const visit of this.visits.values()) this.frames.drop(visit);
    this.frames.drop(this);
    this.visits.clear();
  }

  private wants(kind: Moment<Kept>['kind']): boolean {
    return this.settings.moments.includes(kind);
  }

  private keepBest(visit: Visit<Detection>, detection: Detection, frame: SceneFrame<Kept, Detection>): void {
    const isNeeded = this.wants('left') || (this.wants('appeared') && !visit.isConfirmed);
    // the frame that confirms still counts
    if (!isNeeded && !(this.wants('appeared') && this.frames.get(visit))) return;
    const quality = frameQuality(detection.confidence, detection.box, frame.size);
    if (this.frames.offer(visit, quality, frame.kept, frame)) visit.best = detection;
  }

  private bestOf(visit: Visit<Detection>, frame?: SceneFrame<Kept, Detection>) {
    const kept = this.frames.get(visit);
    const detection = (kept && visit.best) ?? visit.last;
    return { detection, kept: kept ? kept.kept : frame?.kept };
  }

  private keepLast(frame: SceneFrame<Kept, Detection>): void {
    this.frames.drop(this);
    this.frames.offer(this, 0, frame.kept, frame);
  }

  private tellOf(
    kind: 'appeared' | 'left' | 'stayed',
    thing: Thing,
    { since, lastSeen: until, frames }: Visit<Detection>,
    { detection, kept }: { detection: Detection | undefined; kept: Kept | undefined },
  ): void {
    if (!this.wants(kind)) return;
    this.tell({
      kind,
      class: thing.class,
      trackId: thing.id,
      ...(this.zone && { zone: this.zone.name }),
      since,
      ...(kind !== 'appeared' && { until, durationMs: until - since }),
      confidence: detection?.confidence ?? 0,
      frames,
      detections: detection ? [detection] : [],
      kept,
    });
  }
}

function lowestConfidence(detections: readonly SceneDetection[]): number {
  return detections.length > 0 ? Math.min(...detections.map(({ confidence }) => confidence)) : 0;
}
