import { seededRandom } from '../seed';

/** Where everything by chance comes from: the same seed and number of a case throw the same. */
export class Dice {
  private readonly next: () => number;

  constructor(
    readonly seed: number,
    readonly caseNumber: number,
  ) {
    this.next = seededRandom((seed ^ Math.imul(caseNumber + 1, 0x9e3779b1)) >>> 0);
  }

  /** from 0 to `below` - 1 */
  number(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(among: readonly T[]): T {
    const picked = among[this.number(among.length)];
    if (picked === undefined && among.length === 0) throw new Error('there is nothing to pick from');
    return picked as T;
  }

  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.number(most + 1) }, make);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at++) bytes[at] = this.number(256);
    return bytes;
  }

  /** The same bytes, damaged at one to four places: flipped, cut out, repeated, cut off, another in their place. */
  damaged(bytes: Buffer): Buffer {
    let damaged = Buffer.from(bytes);
    for (let times = 1 + this.number(4); times > 0; times--) damaged = this.damagedOnce(damaged);
    return damaged;
  }

  private damagedOnce(bytes: Buffer): Buffer<ArrayBuffer> {
    const from = this.number(bytes.length + 1);
    const to = Math.min(bytes.length, from + this.number(16));
    const [before, part, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
    switch (this.number(5)) {
      case 0:
        return Buffer.concat([before, this.bytes(part.length), after]);
      case 1:
        return Buffer.concat([before, after]);
      case 2:
        return Buffer.concat([before, ...Array<Buffer>(1 + this.number(50)).fill(part), after]);
      case 3:
        return Buffer.from(before);
      default:
        return Buffer.concat([
          before,
          Buffer.from(this.pick(['ffffffff', '00000000', '7fffffff', '0001']), 'hex'),
          after,
        ]);
    }
  }
}
