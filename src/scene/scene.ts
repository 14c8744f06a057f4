import { Area, LONGEST_SILENCE } from './area';
import type { BestFrames } from './best-frames';
import { Line } from './line';
import { newThing, type Thing } from './thing';
import type { Boxed, Track } from './track';
import { Tracker } from './tracker';
import type { Box, Moment, SceneDetection, SceneFrame, SceneSettings, SingleThing } from './types';

/** A thing of the last frame, as it is followed. */
export interface SeenThing {
  id: string;
  class: string;
  /** pixels */
  box: Box;
  /** seen often enough to count */
  isConfirmed: boolean;
}

/**
 * One camera's view over time: takes frames, answers with the moments that matter. Pure; times are those of the frames.
 */
export class Scene<Kept, Detection extends SceneDetection = SceneDetection> {
  private readonly tracker: Tracker;
  private readonly things = new Map<Track | string, Thing>();
  private readonly areas: Area<Kept, Detection>[];
  private readonly lines: Line<Kept, Detection>[];
  private lastAt = -Infinity;
  private frameNumber = 0;
  private moments: Moment<Kept, Detection>[] = [];
  private seen: [thing: Thing, box: Box][] = [];

  /** @param frames where the best frames are kept; several scenes may share it */
  constructor(
    private readonly settings: SceneSettings,
    frames: BestFrames<Kept>,
  ) {
    const { zones } = settings;
    this.tracker = new Tracker(settings.confirm.hits);
    const tell = (moment: Moment<Kept, Detection>) => this.moments.push(moment);
    const areas = zones.filter(({ kind }) => kind === 'area');
    this.areas = (areas.length > 0 ? areas : [undefined]).map(
      (zone) => new Area(zone, settings, frames, tell),
    );
    this.lines = zones.filter(({ kind }) => kind === 'line').map((zone) => new Line(zone, settings, tell));
  }

  /** How many things are in the scene: confirmed, and not gone. */
  get size(): number {
    return new Set(this.areas.flatMap(({ confirmed }) => confirmed)).size;
  }

  /** The time of the last frame, ms; -Infinity before the first. */
  get lastFrameAt(): number {
    return this.lastAt;
  }

  /** What the last frame showed, where things are followed. */
  get lastSeen(): SeenThing[] {
    return this.seen.map(([thing, box]) => ({
      id: thing.id,
      class: thing.class,
      box,
      isConfirmed: this.isKnown(thing),
    }));
  }

  /**
   * Takes a frame.
   *
   * @returns what happened; undefined when the frame is older than the last one, and was left out
   */
  frame(frame: SceneFrame<Kept, Detection>): Moment<Kept, Detection>[] | undefined {
    if (!(frame.at >= this.lastAt)) return undefined;
    this.moments = [];
    // Who is seen again in the first frame after its time was up has not left; unless that frame comes late.
    this.endLost(frame.at - this.lastAt > this.settings.lostAfter ? frame.at : this.lastAt);
    this.lastAt = frame.at;
    this.frameNumber++;
    this.seen = [];
    if (this.settings.trackBy === 'never') this.seeClasses(frame, frame.detections, this.areas);
    else this.follow(frame);
    this.endLost(frame.at);
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
    if (this.wantsCounts)
      for (const { countDueAt } of this.areas)
        if (countDueAt !== undefined) due.push(Math.max(countDueAt, lostAt));
    return due.length > 0 ? Math.min(...due) : undefined;
  }

  /** Forgets everything, and tells nothing. */
  clear(): void {
    for (const area of this.areas) area.clear();
    this.things.clear();
  }

  /** Where only lines are drawn they are what is counted, not the whole picture as well. */
  private get countsAreas(): boolean {
    return this.lines.length === 0 || this.areas.some(({ zone }) => zone !== undefined);
  }

  private get wantsCounts(): boolean {
    return this.settings.moments.includes('count');
  }

  private follow(frame: SceneFrame<Kept, Detection>): void {
    const boxed: Boxed<Detection>[] = [];
    const unplaced: Detection[] = [];
    for (const detection of frame.detections) {
      if (isBoxed(detection)) boxed.push(detection);
      else unplaced.push(detection);
    }
    const tracks = this.tracker.update(frame.at, boxed, frame.size);
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

  private thingOf(track: Track, single: SingleThing | undefined): Thing {
    const thing = this.things.get(track) ?? newThing(track.id, track);
    this.things.set(track, thing);
    thing.class = track.class;
    if (single) thing.single = single;
    return thing;
  }

  private seeThing(thing: Thing, detection: Boxed<Detection>, frame: SceneFrame<Kept, Detection>): void {
    thing.lastSeen = frame.at;
    thing.looks++;
    thing.lastFrame = this.frameNumber;
    this.seen.push([thing, detection.box]);
    for (const area of this.areas)
      if (area.holds(thing.class, detection, frame)) area.see(thing, detection, frame, this.frameNumber);
    if (this.lines.length === 0) return;
    const isKnown = this.isKnown(thing);
    for (const line of this.lines) line.see(thing, detection, frame, isKnown);
  }

  /** Without tracks: of each class the most confident one in each area stands for all. */
  private seeClasses(
    frame: SceneFrame<Kept, Detection>,
    detections: readonly Detection[],
    areas: readonly Area<Kept, Detection>[],
  ): void {
    if (detections.length === 0) return;
    for (const area of areas) {
      const best = new Map<string, Detection>();
      for (const detection of detections) {
        const known = best.get(detection.class);
        if (known && known.confidence >= detection.confidence) continue;
        if (area.holds(detection.class, detection, frame)) best.set(detection.class, detection);
      }
      for (const [name, detection] of best) {
        const thing = this.things.get(name) ?? newThing(name);
        this.things.set(name, thing);
        thing.lastSeen = frame.at;
        area.see(thing, detection, frame, this.frameNumber);
      }
    }
  }

  /** Confirmed as a thing, be it in an area or not. */
  private isKnown(thing: Thing): boolean {
    return (
      thing.single?.isConfirmed === true ||
      this.areas.some((area) => area.hasConfirmed(thing)) ||
      (thing.track?.frames ?? 0) >= this.settings.confirm.hits
    );
  }

  /** What was not seen for long enough has left. */
  private endLost(at: number): void {
    for (const area of this.areas) area.endLost(at);
    const { lostAfter } = this.settings;
    const isLost = (thing: Thing) =>
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

  /**
   * Not confirmed, and missed so often that what was seen of it no longer helps: it shall not take the place of another
   * thing.
   */
  private isHopeless(thing: Thing): boolean {
    const { hits, frames } = this.settings.confirm;
    return !thing.single && this.frameNumber - thing.lastFrame > frames - hits && !this.isKnown(thing);
  }

  private endThing(key: Track | string): void {
    const thing = this.things.get(key);
    if (!thing) return;
    for (const area of this.areas) area.end(thing);
    this.things.delete(key);
    if (typeof key !== 'string') this.tracker.forget((track) => track === key);
  }

  private tellCounts(at: number, frame?: SceneFrame<Kept, Detection>): void {
    if (!this.wantsCounts) return;
    if (this.countsAreas) for (const area of this.areas) area.tellCount(at, frame);
    if (frame) for (const line of this.lines) line.tellCount(at, frame);
  }
}

function isBoxed<Detection extends SceneDetection>(detection: Detection): detection is Boxed<Detection> {
  return detection.box !== undefined;
}
