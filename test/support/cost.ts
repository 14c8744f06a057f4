export interface Cost {
  /**
   * how long nothing else could run: by the clock or by the processor, whichever is less, so that a machine that gave
   * the processor to others meanwhile is not mistaken for slow work
   */
  ms: number;
  /** what the process grew by: the greater of heap with buffers, and resident memory */
  bytes: number;
}

/** What `work` costs in one turn of the event loop. */
export function costOf(work: () => void): Cost {
  const before = process.memoryUsage();
  const begun = performance.now();
  const processorBefore = process.cpuUsage();
  work();
  const elapsedMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(processorBefore);
  const ms = Math.min(elapsedMs, (user + system) / 1000);
  const after = process.memoryUsage();
  const heap = after.heapUsed + after.external - before.heapUsed - before.external;
  return { ms, bytes: Math.max(heap, after.rss - before.rss) };
}

/** The smallest of several: other work on the machine, and the garbage collector, make single ones too large. */
export function leastCostOf(work: () => void, enough: Cost, tries: number): Cost {
  const least: Cost = { ms: Infinity, bytes: Infinity };
  for (let round = 0; round < tries && !isWithin(least, enough); round++) {
    const { ms, bytes } = costOf(work);
    least.ms = Math.min(least.ms, ms);
    least.bytes = Math.min(least.bytes, bytes);
  }
  return least;
}

export const isWithin = (cost: Cost, limit: Cost): boolean =>
  cost.ms <= limit.ms && cost.bytes <= limit.bytes;
