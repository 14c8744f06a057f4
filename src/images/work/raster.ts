import type { Colour } from './colours';
import { eachDot, GLYPH_WIDTH } from './font';
import { BYTES_A_PIXEL, type Pixels } from './pixels';
import { boundsOf, clippedLine, eachSpan, pixelsWithin, type Bounds, type Region } from './region';

/** Draws on decoded pixels. All places in pixels; what lies outside is left out. */
export class Raster {
  constructor(private readonly pixels: Pixels) {}

  /** @param opacity 0 to 1 */
  fill(bounds: Bounds, colour: Colour, opacity = 1): void {
    const within = pixelsWithin(bounds, this.pixels);
    if (!within) return;
    for (let y = within.top; y < within.bottom; y++)
      this.fillRow(y, within.left, within.right, colour, opacity);
  }

  /** The four edges of a box, inwards. */
  outline({ left, top, right, bottom }: Bounds, colour: Colour, thick: number): void {
    this.fill({ left, top, right, bottom: top + thick }, colour);
    this.fill({ left, top: bottom - thick, right, bottom }, colour);
    this.fill({ left, top, right: left + thick, bottom }, colour);
    this.fill({ left: right - thick, top, right, bottom }, colour);
  }

  fillPolygon(points: NonNullable<Region['points']>, colour: Colour, opacity: number): void {
    const bounds = boundsOf({ x: 0, y: 0, width: 0, height: 0, points });
    const within = pixelsWithin(bounds, this.pixels);
    if (!within) return;
    for (let y = within.top; y < within.bottom; y++) {
      eachSpan(points, y, this.pixels.width, (left, right) => this.fillRow(y, left, right, colour, opacity));
    }
  }

  line(from: readonly [number, number], to: readonly [number, number], colour: Colour, thick: number): void {
    const { width, height } = this.pixels;
    const room = { left: -thick, top: -thick, right: width + thick, bottom: height + thick };
    const clipped = clippedLine(...from, ...to, room);
    if (!clipped) return;
    const [fromX, fromY, toX, toY] = clipped;
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY))));
    for (let step = 0; step <= steps; step++) {
      const x = fromX + ((toX - fromX) * step) / steps;
      const y = fromY + ((toY - fromY) * step) / steps;
      this.dot(x, y, colour, thick);
    }
  }

  /** A square around a point. */
  dot(x: number, y: number, colour: Colour, side: number): void {
    const left = Math.round(x - side / 2);
    const top = Math.round(y - side / 2);
    this.fill({ left, top, right: left + side, bottom: top + side }, colour);
  }

  /** @param scale pixels a dot of the font; `left` and `top` those of the first character */
  text(text: string, left: number, top: number, colour: Colour, scale: number): void {
    Array.from(text).forEach((character, position) => {
      const start = left + position * (GLYPH_WIDTH + 1) * scale;
      eachDot(character, (column, row) => {
        const [x, y] = [start + column * scale, top + row * scale];
        this.fill({ left: x, top: y, right: x + scale, bottom: y + scale }, colour);
      });
    });
  }

  private fillRow(y: number, left: number, right: number, colour: Colour, opacity: number): void {
    const { data, width } = this.pixels;
    const channels = [colour >> 16, (colour >> 8) & 255, colour & 255];
    for (
      let at = (y * width + left) * BYTES_A_PIXEL;
      at < (y * width + right) * BYTES_A_PIXEL;
      at += BYTES_A_PIXEL
    ) {
      for (let channel = 0; channel < 3; channel++) {
        const before = data[at + channel] as number;
        data[at + channel] = before + ((channels[channel] as number) - before) * opacity;
      }
    }
  }
}
