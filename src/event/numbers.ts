/** How many decimal places a finite number has when it is written as JSON: 2 for 1.25, 7 for 1e-7, 0 for 1e21. */
export function decimalsOf(value: number): number {
  if (Number.isInteger(value)) return 0;
  const text = String(value);
  if (!text.includes('e')) return text.length - 1 - text.indexOf('.');
  const [digits = '', exponent = '0'] = text.split('e');
  const fraction = digits.split('.')[1] ?? '';
  return Math.max(fraction.length - Number(exponent), 0);
}

/** Rounds to at most so many decimal places; numbers that have no more stay as they are. */
export function roundTo(decimals: number, value: number): number {
  // `+ 0` turns the -0 of a tiny negative number into 0.
  return decimalsOf(value) <= decimals ? value : Number(value.toFixed(decimals)) + 0;
}
