/** Small pictures made by code, so that the repository holds no binaries and every byte has a known meaning. */
import { crc32, deflateSync } from 'node:zlib';

const u16be = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const u32be = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const segment = (marker: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0xff, marker]), u16be(body.length + 2), body]);
};

/** An EXIF block with one entry, Orientation (tag 274, one SHORT). */
export function exifSegment(orientation: number, bigEndian = false): Buffer {
  const tiff = Buffer.alloc(26);
  const u16 = (value: number, at: number) =>
    bigEndian ? tiff.writeUInt16BE(value, at) : tiff.writeUInt16LE(value, at);
  const u32 = (value: number, at: number) =>
    bigEndian ? tiff.writeUInt32BE(value, at) : tiff.writeUInt32LE(value, at);
  tiff.write(bigEndian ? 'MM' : 'II', 0, 'latin1');
  u16(42, 2);
  u32(8, 4);
  u16(1, 8);
  u16(274, 10);
  u16(3, 12);
  u32(1, 14);
  u16(orientation, 18);
  return segment(0xe1, Buffer.from('Exif\0\0', 'latin1'), tiff);
}

/**
 * A real baseline JPEG, all mid-grey: one component, Huffman tables with a single code each ("difference 0", "end of
 * block"), so that every 8 x 8 block is the two bits 00. `filler` bytes go into comment segments, to make large files.
 */
export function jpeg(
  width: number,
  height: number,
  options: { exif?: Buffer; filler?: number } = {},
): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const scan = Buffer.alloc(Math.ceil((blocks * 2) / 8));
  if ((blocks * 2) % 8 !== 0) scan[scan.length - 1] = 0xff >> ((blocks * 2) % 8);
  const comments: Buffer[] = [];
  for (let left = options.filler ?? 0; left > 0; left -= 60_000)
    comments.push(segment(0xfe, Buffer.alloc(Math.min(left, 60_000), 0x20)));
  const oneCode = Buffer.from([1, ...new Array<number>(15).fill(0), 0]);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from('JFIF\0', 'latin1'), Buffer.from([1, 1, 0, 0, 1, 0, 1, 0, 0])),
    options.exif ?? Buffer.alloc(0),
    ...comments,
    segment(0xdb, Buffer.from([0]), Buffer.alloc(64, 1)),
    segment(0xc0, Buffer.from([8]), u16be(height), u16be(width), Buffer.from([1, 1, 0x11, 0])),
    segment(0xc4, Buffer.from([0x00]), oneCode),
    segment(0xc4, Buffer.from([0x10]), oneCode),
    segment(0xda, Buffer.from([1, 1, 0x00, 0, 63, 0])),
    scan,
    Buffer.from([0xff, 0xd9]),
  ]);
}

/**
 * A progressive JPEG, all mid-grey, that says nothing new again and again: each scan has a decoder visit all of its
 * blocks.
 */
export function manyScans(width: number, height: number, scans: number): Buffer {
  const oneCode = Buffer.from([1, ...new Array<number>(15).fill(0), 0]);
  const scan = segment(0xda, Buffer.from([1, 1, 0x00, 1, 63, 0x00]));
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, Buffer.from([0]), Buffer.alloc(64, 1)),
    segment(0xc2, Buffer.from([8]), u16be(height), u16be(width), Buffer.from([1, 1, 0x11, 0])),
    segment(0xc4, Buffer.from([0x00]), oneCode),
    segment(0xc4, Buffer.from([0x10]), oneCode),
    segment(0xda, Buffer.from([1, 1, 0x00, 0, 0, 0x00])),
    ...new Array<Buffer>(scans).fill(scan),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([u32be(data.length), typed, u32be(crc32(typed))]);
}

/** Black 8-bit greyscale. */
export function png(width: number, height: number): Buffer {
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', Buffer.concat([u32be(width), u32be(height), Buffer.from([8, 0, 0, 0, 0])])),
    pngChunk('IDAT', deflateSync(Buffer.alloc((width + 1) * height))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** All black, and nothing of it to be seen. */
export function transparentPng(width: number, height: number): Buffer {
  return Buffer.concat([
    png(width, height).subarray(0, 8),
    pngChunk('IHDR', Buffer.concat([u32be(width), u32be(height), Buffer.from([8, 6, 0, 0, 0])])),
    pngChunk('IDAT', deflateSync(Buffer.alloc((4 * width + 1) * height))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Header of a lossless WebP; the pixel data is filler. */
export function webp(width: number, height: number): Buffer {
  const header = Buffer.alloc(5);
  header[0] = 0x2f;
  header.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0, 1);
  const data = Buffer.concat([header, Buffer.alloc(11)]);
  const bytes = Buffer.concat([Buffer.from('RIFF....WEBPVP8L....', 'latin1'), data]);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.writeUInt32LE(data.length, 16);
  return bytes;
}

/** GIF of 1 x 1 image data on a canvas of the given size, with a global colour table and a comment. */
export function gif(width: number, height: number): Buffer {
  const canvas = Buffer.from([
    width & 0xff,
    width >> 8,
    height & 0xff,
    height >> 8,
    0x80,
    0,
    0,
    0,
    0,
    0,
    255,
    255,
    255,
  ]);
  const comment = Buffer.from([0x21, 0xfe, 2, 0x68, 0x69, 0]);
  const image = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0, 0x3b]);
  return Buffer.concat([Buffer.from('GIF89a', 'latin1'), canvas, comment, image]);
}

/** Classic TIFF: one strip of greyscale pixels, the directory behind it. */
export function tiff(width: number, height: number, bigEndian = false): Buffer {
  const entries: [tag: number, value: number][] = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, height],
    [279, width * height],
  ];
  const bytes = Buffer.alloc(8 + width * height + 2 + entries.length * 12 + 4);
  const u16 = (value: number, at: number) =>
    bigEndian ? bytes.writeUInt16BE(value, at) : bytes.writeUInt16LE(value, at);
  const u32 = (value: number, at: number) =>
    bigEndian ? bytes.writeUInt32BE(value, at) : bytes.writeUInt32LE(value, at);
  const directory = 8 + width * height;
  bytes.write(bigEndian ? 'MM' : 'II', 0, 'latin1');
  u16(42, 2);
  u32(directory, 4);
  u16(entries.length, directory);
  entries.forEach(([tag, value], index) => {
    const at = directory + 2 + index * 12;
    u16(tag, at);
    u16(4, at + 2);
    u32(1, at + 4);
    u32(value, at + 8);
  });
  return bytes;
}

/** Uncompressed 24-bit BMP, black. */
export function bmp(width: number, height: number): Buffer {
  const rows = Math.ceil((width * 24) / 32) * 4 * height;
  const bytes = Buffer.alloc(54 + rows);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

const isoBox = (type: string, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32be(body.length + 8), Buffer.from(type, 'latin1'), body]);
};

/** The boxes of a HEIC or AVIF file that tell its size; the pixel data is filler. */
export function isoPicture(brand: string, compatible: string[], width: number, height: number): Buffer {
  const ispe = isoBox('ispe', u32be(0), u32be(width), u32be(height));
  return Buffer.concat([
    isoBox('ftyp', Buffer.from(brand, 'latin1'), u32be(0), Buffer.from(compatible.join(''), 'latin1')),
    isoBox('meta', u32be(0), isoBox('iprp', isoBox('ipco', ispe))),
    isoBox('mdat', Buffer.alloc(64)),
  ]);
}
