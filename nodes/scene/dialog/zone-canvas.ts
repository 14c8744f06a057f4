import type { Text } from '../../editor/form';
import { colourOf } from '../../editor/colours';
import { makeElement, makeSvg } from '../../editor/live';
import type { SceneZoneRow } from '../../shared/properties';
import { directionArrow, LEAST_POINTS, type Point, type ZoneModel } from './zone-model';

/** Of the picture, as a keyboard moves points. */
const STEP = 0.005;
const LARGE_STEP = 0.05;
/** Screen pixels: so near to its first point a click finishes an area. */
const CLOSING_PX = 12;
const ARROWS: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface Size {
  width: number;
  height: number;
}

/** Takes the zones of a model from mouse and keyboard, and shows them over a picture. */
export class ZoneCanvas {
  readonly element: HTMLElement;
  private readonly svg: SVGSVGElement;
  private readonly picture = makeElement('img', { alt: '', hidden: '' });
  private readonly zones = makeSvg('g');
  private readonly tracks = makeSvg('g', { class: 'vision-event-tracks' });
  private size: Size = { width: 1280, height: 720 };
  private cursor: Point = [0.5, 0.5];
  private drag: { last: Point; isPoint: boolean; isRemembered: boolean } | undefined;

  /** @param onChange the zones or what is selected have changed */
  constructor(
    private readonly model: ZoneModel,
    private readonly t: Text,
    private readonly onChange: () => void,
  ) {
    this.svg = makeSvg('svg', { tabindex: 0, role: 'application', class: 'vision-event-zones' });
    this.svg.append(this.tracks, this.zones);
    this.element = makeElement('div', { class: 'vision-event-frame' }, this.picture, this.svg);
    this.listen();
    this.show(this.size, undefined);
  }

  /** @param tracks shapes in pixels of a picture of that size */
  showTracks(tracks: SVGElement[]): void {
    this.tracks.replaceChildren(...tracks);
  }

  /** A frame of the right shape, and the picture where there is one. */
  show(size: Size, dataUrl: string | undefined): void {
    this.size = size;
    this.svg.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`);
    this.element.style.aspectRatio = `${size.width} / ${size.height}`;
    if (dataUrl) this.picture.src = dataUrl;
    this.picture.hidden = !this.picture.src;
    this.draw();
  }

  focus(): void {
    this.cursor = [0.5, 0.5];
    this.svg.focus();
    this.draw();
  }

  draw(): void {
    const { model, t } = this;
    this.svg.setAttribute('aria-label', `${t('zones.canvas')}. ${this.state()}`);
    this.svg.classList.toggle('vision-event-drawing', model.draft !== undefined);
    this.zones.replaceChildren(
      ...model.zones.flatMap((zone, index) => this.shapesOf(zone, index)),
      ...this.draftShapes(),
    );
  }

  /** For those who do not see it. */
  private state(): string {
    const { draft, current, point } = this.model;
    if (draft) return this.t('zones.drawing', { n: draft.points.length });
    if (!current) return '';
    const { name, points } = current;
    return this.t('zones.pointOf', { n: point + 1, count: points.length, name });
  }

  private shapesOf(zone: SceneZoneRow, index: number): SVGElement[] {
    const points = zone.points.map((point) => this.placed(point));
    const isSelected = index === this.model.selected;
    const colour = colourOf(zone.name);
    const shape = makeSvg(zone.kind === 'area' ? 'polygon' : 'polyline', {
      points: points.map((point) => point.join(',')).join(' '),
      class: `vision-event-shape vision-event-zone vision-event-zone-${zone.kind}`,
      stroke: colour,
      fill: zone.kind === 'area' ? colour : 'none',
      'data-zone': index,
      'data-selected': isSelected,
    });
    const handles = isSelected && !this.model.draft ? this.handlesOf(zone, points) : [];
    return [
      shape,
      ...(zone.kind === 'line' ? this.arrowOf(points, colour) : []),
      this.label(zone, points),
      ...handles,
    ];
  }

  private arrowOf(points: Point[], colour: string): SVGElement[] {
    const length = Math.max(this.size.width, this.size.height) / 14;
    const arrow = directionArrow(points, length);
    if (!arrow) return [];
    const [from, to] = arrow;
    const [x, y] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
    const tip = length / 3;
    const side = (turn: number): Point => [
      to[0] - x * tip + turn * y * tip * 0.6,
      to[1] - y * tip - turn * x * tip * 0.6,
    ];
    const path = [from, to, side(1), to, side(-1)];
    return [
      makeSvg('polyline', {
        points: path.map((point) => point.join(',')).join(' '),
        class: 'vision-event-shape vision-event-arrow',
        stroke: colour,
        fill: 'none',
      }),
      this.text(this.t('zones.in'), this.behindTip(to, [x, y]), colour, anchorOf(x)),
    ];
  }

  /** Where a text begins, ends or has its middle that an arrow points at. */
  private behindTip(tip: Point, [x, y]: Point): Point {
    const size = this.textSize;
    return [tip[0] + x * size * 0.4, tip[1] + size * (0.35 + y * 0.9)];
  }

  private label({ name }: SceneZoneRow, points: Point[]): SVGElement {
    const top = points.reduce((best, point) => (point[1] < best[1] ? point : best));
    const size = this.textSize;
    const y = top[1] > size * 1.5 ? top[1] - size * 0.5 : top[1] + size * 1.3;
    return this.text(
      name.slice(0, 60),
      [top[0], y],
      colourOf(name),
      top[0] < this.size.width * 0.7 ? 'start' : 'end',
    );
  }

  private text(text: string, [x, y]: Point, fill: string, anchor: string): SVGElement {
    const size = this.textSize;
    return makeSvg(
      'text',
      { x, y, 'font-size': size, 'text-anchor': anchor, fill, 'stroke-width': size / 5 },
      text,
    );
  }

  private get textSize(): number {
    return Math.max(this.size.width / 36, this.size.height / 30);
  }

  private handlesOf(zone: SceneZoneRow, points: Point[]): SVGElement[] {
    const between = zone.kind === 'area' ? points.length : points.length - 1;
    return [
      ...points.slice(0, between).map((point, index) => {
        const next = points[(index + 1) % points.length]!;
        const middle: Point = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
        return handle(middle, 'vision-event-middle', { 'data-middle': index });
      }),
      ...points.map((point, index) =>
        handle(point, `vision-event-point${index === this.model.point ? ' vision-event-point-chosen' : ''}`, {
          'data-point': index,
        }),
      ),
    ];
  }

  private draftShapes(): SVGElement[] {
    const { draft } = this.model;
    if (!draft) return [];
    const points = [...draft.points, this.cursor].map((point) => this.placed(point));
    return [
      makeSvg('polyline', {
        points: points.map((point) => point.join(',')).join(' '),
        class: 'vision-event-shape',
        stroke: '#fff',
        fill: 'none',
        'stroke-dasharray': '6 4',
      }),
      ...(draft.kind === 'line' ? this.arrowOf(points, '#fff') : []),
      ...points.map((point) => handle(point, 'vision-event-point', {})),
    ];
  }

  private placed([x, y]: Point): Point {
    return [x * this.size.width, y * this.size.height];
  }

  private changed(): void {
    this.draw();
    this.onChange();
  }

  private listen(): void {
    const { svg } = this;
    svg.addEventListener('pointerdown', (event) => this.press(event));
    svg.addEventListener('pointermove', (event) => this.move(event));
    svg.addEventListener('pointerup', () => this.release());
    svg.addEventListener('click', (event) => this.click(event));
    svg.addEventListener('dblclick', () => {
      if (this.model.finish()) this.changed();
    });
    svg.addEventListener('keydown', (event) => {
      if (!this.key(event)) return;
      // the editor has keys of its own
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Where the mouse is, in fractions of the picture. */
  private fractionsOf({ clientX, clientY }: MouseEvent): Point {
    const box = this.svg.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
  }

  private press(event: PointerEvent): void {
    const { model } = this;
    if (model.draft || event.button !== 0) return;
    const { zone, point, middle } = (event.target as SVGElement).dataset;
    if (zone !== undefined) model.select(Number(zone));
    else if (middle !== undefined) model.insertAfter(Number(middle));
    else if (point !== undefined) model.point = Number(point);
    else model.select(undefined);
    if (model.current)
      this.drag = {
        last: this.fractionsOf(event),
        isPoint: zone === undefined,
        isRemembered: middle !== undefined,
      };
    this.svg.setPointerCapture(event.pointerId);
    this.changed();
  }

  private move(event: PointerEvent): void {
    const at = this.fractionsOf(event);
    if (this.model.draft) {
      this.cursor = at;
      this.draw();
    }
    const { drag, model } = this;
    if (!drag) return;
    if (!drag.isRemembered) model.remember();
    drag.isRemembered = true;
    if (drag.isPoint) model.movePoint(at);
    else model.moveZone([at[0] - drag.last[0], at[1] - drag.last[1]]);
    drag.last = at;
    this.draw();
  }

  private release(): void {
    if (!this.drag) return;
    const hasMoved = this.drag.isRemembered;
    this.drag = undefined;
    if (hasMoved) this.changed();
  }

  private click(event: MouseEvent): void {
    const { draft } = this.model;
    if (!draft) return;
    const at = this.fractionsOf(event);
    const first = draft.points[0];
    const box = this.svg.getBoundingClientRect();
    const closes =
      draft.kind === 'area' &&
      draft.points.length >= LEAST_POINTS.area &&
      first !== undefined &&
      Math.hypot((at[0] - first[0]) * box.width, (at[1] - first[1]) * box.height) < CLOSING_PX;
    if (closes) this.model.finish();
    else this.model.addPoint(at);
    this.changed();
  }

  /** @returns whether the key means something here */
  private key(event: KeyboardEvent): boolean {
    const arrow = ARROWS[event.key];
    const isUndo = event.key.toLowerCase() === 'z' && (event.ctrlKey || event.metaKey);
    if (isUndo) this.model.undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return false;
    else if (arrow) this.step(arrow, event.shiftKey ? LARGE_STEP : STEP);
    else if (!(this.model.draft ? this.drawingKey(event.key) : this.editingKey(event.key))) return false;
    this.changed();
    return true;
  }

  private step([x, y]: Point, length: number): void {
    const { model } = this;
    const by = (from: Point): Point =>
      [from[0] + x * length, from[1] + y * length].map((part) => Math.min(1, Math.max(0, part))) as Point;
    if (model.draft) this.cursor = by(this.cursor);
    const point = model.draft ? undefined : model.current?.points[model.point];
    if (!point) return;
    model.remember();
    model.movePoint(by(point));
  }

  private drawingKey(key: string): boolean {
    const { model } = this;
    if (key === ' ') model.addPoint(this.cursor);
    else if (key === 'Enter') model.finish();
    else if (key === 'Escape') model.cancel();
    else if (key === 'Backspace' || key === 'Delete') model.undo();
    else return false;
    return true;
  }

  private editingKey(key: string): boolean {
    const { model } = this;
    if (key === ' ') model.selectNext();
    else if (key === 'Insert') model.insertAfter(model.point);
    else if (key === 'Backspace' || key === 'Delete') model.removePoint();
    else return false;
    return true;
  }
}

/** Of a text that an arrow points at. @param x how much the arrow points to the right, -1 to 1 */
function anchorOf(x: number): 'start' | 'middle' | 'end' {
  if (Math.abs(x) < 0.5) return 'middle';
  return x > 0 ? 'start' : 'end';
}

/** A line of no length with round ends: a dot that keeps its size on the screen whatever the picture's size. */
function handle([x, y]: Point, style: string, data: Record<string, number>): SVGElement {
  return makeSvg('line', { x1: x, y1: y, x2: x, y2: y, class: style, ...data });
}
