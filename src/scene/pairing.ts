import { assign } from './assignment';

/**
 * So many possible pairs among one cluster are settled greedily: the best choice would take the time of many frames.
 */
const MOST_EXACT = 40_000;

/** A track (row) and a detection (column) that may belong together. */
export interface Candidate {
  row: number;
  column: number;
  /** above 0 */
  likeness: number;
}

/** Chooses pairs so that all in all they are most alike; each row and column in one at most. */
export function choosePairs(candidates: readonly Candidate[]): Candidate[] {
  return clusters(candidates).flatMap((cluster) => {
    if (cluster.length === 1) return cluster;
    const rows = [...new Set(cluster.map(({ row }) => row))];
    const columns = [...new Set(cluster.map(({ column }) => column))];
    return rows.length * columns.length > MOST_EXACT ? greedy(cluster) : exact(cluster, rows, columns);
  });
}

/**
 * Candidates that share rows or columns, directly or through others, have to be settled together; most things stand
 * alone.
 */
function clusters(candidates: readonly Candidate[]): Candidate[][] {
  const parent = new Map<number, number>();
  const rootOf = (node: number): number => {
    let root = node;
    for (let up = parent.get(root); up !== undefined; up = parent.get(root)) root = up;
    if (root !== node) parent.set(node, root);
    return root;
  };
  // rows count from 0 up, columns from -1 down
  for (const { row, column } of candidates) {
    const [a, b] = [rootOf(row), rootOf(-1 - column)];
    if (a !== b) parent.set(a, b);
  }
  const byRoot = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const root = rootOf(candidate.row);
    const cluster = byRoot.get(root);
    if (cluster) cluster.push(candidate);
    else byRoot.set(root, [candidate]);
  }
  return [...byRoot.values()];
}

function exact(cluster: readonly Candidate[], rows: number[], columns: number[]): Candidate[] {
  const rowAt = new Map(rows.map((row, position) => [row, position]));
  const columnAt = new Map(columns.map((column, position) => [column, position]));
  const cost = rows.map(() => new Array<number>(columns.length).fill(Infinity));
  const known = rows.map(() => new Array<Candidate | undefined>(columns.length));
  for (const candidate of cluster) {
    const [row, column] = [rowAt.get(candidate.row)!, columnAt.get(candidate.column)!];
    cost[row]![column] = 1 - candidate.likeness;
    known[row]![column] = candidate;
  }
  return assign(cost).flatMap((column, row) => known[row]![column] ?? []);
}

function greedy(cluster: readonly Candidate[]): Candidate[] {
  const rows = new Set<number>();
  const columns = new Set<number>();
  return [...cluster]
    .sort((a, b) => b.likeness - a.likeness)
    .filter(({ row, column }) => {
      if (rows.has(row) || columns.has(column)) return false;
      rows.add(row);
      columns.add(column);
      return true;
    });
}
