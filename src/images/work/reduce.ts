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

/** Each new pixel is the mean of the area that it covers. For sizes up to that of the source. */
export function reduce(source: Pixels, width: number, height: number): Pixels {
  if (width === source.width && height === source.height) return source;
  const reduced = emptyPixels(width, height);
  const columns = spans(source.width, width);
  const rows = spans(source.height, height);
  const sums = new Float32Array(width * BYTES_A_PIXEL);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    eachPart(rows, y, source.height, (row, weight) => addRow(source, row, weight, columns, sums));
    reduced.data.set(sums, y * width * BYTES_A_PIXEL);
  }
  return reduced;
}

/** Where the parts of a side begin, in pixels of the source, and one over the length of a part. */
interface Spans {
  from: Float64Array;
  share: number;
}

function spans(before: number, after: number): Spans {
  return {
    from: Float64Array.from({ length: after + 1 }, (_, position) => (position * before) / after),
    share: after / before,
  };
}

function eachPart(
  { from, share }: Spans,
  position: number,
  length: number,
  visit: (pixel: number, weight: number) => void,
): void {
  const start = from[position] as number;
  const end = from[position + 1] as number;
  for (let pixel = Math.floor(start); pixel < Math.min(end, length); pixel++) {
    visit(pixel, (Math.min(pixel + 1, end) - Math.max(pixel, start)) * share);
  }
}

/** The inner loop of it all: plain on purpose. */
function addRow(source: Pixels, row: number, rowWeight: number, { from, share }: Spans, sums: Float32Array) {
  const { data, width } = source;
  const rowStart = row * width * BYTES_A_PIXEL;
  for (let position = 0, to = 0; to < sums.length; position++, to += BYTES_A_PIXEL) {
    const start = from[position] as number;
    const end = Math.min(from[position + 1] as number, width);
    let [red, green, blue, opacity] = [0, 0, 0, 0];
    for (let pixel = Math.floor(start); pixel < end; pixel++) {
      const weight = Math.min(pixel + 1, end) - Math.max(pixel, start);
      const at = rowStart + pixel * BYTES_A_PIXEL;
      red += (data[at] as number) * weight;
      green += (data[at + 1] as number) * weight;
      blue += (data[at + 2] as number) * weight;
      opacity += (data[at + 3] as number) * weight;
    }
    const scale = share * rowWeight;
    sums[to] = (sums[to] as number) + red * scale;
    sums[to + 1] = (sums[to + 1] as number) + green * scale;
    sums[to + 2] = (sums[to + 2] as number) + blue * scale;
    sums[to + 3] = (sums[to + 3] as number) + opacity * scale;
  }
}
