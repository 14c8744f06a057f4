// Unpacks what gzip packed (RFC 1951, RFC 1952), by hand: a function node may not be allowed to load a module that
// does.
function gunzip(packed) {
  const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577];
  const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) throw new Error('not packed with gzip');
  // The header: ten bytes, then what its flags announce.
  let at = 10;
  if (packed[3] & 4) at += 2 + packed.readUInt16LE(at);
  for (const flag of [8, 16]) if (packed[3] & flag) at = packed.indexOf(0, at) + 1;
  if (packed[3] & 2) at += 2;

  const out = Buffer.alloc(packed.readUInt32LE(packed.length - 4));
  let end = 0;
  let bit = at * 8;
  const bits = (count) => {
    let value = 0;
    for (let i = 0; i < count; i++, bit++) value |= ((packed[bit >> 3] >> (bit & 7)) & 1) << i;
    if (bit > packed.length * 8) throw new Error('cut off');
    return value;
  };
  // Canonical Huffman codes: how many codes each length has, and their symbols in order.
  const codesOf = (lengths) => {
    const counts = new Array(16).fill(0);
    for (const length of lengths) counts[length]++;
    const symbols = lengths.map((length, symbol) => ({ length, symbol })).filter(({ length }) => length > 0);
    symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
    return { counts, symbols: symbols.map(({ symbol }) => symbol) };
  };
  const next = ({ counts, symbols }) => {
    for (let length = 1, code = 0, first = 0, index = 0; length < 16; length++) {
      code |= bits(1);
      if (code - first < counts[length]) return symbols[index + code - first];
      index += counts[length];
      first = (first + counts[length]) << 1;
      code <<= 1;
    }
    throw new Error('an unknown code');
  };
  const ownCodes = () => {
    const [literals, distances, codes] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const ofCodes = new Array(19).fill(0);
    for (let i = 0; i < codes; i++) ofCodes[CODE_ORDER[i]] = bits(3);
    const coder = codesOf(ofCodes);
    const lengths = [];
    while (lengths.length < literals + distances) {
      const symbol = next(coder);
      if (symbol < 16) lengths.push(symbol);
      else if (symbol === 16) lengths.push(...new Array(3 + bits(2)).fill(lengths.at(-1)));
      else lengths.push(...new Array(symbol === 17 ? 3 + bits(3) : 11 + bits(7)).fill(0));
    }
    return [codesOf(lengths.slice(0, literals)), codesOf(lengths.slice(literals))];
  };
  const fixedCodes = () => [
    codesOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
    codesOf(new Array(30).fill(5)),
  ];
  for (let isLast = false; !isLast; ) {
    isLast = bits(1) === 1;
    const type = bits(2);
    if (type === 0) {
      at = Math.ceil(bit / 8);
      const length = packed.readUInt16LE(at);
      packed.copy(out, end, at + 4, at + 4 + length);
      end += length;
      bit = (at + 4 + length) * 8;
      continue;
    }
    const [literals, distances] = type === 1 ? fixedCodes() : ownCodes();
    for (let symbol = next(literals); symbol !== 256; symbol = next(literals)) {
      if (symbol < 256) {
        out[end++] = symbol;
        continue;
      }
      let length = LENGTHS[symbol - 257] + bits(LENGTH_BITS[symbol - 257]);
      const code = next(distances);
      const distance = DISTANCES[code] + bits(Math.max(0, (code >> 1) - 1));
      for (; length > 0; length--, end++) out[end] = out[end - distance];
    }
  }
  return out;
}
