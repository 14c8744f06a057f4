import type { PictureSize } from './bytes';
import { HeaderTooLong, MAX_TIFF_ENTRIES } from './limits';

export const TIFF_SIGNATURES = ['49492a00', '4d4d002a', '49492b00', '4d4d002b'];

const WIDTH = 256;
const HEIGHT = 257;
export const ORIENTATION = 274;

const SHORT = 3;
const LONG = 4;
const LONG8 = 16;

/** The first image directory of a TIFF, or of the TIFF inside an EXIF block. BigTIFF (version 43) has wider fields. */
export class Directory {
  private readonly isLittle: boolean;
  private readonly isBig: boolean;
  private readonly start: number;
  private readonly entries: number;

  constructor(private readonly bytes: Buffer) {
    this.isLittle = bytes[0] === 0x49;
    this.isBig = this.u16(2) === 43;
    this.start = this.isBig ? this.u64(8) : this.u32(4);
    this.entries = this.isBig ? this.u64(this.start) : this.u16(this.start);
  }

  /** Offset behind the directory, with its link to the next one. */
  get end(): number {
    const { start, entries } = this;
    return this.isBig ? start + 8 + entries * 20 + 8 : start + 2 + entries * 12 + 4;
  }

  /** @throws HeaderTooLong */
  value(tag: number): number | undefined {
    if (this.entries > MAX_TIFF_ENTRIES) throw new HeaderTooLong();
    const length = this.isBig ? 20 : 12;
    const first = this.start + (this.isBig ? 8 : 2);
    for (let at = first; at < first + this.entries * length; at += length) {
      if (this.u16(at) === tag) return this.number(this.u16(at + 2), at + (this.isBig ? 12 : 8));
    }
    return undefined;
  }

  private number(type: number, at: number): number | undefined {
    if (type === SHORT) return this.u16(at);
    if (type === LONG) return this.u32(at);
    return type === LONG8 && this.isBig ? this.u64(at) : undefined;
  }

  private u16(at: number): number {
    return this.isLittle ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  private u32(at: number): number {
    return this.isLittle ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  private u64(at: number): number {
    return Number(this.isLittle ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at));
  }
}

export function tiffSize(bytes: Buffer): PictureSize | undefined {
  const directory = new Directory(bytes);
  const [width, height] = [directory.value(WIDTH), directory.value(HEIGHT)];
  if (width === undefined || height === undefined) return undefined;
  return { width, height, orientation: directory.value(ORIENTATION) };
}

/** Judged by the first directory: many writers put it at the end. */
export const isTiffCutOff = (bytes: Buffer): boolean => new Directory(bytes).end > bytes.length;
