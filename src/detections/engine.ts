import { MAX_ANNOTATIONS, MIN_POLYGON_POINTS } from '../event/limits';
import type { AnnotationLists, Classification, Keypoint } from '../event/types';
import { DetectionError } from './detection-error';
import { hull, isBoxOutside, isOutside, mapBox, toCentreBox, toPicture } from './geometry';
import type { Box, CoordinateMap, CoordinateUnit, Frame } from './geometry';
import type { BoxPlan, DeclaredUnit, PointsPlan, RawPoint, RowGroup, RowPlan } from './reading';
import { turnBox, turnPoint } from './turn';
import type { DetectionSettings, NoteCode } from './types';
import { isList, isText, own, toNumber } from './values';

/** What Roboflow's own blocks call a detection without a class. */
const UNKNOWN_CLASS = 'unknown';

/**
 * Coordinates of which all lie in this range are fractions in all likelihood, with a little room for boxes over the
 * edge.
 */
const TINY_FROM = -0.05;
const TINY_TO = 1.05;
/** Boxes may hang over the edge; coordinates of many pictures' widths are pixels. */
const NO_FRACTION = 10;

/** The probabilities of alternatives add up to 1, with a little room for rounding. */
const MOST_OF_ALTERNATIVES = 1.05;

/**
 * Scratch values, so that a row costs no memory but its annotation; nothing here ever waits, so they are never in use
 * twice.
 */
const coordinates = new Float64Array(4);
const scratch: Box = { x: 0, y: 0, width: 0, height: 0 };

/** A row that could not be read, and the remark about it. */
export interface LeftOutRow {
  row: unknown;
  /** where the list of rows is in the payload, when that is known */
  path?: string;
  note: NoteCode;
}

/** What was made of the rows of one image. */
export interface ConvertedRows {
  /** as they travel: each list cut to the API's limit */
  annotations: AnnotationLists;
  /**
   * what values of the event follow from: nothing is cut, but of a list of all classes only the predicted one is in it
   */
  seen: AnnotationLists;
  /** see `ConvertedImage` */
  tracks?: ReadonlyMap<object, string>;
}

type Lists = { [List in keyof AnnotationLists]-?: NonNullable<AnnotationLists[List]> };

/**
 * The one way from rows to annotations. One instance serves one payload: notes, the count of dropped rows and the check
 * for fractions taken as pixels go over all its images.
 */
export class Engine {
  readonly notes = new Set<NoteCode>();
  /** rows that could not be read */
  unread = 0;
  /** rows beyond those that an event takes */
  capped = 0;
  /** the first of the rows that could not be read */
  firstLeftOut: LeftOutRow | undefined;
  /** rows below the mapping's own minimum confidence: they could be read */
  passedOver = 0;
  private lowestCoordinate = Infinity;
  private highestCoordinate = -Infinity;
  /** of the boxes in fractions, the farthest edge of the one that keeps closest to the picture */
  private closestFraction = Infinity;
  /** of the image that is being converted, like the three below */
  private lists!: Lists;
  /** classes of the image that a classifier lists beside the one that it predicted; most images have none */
  private alternatives: Set<object> | undefined;
  private frame!: Frame;
  private tracks: Map<object, string> | undefined;

  constructor(private readonly settings: DetectionSettings) {}

  /**
   * Converts the rows of one image.
   *
   * @throws DetectionError `image-size-required`, `confidence-unit`
   */
  convert(groups: readonly RowGroup[], frame: Frame): ConvertedRows {
    this.lists = newLists();
    this.alternatives = undefined;
    this.tracks = this.settings.trackIds ? new Map() : undefined;
    this.frame = frame;
    for (const group of groups) {
      group.withoutRows?.forEach((element) => this.leaveOut('no-list-inside', element, group));
      if (group.plan.kind === 'classification') this.classify(group);
      else if (group.rows.length > 0) this.detect(group);
    }
    return this.finish();
  }

  /**
   * To be called after all images.
   *
   * @throws DetectionError `units-unclear` when boxes were taken as pixels of which every coordinate is about 0 to 1,
   * or as fractions of which every one lies far outside the picture
   */
  refuseMistakenUnits(): void {
    const sawAny = this.lowestCoordinate <= this.highestCoordinate;
    if (sawAny && this.lowestCoordinate >= TINY_FROM && this.highestCoordinate <= TINY_TO) {
      throw new DetectionError(
        'units-unclear',
        'Set "Coordinates" (units) to fractions, or to pixels if they are meant so: all lie between 0 and 1, as fractions of the picture do, but pixels were expected.',
        ['pixel', 'fraction'],
      );
    }
    if (this.closestFraction > NO_FRACTION && this.closestFraction < Infinity) {
      throw new DetectionError(
        'units-unclear',
        `Set "Coordinates" (units) to pixels, or choose another "Format" (format): all boxes reach beyond ${NO_FRACTION} times the picture, so these are not fractions of it.`,
        ['pixel', 'fraction'],
      );
    }
  }

  private classify(group: RowGroup): void {
    const { rows, plan } = group;
    const before = this.lists.classifications.length;
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index];
      if (
        !hasClass(plan.readClass(row, index, group)) &&
        isUnrated(plan.readConfidence?.(row, index, group))
      ) {
        this.leaveOut('missing-class', row, group);
        continue;
      }
      if (this.isBelowMinimum(row, index, group)) continue;
      const confidence = this.confidence(row, index, group);
      const found = { class: this.className(row, index, group), confidence };
      this.lists.classifications.push(found);
      if (plan.isPredicted?.(row, index, group) === false) this.setAside(found);
    }
    if (plan.predicted === 'top') this.setAsideAlternatives(this.lists.classifications.slice(before));
  }

  /**
   * Only the most confident one was predicted, unless the confidences add up to more than those of alternatives can.
   */
  private setAsideAlternatives(found: readonly Classification[]): void {
    const sum = found.reduce((total, { confidence }) => total + confidence, 0);
    if (sum > MOST_OF_ALTERNATIVES) return;
    let top: Classification | undefined;
    for (const one of found) if (!top || one.confidence > top.confidence) top = one;
    for (const one of found) if (one !== top) this.setAside(one);
  }

  private setAside(alternative: Classification): void {
    this.alternatives ??= new Set();
    this.alternatives.add(alternative);
  }

  private detect(group: RowGroup): void {
    const { rows } = group;
    const maps = this.mapsFor(group);
    if (!maps) {
      rows.forEach((row, index) => this.leaveOutUnplaced(row, index, group));
      return;
    }
    for (let index = 0; index < rows.length; index++) this.detectRow(rows[index], index, group, maps);
  }

  /** A row of which only the size of the picture is missing is an error, unless boxes shall be skipped then. */
  private leaveOutUnplaced(row: unknown, index: number, group: RowGroup): void {
    if (!hasGeometry(row, index, group)) this.leaveOut('missing-box', row, group);
    else if (this.isBelowMinimum(row, index, group)) return;
    else if (this.settings.onMissingSize === 'skip-boxes') this.leaveOut('boxes-skipped', row, group);
    else
      throw new DetectionError('image-size-required', sizeRequiredMessage(this.frame.source !== undefined));
  }

  private detectRow(row: unknown, index: number, group: RowGroup, maps: Maps): void {
    const { plan } = group;
    if (!mayHavePlace(row, plan)) return this.leaveOut('missing-box', row, group);
    if (isTooShort(row, plan)) return this.leaveOut('bad-number', row, group);
    if (this.isBelowMinimum(row, index, group)) return;
    if (plan.hasMask?.(row)) this.notes.add('mask-not-converted');

    const found = this.readBox(plan, row, index, group, maps.box);
    if (found === 'bad-number' || found === 'degenerate-box') return this.leaveOut(found, row, group);
    const keypoints = plan.keypoints && this.readKeypoints(plan.keypoints, row, index, group, maps.keypoints);
    const points = plan.points && this.readPolygon(plan.points, row, index, group, maps.points);
    if (found === 'absent' && !this.deriveBox(keypoints, points))
      return this.leaveOut('missing-box', row, group);
    if (isBoxOutside(scratch, this.frame.picture)) this.notes.add('box-outside-image');

    const { x, y, width, height } = scratch;
    const name = this.className(row, index, group);
    const confidence = this.confidence(row, index, group);
    let annotation: object;
    if (keypoints && keypoints.length > 0) {
      const found = { class: name, x, y, width, height, confidence, keypoints };
      this.lists.keypoints.push((annotation = found));
    } else if (points && points.length >= MIN_POLYGON_POINTS) {
      const found = { class: name, x, y, width, height, confidence, points };
      this.lists.instanceSegmentations.push((annotation = found));
    } else {
      if (keypoints) this.notes.add('no-keypoints');
      if (points) this.notes.add('polygon-too-short');
      const found = { class: name, x, y, width, height, confidence };
      this.lists.objectDetections.push((annotation = found));
    }
    const track = this.tracks && trackId(plan.readTrack?.(row, index, group));
    if (track !== undefined) this.tracks?.set(annotation, track);
  }

  private leaveOut(note: NoteCode, row: unknown, { path }: RowGroup): void {
    this.unread++;
    this.notes.add(note);
    this.firstLeftOut ??= { row, path, note };
  }

  /**
   * True when the row needs no more work: it is passed over, or left out because it lacks the confidence that would
   * decide.
   */
  private isBelowMinimum(row: unknown, index: number, group: RowGroup): boolean {
    const { minConfidence, confidenceUnit, readConfidence } = group.plan;
    if (minConfidence === undefined) return false;
    const sent = toNumber(readConfidence?.(row, index, group));
    if (Number.isNaN(sent) && this.settings.defaultConfidence === undefined) {
      this.leaveOut('missing-confidence', row, group);
      return true;
    }
    const value = Number.isNaN(sent) ? (this.settings.defaultConfidence ?? 0) : sent;
    const isBelow =
      (confidenceUnit === 'percent' && !Number.isNaN(sent) ? value / 100 : value) < minConfidence;
    if (isBelow) this.passedOver++;
    return isBelow;
  }

  /** Reads the row's box into the scratch box, in picture pixels. */
  private readBox(
    plan: RowPlan,
    row: unknown,
    index: number,
    group: RowGroup,
    map: CoordinateMap | undefined,
  ): 'read' | 'absent' | 'bad-number' | 'degenerate-box' {
    const { box: boxPlan } = plan;
    if (!boxPlan || !boxPlan.read(row, coordinates, index, group)) return 'absent';
    const a = coordinates[0] as number;
    const b = coordinates[1] as number;
    const c = coordinates[2] as number;
    const d = coordinates[3] as number;
    if (!Number.isFinite(a + b + c + d)) return 'bad-number';
    const upwards = boxPlan.units === 'onvif';
    if (toCentreBox(boxPlan.convention, a, b, c, d, upwards, scratch)) this.notes.add('corners-swapped');
    if (map) mapBox(map, scratch);
    if (this.frame.stored) turnBox(this.frame.stored, scratch);
    if (!isBox(scratch)) return 'degenerate-box';
    if (this.mayBeFractions(boxPlan.units)) this.watchCoordinates(a, b, c, d);
    else if (!this.frame.source && this.unitsOf(boxPlan.units) === 'fraction')
      this.watchFractions(a, b, c, d);
    return 'read';
  }

  private watchFractions(a: number, b: number, c: number, d: number): void {
    const farthest = Math.max(Math.abs(a), Math.abs(b), Math.abs(c), Math.abs(d));
    if (farthest < this.closestFraction) this.closestFraction = farthest;
  }

  private watchCoordinates(a: number, b: number, c: number, d: number): void {
    const lowest = Math.min(a, b, c, d);
    const highest = Math.max(a, b, c, d);
    if (lowest < this.lowestCoordinate) this.lowestCoordinate = lowest;
    if (highest > this.highestCoordinate) this.highestCoordinate = highest;
  }

  /** A box around the keypoints or the polygon of a row that has none. */
  private deriveBox(
    keypoints: readonly Keypoint[] | undefined,
    points: readonly (readonly [number, number])[] | undefined,
  ): boolean {
    const corners = keypoints?.length ? keypoints.map(({ x, y }) => [x, y] as const) : points;
    if (!corners?.length) return false;
    const around = hull(corners);
    if (!isBox(around)) return false;
    Object.assign(scratch, around);
    this.notes.add('box-derived');
    return true;
  }

  /** The polygon; an empty one when a point cannot be read, for the others alone would be another shape. */
  private readPolygon(
    plan: PointsPlan,
    row: unknown,
    index: number,
    group: RowGroup,
    map: CoordinateMap | undefined,
  ): [number, number][] | undefined {
    const raw = plan.read(row, index, group);
    if (!raw) return undefined;
    const watch = this.watchesPoints(group.plan, plan);
    const points: [number, number][] = [];
    for (const point of raw) {
      const mapped = this.mapPoint(point, map, watch);
      if (!mapped) return [];
      points.push(mapped);
    }
    return points;
  }

  private readKeypoints(
    plan: PointsPlan,
    row: unknown,
    index: number,
    group: RowGroup,
    map: CoordinateMap | undefined,
  ): Keypoint[] | undefined {
    const raw = plan.read(row, index, group);
    if (!raw) return undefined;
    const watch = this.watchesPoints(group.plan, plan);
    const keypoints: Keypoint[] = [];
    raw.forEach((point, position) => {
      const mapped = this.mapPoint(point, map, watch);
      if (!mapped) return;
      const [x, y] = mapped;
      const id = Number.isInteger(point.id) ? (point.id as number) : position;
      keypoints.push(point.occluded === undefined ? { id, x, y } : { id, x, y, occluded: point.occluded });
    });
    return keypoints;
  }

  /** Points count for the check for fractions only where no box can. */
  private watchesPoints(plan: RowPlan, points: PointsPlan): boolean {
    return !plan.box && this.mayBeFractions(points.units);
  }

  private mayBeFractions(units: DeclaredUnit): boolean {
    return units === 'auto' && this.settings.units !== 'pixel' && this.settings.units !== 'fraction';
  }

  /** The point in picture pixels; undefined, with a note, when it has no usable numbers. */
  private mapPoint(
    point: RawPoint,
    map: CoordinateMap | undefined,
    watch: boolean,
  ): [number, number] | undefined {
    const sentX = toNumber(point.x);
    const sentY = toNumber(point.y);
    let x = map ? map.scaleX * sentX + map.shiftX : sentX;
    let y = map ? map.scaleY * sentY + map.shiftY : sentY;
    if (this.frame.stored) [x, y] = turnPoint(this.frame.stored, x, y);
    if (!Number.isFinite(x + y)) {
      this.notes.add('bad-number');
      return undefined;
    }
    if (watch) this.watchCoordinates(sentX, sentY, sentX, sentY);
    if (isOutside(x, y, this.frame.picture)) this.notes.add('points-outside-image');
    return [x, y];
  }

  private className(row: unknown, index: number, group: RowGroup): string {
    const { plan } = group;
    const value = plan.readClass(row, index, group);
    if (hasClass(value)) return this.nameOf(value, plan);
    this.notes.add('missing-class');
    const id = plan.readClassId ? plan.readClassId(row, index, group) : own(row, 'class_id');
    if (isText(id) || typeof id === 'number') return String(id);
    if (isText(this.settings.defaultClass)) return this.settings.defaultClass;
    return plan.fallbackClass ?? UNKNOWN_CLASS;
  }

  /**
   * A name by the format's class map, or a class number by the setting `labels`; without an entry it stays as it is.
   */
  private nameOf(value: string | number, plan: RowPlan): string {
    const { classNames } = plan;
    if (classNames) {
      const mapped = own(classNames, value);
      if (typeof mapped === 'string') return mapped;
      this.notes.add('class-not-in-map');
    } else if (
      plan.classNumberNeedsLabel &&
      this.settings.labels?.length &&
      Number.isInteger(Number(value))
    ) {
      const label = own(this.settings.labels, Number(value));
      if (isText(label)) return label;
      this.notes.add('class-not-in-map');
    }
    return String(value);
  }

  private confidence(row: unknown, index: number, group: RowGroup): number {
    const { plan } = group;
    const sent = toNumber(plan.readConfidence?.(row, index, group));
    if (Number.isNaN(sent)) {
      this.notes.add('missing-confidence');
      return this.settings.defaultConfidence ?? 0;
    }
    const value = plan.confidenceUnit === 'percent' ? sent / 100 : sent;
    if (value >= 0 && value <= 1) return value;
    if (plan.confidenceUnit === 'fraction' && value > plan.percentEvidence) throw percentSent(sent);
    this.notes.add('confidence-clamped');
    return value < 0 ? 0 : 1;
  }

  /** The maps to picture pixels; undefined when a size is missing. */
  private mapsFor(group: RowGroup): Maps | undefined {
    const { plan } = group;
    const box = this.mapFor(plan.box);
    const points = this.mapFor(plan.points) ?? unusedMap(plan.points, group);
    const keypoints = this.mapFor(plan.keypoints) ?? unusedMap(plan.keypoints, group);
    if (box === 'same' && points === 'same' && keypoints === 'same') return UNMAPPED;
    if (box && points && keypoints)
      return { box: plainMap(box), points: plainMap(points), keypoints: plainMap(keypoints) };
    return undefined;
  }

  /** `same` for pixels that stay as they are; undefined when a size is missing. */
  private mapFor(plan: BoxPlan | PointsPlan | undefined): CoordinateMap | 'same' | undefined {
    if (!plan) return 'same';
    const units = this.unitsOf(plan.units);
    if (units === 'pixel' && !this.frame.source) return 'same';
    return toPicture(units, this.frame);
  }

  private unitsOf(units: DeclaredUnit): CoordinateUnit {
    if (units !== 'auto') return units;
    return this.settings.units === 'fraction' ? 'fraction' : 'pixel';
  }

  private finish(): ConvertedRows {
    const { lists, alternatives, tracks } = this;
    if (!alternatives) return { annotations: this.cappedLists(), seen: lists, tracks };
    const predicted = lists.classifications.filter((one) => !alternatives.has(one));
    return { annotations: this.cappedLists(), seen: { ...lists, classifications: predicted }, tracks };
  }

  private cappedLists(): AnnotationLists {
    const capped: AnnotationLists = {};
    const { objectDetections, classifications, instanceSegmentations, keypoints } = this.lists;
    if (objectDetections.length) capped.objectDetections = this.cap(objectDetections);
    if (classifications.length) capped.classifications = this.cap(classifications);
    if (instanceSegmentations.length) capped.instanceSegmentations = this.cap(instanceSegmentations);
    if (keypoints.length) capped.keypoints = this.cap(keypoints);
    return capped;
  }

  /** Keeps the most confident entries in their order; of equal ones the first. */
  private cap<Entry extends { confidence: number }>(entries: Entry[]): Entry[] {
    if (entries.length <= MAX_ANNOTATIONS) return entries;
    this.notes.add('list-capped');
    this.capped += entries.length - MAX_ANNOTATIONS;
    return entries
      .map((entry, position) => ({ entry, position }))
      .sort((a, b) => b.entry.confidence - a.entry.confidence || a.position - b.position)
      .slice(0, MAX_ANNOTATIONS)
      .sort((a, b) => a.position - b.position)
      .map(({ entry }) => entry);
  }
}

/** Detectors send -1, null, an empty text or the highest number there is for an object that they do not track. */
const NO_TRACK: ReadonlySet<string> = new Set([
  '',
  '-1',
  'null',
  'None',
  '18446744073709551615',
  '18446744073709552000',
]);

function trackId(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const id = String(value).trim();
  return NO_TRACK.has(id) ? undefined : id;
}

interface Maps {
  box: CoordinateMap | undefined;
  points: CoordinateMap | undefined;
  keypoints: CoordinateMap | undefined;
}

/** Pixels of the picture, as most formats send them. */
const UNMAPPED: Maps = { box: undefined, points: undefined, keypoints: undefined };

function isTooShort(row: unknown, { leastLength }: RowPlan): boolean {
  return leastLength !== undefined && isList(row) && row.length < leastLength;
}

/** A row that is a mere value has no place in it, but may have one beside it. */
function mayHavePlace(row: unknown, plan: RowPlan): boolean {
  return (typeof row === 'object' && row !== null) || plan.hasColumns === true;
}

/** The row has a box of numbers, a polygon or keypoints. */
function hasGeometry(row: unknown, index: number, group: RowGroup): boolean {
  if (!mayHavePlace(row, group.plan)) return false;
  const { box, points, keypoints } = group.plan;
  if (box?.read(row, coordinates, index, group)) return coordinates.every(Number.isFinite);
  return [points, keypoints].some((plan) => plan?.read(row, index, group)?.length);
}

/** Points that need an unknown size do not matter when no row has any: the boxes may be pixels. */
function unusedMap(plan: PointsPlan | undefined, group: RowGroup): 'same' | undefined {
  const isUsed = group.rows.some((row, index) => {
    return typeof row === 'object' && row !== null && Boolean(plan?.read(row, index, group)?.length);
  });
  return isUsed ? undefined : 'same';
}

function plainMap(map: CoordinateMap | 'same'): CoordinateMap | undefined {
  return map === 'same' ? undefined : map;
}

function newLists(): Lists {
  return { objectDetections: [], classifications: [], instanceSegmentations: [], keypoints: [] };
}

function hasClass(value: unknown): value is string | number {
  return isText(value) || (typeof value === 'number' && Number.isFinite(value));
}

function isUnrated(confidence: unknown): boolean {
  return Number.isNaN(toNumber(confidence));
}

/** A box with an area and without an overflow. */
function isBox({ x, y, width, height }: Box): boolean {
  return width > 0 && height > 0 && Number.isFinite(x + y + width + height);
}

function percentSent(confidence: number): DetectionError {
  return new DetectionError(
    'confidence-unit',
    `Choose "Custom mapping" with "confidenceUnit": "percent", or fix the sender: a confidence of ${confidence} was sent where 0 to 1 was expected.`,
    ['fraction', 'percent'],
  );
}

function sizeRequiredMessage(scaled: boolean): string {
  const why = scaled
    ? 'scaling the boxes from the size the detector saw needs that of the picture'
    : 'the boxes are parts of the picture, so pixels need its size';
  return `Enter "Picture size" (imageWidth), send msg.imageWidth and msg.imageHeight, or attach the picture: ${why}, and nothing gives it.`;
}
