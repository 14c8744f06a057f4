// Reads a PNG as "film the belt" writes it: eight bits a pixel, each the number of a colour.
function readPng(png) {
  const parts = {};
  for (let at = 8; at < png.length; ) {
    const size = png.readUInt32BE(at);
    parts[png.toString('latin1', at + 4, at + 8)] = png.subarray(at + 8, at + 8 + size);
    at += size + 12;
  }
  const width = parts.IHDR.readUInt32BE(0);
  const height = parts.IHDR.readUInt32BE(4);
  const rows = zlib.inflateSync(parts.IDAT);
  const pixels = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) rows.copy(pixels, y * width, y * (width + 1) + 1, (y + 1) * (width + 1));
  const colours = Array.from({ length: parts.PLTE.length / 3 }, (_, i) => [...parts.PLTE.subarray(i * 3, i * 3 + 3)]);
  return { width, height, colours, pixels };
}
