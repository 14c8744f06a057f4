/**
 * No detector and no batch of events has longer lists. A list that code made may be as long as 4,294,967,295 entries of
 * which none is there: whoever walks it holds everything else for minutes.
 */
export const MAX_LIST_LENGTH = 1_000_000;

/** An object that contains itself has no end; what lies behind so many objects, or deeper, is not looked at. */
const MOST_OBJECTS = 1_000_000;
const MOST_LEVELS = 32;

/**
 * Whether a list of more than a million entries stands in a value. Lists are known by their length, not by walking
 * them.
 */
export function hasLongList(value: unknown): boolean {
  let objectsLeft = MOST_OBJECTS;
  // Most values are texts and numbers: they cost no call.
  const look = (inner: object, levels: number): boolean => {
    if (ArrayBuffer.isView(inner)) return false;
    if (Array.isArray(inner)) {
      if (inner.length > MAX_LIST_LENGTH) return true;
      if (levels === 0 || objectsLeft-- <= 0) return false;
      for (let at = 0; at < inner.length; at++) {
        const element: unknown = inner[at];
        if (typeof element === 'object' && element !== null && look(element, levels - 1)) return true;
      }
      return false;
    }
    if (levels === 0 || objectsLeft-- <= 0) return false;
    for (const key in inner) {
      const field = (inner as Record<string, unknown>)[key];
      if (typeof field === 'object' && field !== null && look(field, levels - 1)) return true;
    }
    return false;
  };
  return typeof value === 'object' && value !== null && look(value, MOST_LEVELS);
}
