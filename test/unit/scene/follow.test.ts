import assert from 'node:assert/strict';
import { evaluate } from '../../../scripts/scene/evaluate';
import { follow } from '../../../scripts/scene/follow';
import { motLine, type MotBox } from '../../../scripts/scene/mot';

/** Two people who walk past each other far apart, for 40 frames; one is not seen in frame 20. */
const film: MotBox[] = Array.from({ length: 40 }, (_, index) => index + 1).flatMap((frame) => [
  { frame, id: 1, box: { x: 100 + 4 * frame, y: 200, width: 40, height: 100 }, confidence: 0.9 },
  { frame, id: 2, box: { x: 600 - 4 * frame, y: 500, width: 40, height: 100 }, confidence: 0.9 },
]);
const detections = film
  .filter(({ frame, id }) => frame !== 20 || id === 1)
  .map((box): MotBox => ({ ...box, id: -1 }));

describe('the tracks of a film, as files of the MOTChallenge have them', () => {
  it('have whole numbers as ids, one for each thing', () => {
    const ids = new Set(follow(detections).map((box) => Number(motLine(box).split(',')[1])));
    assert.deepEqual([...ids].sort(), [1, 2]);
  });

  it('agree with the truth where nothing is hard', () => {
    const { mota, switches } = evaluate(film, follow(detections));
    assert.deepEqual({ mota, switches }, { mota: 1, switches: 0 });
  });
});
