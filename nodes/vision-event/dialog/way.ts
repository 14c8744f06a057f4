/** The way to a value in a payload: keys of objects and positions in lists. */
export type Way = (string | number)[];

/**
 * As paths of a mapping are written: docs/formats.md, "Custom mapping".
 *
 * @param element what stands for all positions, in place of each
 */
export function wayText(way: Way, element?: '[]'): string {
  return way.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}${element ?? `[${step}]`}`;
    if (!/^[^.[\]'"*/]+$/.test(step)) return `${path}['${step}']`;
    return path === '' ? step : `${path}.${step}`;
  }, '');
}
