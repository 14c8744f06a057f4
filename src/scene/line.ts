import { Interval } from './count';
import { counts, type Thing } from './thing';
import type { Boxed } from './track';
import type { Moment, SceneDetection, SceneFrame, SceneSettings, Zone } from './types';
import { anchorOf, crossing, distance, placed, type Direction, type Point } from './zones';

/**
 * A thing has crossed when it is so far behind the line, in shares of its size: one that stands on the line does not
 * cross it again and again.
 */
const BEHIND = 0.05;

/** Where one thing is to the line. */
interface Passage {
  /** where it was last, clear of the line, pixels */
  lastClear?: Point;
  /** crossed before it was confirmed */
  early: Direction[];
}

/** A line across the picture: what crosses it, and how much since the last time. */
export class Line<Kept, Detection extends SceneDetection> {
  private readonly interval: Interval;
  private readonly passages = new WeakMap<Thing, Passage>();
  private crossed: Record<Direction, number> = { in: 0, out: 0 };
  /** something went out at some time: until then nobody asks for that number */
  private hasOut = false;

  /** @param tell takes what happens */
  constructor(
    private readonly zone: Zone,
    private readonly settings: SceneSettings,
    private readonly tell: (moment: Moment<Kept, Detection>) => void,
  ) {
    this.interval = new Interval(settings.countEvery);
  }

  /** A thing was seen. @param isKnown confirmed; until then its crossings are kept */
  see(thing: Thing, detection: Boxed<Detection>, frame: SceneFrame<Kept, Detection>, isKnown: boolean): void {
    const passage = this.passages.get(thing) ?? { early: [] };
    this.passages.set(thing, passage);
    const direction = this.move(passage, detection, frame);
    if (direction) passage.early.push(direction);
    if (!isKnown) return;
    for (const one of passage.early.splice(0)) this.cross(one, thing, detection, frame);
  }

  /** Tells how many crossed, where the interval is over. */
  tellCount(at: number, frame: SceneFrame<Kept, Detection>): void {
    const since = this.interval.over(at);
    if (since === undefined) return;
    const { zone, crossed, hasOut } = this;
    const directions: Direction[] = hasOut ? ['in', 'out'] : ['in'];
    for (const direction of directions) {
      this.tell({
        kind: 'count',
        ...(zone.classes.length === 1 && { class: zone.classes[0] }),
        zone: zone.name,
        direction,
        count: crossed[direction],
        since,
        until: at,
        durationMs: at - since,
        confidence: 0,
        frames: 0,
        detections: [],
        kept: frame.kept,
      });
    }
    this.crossed = { in: 0, out: 0 };
  }

  /** @returns the direction in which the thing has just crossed the line */
  private move(
    passage: Passage,
    { box }: Boxed<Detection>,
    { size }: SceneFrame<Kept, Detection>,
  ): Direction | undefined {
    if (!size) return undefined;
    const line = placed(this.zone, size);
    const point = anchorOf(box, this.settings.anchor);
    if (distance(line, point) < BEHIND * Math.sqrt(box.width * box.height)) return undefined;
    const before = passage.lastClear;
    passage.lastClear = point;
    return before && crossing(line, before, point);
  }

  private cross(
    direction: Direction,
    thing: Thing,
    detection: Boxed<Detection>,
    frame: SceneFrame<Kept, Detection>,
  ): void {
    if (!counts(this.zone, thing.class)) return;
    this.crossed[direction]++;
    if (direction === 'out') this.hasOut = true;
    if (!this.settings.moments.includes('crossed')) return;
    const since = thing.track?.firstSeen ?? frame.at;
    this.tell({
      kind: 'crossed',
      class: thing.class,
      trackId: thing.id,
      zone: this.zone.name,
      direction,
      since,
      until: frame.at,
      durationMs: frame.at - since,
      confidence: detection.confidence,
      frames: thing.track?.frames ?? 1,
      detections: [detection],
      kept: frame.kept,
    });
  }
}
