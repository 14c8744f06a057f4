import { crc32, deflateSync } from 'node:zlib';

/** A filled rectangle: its centre and size in pixels, as the API has boxes. */
export interface DrawnObject {
  x: number;
  y: number;
  width: number;
  height: number;
}

const BACKGROUND = 0xe0;
const OBJECT = 0x40;
const GREYSCALE_8_BIT = [8, 0, 0, 0, 0];

/** A PNG picture with dark objects on a light ground. */
export function drawScene(width: number, height: number, objects: DrawnObject[]): Buffer {
  const rows = Buffer.alloc((width + 1) * height, BACKGROUND);
  for (let y = 0; y < height; y++) {
    const start = y * (width + 1);
    rows[start] = 0; // no filter
    for (const object of objects) {
      if (Math.abs(y + 0.5 - object.y) >= object.height / 2) continue;
      rows.fill(OBJECT, start + 1 + object.x - object.width / 2, start + 1 + object.x + object.width / 2);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(GREYSCALE_8_BIT, 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  typed.copy(framed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
