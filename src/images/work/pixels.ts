/** A decoded picture: rows from the top, four bytes (red, green, blue, opacity) a pixel. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

export const BYTES_A_PIXEL = 4;

export function emptyPixels(width: number, height: number): Pixels {
  return { width, height, data: new Uint8ClampedArray(width * height * BYTES_A_PIXEL) };
}

/** Transparent parts become white, in place: a JPEG has none, and what lies under them is no longer in the picture. */
export function flatten({ data }: Pixels): void {
  for (let at = 3; at < data.length; at += BYTES_A_PIXEL) {
    const opacity = data[at] as number;
    if (opacity === 255) continue;
    for (let channel = at - 3; channel < at; channel++) {
      data[channel] = ((data[channel] as number) * opacity + 255 * (255 - opacity)) / 255;
    }
    data[at] = 255;
  }
}

/** Few colours for so many pixels: a drawing, a diagram, a screen. A photograph has thousands. */
export function isLineArt({ data, width, height }: Pixels): boolean {
  const most = Math.min(4096, Math.ceil((width * height) / 32));
  const colours = new Set<number>();
  for (let at = 0; at < data.length; at += BYTES_A_PIXEL) {
    colours.add(((data[at] as number) << 16) | ((data[at + 1] as number) << 8) | (data[at + 2] as number));
    if (colours.size > most) return false;
  }
  return true;
}
