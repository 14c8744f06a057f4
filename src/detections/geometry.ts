import type { StoredPicture } from './turn';
import type { Size, SourceFit } from './types';

/**
 * Box conventions. `center`: x, y of the middle, width, height. `corner`: left, top, width, height. `corners`: x1, y1,
 * x2, y2. `corners-yx`: y1, x1, y2, x2. `xxyy`: x1, x2, y1, y2.
 */
export const BOX_CONVENTIONS = ['center', 'corner', 'corners', 'corners-yx', 'xxyy'] as const;
export type BoxConvention = (typeof BOX_CONVENTIONS)[number];

/** Units of coordinates. `onvif`: -1 to 1 from the middle of the picture, y upwards. */
export const COORDINATE_UNITS = ['pixel', 'fraction', 'percent', 'per1000', 'onvif'] as const;
export type CoordinateUnit = (typeof COORDINATE_UNITS)[number];

/** x' = scaleX * x + shiftX, the same for y: every unit and every fit of a picture is such a map. */
export interface CoordinateMap {
  scaleX: number;
  shiftX: number;
  scaleY: number;
  shiftY: number;
}

/** A box as the event wants it: centre and size. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const IDENTITY: CoordinateMap = { scaleX: 1, shiftX: 0, scaleY: 1, shiftY: 0 };

const PARTS_OF_SIDE = { fraction: 1, percent: 100, per1000: 1000 } as const;

/** From a unit to the pixels of a grid of that size. */
export function unitToPixels(unit: Exclude<CoordinateUnit, 'pixel'>, grid: Size): CoordinateMap {
  if (unit === 'onvif') {
    const halfWidth = grid.width / 2;
    const halfHeight = grid.height / 2;
    return { scaleX: halfWidth, shiftX: halfWidth, scaleY: -halfHeight, shiftY: halfHeight };
  }
  const parts = PARTS_OF_SIDE[unit];
  return { scaleX: grid.width / parts, shiftX: 0, scaleY: grid.height / parts, shiftY: 0 };
}

/**
 * From the pixels of the grid that the detector saw (`source`) back to those of the picture. `squash` stretched the
 * picture to the grid, `letterbox` shrank it until all of it fitted, centred between bars, `crop` until the grid was
 * full, centred, edges lost.
 */
export function gridToPicture(source: Size, picture: Size, fit: SourceFit): CoordinateMap {
  const scaleX = source.width / picture.width;
  const scaleY = source.height / picture.height;
  if (fit === 'squash') return { scaleX: 1 / scaleX, shiftX: 0, scaleY: 1 / scaleY, shiftY: 0 };
  const scale = fit === 'letterbox' ? Math.min(scaleX, scaleY) : Math.max(scaleX, scaleY);
  // the bars of a letterbox; negative for a crop: what was cut off
  const marginX = (source.width - picture.width * scale) / 2;
  const marginY = (source.height - picture.height * scale) / 2;
  return { scaleX: 1 / scale, shiftX: -marginX / scale, scaleY: 1 / scale, shiftY: -marginY / scale };
}

/** First `inner`, then `outer`. */
export function compose(outer: CoordinateMap, inner: CoordinateMap): CoordinateMap {
  return {
    scaleX: outer.scaleX * inner.scaleX,
    shiftX: outer.scaleX * inner.shiftX + outer.shiftX,
    scaleY: outer.scaleY * inner.scaleY,
    shiftY: outer.scaleY * inner.shiftY + outer.shiftY,
  };
}

/** Where coordinates are: their unit, the grid they count in, and the picture they shall be drawn on. */
export interface Frame {
  /** as it is shown */
  picture?: Size;
  /**
   * when the detector saw the picture as it is stored: coordinates are brought to its pixels, then turned to `picture`
   */
  stored?: StoredPicture;
  /** the detector's grid when it is not the picture's */
  source?: Size;
  fit: SourceFit;
}

/**
 * The map from a unit to pixels of the picture that the detector saw; undefined when it needs a size that is not known.
 */
export function toPicture(unit: CoordinateUnit, frame: Frame): CoordinateMap | undefined {
  const seen = frame.stored ?? frame.picture;
  const grid = frame.source ?? seen;
  const inGrid = unit === 'pixel' ? IDENTITY : grid && unitToPixels(unit, grid);
  if (!inGrid) return undefined;
  if (!frame.source) return inGrid;
  return seen && compose(gridToPicture(frame.source, seen, frame.fit), inGrid);
}

/**
 * Four raw numbers in a convention to a centre box, in the same units; `upwards` where y grows upwards (ONVIF). A width
 * or height that is not above 0 comes back as it is: the caller drops such a box. Returns whether corners had to be
 * swapped.
 */
export function toCentreBox(
  convention: BoxConvention,
  a: number,
  b: number,
  c: number,
  d: number,
  upwards: boolean,
  box: Box,
): boolean {
  switch (convention) {
    case 'center':
      return setBox(box, a, b, c, d);
    case 'corner':
      return setBox(box, a + c / 2, upwards ? b - d / 2 : b + d / 2, c, d);
    case 'corners':
      return setCorners(box, a, b, c, d, upwards);
    case 'corners-yx':
      return setCorners(box, b, a, d, c, upwards);
    case 'xxyy':
      return setCorners(box, a, c, b, d, upwards);
  }
}

function setBox(box: Box, x: number, y: number, width: number, height: number): boolean {
  box.x = x;
  box.y = y;
  box.width = width;
  box.height = height;
  return false;
}

function setCorners(box: Box, x1: number, y1: number, x2: number, y2: number, upwards: boolean): boolean {
  setBox(box, (x1 + x2) / 2, (y1 + y2) / 2, Math.abs(x2 - x1), Math.abs(y2 - y1));
  return x1 > x2 || (upwards ? y1 < y2 : y1 > y2);
}

/** Moves a box to picture pixels, in place. */
export function mapBox(map: CoordinateMap, box: Box): void {
  box.x = map.scaleX * box.x + map.shiftX;
  box.y = map.scaleY * box.y + map.shiftY;
  box.width = Math.abs(map.scaleX) * box.width;
  box.height = Math.abs(map.scaleY) * box.height;
}

/** The smallest box around points; its sides may be 0. */
export function hull(points: readonly (readonly [number, number])[]): Box {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const [x, y] of points) {
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top };
}

/** Rounding of a detector's arithmetic is not "outside": a millionth of the side. */
const EDGE_TOLERANCE = 1e-6;

export function isBoxOutside(box: Box, picture: Size | undefined): boolean {
  const halfWidth = box.width / 2;
  const halfHeight = box.height / 2;
  return (
    isOutside(box.x - halfWidth, box.y - halfHeight, picture) ||
    isOutside(box.x + halfWidth, box.y + halfHeight, picture)
  );
}

/** Beyond the left or upper edge, which needs no size, or beyond the right or lower one of a known picture. */
export function isOutside(x: number, y: number, picture: Size | undefined): boolean {
  if (!picture) return x < -EDGE_TOLERANCE || y < -EDGE_TOLERANCE;
  const { width, height } = picture;
  return (
    x < -EDGE_TOLERANCE * width ||
    y < -EDGE_TOLERANCE * height ||
    x > width * (1 + EDGE_TOLERANCE) ||
    y > height * (1 + EDGE_TOLERANCE)
  );
}
