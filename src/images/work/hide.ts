import { BYTES_A_PIXEL, type Pixels } from './pixels';
import { boundsOf, eachSpan, pixelsWithin, touches, type Bounds, type Region } from './region';

/** Blocks across and down a hidden region, at most: eight by eight colours show no face and no number plate. */
const MAX_BLOCKS = 8;
/** Of a small region: blocks of one pixel would leave it as it is. */
const MIN_BLOCK_SIDE = 8;

/** What of a picture is hidden; regions in its own pixels. */
export interface Hiding {
  regions: readonly Region[];
  /** everything but these is hidden as well, before the regions are */
  except?: readonly Region[];
  /** around each region, as a part of its longer side */
  margin: number;
}

/** Replaces regions by blocks of their mean colour, in place: nothing finer can be recovered. */
export function hide(pixels: Pixels, { regions, except, margin }: Hiding): void {
  if (except) {
    const whole = { left: 0, top: 0, right: pixels.width, bottom: pixels.height };
    const shown = maskOf(pixels, except);
    for (const block of blocksOf(whole, whole)) paintMean(pixels, block, shown);
  }
  for (const region of regions) hideRegion(pixels, region, margin);
}

function hideRegion(pixels: Pixels, region: Region, margin: number): void {
  const inner = boundsOf(region);
  const reach = margin * Math.max(inner.right - inner.left, inner.bottom - inner.top);
  const whole = grown(inner, reach);
  const visible = pixelsWithin(whole, pixels);
  if (!visible) return;
  const { points = [] } = region;
  for (const block of blocksOf(visible, whole)) {
    if (points.length < 3 || touches(points, grown(block, reach))) paintMean(pixels, block);
  }
}

function grown({ left, top, right, bottom }: Bounds, by: number): Bounds {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

/** Square blocks over the visible part of a region, as large as the whole of it asks for. */
function* blocksOf(visible: Bounds, whole: Bounds): Generator<Bounds> {
  const longest = Math.max(whole.right - whole.left, whole.bottom - whole.top);
  // One more pixel on each edge, where the region is rounded outwards.
  const side = Math.max(MIN_BLOCK_SIDE, Math.ceil((longest + 2) / MAX_BLOCKS));
  for (let top = visible.top; top < visible.bottom; top += side) {
    for (let left = visible.left; left < visible.right; left += side) {
      const [right, bottom] = [Math.min(left + side, visible.right), Math.min(top + side, visible.bottom)];
      yield { left, top, right, bottom };
    }
  }
}

/** @param shown one for each pixel: what is not 0 is left as it is, and is no part of the mean */
function paintMean(pixels: Pixels, { left, top, right, bottom }: Bounds, shown?: Uint8Array): void {
  const { data, width } = pixels;
  const sums = [0, 0, 0];
  let count = 0;
  const eachHidden = (visit: (at: number) => void) => {
    for (let y = top; y < bottom; y++) {
      for (let pixel = y * width + left; pixel < y * width + right; pixel++) {
        if (!shown?.[pixel]) visit(pixel * BYTES_A_PIXEL);
      }
    }
  };
  eachHidden((at) => {
    count++;
    for (let channel = 0; channel < 3; channel++) {
      sums[channel] = (sums[channel] as number) + (data[at + channel] as number);
    }
  });
  const mean = sums.map((sum) => sum / count);
  eachHidden((at) => data.set(mean, at));
}

function maskOf({ width, height }: Pixels, regions: readonly Region[]): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (const region of regions) {
    const within = pixelsWithin(boundsOf(region), { width, height });
    if (!within) continue;
    const { points = [] } = region;
    for (let y = within.top; y < within.bottom; y++) {
      const fill = (left: number, right: number) => mask.fill(1, y * width + left, y * width + right);
      if (points.length < 3) fill(within.left, within.right);
      else eachSpan(points, y, width, fill);
    }
  }
  return mask;
}
