import { DetectionError } from './detection-error';
import type { BoxConvention, CoordinateUnit } from './geometry';
import { checkMapping } from './check-mapping';
import { findRows, follow, parsePath } from './path';
import type { FoundRows, PathStep } from './path';
import { readPoints, shorterThanOthers, UNREADABLE, withoutZeros } from './points';
import type { PointShape, ThirdValue } from './points';
import { putArray, putFour } from './reading';
import type {
  BoxPlan,
  DeclaredUnit,
  ImageReading,
  PointsPlan,
  RawPoint,
  Reader,
  RowGroup,
  RowPlan,
} from './reading';
import type { Size, SourceFit } from './types';
import { isObject } from '../json-object';
import { has, isList, own, toNumber, toSize } from './values';

/**
 * A path into a row; with a leading `../` into the element of the list around it; with a leading `/` into the payload,
 * where `[$i]` is the row's position (parallel lists).
 */
export type ValuePath = string;

/**
 * The declarative way from a payload to annotations: what `custom` takes and what presets are. The words are explained
 * for users in docs/formats.md.
 */
export interface Mapping {
  list: string;
  whenListMissing?: 'error' | 'empty';
  passOver?: string[];
  kind?: 'boxes' | 'classification';
  class: ValuePath | { const: string } | { key: true };
  classMap?: Record<string, string>;
  predicted?: 'top' | 'all';
  confidence?: ValuePath | { const: number };
  confidenceUnit?: 'fraction' | 'percent';
  /** the detector's own id of the object, for the scene */
  track?: ValuePath;
  minConfidence?: number;
  box?: {
    convention: BoxConvention;
    units: CoordinateUnit;
    fields: ValuePath | [ValuePath, ValuePath, ValuePath, ValuePath];
  };
  points?: MappedPoints;
  keypoints?: MappedPoints & { third?: ThirdValue; id?: string };
  imageSize?: { width: string; height: string } | { path: string; order: 'wh' | 'hw' };
  sourceSize?:
    | { width: number; height: number; fit?: SourceFit }
    | { path: string; order: 'wh' | 'hw'; fit?: SourceFit };
  fit?: SourceFit;
  stripCodeFence?: boolean;
}

/** Points: a list of them, or several values of which each is one. */
export interface MappedPoints {
  path: ValuePath | ValuePath[];
  /** how the list is written; `fields` in its place: where x and y are in a point */
  shape?: PointShape;
  fields?: [ValuePath, ValuePath];
  /** points at exactly 0, 0 are those that were not found */
  notFound?: 'zero';
  units: CoordinateUnit;
}

/** A mapping made ready for many messages. */
export interface CompiledMapping {
  mapping: Mapping;
  plan: RowPlan;
  list: PathStep[];
  parallelLists: PathStep[][];
}

/**
 * A "fraction" above this cannot be an amount of change or a score: someone sends percent. Stricter for the formats
 * that are known to send probabilities (`PERCENT_EVIDENCE`), for there the unit is not the user's own word.
 */
const DECLARED_FRACTION_EVIDENCE = 10;

const compiledMappings = new WeakMap<object, CompiledMapping>();
const compiledTexts = new Map<string, CompiledMapping>();
/** One for each node that uses a text; beyond it the texts come from messages and are not worth keeping. */
const MAX_COMPILED_TEXTS = 100;

/**
 * The user's mapping, checked and compiled; the same object or text is compiled once.
 *
 * @throws DetectionError `invalid-mapping`, naming the first wrong property
 */
export function compileCustom(mapping: unknown): CompiledMapping {
  if (typeof mapping === 'string') return compileText(mapping);
  if (typeof mapping !== 'object' || mapping === null) return compileChecked(mapping);
  let compiled = compiledMappings.get(mapping);
  if (!compiled) compiledMappings.set(mapping, (compiled = compileChecked(mapping)));
  return compiled;
}

function compileText(text: string): CompiledMapping {
  const known = compiledTexts.get(text);
  if (known) return known;
  const compiled = compileChecked(text);
  if (compiledTexts.size >= MAX_COMPILED_TEXTS) compiledTexts.clear();
  compiledTexts.set(text, compiled);
  return compiled;
}

function compileChecked(mapping: unknown): CompiledMapping {
  const [error] = checkMapping(mapping);
  if (error) {
    const where = error.path ? `"${error.path}": ` : '';
    throw new DetectionError('invalid-mapping', `The mapping is not usable. ${where}${error.message}`);
  }
  return compileMapping((typeof mapping === 'string' ? JSON.parse(mapping) : mapping) as Mapping);
}

/**
 * Turns a checked mapping into readers, so that no path is parsed while messages flow.
 *
 * @param pixelUnits `auto` for presets, whose pixels the setting `units` may declare to be fractions; a user's own word
 * is final
 */
export function compileMapping(mapping: Mapping, pixelUnits: 'pixel' | 'auto' = 'pixel'): CompiledMapping {
  const parallelLists: PathStep[][] = [];
  const reader = (path: ValuePath) => valueReader(path, parallelLists);
  const unit = (units: CoordinateUnit): DeclaredUnit => (units === 'pixel' ? pixelUnits : units);
  const confidence = mapping.confidence;
  const plan: RowPlan = {
    kind: mapping.kind ?? 'boxes',
    readClass: classReader(mapping.class, reader),
    classNames: mapping.classMap,
    classNumberNeedsLabel: true,
    readConfidence: typeof confidence === 'string' ? reader(confidence) : constantConfidence(confidence),
    confidenceUnit: mapping.confidenceUnit ?? 'fraction',
    readTrack: mapping.track === undefined ? undefined : reader(mapping.track),
    percentEvidence: DECLARED_FRACTION_EVIDENCE,
    predicted: mapping.predicted === 'top' ? 'top' : undefined,
    minConfidence: mapping.minConfidence,
    box: mapping.box && boxPlan(mapping.box, unit(mapping.box.units), reader),
    points: mapping.points && pointsPlan(mapping.points, unit(mapping.points.units), reader),
    keypoints: mapping.keypoints && pointsPlan(mapping.keypoints, unit(mapping.keypoints.units), reader),
    leastLength: leastLengthOf(mapping),
    hasColumns: hasColumns(mapping),
    hasMask: carriesRunLengths,
  };
  return { mapping, plan, list: steps(mapping.list.replace(/^map:/, '')), parallelLists };
}

/** One more than the last position in the row that the mapping reads. */
function leastLengthOf({ class: from, confidence, box }: Mapping): number {
  const fields = box === undefined || typeof box.fields === 'string' ? [] : box.fields;
  const positions = [from, confidence, ...fields].map((path) =>
    typeof path === 'string' ? Number(/^\[?(\d+)/.exec(path)?.[1] ?? -1) : -1,
  );
  return 1 + Math.max(...positions);
}

/** Each number of the box is the row itself, or stands at the row's position in a list beside the list of rows. */
function hasColumns({ box }: Mapping): boolean {
  return Array.isArray(box?.fields) && box.fields.every((path) => path === '' || /^\/.*\[\$i\]/.test(path));
}

/** COCO run-length encoding, under the names that COCO results and Roboflow use. */
export function carriesRunLengths(row: unknown): boolean {
  return has(own(row, 'segmentation'), 'counts') || has(own(row, 'rle'), 'counts');
}

/**
 * The rows of a payload by a compiled mapping, or undefined when the list is missing.
 *
 * @throws DetectionError `parallel-length-mismatch`
 */
export function readByMapping(payload: unknown, compiled: CompiledMapping): ImageReading | undefined {
  const found = findRows(payload, compiled.list, compiled.mapping.passOver);
  if (!found) return mayListBeMissing(payload, compiled) ? { groups: [], isListMissing: true } : undefined;
  for (const list of compiled.parallelLists) {
    const parallel = follow(payload, list);
    if (isList(parallel) ? parallel.length !== found.rows.length : found.rows.length > 0) {
      throw parallelMismatch(found.rows.length, isList(parallel) ? parallel.length : 0, list);
    }
  }
  const { imageSize, sourceSize, fit } = compiled.mapping;
  const source = sourceSize && sizeFrom(payload, sourceSize);
  return {
    size: imageSize && sizeFrom(payload, imageSize),
    source: source ? { size: source, fit: sourceSize.fit ?? fit ?? 'squash' } : needsSource(compiled, found),
    groups: [
      {
        rows: found.rows,
        names: found.keys,
        outerOf: found.outerOf,
        withoutRows: found.without?.filter((element) => !isPassedOver(element, compiled.mapping)),
        plan: compiled.plan,
        path: compiled.mapping.list,
        payload,
      },
    ],
  };
}

/** Boxes count in a size that the mapping declares: without it nobody knows where they are. */
function needsSource({ mapping }: CompiledMapping, { rows }: FoundRows): 'missing' | undefined {
  return mapping.sourceSize && rows.length > 0 ? 'missing' : undefined;
}

/** An element on the list's path that is something else than a detection, by a key that says so. */
function isPassedOver(element: unknown, { passOver = [] }: Mapping): boolean {
  return passOver.some((key) => has(element, key));
}

/** Only a list that is not there may be missing: something else in its place is an error. */
function mayListBeMissing(payload: unknown, { mapping, list }: CompiledMapping): boolean {
  if (mapping.whenListMissing !== 'empty' || !isObject(payload)) return false;
  const firstEach = list.findIndex((step) => 'each' in step);
  const value = follow(payload, firstEach < 0 ? list : list.slice(0, firstEach));
  return value === undefined || value === null;
}

function parallelMismatch(rows: number, others: number, list: PathStep[]): DetectionError {
  const name = list.map((step) => ('key' in step ? step.key : '')).join('.');
  return new DetectionError(
    'parallel-length-mismatch',
    `Check the detector's output or the paths of the mapping: the list of boxes has ${rows} entries, the list "${name}" has ${others}, so they cannot be paired.`,
  );
}

function sizeFrom(
  payload: unknown,
  from: NonNullable<Mapping['imageSize'] | Mapping['sourceSize']>,
): Size | undefined {
  if ('path' in from) {
    const pair = follow(payload, steps(from.path));
    return from.order === 'wh' ? toSize(own(pair, 0), own(pair, 1)) : toSize(own(pair, 1), own(pair, 0));
  }
  const side = (value: string | number) =>
    typeof value === 'number' ? value : toNumber(follow(payload, steps(value)));
  return toSize(side(from.width), side(from.height));
}

function steps(path: string): PathStep[] {
  const parsed = parsePath(path);
  if (typeof parsed === 'string') throw new DetectionError('invalid-mapping', parsed);
  return parsed;
}

const OUTER = '../';

function valueReader(path: ValuePath, parallelLists: PathStep[][]): Reader {
  if (path.startsWith(OUTER)) return outerReader(path);
  if (!path.startsWith('/')) {
    const [only, ...more] = steps(path);
    // nearly all paths are one key: spare them the loop
    if (only && more.length === 0 && 'key' in only) return (row) => own(row, only.key);
    const all = steps(path);
    return (row) => follow(row, all);
  }
  const [listPath = '', rest] = path.slice(1).split('[$i]');
  const list = steps(listPath);
  if (rest === undefined) return (_row, _index, group) => follow(group.payload, list);
  parallelLists.push(list);
  const inner = steps(rest.replace(/^\./, ''));
  return (_row, index, group) => follow(own(follow(group.payload, list), index), inner);
}

function outerReader(path: ValuePath): Reader {
  let levels = 0;
  while (path.startsWith(OUTER, levels * OUTER.length)) levels++;
  const inner = steps(path.slice(levels * OUTER.length));
  return (_row, index, group) => follow(group.outerOf?.(index)[levels - 1], inner);
}

function classReader(from: Mapping['class'], reader: (path: ValuePath) => Reader): Reader {
  if (typeof from === 'string') return reader(from);
  if ('key' in from) return (_row, index, group) => group.names?.[index];
  return () => from.const;
}

/** A constant of 0 is how a mapping says "none": the row counts as one without confidence. */
function constantConfidence(confidence: { const: number } | undefined): Reader | undefined {
  return confidence && confidence.const > 0 ? () => confidence.const : undefined;
}

function boxPlan(
  box: NonNullable<Mapping['box']>,
  units: DeclaredUnit,
  reader: (path: ValuePath) => Reader,
): BoxPlan {
  const { convention, fields } = box;
  if (typeof fields === 'string') {
    const readArray = reader(fields);
    return {
      convention,
      units,
      read: (row, out, index, group) => putArray(out, readArray(row, index, group)),
    };
  }
  const [readA, readB, readC, readD] = fields.map(reader) as [Reader, Reader, Reader, Reader];
  return {
    convention,
    units,
    read: (row, out, index, group) =>
      putFour(
        out,
        readA(row, index, group),
        readB(row, index, group),
        readC(row, index, group),
        readD(row, index, group),
      ),
  };
}

function pointsPlan(
  points: MappedPoints & { third?: ThirdValue; id?: string },
  units: DeclaredUnit,
  reader: (path: ValuePath) => Reader,
): PointsPlan {
  const readValue = pointsReader(points.path, reader);
  const readList = pointListReader(points);
  const idSteps = points.id === undefined ? undefined : steps(points.id);
  return {
    units,
    read(row: unknown, index: number, group: RowGroup) {
      const value = readValue(row, index, group);
      const found = readList(value);
      if (idSteps && isList(value)) {
        found?.forEach((point) => {
          const id = follow(value[Number(point.id)], idSteps);
          if (Number.isInteger(id)) point.id = id;
        });
      }
      return points.notFound === 'zero' ? withoutZeros(found) : found;
    },
  };
}

/** The value at the path; of several paths a list with the value at each. */
function pointsReader(path: ValuePath | ValuePath[], reader: (path: ValuePath) => Reader): Reader {
  if (typeof path === 'string') return reader(path);
  const readers = path.map(reader);
  return (row, index, group) => {
    const values = readers.map((read) => read(row, index, group));
    return values.every((value) => value === undefined) ? undefined : values;
  };
}

function pointListReader({ shape = 'pairs', third, fields }: Parameters<typeof pointsPlan>[0]) {
  if (!fields) return (value: unknown) => readPoints(value, shape, third);
  const [xSteps, ySteps] = [steps(fields[0]), steps(fields[1])];
  const listSteps = 'index' in (xSteps.at(-1) ?? {}) ? xSteps.slice(0, -1) : undefined;
  return (value: unknown): RawPoint[] | undefined => {
    if (!isList(value)) return undefined;
    const lists = listSteps && value.map((point) => follow(point, listSteps));
    const isTooShort = lists && shorterThanOthers(lists);
    return value.map((point, id) =>
      isTooShort?.(lists?.[id])
        ? { id, ...UNREADABLE }
        : { x: follow(point, xSteps), y: follow(point, ySteps), id },
    );
  };
}
