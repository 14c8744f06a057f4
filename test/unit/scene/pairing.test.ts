import assert from 'node:assert/strict';
import { choosePairs } from '../../../src/scene/pairing';

describe('the pairs of tracks and detections', () => {
  it('have each detection once, also where more tracks than detections compete', () => {
    const pairs = choosePairs([
      { row: 0, column: 0, likeness: 0.9 },
      { row: 1, column: 0, likeness: 0.5 },
    ]);
    assert.deepEqual(pairs, [{ row: 0, column: 0, likeness: 0.9 }]);
  });

  it('are those with the highest sum of likeness', () => {
    const pairs = choosePairs([
      { row: 0, column: 0, likeness: 0.9 },
      { row: 0, column: 1, likeness: 0.8 },
      { row: 1, column: 0, likeness: 0.8 },
      { row: 2, column: 1, likeness: 0.1 },
    ]);
    assert.deepEqual(
      pairs.map(({ row, column }) => [row, column]),
      [
        [0, 1],
        [1, 0],
      ],
    );
  });
});
