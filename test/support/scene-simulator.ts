import { partIn } from '../../src/scene/edge';
import type { Box, SceneDetection } from '../../src/scene/types';
import { seededRandom } from './seed';

export interface SimulationSettings {
  seed: number;
  /** frames a second */
  rate: number;
  seconds: number;
  /** things in the scene at the same time: soon after one has gone the next one comes */
  things: number;
  /** share of the visible things that the detector does not see */
  missed?: number;
  /** false detections, as a share of the true ones */
  falseShare?: number;
  /** share of the detections that get another class */
  wrongClass?: number;
  /** how often a thing goes behind a pillar, per second */
  hidesPerSecond?: number;
  /** ms, the longest time behind a pillar */
  hiddenAtMost?: number;
  /** share of the frames after which none comes for up to 1 s */
  gaps?: number;
  /** the detector's boxes end where a nearer thing covers the thing */
  onlyVisible?: boolean;
  /** highest speed, in sizes of the thing a second */
  speed?: number;
}

export interface SimulatedDetection extends SceneDetection {
  box: Box;
  /** the number of the thing; -1 for a false detection */
  thing: number;
}

export interface SimulatedFrame {
  /** ms */
  at: number;
  detections: SimulatedDetection[];
  /** where everything is that the camera can see */
  truth: { thing: number; box: Box }[];
}

/** What is true of a thing, from the frames there were. */
export interface SimulatedThing {
  thing: number;
  class: string;
  /** ms, in which it could be seen, all in all */
  visibleMs: number;
  /** ms, the longest time between two frames in which it could be seen */
  longestHidden: number;
}

export interface Simulation {
  frames: SimulatedFrame[];
  things: SimulatedThing[];
  size: { width: number; height: number };
}

const SIZE = { width: 1920, height: 1080 };
const CLASSES = ['person', 'car', 'box'];
/** A thing of which nearer ones cover so much is not to be seen. */
const COVERED = 0.6;

interface Thing {
  thing: number;
  class: string;
  isGone: boolean;
  width: number;
  height: number;
  x: number;
  y: number;
  /** sizes a second */
  pace: number;
  /** rad */
  heading: number;
  turnAt: number;
  hiddenUntil: number;
}

/** A made-up scene with known truth: things come in at an edge, turn, stop, pass before others and behind
 * pillars, and go out at an edge; the detector has flaws. */
export function simulate(settings: SimulationSettings): Simulation {
  const random = seededRandom(settings.seed);
  const {
    rate,
    seconds,
    missed = 0.1,
    falseShare = 0.02,
    wrongClass = 0.02,
    gaps = 0.01,
    onlyVisible,
  } = settings;
  const all: Thing[] = [];
  const lanes: Lane[] = Array.from({ length: settings.things }, () => ({
    nextAt: LONGEST_PAUSE * (random() - 0.5),
  }));
  const seen = new Map<number, { first: number; last: number; visible: number; longest: number }>();
  const frames: SimulatedFrame[] = [];
  let at = 0;
  while (at < seconds * 1000) {
    const wait = (1000 / rate) * (0.9 + 0.2 * random());
    const step = random() < gaps ? wait + random() * 1000 : wait;
    at += step;
    for (const lane of lanes) {
      if (lane.thing?.isGone)
        Object.assign(lane, { thing: undefined, nextAt: at + LONGEST_PAUSE * random() });
      if (lane.thing || lane.nextAt > at) continue;
      lane.thing = newThing(all.length, lane.nextAt, settings, random);
      all.push(lane.thing);
    }
    const present = lanes.flatMap(({ thing }) => thing ?? []);
    for (const thing of present) move(thing, step / 1000, at, settings, random);
    const there = present.filter(({ isGone }) => !isGone);
    const visible = there.filter((thing) => isVisible(thing, there, at));
    for (const { thing } of visible) note(seen, thing, at, step);
    frames.push({
      at,
      truth: visible.map((thing) => ({ thing: thing.thing, box: boxOf(thing) })),
      detections: [
        ...visible
          .filter(() => random() >= missed)
          .map((thing) => {
            const detection = detect(thing, wrongClass, random);
            if (onlyVisible) detection.box = visiblePart(detection.box, thing, there);
            return detection;
          }),
        ...visible.filter(() => random() < falseShare).map(() => falseDetection(random)),
      ],
    });
  }
  const things = all.flatMap((thing) => {
    const known = seen.get(thing.thing);
    return known
      ? [{ thing: thing.thing, class: thing.class, visibleMs: known.visible, longestHidden: known.longest }]
      : [];
  });
  return { frames, things, size: SIZE };
}

function note(
  seen: Map<number, { first: number; last: number; visible: number; longest: number }>,
  thing: number,
  at: number,
  step: number,
): void {
  const known = seen.get(thing);
  if (!known) seen.set(thing, { first: at, last: at, visible: 0, longest: 0 });
  else {
    const pause = at - known.last;
    if (pause <= step + 1) known.visible += pause;
    known.longest = Math.max(known.longest, pause);
    known.last = at;
  }
}

/** Of many things each is smaller, so that they do not fill the picture. */
const ROOM_FOR = 12;
/** ms, the longest time before another thing comes for one that has gone */
const LONGEST_PAUSE = 2000;

/** One thing after the other: as many of these as things in the scene. */
interface Lane {
  /** ms, when the next thing comes */
  nextAt: number;
  thing?: Thing;
}

function newThing(
  thing: number,
  at: number,
  { things, speed = 1.5 }: SimulationSettings,
  random: () => number,
): Thing {
  const between = (low: number, high: number) => low + (high - low) * random();
  const height = between(80, 260) * Math.min(1, Math.sqrt(ROOM_FOR / things));
  const isLeft = random() < 0.5;
  return {
    thing,
    class: CLASSES[Math.floor(random() * CLASSES.length)]!,
    isGone: false,
    width: height * between(0.4, 1.6),
    height,
    // those of the start are anywhere, all others come in at an edge
    x: at < 0 ? between(0.05, 0.95) * SIZE.width : isLeft ? 0 : SIZE.width,
    y: between(0.15, 0.85) * SIZE.height,
    pace: between(0.3, 1) * speed,
    heading: (isLeft ? 0 : Math.PI) + between(-0.4, 0.4),
    turnAt: at + between(2000, 8000),
    hiddenUntil: 0,
  };
}

function move(
  thing: Thing,
  seconds: number,
  at: number,
  { hidesPerSecond = 0.05, hiddenAtMost = 1500, speed = 1.5 }: SimulationSettings,
  random: () => number,
): void {
  const size = (thing.width + thing.height) / 2;
  thing.x += Math.cos(thing.heading) * thing.pace * size * seconds;
  thing.y += Math.sin(thing.heading) * thing.pace * size * seconds * 0.5;
  thing.isGone = thing.x < 0 || thing.x > SIZE.width || thing.y < 0 || thing.y > SIZE.height;
  if (at > thing.turnAt) {
    thing.heading += (random() - 0.5) * Math.PI * 0.75;
    thing.pace = random() < 0.2 ? 0 : (0.3 + 0.7 * random()) * speed;
    thing.turnAt = at + 2000 + random() * 6000;
  }
  if (at > thing.hiddenUntil && random() < hidesPerSecond * seconds)
    thing.hiddenUntil = at + 200 + random() * Math.max(hiddenAtMost - 200, 0);
}

function isVisible(thing: Thing, present: readonly Thing[], at: number): boolean {
  if (at < thing.hiddenUntil) return false;
  const bottom = thing.y + thing.height / 2;
  return present.every((other) => {
    if (other === thing || other.y + other.height / 2 <= bottom) return true;
    const across =
      Math.min(thing.x + thing.width / 2, other.x + other.width / 2) -
      Math.max(thing.x - thing.width / 2, other.x - other.width / 2);
    const down =
      Math.min(thing.y + thing.height / 2, other.y + other.height / 2) -
      Math.max(thing.y - thing.height / 2, other.y - other.height / 2);
    return across <= 0 || down <= 0 || across * down < COVERED * thing.width * thing.height;
  });
}

function boxOf({ x, y, width, height }: Thing): Box {
  return { x, y, width, height };
}

function detect(thing: Thing, wrongClass: number, random: () => number): SimulatedDetection {
  const off = () => 1 + 0.08 * (random() + random() + random() - 1.5);
  const box = boxOf(thing);
  return {
    thing: thing.thing,
    class: random() < wrongClass ? CLASSES[Math.floor(random() * CLASSES.length)]! : thing.class,
    confidence: 0.5 + 0.5 * Math.sqrt(random()),
    // detectors see no more of a thing than the picture has
    box: partIn(
      {
        x: box.x + box.width * (off() - 1),
        y: box.y + box.height * (off() - 1),
        width: box.width * off(),
        height: box.height * off(),
      },
      SIZE,
    ),
  };
}

/** Most of a side has to be covered before the box ends there. */
const MOST_OF_A_SIDE = 0.7;

function visiblePart(box: Box, thing: Thing, present: readonly Thing[]): Box {
  const bottom = thing.y + thing.height / 2;
  let part = edgesOf(box);
  for (const other of present) {
    const cover = edgesOf(other);
    if (other === thing || cover.bottom <= bottom) continue;
    const [width, height] = [part.right - part.left, part.bottom - part.top];
    const across = (Math.min(part.right, cover.right) - Math.max(part.left, cover.left)) / width;
    const down = (Math.min(part.bottom, cover.bottom) - Math.max(part.top, cover.top)) / height;
    if (across <= 0 || down <= 0) continue;
    if (down > MOST_OF_A_SIDE && across < MOST_OF_A_SIDE) {
      if (cover.left > part.left && cover.right >= part.right) part = { ...part, right: cover.left };
      else if (cover.right < part.right && cover.left <= part.left) part = { ...part, left: cover.right };
    } else if (across > MOST_OF_A_SIDE && down < MOST_OF_A_SIDE) {
      if (cover.top > part.top && cover.bottom >= part.bottom) part = { ...part, bottom: cover.top };
    }
  }
  return boxWithin(part);
}

interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function edgesOf({ x, y, width, height }: Box): Edges {
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

function boxWithin({ left, top, right, bottom }: Edges): Box {
  return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top };
}

function falseDetection(random: () => number): SimulatedDetection {
  const height = 40 + 200 * random();
  return {
    thing: -1,
    class: CLASSES[Math.floor(random() * CLASSES.length)]!,
    confidence: 0.3 + 0.4 * random(),
    box: {
      x: random() * SIZE.width,
      y: random() * SIZE.height,
      width: height * (0.4 + random()),
      height,
    },
  };
}
