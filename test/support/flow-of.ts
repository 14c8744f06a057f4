import { EVENT_SENT_AS_IT_IS, SENT_AS_IT_IS } from './sent-as-it-is';
import { DEFAULTS_BY_TYPE, workspaceDefaults, type NodeType } from '../../nodes/shared/properties';
import type { FlowNode } from './real-node-red';

/** What differs from the defaults of the node's type. */
export interface NodeSettings {
  type: string;
  wires?: string[][];
  [property: string]: unknown;
}

export type WorkspaceSettings = Partial<typeof workspaceDefaults> & { apiKey?: string };

const COLUMNS = 3;

/** An inject node that sends this payload, beside what `props` adds. */
export function injecting(
  payload: unknown,
  target: string,
  props: { p: string; v: string; vt: string }[] = [],
): NodeSettings {
  return {
    type: 'inject',
    repeat: '',
    props: [{ p: 'payload' }, ...props],
    payload: JSON.stringify(payload),
    payloadType: 'json',
    wires: [[target]],
  };
}

/**
 * A tab with these nodes, by their ids, each in a place of its own, and these workspaces, by theirs.
 * A node that needs a workspace refers to `workspace` unless it says otherwise.
 */
export function flowOf(
  nodes: Record<string, NodeSettings>,
  workspaces: Record<string, WorkspaceSettings> = { workspace: {} },
): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    ...Object.entries(workspaces).map(([id, settings]) => workspaceNode(id, settings)),
    ...Object.entries(nodes).map(([id, node], place) => ({
      ...defaultsOf(node.type),
      wires: [[]],
      ...node,
      id,
      z: 'tab',
      x: 140 + 220 * (place % COLUMNS),
      y: 60 + 60 * Math.floor(place / COLUMNS),
    })),
  ];
}

function workspaceNode(id: string, { apiKey = 'a-key', ...settings }: WorkspaceSettings): FlowNode {
  return {
    ...workspaceDefaults,
    // Not the id itself: Node-RED takes a property that holds the id of a config node for a reference to it.
    name: `Plant ${id}`,
    ...settings,
    id,
    type: 'roboflow-vision-event-workspace',
    credentials: { apiKey },
  };
}

const OF_TESTS: Partial<Record<NodeType, object>> = {
  'roboflow-vision-event': EVENT_SENT_AS_IT_IS,
  'roboflow-vision-event-send': SENT_AS_IT_IS,
};

/** Another package's are its own matter. */
function defaultsOf(type: string): object {
  if (!(type in DEFAULTS_BY_TYPE)) return {};
  const declared = { ...DEFAULTS_BY_TYPE[type as NodeType], ...OF_TESTS[type as NodeType] };
  return 'workspace' in declared ? { ...declared, workspace: 'workspace' } : declared;
}
