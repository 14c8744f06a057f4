/** The measures of the MOTChallenge: CLEAR MOT (MOTA, ID switches) and IDF1, at an overlap of 0.5. */
import { assign } from '../../src/scene/assignment';
import { overlap } from '../../src/scene/overlap';
import { byFrame, lastFrame, type MotBox } from './mot';

const LEAST_OVERLAP = 0.5;

export interface Scores {
  /** 1 - (missed + false + switches) / true boxes */
  mota: number;
  idf1: number;
  switches: number;
  missed: number;
  falseBoxes: number;
  /** true boxes */
  boxes: number;
  tracks: number;
}

/** Bernardin and Stiefelhagen 2008; Ristani and others 2016. */
export function evaluate(truth: readonly MotBox[], told: readonly MotBox[]): Scores {
  const { missed, falseBoxes, switches } = clearMot(truth, told);
  return {
    mota: 1 - (missed + falseBoxes + switches) / truth.length,
    idf1: idf1(truth, told),
    switches,
    missed,
    falseBoxes,
    boxes: truth.length,
    tracks: new Set(told.map(({ id }) => id)).size,
  };
}

function clearMot(truth: readonly MotBox[], told: readonly MotBox[]) {
  const truthByFrame = byFrame(truth);
  const toldByFrame = byFrame(told);
  const lastId = new Map<number, number>();
  let [missed, falseBoxes, switches] = [0, 0, 0];
  for (let frame = 1; frame <= Math.max(lastFrame(truth), lastFrame(told)); frame++) {
    const real = truthByFrame.get(frame) ?? [];
    const said = toldByFrame.get(frame) ?? [];
    const pairs = matched(real, said, lastId);
    for (const [one, other] of pairs) {
      const before = lastId.get(one.id);
      if (before !== undefined && before !== other.id) switches++;
      lastId.set(one.id, other.id);
    }
    missed += real.length - pairs.length;
    falseBoxes += said.length - pairs.length;
  }
  return { missed, falseBoxes, switches };
}

/** Pairs of the frame before stay together while they overlap; the rest is matched as well as it can be. */
function matched(
  real: readonly MotBox[],
  said: readonly MotBox[],
  lastId: ReadonlyMap<number, number>,
): [MotBox, MotBox][] {
  const pairs: [MotBox, MotBox][] = [];
  const openSaid = new Set(said);
  const openReal = new Set(real);
  for (const one of real) {
    const other = said.find(({ id }) => id === lastId.get(one.id));
    if (!other || !openSaid.has(other) || overlap(one.box, other.box) < LEAST_OVERLAP) continue;
    pairs.push([one, other]);
    openSaid.delete(other);
    openReal.delete(one);
  }
  const [rows, columns] = [[...openReal], [...openSaid]];
  const cost = rows.map((one) =>
    columns.map((other) => {
      const share = overlap(one.box, other.box);
      return share < LEAST_OVERLAP ? Infinity : 1 - share;
    }),
  );
  assign(cost).forEach((column, row) => {
    if (column >= 0) pairs.push([rows[row]!, columns[column]!]);
  });
  return pairs;
}

/** Each true path is given to one told path, so that most boxes agree. */
function idf1(truth: readonly MotBox[], told: readonly MotBox[]): number {
  const toldByFrame = byFrame(told);
  const realIds = [...new Set(truth.map(({ id }) => id))];
  const saidIds = [...new Set(told.map(({ id }) => id))];
  const rowOf = new Map(realIds.map((id, row) => [id, row]));
  const columnOf = new Map(saidIds.map((id, column) => [id, column]));
  const agreeing = realIds.map(() => new Array<number>(saidIds.length).fill(0));
  for (const one of truth) {
    for (const other of toldByFrame.get(one.frame) ?? []) {
      if (overlap(one.box, other.box) >= LEAST_OVERLAP)
        agreeing[rowOf.get(one.id)!]![columnOf.get(other.id)!]!++;
    }
  }
  const pairs = assign(agreeing.map((row) => row.map((count) => -count)));
  const agreed = pairs.reduce((sum, column, row) => sum + (column < 0 ? 0 : agreeing[row]![column]!), 0);
  return (2 * agreed) / (truth.length + told.length);
}
