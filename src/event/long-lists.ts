/**
 * No detector and no batch of events has longer lists. A list that code made may be as long as 4,294,967,295 entries of which none is
 * there: whoever walks it holds everything else for minutes.
 */
export const MAX_LIST_LENGTH = 1_000_000;

/** An object that contains itself has no end; what lies behind so many objects, or deeper, is not looked at. */
const MOST_OBJECTS = 1_000_000;
const MOST_LEVELS = 32;

/** Whether a list of more than a million entries stands in a value. Lists are known by their length, not by walking them. */
export function hasLongList(value: unknown): boolean {
  let objectsLeft = MOST_OBJECTS;
  const look = (inner: unknown, levels: number): boolean => {
    if (typeof inner !== 'object' || inner === null || ArrayBuffer.isView(inner)) return false;
    if (Array.isArray(inner) && inner.length > MAX_LIST_LENGTH) return true;
    if (levels === 0 || objectsLeft-- <= 0) return false;
    if (Array.isArray(inner)) {
      for (let at = 0; at < inner.length; at++) if (look(inner[at], levels - 1)) return true;
      return false;
    }
    for (const key in inner) if (look((inner as Record<string, unknown>)[key], levels - 1)) return true;
    return false;
  };
  return look(value, MOST_LEVELS);
}
