import type { NodeRedVersion } from './node-red-versions';
import { RealNodeRed } from './real-node-red';

/** It takes seconds to start, so all files of a run share one of each version. */
const running = new Map<NodeRedVersion, Promise<RealNodeRed>>();

after(async function () {
  this.timeout(60_000);
  for (const nodeRed of running.values()) await (await nodeRed).stop();
});

/**
 * For tests that deploy all that they need, and look at no more than what came after that; nobody but this file stops
 * it.
 */
export function sharedNodeRed(version: NodeRedVersion): Promise<RealNodeRed> {
  const nodeRed = running.get(version) ?? RealNodeRed.start(version);
  running.set(version, nodeRed);
  return nodeRed;
}
