import * as zlib from 'node:zlib';

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32ByTable(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ (TABLE[(sum ^ byte) & 0xff] ?? 0);
  return (sum ^ 0xffffffff) >>> 0;
}

/** zlib.crc32 came with Node.js 20.15; earlier ones take the slow way. */
export const crc32: (bytes: Uint8Array) => number =
  typeof zlib.crc32 === 'function' ? zlib.crc32 : crc32ByTable;
