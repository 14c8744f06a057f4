/** The names of the extra headers out of the setting that holds them, comma separated. */
export function headerNames(names: string | undefined): string[] {
  return (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
