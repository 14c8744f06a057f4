// Reads a PNG as "film the belt" writes it: stored, two pixels a byte, each the number of a colour.
function readPng(png) {
  const parts = {};
  for (let at = 8; at < png.length; ) {
    const size = png.readUInt32BE(at);
    parts[png.toString('latin1', at + 4, at + 8)] = png.subarray(at + 8, at + 8 + size);
    at += size + 12;
  }
  const width = parts.IHDR.readUInt32BE(0);
  const height = parts.IHDR.readUInt32BE(4);
  const blocks = [];
  for (let at = 2, isLast = false; !isLast; ) {
    isLast = parts.IDAT[at] === 1;
    const length = parts.IDAT.readUInt16LE(at + 1);
    blocks.push(parts.IDAT.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const rows = Buffer.concat(blocks);
  const rowBytes = 1 + Math.ceil(width / 2);
  const pixels = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels[y * width + x] = (rows[y * rowBytes + 1 + (x >> 1)] >> (x & 1 ? 0 : 4)) & 15;
  }
  const colours = Array.from({ length: parts.PLTE.length / 3 }, (_, i) => [...parts.PLTE.subarray(i * 3, i * 3 + 3)]);
  return { width, height, colours, pixels };
}
