import { BMP_HEADER_SIZES, bmpSize, isBmpCutOff } from './header/bmp';
import { textAt, type PictureSize } from './header/bytes';
import { gifSize, isGifCutOff } from './header/gif';
import { isIsoCutOff, isoBrands, isoSize } from './header/iso';
import { isJpegCutOff, jpegSize } from './header/jpeg';
import { HeaderTooLong } from './header/limits';
import { isPngCutOff, PNG_SIGNATURE, pngSize } from './header/png';
import { isTiffCutOff, TIFF_SIGNATURES, tiffSize } from './header/tiff';
import { webpSize } from './header/webp';
import { PICTURE_MAX_SIDE } from './limits';

export type { PictureSize } from './header/bytes';

/**
 * The picture formats that the API takes ("Upload a Vision Event Image"), told by their bytes alone: file names and
 * content types lie, cameras answer with an HTML page and call it `snapshot.jpg`.
 *
 * Both readers are bounded by `header/limits.ts` and cost no memory for each part of a header. They throw a RangeError
 * where the bytes end too early, and `HeaderTooLong`; `pictureSizeOf` and `isPictureCutOff` know what that means.
 */
export interface PictureFormat {
  label: string;
  mediaType: string;
  extension: string;
  matches(bytes: Buffer): boolean;
  /** True when the end is known to be missing. False does not promise that a decoder will be happy. */
  isCutOff(bytes: Buffer): boolean;
  /** Undefined when the header does not tell. */
  readSize(bytes: Buffer): PictureSize | undefined;
}

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'];
const AVIF_BRANDS = ['avif', 'avis'];

export const PICTURE_FORMATS: readonly PictureFormat[] = [
  {
    label: 'JPEG',
    mediaType: 'image/jpeg',
    extension: 'jpg',
    matches: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
    isCutOff: isJpegCutOff,
    readSize: jpegSize,
  },
  {
    label: 'PNG',
    mediaType: 'image/png',
    extension: 'png',
    matches: (bytes) => bytes.subarray(0, 8).equals(PNG_SIGNATURE),
    isCutOff: isPngCutOff,
    readSize: pngSize,
  },
  {
    label: 'WebP',
    mediaType: 'image/webp',
    extension: 'webp',
    matches: (bytes) => textAt(bytes, 0, 4) === 'RIFF' && textAt(bytes, 8, 4) === 'WEBP',
    isCutOff: (bytes) => bytes.readUInt32LE(4) + 8 > bytes.length,
    readSize: webpSize,
  },
  {
    label: 'GIF',
    mediaType: 'image/gif',
    extension: 'gif',
    matches: (bytes) => ['GIF87a', 'GIF89a'].includes(textAt(bytes, 0, 6)),
    isCutOff: isGifCutOff,
    readSize: gifSize,
  },
  {
    label: 'TIFF',
    mediaType: 'image/tiff',
    extension: 'tif',
    matches: (bytes) => TIFF_SIGNATURES.includes(bytes.toString('hex', 0, 4)),
    isCutOff: isTiffCutOff,
    readSize: tiffSize,
  },
  {
    label: 'BMP',
    mediaType: 'image/bmp',
    extension: 'bmp',
    matches: (bytes) =>
      textAt(bytes, 0, 2) === 'BM' && bytes.length >= 18 && BMP_HEADER_SIZES.includes(bytes.readUInt32LE(14)),
    isCutOff: isBmpCutOff,
    readSize: bmpSize,
  },
  {
    // before HEIC: an AVIF file may name the general brand mif1 as well
    label: 'AVIF',
    mediaType: 'image/avif',
    extension: 'avif',
    matches: (bytes) => isoBrands(bytes).some((brand) => AVIF_BRANDS.includes(brand)),
    isCutOff: isIsoCutOff,
    readSize: isoSize,
  },
  {
    label: 'HEIC',
    mediaType: 'image/heic',
    extension: 'heic',
    matches: (bytes) => isoBrands(bytes).some((brand) => HEIC_BRANDS.includes(brand)),
    isCutOff: isIsoCutOff,
    readSize: isoSize,
  },
];

export function pictureFormatOf(bytes: Buffer): PictureFormat | undefined {
  return PICTURE_FORMATS.find((format) => format.matches(bytes));
}

/** Whether the end is known to be missing; false where the header is too long to tell. */
export function isPictureCutOff(format: PictureFormat, bytes: Buffer): boolean {
  try {
    return format.isCutOff(bytes);
  } catch (error) {
    if (error instanceof HeaderTooLong) return false;
    if (error instanceof RangeError) return true;
    throw error;
  }
}

/** Width and height in pixels, as stored; undefined when they cannot be told. Never throws. */
export function pictureSizeOf(format: PictureFormat, bytes: Buffer): PictureSize | undefined {
  try {
    const size = format.readSize(bytes);
    if (!size || !isSide(size.width) || !isSide(size.height)) return undefined;
    const { width, height, orientation } = size;
    return isOrientation(orientation) ? { width, height, orientation } : { width, height };
  } catch (error) {
    if (error instanceof HeaderTooLong || error instanceof RangeError) return undefined;
    throw error;
  }
}

const isSide = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= PICTURE_MAX_SIDE;
const isOrientation = (value: number | undefined): value is number =>
  value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8;

/**
 * Size in pixels as viewers, browsers and most detectors show the picture: orientations 5 to 8 lie on their side.
 * Undefined when the size is not known.
 */
export function displaySize(picture: Partial<PictureSize>): { width: number; height: number } | undefined {
  const { width, height, orientation = 1 } = picture;
  if (width === undefined || height === undefined) return undefined;
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

/** What bytes that are not a picture seem to be, for the error text. */
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
