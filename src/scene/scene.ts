import { BestFrames } from './best-frames';
import { Interval, StableCount } from './count';
import { LineCrossings } from './line-crossings';
import { frameQuality } from './quality';
import type { Boxed, Track } from './track';
import { Tracker } from './tracker';
import type {
  Box,
  Moment,
  MomentKind,
  SceneDetection,
  SceneFrame,
  SceneSettings,
  SingleThing,
  Zone,
} from './types';
import { Visit } from './visit';
import { anchorOf, isInside, placed, type Direction } from './zones';

/** A thing whose detector would say when it is gone, and does not, is forgotten after that, ms. */
const LONGEST_SILENCE = 3_600_000;

/** What is known of a thing, or of a class where nothing is tracked. */
interface Thing<Detection extends SceneDetection> {
  id: string;
  class: string;
  track?: Track;
  /** ms */
  lastSeen: number;
  /** frames that could have shown it */
  looks: number;
  /** the number of the frame that showed it last */
  lastFrame: number;
  single?: SingleThing;
  /** one for each area */
  visits: Visit<Detection>[];
  /** one for each line */
  lines: LineCrossings[];
  /** crossed before it was confirmed */
  early: { line: number; direction: Direction; at: number }[];
}

interface Area<Detection extends SceneDetection> {
  zone?: Zone;
  count: StableCount;
  interval: Interval;
  /** the visits that go on */
  open: Set<{ thing: Thing<Detection>; visit: Visit<Detection> }>;
}

interface Line {
  zone: Zone;
  interval: Interval;
  crossed: Record<Direction, number>;
  /** something went out at some time: until then nobody asks for that number */
  hasOut: boolean;
}

/** One camera's view over time: takes frames, answers with the moments that matter. Pure; times are those of the frames. */
export class Scene<Kept, Detection extends SceneDetection = SceneDetection> {
  private readonly tracker = new Tracker();
  private readonly things = new Map<Track | string, Thing<Detection>>();
  private readonly areas: Area<Detection>[];
  private readonly lines: Line[];
  private readonly wanted: ReadonlySet<MomentKind>;
  private lastAt = -Infinity;
  private frameNumber = 0;
  private moments: Moment<Kept, Detection>[] = [];

  /** @param frames where the best frames are kept; several scenes may share it */
  constructor(
    private readonly settings: SceneSettings,
    private readonly frames: BestFrames<Kept>,
  ) {
    const { zones, countStable, countEvery } = settings;
    const areas = zones.filter(({ kind }) => kind === 'area');
    const area = (zone?: Zone): Area<Detection> => ({
      zone,
      count: new StableCount(countStable),
      interval: new Interval(countEvery),
      open: new Set(),
    });
    this.areas = areas.length > 0 ? areas.map(area) : [area()];
    this.lines = zones
      .filter(({ kind }) => kind === 'line')
      .map((zone) => ({
        zone,
        interval: new Interval(countEvery),
        crossed: { in: 0, out: 0 },
        hasOut: false,
      }));
    this.wanted = new Set(settings.moments);
  }

  /** How many things are in the scene: confirmed, and not gone. */
  get size(): number {
    const there = new Set<Thing<Detection>>();
    for (const { open } of this.areas)
      for (const { thing, visit } of open) if (visit.isConfirmed) there.add(thing);
    return there.size;
  }

  /** The time of the last frame, ms; -Infinity before the first. */
  get lastFrameAt(): number {
    return this.lastAt;
  }

  /**
   * Takes a frame.
   *
   * @returns what happened; undefined when the frame is older than the last one, and was left out
   */
  frame(frame: SceneFrame<Kept, Detection>): Moment<Kept, Detection>[] | undefined {
    if (!(frame.at >= this.lastAt)) return undefined;
    this.moments = [];
    this.endLost(frame.at);
    this.lastAt = frame.at;
    this.frameNumber++;
    if (this.settings.trackBy === 'never') this.seeClasses(frame, frame.detections, this.areas);
    else this.follow(frame);
    this.tellCounts(frame.at, frame);
    return this.moments;
  }

  /**
   * No frame came until this time: what was not seen for long enough is gone.
   *
   * @param at ms, as the frames' own time would be now
   */
  quiet(at: number): Moment<Kept, Detection>[] {
    this.moments = [];
    if (!(at - this.lastAt > this.settings.lostAfter)) return this.moments;
    this.endLost(at);
    this.tellCounts(at);
    // with an empty scene nothing depends on the old time any more: a clock that was set back is taken as it is
    if (this.things.size === 0 && this.quietDueAt === undefined) this.lastAt = -Infinity;
    return this.moments;
  }

  /** When `quiet` has something to do if no frame comes; ms, undefined when it has not. */
  get quietDueAt(): number | undefined {
    const lostAt = this.lastAt + this.settings.lostAfter + 1;
    const due: number[] = this.things.size > 0 ? [lostAt] : [];
    if (this.wanted.has('count'))
      for (const { count } of this.areas)
        if (count.dueAt !== undefined) due.push(Math.max(count.dueAt, lostAt));
    return due.length > 0 ? Math.min(...due) : undefined;
  }

  /** Forgets everything, and tells nothing. */
  clear(): void {
    for (const { open } of this.areas) for (const { visit } of open) this.frames.drop(visit);
    for (const area of this.areas) this.frames.drop(area);
    this.things.clear();
  }

  private follow(frame: SceneFrame<Kept, Detection>): void {
    const boxed: Boxed<Detection>[] = [];
    const unplaced: Detection[] = [];
    for (const detection of frame.detections) {
      if (isBoxed(detection)) boxed.push(detection);
      else unplaced.push(detection);
    }
    const tracks = this.tracker.update(frame.at, boxed);
    tracks.forEach((track, index) => {
      if (track) this.seeThing(this.thingOf(track, frame.single), boxed[index]!, frame);
    });
    // classes of the whole picture have no place: they are there or not
    this.seeClasses(
      frame,
      unplaced,
      this.areas.filter(({ zone }) => !zone),
    );
    if (frame.single?.isEnd) for (const track of tracks) if (track) this.endThing(track);
  }

  private thingOf(track: Track, single: SingleThing | undefined): Thing<Detection> {
    let thing = this.things.get(track);
    if (!thing) {
      thing = { ...this.newThing(track.id), track };
      this.things.set(track, thing);
    }
    thing.class = track.class;
    if (single) thing.single = single;
    return thing;
  }

  private newThing(id: string): Thing<Detection> {
    return {
      id,
      class: id,
      lastSeen: -Infinity,
      looks: 0,
      lastFrame: 0,
      visits: this.areas.map(({ zone }) => new Visit<Detection>(zone?.name)),
      lines: this.lines.map(({ zone }) => new LineCrossings(zone)),
      early: [],
    };
  }

  private seeThing(
    thing: Thing<Detection>,
    detection: Boxed<Detection>,
    frame: SceneFrame<Kept, Detection>,
  ): void {
    thing.lastSeen = frame.at;
    thing.looks++;
    thing.lastFrame = this.frameNumber;
    this.areas.forEach((_area, index) => {
      if (this.isIn(index, thing.class, detection, frame)) this.seeIn(index, thing, detection, frame);
    });
    this.crossLines(thing, detection, frame);
  }

  /** Without tracks: of each class the most confident one in each area stands for all. */
  private seeClasses(
    frame: SceneFrame<Kept, Detection>,
    detections: readonly Detection[],
    areas: readonly Area<Detection>[],
  ): void {
    if (detections.length === 0) return;
    for (const area of areas) {
      const index = this.areas.indexOf(area);
      const best = new Map<string, Detection>();
      for (const detection of detections) {
        const known = best.get(detection.class);
        if (known && known.confidence >= detection.confidence) continue;
        if (this.isIn(index, detection.class, detection, frame)) best.set(detection.class, detection);
      }
      for (const [name, detection] of best) {
        const thing = this.things.get(name) ?? this.newThing(name);
        this.things.set(name, thing);
        thing.lastSeen = frame.at;
        this.seeIn(index, thing, detection, frame);
      }
    }
  }

  private isIn(
    index: number,
    name: string,
    { box }: Detection,
    { size }: SceneFrame<Kept, Detection>,
  ): boolean {
    const zone = this.areas[index]?.zone;
    if (!zone) return true;
    if (!counts(zone, name) || !box || !size) return false;
    return isInside(placed(zone, size), anchorOf(box, this.settings.anchor));
  }

  private seeIn(
    index: number,
    thing: Thing<Detection>,
    detection: Detection,
    frame: SceneFrame<Kept, Detection>,
  ): void {
    const visit = thing.visits[index]!;
    if (!visit.isOpen) this.areas[index]!.open.add({ thing, visit });
    const { confirm, stayAfter } = this.settings;
    // a message of one thing says nothing of the others: each has frames of its own
    const number = thing.single ? thing.looks : this.frameNumber;
    const needed = thing.single?.isConfirmed ? { hits: 1, frames: 1 } : confirm;
    const isNew = visit.see(detection, frame.at, number, needed);
    this.keepBest(visit, detection, frame);
    if (isNew) {
      this.tell('appeared', thing, visit, this.bestOf(visit, frame));
      if (!this.wanted.has('left')) this.frames.drop(visit);
    }
    if (visit.isConfirmed && !visit.hasStayed && frame.at - visit.since >= stayAfter) {
      visit.hasStayed = true;
      this.tell('stayed', thing, visit, { detection, kept: frame.kept });
    }
  }

  private keepBest(visit: Visit<Detection>, detection: Detection, frame: SceneFrame<Kept, Detection>): void {
    const isNeeded = this.wanted.has('left') || (this.wanted.has('appeared') && !visit.isConfirmed);
    // the frame that confirms still counts
    if (!isNeeded && !(this.wanted.has('appeared') && this.frames.get(visit))) return;
    const quality = frameQuality(detection.confidence, detection.box, frame.size);
    if (this.frames.offer(visit, quality, frame.kept, frame)) visit.best = detection;
  }

  private bestOf(visit: Visit<Detection>, frame?: SceneFrame<Kept, Detection>) {
    const kept = this.frames.get(visit);
    const detection = (kept && visit.best) ?? visit.last;
    return { detection, kept: kept ? kept.kept : frame?.kept };
  }

  private crossLines(
    thing: Thing<Detection>,
    { box }: Boxed<Detection>,
    frame: SceneFrame<Kept, Detection>,
  ): void {
    if (this.lines.length === 0) return;
    const { size } = frame;
    if (size) {
      const point = anchorOf(box, this.settings.anchor);
      thing.lines.forEach((crossings, line) => {
        const direction = crossings.move(point, Math.sqrt(box.width * box.height), size);
        if (direction) thing.early.push({ line, direction, at: frame.at });
      });
    }
    if (thing.early.length === 0 || !this.isKnown(thing)) return;
    for (const { line, direction } of thing.early.splice(0))
      this.tellCrossing(line, direction, thing, box, frame);
  }

  /** Confirmed as a thing, be it in an area or not. */
  private isKnown(thing: Thing<Detection>): boolean {
    return (
      thing.single?.isConfirmed === true ||
      thing.visits.some(({ isConfirmed }) => isConfirmed) ||
      (thing.track?.frames ?? 0) >= this.settings.confirm.hits
    );
  }

  private tellCrossing(
    index: number,
    direction: Direction,
    thing: Thing<Detection>,
    box: Box,
    frame: SceneFrame<Kept, Detection>,
  ): void {
    const line = this.lines[index]!;
    if (!counts(line.zone, thing.class)) return;
    line.crossed[direction]++;
    if (direction === 'out') line.hasOut = true;
    if (!this.wanted.has('crossed')) return;
    const detection = frame.detections.find((one) => one.box === box);
    this.moments.push({
      kind: 'crossed',
      class: thing.class,
      trackId: thing.id,
      zone: line.zone.name,
      direction,
      since: thing.track?.firstSeen ?? frame.at,
      until: frame.at,
      durationMs: frame.at - (thing.track?.firstSeen ?? frame.at),
      confidence: detection?.confidence ?? 0,
      frames: thing.track?.frames ?? 1,
      detections: detection ? [detection] : [],
      kept: frame.kept,
    });
  }

  private tell(
    kind: 'appeared' | 'left' | 'stayed',
    thing: Thing<Detection>,
    visit: Visit<Detection>,
    { detection, kept }: { detection: Detection | undefined; kept: Kept | undefined },
  ): void {
    if (!this.wanted.has(kind)) return;
    const until = visit.lastSeen;
    this.moments.push({
      kind,
      class: thing.class,
      trackId: thing.id,
      ...(visit.zone !== undefined && { zone: visit.zone }),
      since: visit.since,
      ...(kind !== 'appeared' && { until, durationMs: until - visit.since }),
      confidence: detection?.confidence ?? 0,
      frames: visit.frames,
      detections: detection ? [detection] : [],
      kept,
    });
  }

  /** What was not seen for long enough has left. */
  private endLost(at: number): void {
    const { lostAfter } = this.settings;
    for (const area of this.areas) {
      for (const open of area.open) {
        const { thing, visit } = open;
        const now = thing.single?.saysEnd && at - thing.lastSeen <= LONGEST_SILENCE ? thing.lastSeen : at;
        if (now - visit.lastSeen > lostAfter) this.endVisit(area, open);
      }
    }
    const isLost = (thing: Thing<Detection>) =>
      at - thing.lastSeen > (thing.single?.saysEnd ? LONGEST_SILENCE : lostAfter);
    this.tracker.forget((track) => {
      const thing = this.things.get(track);
      return !thing || isLost(thing) || this.isHopeless(thing);
    });
    const alive = new Set<Track | string>(this.tracker.all);
    for (const [key, thing] of this.things) {
      if (typeof key === 'string' ? isLost(thing) : !alive.has(key)) this.endThing(key);
    }
  }

  /** Not confirmed, and missed so often that what was seen of it no longer helps: it shall not take the place of another thing. */
  private isHopeless(thing: Thing<Detection>): boolean {
    const { hits, frames } = this.settings.confirm;
    return !thing.single && this.frameNumber - thing.lastFrame > frames - hits && !this.isKnown(thing);
  }

  private endThing(key: Track | string): void {
    const thing = this.things.get(key);
    if (!thing) return;
    for (const area of this.areas)
      for (const open of area.open) if (open.thing === thing) this.endVisit(area, open);
    this.things.delete(key);
    if (typeof key !== 'string') this.tracker.forget((track) => track === key);
  }

  private endVisit(area: Area<Detection>, open: { thing: Thing<Detection>; visit: Visit<Detection> }): void {
    const { thing, visit } = open;
    if (visit.isConfirmed) this.tell('left', thing, visit, this.bestOf(visit));
    this.frames.drop(visit);
    visit.end();
    area.open.delete(open);
  }

  private tellCounts(at: number, frame?: SceneFrame<Kept, Detection>): void {
    if (!this.wanted.has('count')) return;
    for (const area of this.areas) {
      const there = [...area.open].filter(({ visit }) => visit.isConfirmed);
      // the clock may have to tell a count later, with the last frame that came
      if (frame) this.keepLast(area, frame);
      const changed = area.count.note(there.length, at);
      const startOfInterval = frame && area.interval.over(at);
      const since = changed?.since ?? startOfInterval;
      if (since !== undefined) this.tellCount(area, there, since, at);
    }
    if (frame) for (const line of this.lines) this.tellLine(line, at, frame);
  }

  private keepLast(area: Area<Detection>, frame: SceneFrame<Kept, Detection>): void {
    this.frames.drop(area);
    this.frames.offer(area, 0, frame.kept, frame);
  }

  private tellCount(
    area: Area<Detection>,
    there: readonly { thing: Thing<Detection>; visit: Visit<Detection> }[],
    since: number,
    until: number,
  ): void {
    // one that is hidden just now stands where it was seen last
    const detections = there.flatMap(({ visit }) => visit.last ?? []);
    const classes = new Set(there.map(({ thing }) => thing.class));
    if (classes.size === 0) area.zone?.classes.forEach((name) => classes.add(name));
    this.moments.push({
      kind: 'count',
      ...(classes.size === 1 && { class: [...classes][0] }),
      ...(area.zone && { zone: area.zone.name }),
      count: there.length,
      since,
      until,
      durationMs: until - since,
      confidence: lowestConfidence(detections),
      frames: Math.max(0, ...there.map(({ visit }) => visit.frames)),
      detections,
      kept: this.frames.get(area)?.kept,
    });
  }

  private tellLine(line: Line, at: number, frame: SceneFrame<Kept, Detection>): void {
    const since = line.interval.over(at);
    if (since === undefined) return;
    const { zone, crossed, hasOut } = line;
    const directions: Direction[] = hasOut ? ['in', 'out'] : ['in'];
    for (const direction of directions) {
      this.moments.push({
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
    line.crossed = { in: 0, out: 0 };
  }
}

function isBoxed<Detection extends SceneDetection>(detection: Detection): detection is Boxed<Detection> {
  return detection.box !== undefined;
}

function counts({ classes }: Zone, name: string): boolean {
  return classes.length === 0 || classes.includes(name.trim());
}

function lowestConfidence(detections: readonly SceneDetection[]): number {
  return detections.length > 0 ? Math.min(...detections.map(({ confidence }) => confidence)) : 0;
}
