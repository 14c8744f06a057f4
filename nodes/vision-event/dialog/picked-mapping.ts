import type { PointShape } from '../../../src/detections/points';
import { wayText, type Way } from './way';

/** What is picked, in this order. */
export const STEPS = ['list', 'class', 'confidence', 'box'] as const;
export type Step = (typeof STEPS)[number];

export const CONVENTIONS = ['corner', 'center', 'corners', 'corners-yx'] as const;
export type Convention = (typeof CONVENTIONS)[number];
export const UNITS = ['pixel', 'fraction', 'percent', 'per1000'] as const;
export type Unit = (typeof UNITS)[number];
/** What several points are; each is the property of a mapping. */
export const POINTS = ['points', 'keypoints'] as const;
export type PointsProperty = (typeof POINTS)[number];

/** Whose class nobody sends: the mapping must have one, and its text can be changed. */
const CLASS_OF_NONE = 'object';

/** A value of the payload, and the way to it. */
interface Value {
  way: Way;
  value: unknown;
}

/** A mapping as it grows by what a person points at in a payload. */
export class PickedMapping {
  private list: Way | undefined;
  private rowCount = 0;
  private values: { class?: Value; confidence?: Value; points?: Value } = {};
  private box: Value[] = [];
  convention: Convention = 'corner';
  pointsProperty: PointsProperty = 'points';
  /** undefined: as the values look */
  chosenUnits: Unit | undefined;

  constructor(private readonly payload: unknown) {}

  /** @returns false for a value that cannot be that */
  pick(step: Step, way: Way, value: unknown): boolean {
    if (step === 'list') return this.pickList(way, value);
    const picked = this.isColumn(way, value) ? { way: [...way, 0], value: value[0] } : { way, value };
    if (this.pathOf(picked.way) === undefined) return false;
    if (step === 'box') return this.isOfRows(picked.way) && this.pickBox(picked);
    if (typeof picked.value === 'object') return false;
    this.values[step] = picked;
    return true;
  }

  private pickList(way: Way, value: unknown): boolean {
    if (!Array.isArray(value)) return false;
    Object.assign(this, { list: way, rowCount: value.length, values: {}, box: [] });
    return true;
  }

  private pickBox(picked: Value): boolean {
    const { value } = picked;
    if (isFourNumbers(value)) this.box = [picked];
    else if (shapeOfPoints(value)) this.values.points = picked;
    else if (typeof value === 'number' || (typeof value === 'string' && value.trim() !== ''))
      this.box = this.isBoxComplete ? [picked] : [...this.box, picked];
    else return false;
    return true;
  }

  private isOfRows(way: Way): boolean {
    return this.wayInRow(way) !== undefined || this.positionInColumn(way) !== undefined;
  }

  /** Of any row of the list, without its position. */
  private wayInRow(way: Way): Way | undefined {
    const { list } = this;
    if (!list || way.length <= list.length || commonLength(way, list) < list.length) return undefined;
    return way.slice(list.length + 1);
  }

  /** A column: a list beside the list of rows, with a value for each of them. */
  private isColumn(way: Way, value: unknown): value is unknown[] {
    return Array.isArray(value) && !this.wayInRow(way) && this.positionInColumn([...way, 0]) === way.length;
  }

  /** Where in a way the position of the row stands, when the way leads through a column. */
  private positionInColumn(way: Way): number | undefined {
    const { list } = this;
    if (!list) return undefined;
    const common = commonLength(way, list);
    const place = way.findIndex((part, at) => {
      const column = isPosition(part) && at > common ? valueAt(this.payload, way.slice(0, at)) : undefined;
      if (!Array.isArray(column) || column.length !== this.rowCount) return false;
      // Of another picture, in a list of such lists, as long by chance.
      return !(isPosition(way[common]) && isRecord(column[0]));
    });
    return place < 0 ? undefined : place;
  }

  /** As mappings write it: from the row, from a column, from what is around the row, or from the payload. */
  private pathOf(way: Way): string | undefined {
    const { list } = this;
    const inRow = this.wayInRow(way);
    if (!list || inRow) return inRow && wayText(inRow);
    const position = this.positionInColumn(way);
    if (position !== undefined) {
      const inColumn = wayText(way.slice(position + 1));
      const dot = inColumn === '' || inColumn.startsWith('[') ? '' : '.';
      return `/${wayText(way.slice(0, position))}[$i]${dot}${inColumn}`;
    }
    const common = commonLength(way, list);
    if (common === way.length || isPosition(way[common])) return undefined;
    const element = list.slice(0, common).map(isPosition).lastIndexOf(true);
    if (element < 0 || this.readsOneElement) return `/${wayText(way)}`;
    const levels = list.slice(element).filter(isPosition).length;
    return `${'../'.repeat(levels)}${wayText(way.slice(element + 1))}`;
  }

  /** No path names the columns of all elements of a list around them. */
  private get readsOneElement(): boolean {
    return this.picked.some(({ way }) => {
      const position = this.wayInRow(way) ? undefined : this.positionInColumn(way);
      return position !== undefined && way.slice(0, position).some(isPosition);
    });
  }

  private get picked(): Value[] {
    return [this.values.class, this.values.confidence, this.values.points, ...this.box].filter(
      (value) => value !== undefined,
    );
  }

  /** A list inside the elements of another one is read in all of them. */
  private get listPath(): string {
    const { list = [] } = this;
    if (!list.some(isPosition) || this.readsOneElement) return wayText(list);
    return `${wayText(list, '[]')}[]`;
  }

  private get isBoxComplete(): boolean {
    return this.box.length === 4 || isFourNumbers(this.box[0]?.value);
  }

  get hasPoints(): boolean {
    return this.values.points !== undefined;
  }

  /** Whether a box is picked, or may still be. */
  get mayHaveBox(): boolean {
    return this.box.length > 0 || !this.hasPoints;
  }

  isComplete(step: Step): boolean {
    if (step === 'list') return this.list !== undefined;
    if (step !== 'box') return this.values[step] !== undefined;
    return this.isBoxComplete || (this.hasPoints && this.box.length === 0);
  }

  /** How many of the four fields of a box are picked. */
  get boxFields(): number {
    return this.isBoxComplete ? 4 : this.box.length;
  }

  isMarked(way: Way): boolean {
    if (!this.list) return false;
    const path = this.pathOf(way);
    if (path === undefined) return wayText(way) === wayText(this.list);
    return this.picked.some((one) => this.pathOf(one.way) === path);
  }

  get units(): Unit {
    if (this.chosenUnits) return this.chosenUnits;
    const values = this.box.length > 0 ? this.box.map(({ value }) => value) : this.values.points?.value;
    const numbers = numbersIn(values);
    return numbers.length > 0 && numbers.every((number) => Math.abs(number) <= 1.5) ? 'fraction' : 'pixel';
  }

  /** As far as it is known; the check of the field says what is missing. */
  toJson(): string {
    const { class: name, confidence, points } = this.values;
    const [first] = this.box;
    const fields = isFourNumbers(first?.value)
      ? this.pathOf(first.way)
      : this.box.map(({ way }) => this.pathOf(way));
    const isPercent = Number(confidence?.value) > 1;
    const { units } = this;
    return JSON.stringify({
      ...(this.list && { list: this.listPath }),
      ...(name && { class: this.pathOf(name.way) }),
      ...(!name && this.isComplete('box') && { class: { const: CLASS_OF_NONE } }),
      ...(confidence && { confidence: this.pathOf(confidence.way) }),
      ...(isPercent && { confidenceUnit: 'percent' }),
      ...(this.isBoxComplete && { box: { convention: this.convention, units, fields } }),
      ...(points && {
        [this.pointsProperty]: { path: this.pathOf(points.way), shape: shapeOfPoints(points.value), units },
      }),
    });
  }
}

const isPosition = (part: unknown): part is number => typeof part === 'number';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How far two ways are the same. */
function commonLength(one: Way, other: Way): number {
  const place = one.findIndex((part, at) => part !== other[at]);
  return place < 0 ? one.length : place;
}

function valueAt(payload: unknown, way: Way): unknown {
  return way.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)[part], payload);
}

function isFourNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length === 4 && value.every(isNumber);
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

const FEWEST_POINTS = 3;

/** How several points are written, as mappings call it; undefined for what is none. */
function shapeOfPoints(value: unknown): PointShape | undefined {
  if (isRecord(value))
    return isListOf(isNumber, value['x']) && isListOf(isNumber, value['y']) ? 'xyArrays' : undefined;
  if (isListOf(isPair, value)) return 'pairs';
  if (isListOf(isRecord, value) && value.every(({ x, y }) => isNumber(x) && isNumber(y))) return 'xyObjects';
  const isFlat = isListOf(isNumber, value) && value.length >= 2 * FEWEST_POINTS && value.length % 2 === 0;
  return isFlat ? 'flat' : undefined;
}

const isPair = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length >= 2 && value.every(isNumber);

function isListOf<Element>(isOne: (value: unknown) => value is Element, value: unknown): value is Element[] {
  return Array.isArray(value) && value.length >= FEWEST_POINTS && value.every(isOne);
}

/** All numbers in a value, and texts in place of numbers. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(numbersIn);
  return value === undefined ? [] : [Number(value)];
}
