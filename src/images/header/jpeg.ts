import { byteAt, isNamed, type PictureSize } from './bytes';
import { HeaderTooLong, MAX_JPEG_END_CANDIDATES, MAX_JPEG_SEGMENTS, MAX_JPEG_STRAY_BYTES } from './limits';
import { exifOrientation } from './exif';

const APP1 = 0xe1;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** Stand-alone markers have no length behind them: TEM, RST0 to RST7, and a start of image that comes again. */
const isStandAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** SOF0 to SOF15 tell the size; three numbers of their row mean tables (DHT, DAC) or are kept free (JPG). */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/**
 * Visits the segments of the header until `visit` returns true: `start` is at the 0xff, `end` behind the segment. Stray
 * and fill bytes between segments are passed over, as decoders do: some cameras write them. Returns whether `visit` was
 * content.
 *
 * @throws HeaderTooLong
 */
function findSegment(bytes: Buffer, visit: (marker: number, start: number, end: number) => boolean): boolean {
  let stray = 0;
  let segments = 0;
  let behind = 2;
  while (segments < MAX_JPEG_SEGMENTS && stray <= MAX_JPEG_STRAY_BYTES) {
    const start = bytes[behind] === 0xff ? behind : bytes.indexOf(0xff, behind);
    if (start < 0 || start + 4 > bytes.length) return false;
    stray += start - behind;
    const marker = byteAt(bytes, start + 1);
    if (marker === 0xff || marker === 0x00 || isStandAlone(marker)) {
      behind = marker === 0xff ? start + 1 : start + 2;
      stray += behind - start;
      continue;
    }
    segments++;
    behind = start + 2 + bytes.readUInt16BE(start + 2);
    if (visit(marker, start, behind)) return true;
  }
  throw new HeaderTooLong();
}

/** A frame header: marker, length, precision, height, width. */
const FRAME_HEADER_BYTES = 9;

/** The first frame header tells the size, the first EXIF block before it the orientation, as in browsers. */
export function jpegSize(bytes: Buffer): PictureSize | undefined {
  let size: PictureSize | undefined;
  let orientation: number | undefined;
  let sawExif = false;
  findSegment(bytes, (marker, start, end) => {
    if (marker === APP1 && !sawExif && end - start > 8 && isNamed(bytes, start + 4, 'Exif')) {
      sawExif = true;
      orientation = exifOrientation(bytes, start + 4, end);
    }
    if (!isFrameHeader(marker)) return marker === START_OF_SCAN;
    if (end - start < FRAME_HEADER_BYTES) return false;
    size = { width: bytes.readUInt16BE(start + 7), height: bytes.readUInt16BE(start + 5) };
    return true;
  });
  return size && { ...size, orientation };
}

/** Inside a scan the byte 0xff is always escaped, so an end mark after its start can only be the real one. */
export function isJpegCutOff(bytes: Buffer): boolean {
  let scan = bytes.length;
  findSegment(bytes, (marker, start) => {
    scan = start;
    return marker === START_OF_SCAN;
  });
  return !hasEndMark(bytes, scan);
}

/** Searches from the end of the file, where it nearly always is. */
function hasEndMark(bytes: Buffer, scan: number): boolean {
  let at = bytes.length;
  for (let candidates = 0; candidates < MAX_JPEG_END_CANDIDATES; candidates++) {
    at = bytes.lastIndexOf(END_OF_IMAGE, at - 1);
    if (at <= scan) return false;
    if (bytes[at - 1] === 0xff) return true;
  }
  throw new HeaderTooLong();
}
