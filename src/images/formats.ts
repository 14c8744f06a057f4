/**
 * The picture formats that the API takes ("Upload a Vision Event Image"), told by their bytes alone: file names and
 * content types lie, cameras answer with an HTML page and call it `snapshot.jpg`.
 */
export interface PictureFormat {
  label: string;
  mediaType: string;
  extension: string;
  matches(bytes: Buffer): boolean;
  /** True when the end is known to be missing. False does not promise that a decoder will be happy. */
  isCutOff(bytes: Buffer): boolean;
  /** The part that holds width and height; all of it when not given. Keeps size readers out of the pixel data. */
  header?(bytes: Buffer): Buffer;
}

const textAt = (bytes: Buffer, start: number, length: number): string =>
  bytes.toString('latin1', start, start + length);

/** Reads that run past the end throw a RangeError: then the picture is cut off. */
function orCutOff(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

const JPEG_START_OF_SCAN = 0xda;
const JPEG_END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** Exif is in APP1; the size is in the frame header, SOF0 to SOF2. */
const JPEG_SEGMENTS_WITH_SIZE = [0xe1, 0xc0, 0xc1, 0xc2];
/** Start of image and an empty APP0, before which `image-size` does not look. */
const JPEG_HEADER_START = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 2]);

/** Stand-alone markers have no length behind them: TEM, RST0 to RST7, and a start of image that comes again. */
const isStandAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** The segments of the header. Stray bytes between them are passed over, as decoders do: some cameras write them. */
function* jpegSegments(bytes: Buffer): Generator<{ marker: number; start: number; end: number }> {
  let start = bytes.indexOf(0xff, 2);
  while (start >= 0 && start + 4 <= bytes.length) {
    const marker = bytes[start + 1] ?? 0;
    let end = start + 2 + bytes.readUInt16BE(start + 2);
    if (marker === 0xff || marker === 0x00) end = start + 1;
    else if (isStandAlone(marker)) end = start + 2;
    else yield { marker, start, end };
    start = bytes.indexOf(0xff, end);
  }
}

/** Inside a scan the byte 0xff is always escaped, so an end marker after its start can only be the real one. */
function isJpegCutOff(bytes: Buffer): boolean {
  for (const { marker, start } of jpegSegments(bytes)) {
    if (marker === JPEG_START_OF_SCAN) return bytes.lastIndexOf(JPEG_END_OF_IMAGE) < start;
  }
  return true;
}

function jpegHeader(bytes: Buffer): Buffer {
  const parts: Buffer[] = [JPEG_HEADER_START];
  for (const { marker, start, end } of jpegSegments(bytes)) {
    if (marker === JPEG_START_OF_SCAN) break;
    if (JPEG_SEGMENTS_WITH_SIZE.includes(marker)) parts.push(bytes.subarray(start, end));
  }
  return Buffer.concat(parts);
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function isPngCutOff(bytes: Buffer): boolean {
  let at = PNG_SIGNATURE.length;
  while (at + 12 <= bytes.length) {
    if (textAt(bytes, at + 4, 4) === 'IEND') return false;
    at += 12 + bytes.readUInt32BE(at);
  }
  return true;
}

const gifColourTableBytes = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 0x07) + 1) : 0);

function isGifCutOff(bytes: Buffer): boolean {
  let at = 13 + gifColourTableBytes(bytes.readUInt8(10));
  for (;;) {
    const block = bytes.readUInt8(at);
    if (block === 0x3b) return false;
    if (block === 0x21) at += 2;
    else if (block === 0x2c) at += 11 + gifColourTableBytes(bytes.readUInt8(at + 9));
    else return true;
    for (let length = bytes.readUInt8(at); length > 0; length = bytes.readUInt8(at)) at += length + 1;
    at += 1;
  }
}

const BMP_CORE_HEADER = 12;
const BMP_HEADER_SIZES = [BMP_CORE_HEADER, 40, 52, 56, 64, 108, 124];
/** The kinds of "compression" that are plain rows of pixels: none, bit fields, alpha bit fields. */
const BMP_PLAIN_ROWS = [0, 3, 6];

/** The declared file size is often wrong, so the rows are counted instead. */
function isBmpCutOff(bytes: Buffer): boolean {
  const pixelsAt = bytes.readUInt32LE(10);
  const isCore = bytes.readUInt32LE(14) === BMP_CORE_HEADER;
  const width = isCore ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const height = isCore ? bytes.readUInt16LE(20) : Math.abs(bytes.readInt32LE(22));
  const bitsPerPixel = bytes.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? 0 : bytes.readUInt32LE(30);
  if (!BMP_PLAIN_ROWS.includes(compression)) return pixelsAt >= bytes.length;
  return pixelsAt + Math.ceil((bitsPerPixel * width) / 32) * 4 * height > bytes.length;
}

/** Offset behind the first image directory, with its link to the next one. Throws a RangeError when that is missing. */
function tiffDirectoryEnd(bytes: Buffer): number {
  const little = bytes[0] === 0x49;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const isBig = u16(2) === 43;
  const directory = isBig ? u64(8) : u32(4);
  return isBig ? directory + 8 + u64(directory) * 20 + 8 : directory + 2 + u16(directory) * 12 + 4;
}

const TIFF_SIGNATURES = ['49492a00', '4d4d002a', '49492b00', '4d4d002b'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'];
const AVIF_BRANDS = ['avif', 'avis'];

/** The brands of an ISO base media file: the major one and the compatible ones. Videos have other brands. */
function isoBrands(bytes: Buffer): string[] {
  if (bytes.length < 16 || textAt(bytes, 4, 4) !== 'ftyp') return [];
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256);
  const brands = [textAt(bytes, 8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(textAt(bytes, at, 4));
  return brands;
}

/** The boxes must end where the file does; the pixels lie in `mdat`, those of very small pictures in `idat` inside `meta`. */
function isIsoCutOff(bytes: Buffer): boolean {
  let hasPixels = bytes.includes('idat');
  let at = 0;
  while (at < bytes.length) {
    const declared = bytes.readUInt32BE(at);
    hasPixels ||= textAt(bytes, at + 4, 4) === 'mdat';
    if (declared === 0) return !hasPixels;
    const size = declared === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : declared;
    if (size < 8) return true;
    at += size;
  }
  return at > bytes.length || !hasPixels;
}

export const PICTURE_FORMATS: readonly PictureFormat[] = [
  {
    label: 'JPEG',
    mediaType: 'image/jpeg',
    extension: 'jpg',
    matches: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
    isCutOff: isJpegCutOff,
    header: jpegHeader,
  },
  {
    label: 'PNG',
    mediaType: 'image/png',
    extension: 'png',
    matches: (bytes) => bytes.subarray(0, 8).equals(PNG_SIGNATURE),
    isCutOff: isPngCutOff,
  },
  {
    label: 'WebP',
    mediaType: 'image/webp',
    extension: 'webp',
    matches: (bytes) => textAt(bytes, 0, 4) === 'RIFF' && textAt(bytes, 8, 4) === 'WEBP',
    isCutOff: (bytes) => bytes.readUInt32LE(4) + 8 > bytes.length,
  },
  {
    label: 'GIF',
    mediaType: 'image/gif',
    extension: 'gif',
    matches: (bytes) => ['GIF87a', 'GIF89a'].includes(textAt(bytes, 0, 6)),
    isCutOff: isGifCutOff,
  },
  {
    label: 'TIFF',
    mediaType: 'image/tiff',
    extension: 'tif',
    matches: (bytes) => TIFF_SIGNATURES.includes(bytes.toString('hex', 0, 4)),
    isCutOff: (bytes) => tiffDirectoryEnd(bytes) > bytes.length,
    header: (bytes) => bytes.subarray(0, tiffDirectoryEnd(bytes)),
  },
  {
    label: 'BMP',
    mediaType: 'image/bmp',
    extension: 'bmp',
    matches: (bytes) =>
      textAt(bytes, 0, 2) === 'BM' && bytes.length >= 18 && BMP_HEADER_SIZES.includes(bytes.readUInt32LE(14)),
    isCutOff: isBmpCutOff,
  },
  {
    // before HEIC: an AVIF file may name the general brand mif1 as well
    label: 'AVIF',
    mediaType: 'image/avif',
    extension: 'avif',
    matches: (bytes) => isoBrands(bytes).some((brand) => AVIF_BRANDS.includes(brand)),
    isCutOff: isIsoCutOff,
  },
  {
    label: 'HEIC',
    mediaType: 'image/heic',
    extension: 'heic',
    matches: (bytes) => isoBrands(bytes).some((brand) => HEIC_BRANDS.includes(brand)),
    isCutOff: isIsoCutOff,
  },
];

export function pictureFormatOf(bytes: Buffer): PictureFormat | undefined {
  return PICTURE_FORMATS.find((format) => format.matches(bytes));
}

export function isPictureCutOff(format: PictureFormat, bytes: Buffer): boolean {
  return orCutOff(() => format.isCutOff(bytes));
}

/** What bytes that are no picture seem to be, for the error text. */
export function guessOtherContent(bytes: Buffer): string | undefined {
  const start = bytes
    .toString('utf8', 0, 256)
    .replace(/^\uFEFF/, '')
    .trimStart()
    .toLowerCase();
  if (start.startsWith('<!doctype html') || start.startsWith('<html'))
    return 'an HTML page, often the login or error page of a camera';
  if (start.startsWith('<svg') || start.startsWith('<?xml')) return 'XML or SVG text';
  if (start.startsWith('{') || start.startsWith('[')) return 'JSON text';
  if (start.startsWith('%pdf')) return 'a PDF document';
  if (textAt(bytes, 4, 4) === 'ftyp') return 'a video';
  return undefined;
}
