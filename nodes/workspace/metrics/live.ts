import type { Workspace } from '../workspace';

/** The deployed workspaces whose metrics are on, those inside subflows too, in the order in which they were made. */
const live = new Set<Workspace>();

export const liveWorkspaces = {
  all: (): readonly Workspace[] => [...live],
  add: (workspace: Workspace) => void live.add(workspace),
  remove: (workspace: Workspace) => void live.delete(workspace),
};

/** @returns the label, told apart from that of another workspace by the id of the node */
export function uniqueLabel(label: string | undefined, nodeId: string): string {
  const isTaken = [...live].some(({ metrics }) => metrics?.label === label);
  if (label === undefined) return nodeId;
  return isTaken ? `${label} (${nodeId})` : label;
}
