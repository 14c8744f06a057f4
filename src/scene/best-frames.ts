/** Limits of what is kept for later. */
export interface FrameLimits {
  /** of frames with their pictures, one for each thing */
  frames: number;
  /** of their pictures and other large parts, all in all */
  bytes: number;
}

/** How the frames are measured and made small. */
export interface FrameHandling<Kept> {
  limits: FrameLimits;
  /** bytes of the pictures of a frame */
  measure(kept: Kept): number;
  /** the frame without its pictures */
  withoutPictures(kept: Kept): Kept;
}

interface SharedFrame<Kept> {
  kept: Kept;
  bytes: number;
  users: number;
}

interface Entry<Kept> {
  quality: number;
  frame: SharedFrame<Kept>;
  isLight: boolean;
}

/**
 * The best frame so far of each thing. Bounded: where it is too much, the pictures of the least good frames go first.
 */
export class BestFrames<Kept> {
  private readonly entries = new Map<object, Entry<Kept>>();
  private readonly heavy = new Set<object>();
  private readonly shared = new WeakMap<object, SharedFrame<Kept>>();
  private bytesKept = 0;
  private droppedPictures = 0;

  constructor(private readonly handling: FrameHandling<Kept>) {}

  /** What is kept, and how many pictures had to go so far. */
  get state(): { pictures: number; bytes: number; dropped: number } {
    return { pictures: this.heavy.size, bytes: this.bytesKept, dropped: this.droppedPictures };
  }

  /**
   * Keeps a frame for a thing, if it is better than the one kept.
   *
   * @param source the same object for all things of one frame
   * @returns whether it is kept
   */
  offer(thing: object, quality: number, kept: Kept, source: object): boolean {
    const before = this.entries.get(thing);
    if (before && before.quality >= quality) return false;
    if (before) this.release(thing, before);
    let frame = this.shared.get(source);
    if (!frame) {
      frame = { kept, bytes: this.handling.measure(kept), users: 0 };
      this.shared.set(source, frame);
    }
    if (frame.users === 0) this.bytesKept += frame.bytes;
    frame.users++;
    this.entries.set(thing, { quality, frame, isLight: false });
    this.heavy.add(thing);
    this.shrink();
    return true;
  }

  /** The frame kept for a thing; `isLight` when its pictures had to go. */
  get(thing: object): { kept: Kept; isLight: boolean } | undefined {
    const entry = this.entries.get(thing);
    return entry && { kept: entry.frame.kept, isLight: entry.isLight };
  }

  drop(thing: object): void {
    const entry = this.entries.get(thing);
    if (!entry) return;
    this.release(thing, entry);
    this.entries.delete(thing);
  }

  private release(thing: object, { frame, isLight }: Entry<Kept>): void {
    if (isLight) return;
    this.heavy.delete(thing);
    frame.users--;
    if (frame.users === 0) this.bytesKept -= frame.bytes;
  }

  private shrink(): void {
    const { limits } = this.handling;
    while (this.heavy.size > 0 && (this.heavy.size > limits.frames || this.bytesKept > limits.bytes)) {
      const [thing, entry] = this.leastGood();
      this.release(thing, entry);
      entry.frame = { kept: this.handling.withoutPictures(entry.frame.kept), bytes: 0, users: 1 };
      entry.isLight = true;
      this.droppedPictures++;
    }
  }

  private leastGood(): [object, Entry<Kept>] {
    let least: [object, Entry<Kept>] | undefined;
    for (const thing of this.heavy) {
      const entry = this.entries.get(thing)!;
      if (!least || entry.quality < least[1].quality) least = [thing, entry];
    }
    return least!;
  }
}
