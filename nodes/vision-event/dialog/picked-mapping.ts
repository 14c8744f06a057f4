import { wayText, type Way } from './payload-tree';

/** What is picked, in this order. */
export const STEPS = ['list', 'class', 'confidence', 'box'] as const;
export type Step = (typeof STEPS)[number];

export const CONVENTIONS = ['corner', 'center', 'corners', 'corners-yx'] as const;
export type Convention = (typeof CONVENTIONS)[number];
export const UNITS = ['pixel', 'fraction', 'percent', 'per1000'] as const;
export type Unit = (typeof UNITS)[number];

interface Value {
  way: Way;
  value: unknown;
}

/** A mapping as it grows by what a person points at in a payload. */
export class PickedMapping {
  list: Way | undefined;
  private readonly values: { class?: Value; confidence?: Value } = {};
  private box: Value[] = [];
  convention: Convention = 'corner';
  /** undefined: as the values look */
  chosenUnits: Unit | undefined;

  /** @returns false for a value that cannot be that */
  pick(step: Step, way: Way, value: unknown): boolean {
    if (step === 'list') return this.pickList(way, value);
    const inRow = this.wayInRow(way);
    if (!inRow) return false;
    const picked = { way: inRow, value };
    if (step !== 'box') {
      if (typeof value === 'object') return false;
      this.values[step] = picked;
      return true;
    }
    if (isFourNumbers(value)) this.box = [picked];
    else if (typeof value === 'number' || (typeof value === 'string' && value.trim() !== ''))
      this.box = this.isComplete('box') ? [picked] : [...this.box, picked];
    else return false;
    return true;
  }

  private pickList(way: Way, value: unknown): boolean {
    if (!Array.isArray(value)) return false;
    Object.assign(this, { list: way, box: [] });
    delete this.values.class;
    delete this.values.confidence;
    return true;
  }

  /** Of any row of the list, without its position. */
  private wayInRow(way: Way): Way | undefined {
    const { list } = this;
    if (!list || way.length <= list.length) return undefined;
    return list.every((part, place) => part === way[place]) ? way.slice(list.length + 1) : undefined;
  }

  isComplete(step: Step): boolean {
    if (step === 'list') return this.list !== undefined;
    if (step !== 'box') return this.values[step] !== undefined;
    return this.box.length === 4 || isFourNumbers(this.box[0]?.value);
  }

  /** How many of the four fields of a box are picked. */
  get boxFields(): number {
    return this.isComplete('box') ? 4 : this.box.length;
  }

  isMarked(way: Way): boolean {
    const text = wayText(way);
    if (this.list && wayText(this.list) === text) return true;
    const inRow = this.wayInRow(way);
    const picked = [this.values.class, this.values.confidence, ...this.box];
    return inRow !== undefined && picked.some((one) => one && wayText(one.way) === wayText(inRow));
  }

  get units(): Unit {
    if (this.chosenUnits) return this.chosenUnits;
    const first = this.box[0]?.value;
    const numbers = (isFourNumbers(first) ? first : this.box.map(({ value }) => value)).map(Number);
    return numbers.length > 0 && numbers.every((number) => Math.abs(number) <= 1.5) ? 'fraction' : 'pixel';
  }

  /** As far as it is known; the check of the field says what is missing. */
  toJson(): string {
    const { class: name, confidence } = this.values;
    const [first] = this.box;
    const fields = isFourNumbers(first?.value) ? wayText(first.way) : this.box.map(({ way }) => wayText(way));
    const isPercent = Number(confidence?.value) > 1;
    return JSON.stringify({
      ...(this.list && { list: wayText(this.list) }),
      ...(name && { class: wayText(name.way) }),
      ...(confidence && { confidence: wayText(confidence.way) }),
      ...(isPercent && { confidenceUnit: 'percent' }),
      ...(this.isComplete('box') && {
        box: { convention: this.convention, units: this.units, fields },
      }),
    });
  }
}

function isFourNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length === 4 && value.every((one) => typeof one === 'number');
}
