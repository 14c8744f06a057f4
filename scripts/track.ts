/**
 * Reads detections of the MOTChallenge and writes tracks in the same format, at the scene's default settings.
 *
 * Usage: npm run track -- det.txt > tracks.txt, or
 * npm run track -- det.txt gt.txt to measure them beside other trackers
 */
import { existsSync } from 'node:fs';
import { evaluate } from './scene/evaluate';
import { follow } from './scene/follow';
import { motLine, readMot, type MotBox } from './scene/mot';
import { plainOverlap, sort } from './scene/rivals';

const [detections, truth] = process.argv.slice(2);

if (!detections || !existsSync(detections)) {
  console.error(`Nothing to do: ${detections ?? 'no file of detections'} is not there.`);
  process.exit(detections ? 0 : 2);
} else if (truth) {
  measure(readMot(detections), readMot(truth));
} else {
  console.log(follow(readMot(detections)).map(motLine).join('\n'));
}

function measure(found: MotBox[], real: MotBox[]): void {
  const ways: Record<string, MotBox[]> = {
    'plain overlap': plainOverlap(found),
    'SORT as published': sort(found),
    'scene, frame by frame': follow(found, { filled: false }),
    scene: follow(found),
  };
  const percent = (share: number) => Number((100 * share).toFixed(1));
  console.table(
    Object.fromEntries(
      Object.entries(ways).map(([name, told]) => {
        const { mota, idf1, switches, missed, falseBoxes, tracks } = evaluate(real, told);
        return [
          name,
          { MOTA: percent(mota), IDF1: percent(idf1), switches, missed, false: falseBoxes, tracks },
        ];
      }),
    ),
  );
}
