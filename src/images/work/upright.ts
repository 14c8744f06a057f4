import { isFromBottom, isFromRight, isOnItsSide } from '../orientation';
import { emptyPixels, type Pixels } from './pixels';

/** The picture as its EXIF orientation (1 to 8) says that it is shown. */
export function upright(stored: Pixels, orientation = 1): Pixels {
  if (orientation <= 1 || orientation > 8) return stored;
  const { width, height } = stored;
  const onItsSide = isOnItsSide(orientation);
  const shown = onItsSide ? emptyPixels(height, width) : emptyPixels(width, height);
  const from = wholePixels(stored);
  const to = wholePixels(shown);
  for (let y = 0; y < height; y++) {
    const down = isFromBottom(orientation) ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const across = isFromRight(orientation) ? width - 1 - x : x;
      to[onItsSide ? across * height + down : down * width + across] = from[y * width + x] as number;
    }
  }
  return shown;
}

function wholePixels({ data }: Pixels): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
}
