/** What our tracker is compared with: re-implemented for that only. */
import { assign } from '../../src/scene/assignment';
import { overlap } from '../../src/scene/overlap';
import type { Box } from '../../src/scene/types';
import { byFrame, lastFrame, type MotBox } from './mot';

const LEAST_OVERLAP = 0.3;

/** The plain way: the box of the frame before that overlaps most, greedy, without motion and without patience. */
export function plainOverlap(detections: readonly MotBox[]): MotBox[] {
  const frames = byFrame(detections);
  const told: MotBox[] = [];
  let before: MotBox[] = [];
  let nextId = 1;
  for (let frame = 1; frame <= lastFrame(detections); frame++) {
    const open = new Set(before);
    before = (frames.get(frame) ?? []).map((detection) => {
      let [best, most] = [undefined as MotBox | undefined, LEAST_OVERLAP];
      for (const other of open) {
        const share = overlap(other.box, detection.box);
        if (share >= most) [best, most] = [other, share];
      }
      if (best) open.delete(best);
      return { ...detection, id: best?.id ?? nextId++ };
    });
    told.push(...before);
  }
  return told;
}

/** SORT (Bewley and others 2016) with its published settings: max_age 1, min_hits 3, IoU 0.3. */
export function sort(detections: readonly MotBox[], { maxAge = 1, minHits = 3 } = {}): MotBox[] {
  const frames = byFrame(detections);
  const told: MotBox[] = [];
  let tracks: SortTrack[] = [];
  let nextId = 1;
  for (let frame = 1; frame <= lastFrame(detections); frame++) {
    for (const track of tracks) track.predict();
    const seen = frames.get(frame) ?? [];
    const cost = seen.map(({ box }) => tracks.map((track) => 1 - overlap(box, track.box())));
    const columnOf = assign(cost);
    seen.forEach((detection, row) => {
      const column = columnOf[row]!;
      if (column >= 0 && 1 - cost[row]![column]! >= LEAST_OVERLAP) tracks[column]!.update(detection.box);
      else tracks.push(new SortTrack(nextId++, detection.box));
    });
    for (const track of tracks) {
      if (track.sinceUpdate < 1 && (track.hitStreak >= minHits || frame <= minHits))
        told.push({ frame, id: track.id, box: track.box(), confidence: 1 });
    }
    tracks = tracks.filter((track) => track.sinceUpdate <= maxAge);
  }
  return told;
}

/**
 * The filter of SORT: x, y, area and ratio of width and height, speeds of the first three. Its matrices couple each
 * speed with its own coordinate only, so that four small filters are the same as the one of seven states.
 */
class SortTrack {
  sinceUpdate = 0;
  hitStreak = 0;
  private readonly x: SortCoordinate;
  private readonly y: SortCoordinate;
  private readonly area: SortCoordinate;
  private readonly ratio: SortCoordinate;

  constructor(
    readonly id: number,
    box: Box,
  ) {
    this.x = new SortCoordinate(box.x, 1, 0.01);
    this.y = new SortCoordinate(box.y, 1, 0.01);
    this.area = new SortCoordinate(box.width * box.height, 10, 0.0001);
    this.ratio = new SortCoordinate(box.width / box.height, 10, 0, false);
  }

  predict(): void {
    if (this.area.speed + this.area.value <= 0) this.area.speed = 0;
    for (const one of [this.x, this.y, this.area, this.ratio]) one.predict();
    if (this.sinceUpdate > 0) this.hitStreak = 0;
    this.sinceUpdate++;
  }

  update(box: Box): void {
    this.sinceUpdate = 0;
    this.hitStreak++;
    this.x.update(box.x);
    this.y.update(box.y);
    this.area.update(box.width * box.height);
    this.ratio.update(box.width / box.height);
  }

  box(): Box {
    const width = Math.sqrt(Math.max(this.area.value * this.ratio.value, 1e-9));
    return { x: this.x.value, y: this.y.value, width, height: this.area.value / width };
  }
}

/** One coordinate and its speed; the numbers are those of the published program: P, Q and R of `sort.py`. */
class SortCoordinate {
  speed = 0;
  private p = 10;
  private shared = 0;
  private speedP: number;

  constructor(
    public value: number,
    private readonly r: number,
    private readonly speedQ: number,
    hasSpeed = true,
  ) {
    this.speedP = hasSpeed ? 10_000 : 0;
  }

  predict(): void {
    this.value += this.speed;
    this.p += 2 * this.shared + this.speedP + 1;
    this.shared += this.speedP;
    this.speedP += this.speedQ;
  }

  update(measured: number): void {
    const total = this.p + this.r;
    const [gain, speedGain] = [this.p / total, this.shared / total];
    const surprise = measured - this.value;
    this.value += gain * surprise;
    this.speed += speedGain * surprise;
    this.speedP -= speedGain * this.shared;
    this.shared *= 1 - gain;
    this.p *= 1 - gain;
  }
}
