/** A part of a picture: a box by its centre and size, or the polygon in it. In pixels of the picture as it is shown. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
  points?: readonly (readonly [number, number])[];
}

/** A rectangle by its edges; the right and the lower one are outside. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function scaled({ x, y, width, height, points }: Region, across: number, down: number): Region {
  return {
    x: x * across,
    y: y * down,
    width: width * across,
    height: height * down,
    ...(points && { points: points.map(([px, py]): [number, number] => [px * across, py * down]) }),
  };
}

/** Around the polygon where there is one, else around the box. */
export function boundsOf({ x, y, width, height, points }: Region): Bounds {
  if (!points || points.length < 3) {
    return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
  }
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [px, py] of points) {
    bounds.left = Math.min(bounds.left, px);
    bounds.top = Math.min(bounds.top, py);
    bounds.right = Math.max(bounds.right, px);
    bounds.bottom = Math.max(bounds.bottom, py);
  }
  return bounds;
}

/** In whole pixels, outwards, as far as it lies in a picture of that size; undefined when nothing of it does. */
export function pixelsWithin(bounds: Bounds, size: { width: number; height: number }): Bounds | undefined {
  const within = {
    left: Math.max(0, Math.floor(bounds.left)),
    top: Math.max(0, Math.floor(bounds.top)),
    right: Math.min(size.width, Math.ceil(bounds.right)),
    bottom: Math.min(size.height, Math.ceil(bounds.bottom)),
  };
  return within.left < within.right && within.top < within.bottom ? within : undefined;
}

/** Whether a polygon has a point in common with a rectangle. What it winds around more than once is in it as well. */
export function touches(points: NonNullable<Region['points']>, bounds: Bounds): boolean {
  let winding = 0;
  const middleX = (bounds.left + bounds.right) / 2;
  const middleY = (bounds.top + bounds.bottom) / 2;
  let [fromX, fromY] = points.at(-1) ?? [NaN, NaN];
  for (const [x, y] of points) {
    if (clippedLine(fromX, fromY, x, y, bounds)) return true;
    if (fromY <= middleY !== y <= middleY) {
      const crossing = fromX + ((middleY - fromY) / (y - fromY)) * (x - fromX);
      if (crossing > middleX) winding += y > fromY ? 1 : -1;
    }
    [fromX, fromY] = [x, y];
  }
  return winding !== 0;
}

/** The part of a line that lies in a rectangle (Liang and Barsky); undefined when none does. */
export function clippedLine(
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  { left, top, right, bottom }: Bounds,
): [fromX: number, fromY: number, toX: number, toY: number] | undefined {
  const [across, down] = [toX - fromX, toY - fromY];
  let [start, end] = [0, 1];
  const edges: [step: number, room: number][] = [
    [-across, fromX - left],
    [across, right - fromX],
    [-down, fromY - top],
    [down, bottom - fromY],
  ];
  for (const [step, room] of edges) {
    if (step === 0) {
      if (!(room >= 0)) return undefined;
      continue;
    }
    const at = room / step;
    if (step < 0) start = Math.max(start, at);
    else end = Math.min(end, at);
  }
  if (!(start <= end)) return undefined;
  return [fromX + start * across, fromY + start * down, fromX + end * across, fromY + end * down];
}

/**
 * Visits the spans of a row (left, right: whole pixels, right outside) whose middles lie in the polygon, by the
 * even-odd rule.
 */
export function eachSpan(
  points: NonNullable<Region['points']>,
  row: number,
  width: number,
  visit: (left: number, right: number) => void,
): void {
  const middle = row + 0.5;
  const crossings: number[] = [];
  let [fromX, fromY] = points.at(-1) ?? [NaN, NaN];
  for (const [x, y] of points) {
    if (fromY <= middle !== y <= middle) {
      crossings.push(fromX + ((middle - fromY) / (y - fromY)) * (x - fromX));
    }
    [fromX, fromY] = [x, y];
  }
  crossings.sort((a, b) => a - b);
  for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
    const left = Math.max(0, Math.round(crossings[pair] as number));
    const right = Math.min(width, Math.round(crossings[pair + 1] as number));
    if (left < right) visit(left, right);
  }
}
