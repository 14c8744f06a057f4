/**
 * Pictures that are made to keep a reader of headers busy: as many tiny parts as fit. Each is accepted by its first
 * bytes. Shared by the tests and the bench.
 */
import type { PictureSize } from '../../../src/images/formats';

export interface HostilePicture {
  name: string;
  /** a picture of so many bytes */
  make: (length: number) => Buffer;
  /** undefined: the header is too long, or broken, to tell */
  size?: PictureSize;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const u16 = (value: number): Buffer => hex(value.toString(16).padStart(4, '0'));
const u32 = (value: number): Buffer => hex(value.toString(16).padStart(8, '0'));

/** `start`, then `part` again and again, then `end`; filled in place, so that making it leaves no memory behind. */
const filled =
  (start: Buffer, part: Buffer, end: Buffer = Buffer.alloc(0)) =>
  (length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    const stop = start.length + Math.floor((length - start.length - end.length) / part.length) * part.length;
    start.copy(bytes);
    bytes.fill(part, start.length, stop);
    end.copy(bytes, stop);
    return bytes.subarray(0, stop + end.length);
  };

const FRAME_40_BY_24 = hex('ffc0 000b 08 0018 0028 01011100');
const SCAN_AND_END = hex('ffda0002 ffd9');
const JPEG = hex('ffd8');
const EXIF_HEAD = Buffer.from('Exif\0\0II*\0', 'latin1');
/** A directory of 65,535 entries right behind the head. */
const LONG_DIRECTORY = hex('08000000 ffff');

const jpegOf = (
  name: string,
  part: string | Buffer,
  end = SCAN_AND_END,
  size?: PictureSize,
): HostilePicture => ({
  name: `JPEG of ${name}`,
  make: filled(JPEG, typeof part === 'string' ? hex(part) : part, end),
  size,
});

const jpegs: HostilePicture[] = [
  jpegOf('empty APP1', 'ffe10002'),
  jpegOf('empty APP0', 'ffe00002'),
  jpegOf('empty frame headers', 'ffc00002'),
  jpegOf('segments without a length', 'ffe10000'),
  jpegOf('fill bytes', 'ff'),
  jpegOf('restart marks', 'ffd0'),
  jpegOf('escaped bytes', 'ff00'),
  jpegOf('zeros', 'ff' + '00'.repeat(63)),
  jpegOf(
    'EXIF blocks',
    Buffer.concat([hex('ffe1'), u16(65_535), EXIF_HEAD, LONG_DIRECTORY, Buffer.alloc(65_517)]),
  ),
  {
    name: 'JPEG of bytes that look like half an end mark',
    make: filled(Buffer.concat([JPEG, FRAME_40_BY_24, hex('ffda0002')]), hex('d9')),
    size: { width: 40, height: 24 },
  },
];

const PNG = hex('89504e470d0a1a0a');
const IHDR = hex('0000000d 49484452 00000028 00000018 0800000000 00000000');
const chunk = (name: string): Buffer => Buffer.concat([u32(0), Buffer.from(name, 'latin1'), u32(0)]);

const pngs: HostilePicture[] = ['tEXt', 'eXIf', 'IHDR', '\0\0\0\0'].map((name) => ({
  name: `PNG of empty chunks ${JSON.stringify(name)}`,
  make: filled(Buffer.concat([PNG, IHDR]), chunk(name), Buffer.concat([chunk('IDAT'), chunk('IEND')])),
  // the EXIF block is there at once, and empty
  size: name === 'eXIf' ? { width: 40, height: 24 } : undefined,
}));

const GIF = Buffer.concat([Buffer.from('GIF89a', 'latin1'), hex('2800 1800 00 00 00')]);
const gifOf = (name: string, start: string, part: string): HostilePicture => ({
  name: `GIF of ${name}`,
  make: filled(Buffer.concat([GIF, hex(start)]), hex(part), hex('003b')),
  size: { width: 40, height: 24 },
});

const gifs: HostilePicture[] = [
  gifOf('sub-blocks of one byte', '21fe', '0100'),
  gifOf('empty extensions', '', '21fe00'),
  gifOf('empty pictures', '', '2c000000000000000000 02 00'),
];

/** The RIFF and the canvas, which says that EXIF comes. */
const webpStart = (length: number): Buffer => {
  const start = Buffer.from('RIFF....WEBPVP8X', 'latin1');
  start.writeUInt32LE(length - 8, 4);
  return Buffer.concat([start, hex('0a000000 08 000000 270000 170000')]);
};
const webps: HostilePicture[] = [
  {
    name: 'WebP of empty chunks',
    make: (length) => {
      const bytes = filled(webpStart(length), hex('414e4d46 00000000'))(length);
      bytes.writeUInt32LE(bytes.length - 8, 4);
      return bytes;
    },
  },
];

const tiffs: HostilePicture[] = [
  {
    name: 'TIFF of 65,535 entries',
    make: filled(hex('49492a00 08000000 ffff'), hex('ffff 0300 01000000 00000000')),
  },
  {
    name: 'BigTIFF of a million entries',
    make: filled(hex('49492b00 0800 0000 1000000000000000 40420f0000000000'), hex('ffff 0300')),
  },
];

const bmps: HostilePicture[] = [
  {
    name: 'BMP of a wrong file size',
    make: filled(
      hex('424d ffffffff 00000000 36000000 28000000 28000000 e8ffffff 0100 1800 00000000'),
      hex('00'),
    ),
    size: { width: 40, height: 24 },
  },
];

const box = (type: string, length: number): Buffer =>
  Buffer.concat([u32(length), Buffer.from(type, 'latin1')]);
const MDAT = box('mdat', 8);

/** `ftyp`, `meta`, `iprp` and whatever is inside it; all boxes reach to the end of the file but for an empty `mdat`. */
function inProperties(brand: string, start: (length: number) => Buffer, part: Buffer) {
  return (length: number): Buffer => {
    const ftyp = Buffer.concat([
      box('ftyp', 20),
      Buffer.from(brand, 'latin1'),
      u32(0),
      Buffer.from(brand, 'latin1'),
    ]);
    const pitm = Buffer.concat([box('pitm', 14), u32(0), u16(1)]);
    const room = length - ftyp.length - MDAT.length;
    const parts = Math.floor((room - 12 - pitm.length - 8 - start(0).length) / part.length) * part.length;
    const iprp = 8 + start(0).length + parts;
    const meta = Buffer.concat([box('meta', 12 + pitm.length + iprp), u32(0), pitm, box('iprp', iprp)]);
    const bytes = filled(
      Buffer.concat([ftyp, meta, start(parts)]),
      part,
      MDAT,
    )(ftyp.length + 12 + pitm.length + iprp + MDAT.length);
    return bytes;
  };
}

const inPropertyList = (brand: string, part: Buffer) =>
  inProperties(brand, (parts) => box('ipco', parts + 8), part);

const ispe = Buffer.concat([box('ispe', 20), u32(0), u32(40), u32(24)]);
/** A table that claims very many items and, when read beyond its end, finds them in the tables behind it. */
const shortTable = Buffer.concat([box('ipma', 16), u32(0), u32(0xffffffff)]);
const isoPictures: HostilePicture[] = ['heic', 'avif'].flatMap((brand) => [
  { name: `${brand} of sizes`, make: inPropertyList(brand, ispe) },
  { name: `${brand} of empty properties`, make: inPropertyList(brand, box('free', 8)) },
  { name: `${brand} of apertures`, make: inPropertyList(brand, box('clap', 8)) },
  { name: `${brand} of zeros`, make: inPropertyList(brand, Buffer.alloc(1)) },
  { name: `${brand} of tables of items`, make: inProperties(brand, () => Buffer.alloc(0), shortTable) },
  {
    name: `${brand} of one long table of items`,
    make: inProperties(
      brand,
      (parts) => Buffer.concat([box('ipma', parts + 16), u32(0), u32(0xffffffff)]),
      hex('000200'),
    ),
  },
  {
    name: `${brand} of empty boxes`,
    make: filled(
      Buffer.concat([box('ftyp', 20), Buffer.from(`${brand}\0\0\0\0${brand}`, 'latin1')]),
      box('free', 8),
      MDAT,
    ),
  },
  {
    name: `${brand} of letters of "idat"`,
    make: filled(
      Buffer.concat([box('ftyp', 20), Buffer.from(`${brand}\0\0\0\0${brand}`, 'latin1'), box('mdat', 0)]),
      Buffer.from('idai', 'latin1'),
    ),
  },
]);

export const HOSTILE_PICTURES: readonly HostilePicture[] = [
  ...jpegs,
  ...pngs,
  ...gifs,
  ...webps,
  ...tiffs,
  ...bmps,
  ...isoPictures,
];

/** As much of a start as tells the format. */
const SIGNATURE_BYTES = 20;

/** Small forms of all shapes, from which random ones are put together; one shape has parts of 64 KB. */
const SAMPLES: readonly Buffer[] = HOSTILE_PICTURES.map(({ make }) =>
  [512, 70_000].map(make).find(({ length }) => length > 100),
).filter((sample) => sample !== undefined);

/**
 * A picture that nobody thought of, written over all of `bytes`: the start of one shape, damaged here and there, then a
 * few snippets of shapes of the same format again and again, then the end of one.
 */
export function writeRandomPicture(random: () => number, bytes: Buffer): void {
  const below = (limit: number): number => Math.floor(random() * limit);
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const start = one(SAMPLES);
  const related = SAMPLES.filter((sample) => sample.subarray(0, 2).equals(start.subarray(0, 2)));
  const snippet = (): Buffer => {
    const sample = one(related);
    const from = below(sample.length);
    return Buffer.from(sample.subarray(from, from + 1 + below(40)));
  };
  const parts = Array.from({ length: 1 + below(4) }, snippet);
  if (random() < 0.2) parts.push(u32(below(2 ** 32)));
  const part = Buffer.concat(parts);
  const startLength = SIGNATURE_BYTES + below(start.length - SIGNATURE_BYTES);
  bytes.fill(part, startLength);
  start.copy(bytes, 0, 0, startLength);
  bytes.set(one(related).subarray(-20), bytes.length - 20);
  for (let damage = below(8); damage > 0; damage--) {
    bytes[SIGNATURE_BYTES + below(600)] = one([0, 1, 8, 12, 0x7f, 0x80, 0xff, below(256)]);
  }
}
