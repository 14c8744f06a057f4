/** What stands for every value beyond the first ones. */
export const OTHER = 'other';
/** What stands for a value that is not known. */
export const UNKNOWN = 'unknown';

const LONGEST = 128;

/**
 * Values of a label that come from events or from a server: each makes a series that Prometheus keeps, so only the
 * first ones get their own, and all others share one.
 */
export class BoundedValues {
  private readonly known = new Set<string>();

  /**
   * @param most different values, beside `other` and `unknown`
   * @param longest characters of one; infinite for what is put together of values that were cut before
   */
  constructor(
    private readonly most: number,
    private readonly longest = LONGEST,
  ) {}

  of(value: unknown): string {
    if (typeof value !== 'string' || value === '') return UNKNOWN;
    const short = value.slice(0, this.longest);
    if (this.known.has(short)) return short;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(short);
    return short;
  }
}

/** The field of an event without positions: `images.0.objectDetections.3.class` → `images.objectDetections.class`. */
export function fieldOf(path: string): string {
  return path
    .slice(0, 2 * LONGEST)
    .replace(/\[\d+\]/g, '')
    .replace(/(^|\.)\d+(?=\.|$)/g, '$1')
    .replace(/\.{2,}/g, '.')
    .replace(/^\.|\.$/g, '');
}
