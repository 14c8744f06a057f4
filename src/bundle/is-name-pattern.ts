/** As Roboflow's own bundle block has it: so many characters before the `.tar.gz`. */
export const MAX_NAME_LENGTH = 200;

/**
 * Letters, digits, `.`, `_`, `-` and the names of values in braces; not beginning with a dot, which is for files still
 * being written.
 */
const NAME_PATTERN = /^(?!\.)(?:[\w.-]|\{(?:class|result|eventType|time|id)\})+$/;

/** Whether bundle files can be named by a pattern. */
export function isNamePattern(pattern: string): boolean {
  return pattern.length <= MAX_NAME_LENGTH && NAME_PATTERN.test(pattern);
}
