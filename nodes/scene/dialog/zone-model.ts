import type { SceneZoneRow } from '../../shared/properties';

export type Point = [x: number, y: number];
type Kind = SceneZoneRow['kind'];

/** Fewer points make no zone. */
export const LEAST_POINTS: Record<Kind, number> = { area: 3, line: 2 };
/** Steps that can be undone. */
const MOST_STEPS = 100;
/** Points that are nearer to each other are one: a double click is two clicks. Fractions of the picture. */
const SAME_POINT = 0.008;

/** What is being drawn, and what was before. Pure: neither page nor mouse. Points are fractions of the picture. */
export class ZoneModel {
  zones: SceneZoneRow[];
  /** the zone and the point that the keyboard changes */
  selected: number | undefined;
  point = 0;
  /** a zone that is not finished yet */
  draft: { kind: Kind; points: Point[] } | undefined;
  private readonly past: SceneZoneRow[][] = [];

  /** @param rows may come from a flow that was written by hand: what is no zone is left out */
  constructor(
    rows: readonly Partial<SceneZoneRow>[],
    private readonly nameOf: (kind: Kind, number: number) => string,
  ) {
    this.zones = rows.filter(isZone).map(copyOf);
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  /** Call before a change; all that follows up to the next call is undone at once. */
  remember(): void {
    this.past.push(this.zones.map(copyOf));
    if (this.past.length > MOST_STEPS) this.past.shift();
  }

  /** While drawing, the last point; else the last change. */
  undo(): void {
    if (this.draft) {
      this.draft.points.pop();
      return;
    }
    const before = this.past.pop();
    if (!before) return;
    this.zones = before;
    if (this.selected !== undefined && this.selected >= this.zones.length) this.selected = undefined;
    this.point = 0;
  }

  start(kind: Kind): void {
    this.draft = { kind, points: [] };
    this.selected = undefined;
  }

  cancel(): void {
    this.draft = undefined;
  }

  addPoint(point: Point): void {
    const last = this.draft?.points.at(-1);
    if (last && Math.hypot(last[0] - point[0], last[1] - point[1]) < SAME_POINT) return;
    this.draft?.points.push(within(point));
  }

  /** @returns whether there were enough points */
  finish(): boolean {
    const { draft } = this;
    if (!draft || draft.points.length < LEAST_POINTS[draft.kind]) return false;
    this.remember();
    const number = this.zones.filter(({ kind }) => kind === draft.kind).length + 1;
    this.zones.push({ ...draft, name: this.nameOf(draft.kind, number), classes: '' });
    this.draft = undefined;
    this.select(this.zones.length - 1);
    return true;
  }

  select(zone: number | undefined, point = 0): void {
    this.selected = zone;
    this.point = point;
  }

  /** The next point of the zone; after its last the first one of the next zone. */
  selectNext(): void {
    const points = this.current?.points.length ?? 0;
    if (this.point + 1 < points) this.point++;
    else if (this.zones.length > 0) this.select(((this.selected ?? -1) + 1) % this.zones.length);
  }

  movePoint(to: Point): void {
    const { current } = this;
    if (current) current.points[this.point] = within(to);
  }

  /** By fractions of the picture; the whole zone stays inside. */
  moveZone([x, y]: Point): void {
    const { current } = this;
    if (!current) return;
    const fit = (axis: 0 | 1, by: number) => {
      const values = current.points.map((point) => point[axis]);
      return Math.max(-Math.min(...values), Math.min(1 - Math.max(...values), by));
    };
    const [byX, byY] = [fit(0, x), fit(1, y)];
    current.points = current.points.map((point) => within([point[0] + byX, point[1] + byY]));
  }

  /** A new point in the middle between a point and the next one. */
  insertAfter(point: number): void {
    const { current } = this;
    if (!current) return;
    this.remember();
    const next = point + 1 < current.points.length ? point + 1 : current.kind === 'area' ? 0 : point;
    const [from, to] = [current.points[point]!, current.points[next]!];
    const away: Point = next === point ? [0.05, 0] : [0, 0];
    current.points.splice(
      point + 1,
      0,
      within([(from[0] + to[0]) / 2 + away[0], (from[1] + to[1]) / 2 + away[1]]),
    );
    this.point = point + 1;
  }

  /** The point; a zone with no point to spare goes as a whole. */
  removePoint(): void {
    const { current } = this;
    if (!current) return;
    if (current.points.length <= LEAST_POINTS[current.kind]) return this.removeZone();
    this.remember();
    current.points.splice(this.point, 1);
    this.point = Math.min(this.point, current.points.length - 1);
  }

  removeZone(zone = this.selected): void {
    if (zone === undefined || !this.zones[zone]) return;
    this.remember();
    this.zones.splice(zone, 1);
    this.select(undefined);
  }

  /** What was in is out. */
  turn(): void {
    const { current } = this;
    if (current?.kind !== 'line') return;
    this.remember();
    current.points.reverse();
  }

  get current(): SceneZoneRow | undefined {
    return this.selected === undefined ? undefined : this.zones[this.selected];
  }
}

/** The arrow of a line in pixels: from the middle of its first stretch to its right, which is `in`. */
export function directionArrow(
  [a, b]: readonly Point[],
  length: number,
): [from: Point, to: Point] | undefined {
  if (!a || !b) return undefined;
  const [x, y] = [b[0] - a[0], b[1] - a[1]];
  const size = Math.hypot(x, y);
  if (size === 0) return undefined;
  const from: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  return [from, [from[0] - (y / size) * length, from[1] + (x / size) * length]];
}

function within([x, y]: Point): Point {
  const fit = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
  return [fit(x), fit(y)];
}

function copyOf(zone: SceneZoneRow): SceneZoneRow {
  return { ...zone, points: zone.points.map(([x, y]): Point => [x, y]) };
}

function isZone(row: Partial<SceneZoneRow> | null): row is SceneZoneRow {
  return (
    (row?.kind === 'area' || row?.kind === 'line') &&
    Array.isArray(row.points) &&
    row.points.every((point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite))
  );
}
