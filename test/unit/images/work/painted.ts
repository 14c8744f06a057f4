import { encodeJpeg } from '../../../../src/images/work/codec';
import { encodePng } from '../../../../src/images/work/png';
import { emptyPixels, type Pixels } from '../../../../src/images/work/pixels';
import { exifSegment } from '../made-pictures';

export type Rgb = [red: number, green: number, blue: number];

/** A picture whose every pixel is what `colourAt` says. */
export function painted(width: number, height: number, colourAt: (x: number, y: number) => Rgb): Pixels {
  const pixels = emptyPixels(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.data.set([...colourAt(x, y), 255], (y * width + x) * 4);
  }
  return pixels;
}

/** Detail in every pixel, the same at each call. */
export const busy = (x: number, y: number): Rgb => [
  (x * 37 + y * 91) % 256,
  (x * 11 + y * 3) % 256,
  (x * y) % 256,
];

export function at({ data, width }: Pixels, x: number, y: number): Rgb {
  const start = (y * width + x) * 4;
  return [data[start] as number, data[start + 1] as number, data[start + 2] as number];
}

/** The largest difference of a channel. */
export function difference(one: Rgb, other: Rgb): number {
  return Math.max(...one.map((channel, position) => Math.abs(channel - (other[position] as number))));
}

export function pngOf(pixels: Pixels): Buffer {
  return Buffer.from(encodePng(pixels));
}

/** @param orientation of an EXIF block behind the head, none when it is undefined */
export async function jpegOf(pixels: Pixels, quality = 95, orientation?: number): Promise<Buffer> {
  const bytes = Buffer.from(await encodeJpeg(pixels, quality));
  const exif = orientation === undefined ? Buffer.alloc(0) : exifSegment(orientation);
  return Buffer.concat([bytes.subarray(0, 2), exif, bytes.subarray(2)]);
}
