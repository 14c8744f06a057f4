import assert from 'node:assert/strict';
import { BoundedValues, OTHER, UNKNOWN } from '../../../nodes/workspace/metrics/bounded';

describe('values of a label, bounded', () => {
  it('gives the first ones their own place, and the rest one together', () => {
    const values = new BoundedValues(2);
    assert.deepEqual(
      ['a', 'b', 'c', 'a', ''].map((value) => values.of(value)),
      ['a', 'b', OTHER, 'a', UNKNOWN],
    );
  });

  it('cuts what is long, so that long values with one beginning share a place', () => {
    const values = new BoundedValues(1);
    assert.equal(values.of(`${'x'.repeat(200)}1`), values.of(`${'x'.repeat(200)}2`));
  });

  it('tells combinations of long values apart by their ends as well', () => {
    const sets = new BoundedValues(1, Infinity);
    const long = 'x'.repeat(128);
    assert.notEqual(sets.of(`${long}\0one`), OTHER);
    assert.equal(sets.of(`${long}\0two`), OTHER);
  });
});
