import { byteAt, isNamed, textAt, type PictureSize } from './bytes';
import { HeaderTooLong, MAX_ISO_BOXES, MAX_ISO_ITEMS } from './limits';

/** Brands stand in the first box; no writer names more than a dozen. */
const BRANDS_WITHIN = 256;

/** The brands of an ISO base media file: the major one and the compatible ones. Videos have other brands. */
export function isoBrands(bytes: Buffer): string[] {
  if (bytes.length < 16 || textAt(bytes, 4, 4) !== 'ftyp') return [];
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, BRANDS_WITHIN);
  const brands = [textAt(bytes, 8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(textAt(bytes, at, 4));
  return brands;
}

/** Looks into the boxes of one file; one count of boxes serves all levels, and one of items all tables. */
class BoxReader {
  private boxes = 0;
  private items = 0;

  constructor(readonly bytes: Buffer) {}

  /**
   * Visits the boxes from `start` to `end` until `visit` returns true: `at` is the start of a box, `body` that of its
   * content, `behind` its end. Returns where it stopped; that is not `end` when the boxes do not fill the place.
   *
   * @throws HeaderTooLong
   * @throws RangeError past the end of the file
   */
  walk(start: number, end: number, visit: (at: number, body: number, behind: number) => boolean): number {
    let at = start;
    while (at < end) {
      if (++this.boxes > MAX_ISO_BOXES) throw new HeaderTooLong();
      const declared = this.bytes.readUInt32BE(at);
      const head = declared === 1 ? 16 : 8;
      // 0: as far as the place goes
      const size = declared === 1 ? Number(this.bytes.readBigUInt64BE(at + 8)) : declared || end - at;
      if (size < head) throw new RangeError('a box smaller than its head');
      if (visit(at, at + head, at + size)) return at;
      at += size;
    }
    return at;
  }

  /** @throws HeaderTooLong */
  countItem(): void {
    if (++this.items > MAX_ISO_ITEMS) throw new HeaderTooLong();
  }

  /** Calls `visit` with body and end of the first box of that name. */
  inside<Found>(
    name: string,
    start: number,
    end: number,
    visit: (body: number, end: number) => Found,
  ): Found | undefined {
    let found: Found | undefined;
    this.walk(start, end, (at, body, behind) => {
      if (!isNamed(this.bytes, at + 4, name)) return false;
      found = visit(body, behind);
      return true;
    });
    return found;
  }
}

/** Version and flags in front of the body of a "full box". */
const FULL_BOX_HEAD = 4;

/**
 * Size of the primary picture as every decoder gives it: the clean aperture cuts it and `irot` turns it as part of
 * decoding, and EXIF has no say (ISO/IEC 23008-12, 6.5). Without a table of properties, which only broken files lack,
 * the only size counts.
 */
export function isoSize(bytes: Buffer): PictureSize | undefined {
  const reader = new BoxReader(bytes);
  return reader.inside('meta', 0, bytes.length, (meta, metaEnd) => {
    const children = meta + FULL_BOX_HEAD;
    const primary = reader.inside('pitm', children, metaEnd, (body) =>
      itemId(bytes, body, body + FULL_BOX_HEAD),
    );
    return reader.inside('iprp', children, metaEnd, (iprp, iprpEnd) => {
      const used = primary === undefined ? undefined : propertiesOf(primary, reader, iprp, iprpEnd);
      return reader.inside('ipco', iprp, iprpEnd, (ipco, ipcoEnd) => sizeBy(used, reader, ipco, ipcoEnd));
    });
  });
}

/** 16 bits in version 0 of the box at `body`, 32 bits later. */
const itemId = (bytes: Buffer, body: number, at: number): number =>
  byteAt(bytes, body) === 0 ? bytes.readUInt16BE(at) : bytes.readUInt32BE(at);

/** Positions of an item's properties, counted from 1; at most 255. */
function propertiesOf(
  item: number,
  reader: BoxReader,
  iprp: number,
  iprpEnd: number,
): ReadonlySet<number> | undefined {
  let found: ReadonlySet<number> | undefined;
  reader.walk(iprp, iprpEnd, (at, body, behind) => {
    if (isNamed(reader.bytes, at + 4, 'ipma')) found = associationsIn(reader, body, behind, item);
    return found !== undefined;
  });
  return found;
}

function associationsIn(
  reader: BoxReader,
  body: number,
  end: number,
  item: number,
): ReadonlySet<number> | undefined {
  const { bytes } = reader;
  const idBytes = byteAt(bytes, body) === 0 ? 2 : 4;
  const indexBytes = (byteAt(bytes, body + 3) & 1) === 1 ? 2 : 1;
  let at = body + FULL_BOX_HEAD + 4;
  for (let left = bytes.readUInt32BE(body + FULL_BOX_HEAD); left > 0 && at < end; left--) {
    reader.countItem();
    const first = at + idBytes + 1;
    const count = byteAt(bytes, first - 1);
    if (itemId(bytes, body, at) === item) return propertyIndices(bytes, first, count, indexBytes);
    at = first + count * indexBytes;
  }
  return undefined;
}

/** The highest bit of each says "essential". */
function propertyIndices(
  bytes: Buffer,
  first: number,
  count: number,
  indexBytes: 1 | 2,
): ReadonlySet<number> {
  const indices = new Set<number>();
  for (let at = first; at < first + count * indexBytes; at += indexBytes) {
    indices.add(indexBytes === 2 ? bytes.readUInt16BE(at) & 0x7fff : byteAt(bytes, at) & 0x7f);
  }
  return indices;
}

function sizeBy(
  used: ReadonlySet<number> | undefined,
  reader: BoxReader,
  ipco: number,
  ipcoEnd: number,
): PictureSize | undefined {
  const { bytes } = reader;
  let [sizes, width, height, isOnItsSide, position] = [0, 0, 0, false, 0];
  let clap: number | undefined;
  reader.walk(ipco, ipcoEnd, (at, body) => {
    position++;
    if (used && !used.has(position)) return false;
    if (isNamed(bytes, at + 4, 'ispe')) {
      sizes++;
      width = bytes.readUInt32BE(body + 4);
      height = bytes.readUInt32BE(body + 8);
    } else if (used && isNamed(bytes, at + 4, 'clap')) clap = body;
    else if (used && isNamed(bytes, at + 4, 'irot')) isOnItsSide = byteAt(bytes, body) % 2 === 1;
    return false;
  });
  if (sizes !== 1) return undefined;
  if (clap !== undefined) {
    width = cutTo(width, bytes, clap);
    height = cutTo(height, bytes, clap + 8);
  }
  return isOnItsSide ? { width: height, height: width } : { width, height };
}

/** A side of the clean aperture: a fraction of two numbers. One that is larger than the picture is damage. */
function cutTo(side: number, bytes: Buffer, at: number): number {
  const cut = Math.round(bytes.readUInt32BE(at) / bytes.readUInt32BE(at + 4));
  return cut >= 1 && cut <= side ? cut : side;
}

/**
 * The boxes must end where the file does; the pixels lie in `mdat`, those of very small pictures in `idat` inside
 * `meta`.
 */
export function isIsoCutOff(bytes: Buffer): boolean {
  const reader = new BoxReader(bytes);
  let hasPixels = false;
  const end = reader.walk(0, bytes.length, (at) => {
    hasPixels ||= isNamed(bytes, at + 4, 'mdat');
    return false;
  });
  if (end > bytes.length) return true;
  return !hasPixels && !hasPixelsInMeta(reader);
}

const hasPixelsInMeta = (reader: BoxReader): boolean =>
  reader.inside('meta', 0, reader.bytes.length, (meta, end) =>
    reader.inside('idat', meta + FULL_BOX_HEAD, end, () => true),
  ) ?? false;
