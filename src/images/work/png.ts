import { deflateSync } from 'node:zlib';
import { crc32 } from '../../crc32';
import { PNG_SIGNATURE } from '../header/png';
import { BYTES_A_PIXEL, type Pixels } from './pixels';

const MAX_PALETTE = 256;
const PALETTE = 3;
const TRUE_COLOUR = 2;

/**
 * Opaque pixels as a PNG: a byte a pixel and a palette where there are at most 256 colours, else three bytes. Rows are
 * not filtered, which is best for line art, and a photograph is better a JPEG.
 */
export function encodePng(pixels: Pixels): Uint8Array {
  const { width, height } = pixels;
  const palette = paletteOf(pixels);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, palette ? PALETTE : TRUE_COLOUR], 8);
  return Buffer.concat([
    PNG_SIGNATURE,
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', paletteBytes(palette))] : []),
    chunk('IDAT', deflateSync(rowsOf(pixels, palette))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function colourAt({ data }: Pixels, at: number): number {
  return ((data[at] as number) << 16) | ((data[at + 1] as number) << 8) | (data[at + 2] as number);
}

/** Places in the palette by colour; undefined when there are too many colours. */
function paletteOf(pixels: Pixels): Map<number, number> | undefined {
  const places = new Map<number, number>();
  for (let at = 0; at < pixels.data.length; at += BYTES_A_PIXEL) {
    const colour = colourAt(pixels, at);
    if (places.has(colour)) continue;
    if (places.size === MAX_PALETTE) return undefined;
    places.set(colour, places.size);
  }
  return places;
}

function paletteBytes(palette: ReadonlyMap<number, number>): Buffer {
  return Buffer.from(
    [...palette.keys()].flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]),
  );
}

/** A row begins with the number of its filter, 0 for none. */
function rowsOf(pixels: Pixels, palette: ReadonlyMap<number, number> | undefined): Buffer {
  const { width, height, data } = pixels;
  const rows = Buffer.alloc((width * (palette ? 1 : 3) + 1) * height);
  let to = 0;
  for (let at = 0; at < data.length; at += BYTES_A_PIXEL) {
    if (at % (width * BYTES_A_PIXEL) === 0) to++;
    const colour = colourAt(pixels, at);
    if (palette) rows[to++] = palette.get(colour) ?? 0;
    else to = rows.writeUIntBE(colour, to, 3);
  }
  return rows;
}

function chunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(data.length + 12);
  framed.writeUInt32BE(data.length, 0);
  framed.write(type, 4, 'latin1');
  framed.set(data, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, 8 + data.length)), 8 + data.length);
  return framed;
}
