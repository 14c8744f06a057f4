import { makeSvg } from '../../editor/live';
import type { Convention } from './picked-mapping';

type Point = [x: number, y: number];

/** The box of the drawings in their own units. */
const BOX = { left: 14, top: 9, right: 46, bottom: 31 };
const LEFT_TOP: Point = [BOX.left, BOX.top];
const RIGHT_BOTTOM: Point = [BOX.right, BOX.bottom];
const CENTRE: Point = [(BOX.left + BOX.right) / 2, (BOX.top + BOX.bottom) / 2];

/** What each convention says of a box: its points, and whether it says width and height. */
const SAYS: Record<Convention, { points: Point[]; size: boolean; order: string }> = {
  corner: { points: [LEFT_TOP], size: true, order: 'x y w h' },
  center: { points: [CENTRE], size: true, order: 'x y w h' },
  corners: { points: [LEFT_TOP, RIGHT_BOTTOM], size: false, order: 'x y x y' },
  'corners-yx': { points: [LEFT_TOP, RIGHT_BOTTOM], size: false, order: 'y x y x' },
};

/**
 * A small drawing of a box: dots where it says a point, dashed lines where it says a size, and the order of the four
 * values.
 */
export function drawConvention(convention: Convention): SVGElement {
  const { points, size, order } = SAYS[convention];
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    makeSvg('line', { x1, y1, x2, y2, stroke: 'currentColor', 'stroke-dasharray': '2 2' });
  return makeSvg(
    'svg',
    { viewBox: '0 0 60 46', class: 'vision-event-convention', 'aria-hidden': 'true' },
    makeSvg('rect', {
      x: BOX.left,
      y: BOX.top,
      width: BOX.right - BOX.left,
      height: BOX.bottom - BOX.top,
      fill: 'none',
      stroke: 'currentColor',
    }),
    size && [
      line(BOX.left, BOX.top - 4, BOX.right, BOX.top - 4),
      line(BOX.right + 4, BOX.top, BOX.right + 4, BOX.bottom),
    ],
    points.map(([cx, cy]) => makeSvg('circle', { cx, cy, r: 3, fill: 'currentColor' })),
    makeSvg('text', { x: 30, y: 44, 'text-anchor': 'middle', 'font-size': 10, fill: 'currentColor' }, order),
  );
}
