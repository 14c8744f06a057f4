import { BYTES_A_PIXEL, emptyPixels, type Pixels } from './pixels';

/** The size that fits `maxSide` on its longest side; a picture is never enlarged. Sides in whole pixels, 1 at least. */
export function reducedSize(
  { width, height }: { width: number; height: number },
  maxSide: number | undefined,
): { width: number; height: number } {
  const longest = Math.max(width, height);
  if (maxSide === undefined || longest <= maxSide) return { width, height };
  const fit = (side: number) => Math.max(1, Math.round((side * maxSide) / longest));
  return { width: fit(width), height: fit(height) };
}

/** Each new pixel is the mean of the area that it covers. For opaque pixels, and sizes up to that of the source. */
export function reduce(source: Pixels, width: number, height: number): Pixels {
  if (width === source.width && height === source.height) return source;
  const reduced = emptyPixels(width, height);
  const sums = new Float32Array(source.width * BYTES_A_PIXEL);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    const from = (y * source.height) / height;
    const to = Math.min(source.height, ((y + 1) * source.height) / height);
    for (let row = Math.floor(from); row < to; row++) {
      addRow(source, row, Math.min(row + 1, to) - Math.max(row, from), sums);
    }
    writeRow(sums, source.width, reduced, y, (width * height) / (source.width * source.height));
  }
  return reduced;
}

/** Nearly all of the time is spent here: plain on purpose. */
function addRow({ data, width }: Pixels, row: number, weight: number, sums: Float32Array): void {
  const start = row * width * BYTES_A_PIXEL;
  for (let at = 0; at < sums.length; at++) {
    sums[at] = (sums[at] as number) + (data[start + at] as number) * weight;
  }
}

/** @param scale 1 over the pixels that a new one covers */
function writeRow(
  sums: Float32Array,
  length: number,
  { data, width }: Pixels,
  y: number,
  scale: number,
): void {
  let to = y * width * BYTES_A_PIXEL;
  for (let x = 0; x < width; x++, to += BYTES_A_PIXEL) {
    const start = (x * length) / width;
    const end = Math.min(length, ((x + 1) * length) / width);
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let pixel = Math.floor(start); pixel < end; pixel++) {
      const weight = (Math.min(pixel + 1, end) - Math.max(pixel, start)) * scale;
      red += (sums[pixel * BYTES_A_PIXEL] as number) * weight;
      green += (sums[pixel * BYTES_A_PIXEL + 1] as number) * weight;
      blue += (sums[pixel * BYTES_A_PIXEL + 2] as number) * weight;
    }
    data[to] = red;
    data[to + 1] = green;
    data[to + 2] = blue;
    data[to + 3] = 255;
  }
}
