/**
 * The pairs of rows and columns with the least sum of costs (Jonker and Volgenant's shortest augmenting paths, O(n³)).
 *
 * @param cost a list of rows, all of the same length; what must not be paired costs `Infinity`
 * @returns for each row its column, -1 for none
 */
export function assign(cost: readonly (readonly number[])[]): number[] {
  const rows = cost.length;
  const columns = cost[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return new Array<number>(rows).fill(-1);
  if (rows > columns) return transposed(assign(turned(cost, columns)), rows);
  const forbidden = forbiddenCost(cost, rows);
  const priceOfRow = new Float64Array(rows + 1);
  const priceOfColumn = new Float64Array(columns + 1);
  // of each column, counted from 1, its row; the column 0 holds the row that looks for one
  const rowOf = new Int32Array(columns + 1);
  const cameFrom = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    rowOf[0] = row;
    const least = new Float64Array(columns + 1).fill(Infinity);
    const isUsed = new Uint8Array(columns + 1);
    let column = 0;
    do {
      isUsed[column] = 1;
      const current = rowOf[column]!;
      let step = Infinity;
      let next = 0;
      const costs = cost[current - 1]!;
      for (let other = 1; other <= columns; other++) {
        if (isUsed[other]) continue;
        const reduced = Math.min(costs[other - 1]!, forbidden) - priceOfRow[current]! - priceOfColumn[other]!;
        if (reduced < least[other]!) {
          least[other] = reduced;
          cameFrom[other] = column;
        }
        if (least[other]! < step) {
          step = least[other]!;
          next = other;
        }
      }
      for (let other = 0; other <= columns; other++) {
        if (isUsed[other]) {
          priceOfRow[rowOf[other]!]! += step;
          priceOfColumn[other]! -= step;
        } else least[other]! -= step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const previous = cameFrom[column]!;
      rowOf[column] = rowOf[previous]!;
      column = previous;
    }
  }
  const columnOf = new Array<number>(rows).fill(-1);
  for (let column = 1; column <= columns; column++) {
    const row = rowOf[column]! - 1;
    if (row >= 0 && cost[row]![column - 1]! < Infinity) columnOf[row] = column - 1;
  }
  return columnOf;
}

/** More than any choice of allowed pairs can save, yet finite: sums of it stay exact enough. */
function forbiddenCost(cost: readonly (readonly number[])[], rows: number): number {
  let highest = 0;
  for (const row of cost)
    for (const value of row) if (value < Infinity) highest = Math.max(highest, Math.abs(value));
  return (highest + 1) * (rows + 1);
}

function turned(cost: readonly (readonly number[])[], columns: number): number[][] {
  return Array.from({ length: columns }, (_value, column) => cost.map((row) => row[column]!));
}

function transposed(rowOfColumn: readonly number[], rows: number): number[] {
  const columnOf = new Array<number>(rows).fill(-1);
  rowOfColumn.forEach((row, column) => {
    if (row >= 0) columnOf[row] = column;
  });
  return columnOf;
}
