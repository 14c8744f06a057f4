import type { AnnotationLists } from '../../event/types';
import { ClassColours, DARK, type Colour } from './colours';
import { GLYPH_HEIGHT, GLYPH_WIDTH, printable } from './font';
import type { Pixels } from './pixels';
import { Raster } from './raster';
import { boundsOf, type Bounds, type Region } from './region';

/** With more than so many, labels would hide what they name. */
const MAX_LABELS = 40;
/** Beyond it nobody sees more, and drawing would take long. */
const MAX_SHAPES = 500;
const MAX_CLASSIFICATIONS = 6;
const MAX_LABEL_CHARACTERS = 32;

/** The bones between the 17 keypoints that nearly all pose models have, by number ("COCO 2017 keypoints"). */
const BONES: readonly [number, number][] = [
  [15, 13], [13, 11], [16, 14], [14, 12], [11, 12], [5, 11], [6, 12], [5, 6], [5, 7], [6, 8], [7, 9], [8, 10],
  [1, 2], [0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [4, 6],
]; // prettier-ignore
const COCO_KEYPOINTS = 17;

interface Shape extends Region {
  class: string;
  confidence: number;
  keypoints?: NonNullable<AnnotationLists['keypoints']>[number]['keypoints'];
}

/** Draws annotations on a picture, in place. Their coordinates are its pixels; x and y are the centre of a box. */
export function draw(pixels: Pixels, annotations: AnnotationLists): void {
  new Drawing(pixels).draw(annotations);
}

class Drawing {
  private readonly raster: Raster;
  private readonly colours = new ClassColours();
  private readonly thick: number;
  private readonly letter: number;

  constructor(private readonly pixels: Pixels) {
    const longest = Math.max(pixels.width, pixels.height);
    this.raster = new Raster(pixels);
    this.thick = Math.max(2, Math.round(longest / 400));
    this.letter = Math.max(1, Math.round(longest / 500));
  }

  draw({
    instanceSegmentations = [],
    objectDetections = [],
    keypoints = [],
    classifications = [],
  }: AnnotationLists) {
    const shapes: Shape[] = [...instanceSegmentations, ...objectDetections, ...keypoints].slice(
      0,
      MAX_SHAPES,
    );
    for (const shape of shapes) this.drawShape(shape);
    if (shapes.length <= MAX_LABELS) for (const shape of shapes) this.label(shape);
    classifications.slice(0, MAX_CLASSIFICATIONS).forEach((one, position) => {
      this.tag(textOf(one), this.colours.of(one.class), 0, position * this.tagHeight);
    });
  }

  private drawShape(shape: Shape): void {
    const { raster, thick } = this;
    const colour = this.colours.of(shape.class);
    const { points, keypoints } = shape;
    if (points && points.length >= 3) {
      raster.fillPolygon(points, colour, 0.25);
      this.edges(points, DARK, thick + 2);
      this.edges(points, colour, thick);
      return;
    }
    const bounds = boundsOf(shape);
    raster.outline(grown(bounds, 1), DARK, thick + 2);
    raster.outline(bounds, colour, thick);
    if (keypoints) this.skeleton(keypoints, colour);
  }

  private edges(points: NonNullable<Region['points']>, colour: Colour, thick: number): void {
    points.forEach((point, position) =>
      this.raster.line(points.at(position - 1) ?? point, point, colour, thick),
    );
  }

  private skeleton(keypoints: NonNullable<Shape['keypoints']>, colour: Colour): void {
    const { raster, thick } = this;
    const at = new Map(keypoints.map(({ id, x, y }) => [id, [x, y] as const]));
    const isPose = keypoints.every(({ id }) => id < COCO_KEYPOINTS) && keypoints.length > 1;
    for (const [from, to] of isPose ? BONES : []) {
      const [start, end] = [at.get(from), at.get(to)];
      if (!start || !end) continue;
      raster.line(start, end, DARK, thick + 2);
      raster.line(start, end, colour, thick);
    }
    for (const { x, y } of keypoints) {
      raster.dot(x, y, DARK, 2 * thick + 3);
      raster.dot(x, y, colour, 2 * thick);
    }
  }

  /** Boxes carry their label on top, polygons below, so that a part does not hide the name of the whole. */
  private label(shape: Shape): void {
    const { left, top, bottom } = boundsOf(shape);
    const isBelow = shape.points !== undefined && bottom + this.tagHeight <= this.pixels.height;
    const above = top - this.tagHeight;
    this.tag(textOf(shape), this.colours.of(shape.class), left, isBelow ? bottom : above < 0 ? top : above);
  }

  private get tagHeight(): number {
    return (GLYPH_HEIGHT + 4) * this.letter;
  }

  /** Dark letters on the class's colour with a dark edge: legible on any ground. Moved into the picture. */
  private tag(text: string, colour: Colour, x: number, y: number): void {
    const { letter, raster, pixels } = this;
    const width = (text.length * (GLYPH_WIDTH + 1) + 3) * letter;
    const left = Math.round(Math.max(0, Math.min(x, pixels.width - width)));
    const top = Math.round(Math.max(0, Math.min(y, pixels.height - this.tagHeight)));
    const bounds = { left, top, right: left + width, bottom: top + this.tagHeight };
    raster.fill(bounds, DARK);
    raster.fill(grown(bounds, -1), colour);
    raster.text(text, left + 2 * letter, top + 2 * letter, DARK, letter);
  }
}

function textOf({ class: name, confidence }: { class: string; confidence: number }): string {
  return printable(`${name.slice(0, MAX_LABEL_CHARACTERS)} ${Math.round(confidence * 100)}%`);
}

function grown({ left, top, right, bottom }: Bounds, by: number): Bounds {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}
