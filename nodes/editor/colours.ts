/** Bright enough for a dark halo, apart enough for neighbours. */
const PALETTE = ['#4cc9f0', '#ff9f1c', '#a3e635', '#f78fb3', '#ffd60a', '#b79cff', '#2ee6a8', '#ff7a6b'];

/** The same name has the same colour in all drawings. */
export function colourOf(name: unknown): string {
  let hash = 7;
  for (const character of String(name)) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return PALETTE[hash % PALETTE.length]!;
}
