/**
 * Takes what tells of camera, place and time out of a file, without touching its pixels. JPEG: every block but those
 * that a decoder needs for the colours, and whatever lies behind the picture (a second picture, a film). PNG: every
 * chunk that is not needed to show it.
 *
 * @returns undefined when the file cannot be followed to its end
 */
export function withoutMetadata(bytes: Uint8Array, mediaType: string): Uint8Array | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return mediaType === 'image/png' ? strippedPng(view) : strippedJpeg(view);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

function strippedJpeg(bytes: Buffer): Buffer | undefined {
  const kept = [bytes.subarray(0, 2)];
  let at = 2;
  while (bytes[at] === 0xff) {
    const marker = bytes.readUInt8(at + 1);
    if (marker === END_OF_IMAGE) return Buffer.concat([...kept, bytes.subarray(at, at + 2)]);
    const segmentEnd = at + 2 + bytes.readUInt16BE(at + 2);
    const end = marker === START_OF_SCAN ? scanEnd(bytes, segmentEnd) : segmentEnd;
    const segment = bytes.subarray(at, end);
    if (end > bytes.length) return undefined;
    if (isNeeded(marker, segment)) kept.push(segment);
    at = end;
  }
  return undefined;
}

/** APP0 of JFIF without its thumbnail, APP2 of a colour profile, APP14 of Adobe; no other APP and no comment. */
function isNeeded(marker: number, segment: Buffer): boolean {
  const isNamed = (name: string) => segment.toString('latin1', 4, 4 + name.length) === name;
  if (marker === 0xe0) return isNamed('JFIF\0') && segment.length === 18;
  if (marker === 0xe2) return isNamed('ICC_PROFILE\0');
  if (marker === 0xee) return isNamed('Adobe');
  return !(marker >= 0xe0 && marker <= 0xef) && marker !== 0xfe;
}

/** In a scan a byte 0xff is followed by 0, or by the number of a restart. */
function scanEnd(bytes: Buffer, start: number): number {
  let at = bytes.indexOf(0xff, start);
  while (at >= 0) {
    const next = bytes.readUInt8(at + 1);
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
    at = bytes.indexOf(0xff, at + (next === 0xff ? 1 : 2));
  }
  throw new RangeError('the scan does not end');
}

const PNG_SHOWN = new Set([
  'IHDR',
  'PLTE',
  'IDAT',
  'IEND',
  'tRNS',
  'gAMA',
  'cHRM',
  'sRGB',
  'iCCP',
  'sBIT',
  'bKGD',
]);

function strippedPng(bytes: Buffer): Buffer | undefined {
  const kept = [bytes.subarray(0, 8)];
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (end > bytes.length) return undefined;
    if (PNG_SHOWN.has(name)) kept.push(bytes.subarray(at, end));
    if (name === 'IEND') return Buffer.concat(kept);
    at = end;
  }
  return undefined;
}
