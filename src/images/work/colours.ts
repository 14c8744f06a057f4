/** Bright enough for dark label text, apart enough for neighbours: those of the simulator's page. */
const PALETTE = [
  0x4cc9f0, 0xff9f1c, 0xa3e635, 0xf78fb3, 0xffd60a, 0xb79cff, 0x2ee6a8, 0xff7a6b, 0x7cb8ff, 0xe0aaff,
  0x5eead4, 0xf4b183,
] as const;

/** Red, green and blue as one number. */
export type Colour = number;

export const DARK: Colour = 0x10141a;

/** One colour a class; of two classes in one picture that would have the same, the later takes the next. */
export class ClassColours {
  private readonly colours = new Map<string, Colour>();

  of(className: string): Colour {
    const known = this.colours.get(className);
    if (known !== undefined) return known;
    let hash = 7;
    for (const character of className) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
    const taken = new Set(this.colours.values());
    const inTurn = PALETTE.map((_, step): Colour => PALETTE[(hash + step) % PALETTE.length] ?? PALETTE[0]);
    const colour = inTurn.find((candidate) => !taken.has(candidate)) ?? inTurn[0] ?? PALETTE[0];
    this.colours.set(className, colour);
    return colour;
  }
}
