import type { Node, NodeAPI } from 'node-red';
import { FlowError } from '../shared/flow-error';
import type { WorkspaceMetrics } from './metrics/workspace-metrics';
import type { Workspace } from './workspace';

export const WORKSPACE_TYPE = 'roboflow-vision-event-workspace';

export interface WorkspaceCredentials {
  apiKey?: string;
  /** X-API-Key of a Local Event Store; empty when it asks for none */
  eventStoreKey?: string;
  /** values of the extra headers: JSON, by name */
  headerValues?: string;
  /** lets Prometheus read the metrics */
  metricsToken?: string;
  postgresUser?: string;
  postgresPassword?: string;
}

export interface WorkspaceNode extends Node<WorkspaceCredentials> {
  workspace: Workspace;
}

/** The node, if it is a workspace; undefined for any other. */
export function asWorkspaceNode(node: object | null | undefined): WorkspaceNode | undefined {
  const { type } = (node ?? {}) as Partial<Node>;
  return type === WORKSPACE_TYPE ? (node as WorkspaceNode) : undefined;
}

/** All deployed workspaces. */
export function eachWorkspace(RED: NodeAPI, visit: (workspace: Workspace, id: string) => void): void {
  RED.nodes.eachNode(({ id, type }) => {
    const workspace = type === WORKSPACE_TYPE ? workspaceIn(RED, id) : undefined;
    if (workspace) visit(workspace, id);
  });
}

function workspaceIn(RED: NodeAPI, id: string): Workspace | undefined {
  return asWorkspaceNode(RED.nodes.getNode(id))?.workspace;
}

/**
 * The workspace that a node's dialog chose.
 *
 * @throws FlowError `NOT_CONFIGURED` when none is chosen, or it was deleted or disabled
 */
export function workspaceOf(RED: NodeAPI, id: string): Workspace {
  if (!id) {
    throw new FlowError('NOT_CONFIGURED', 'No workspace is chosen. Open this node and choose or add one.', {
      short: { key: 'noWorkspace' },
    });
  }
  const workspace = workspaceIn(RED, id);
  if (workspace) return workspace;
  throw new FlowError(
    'NOT_CONFIGURED',
    'The workspace that this node refers to does not exist or is disabled. Open this node and choose one.',
    { short: { key: 'noWorkspace' } },
  );
}

/** The metrics of the workspace that a node's dialog chose; undefined without one, or while they are off. */
export function metricsOf(RED: NodeAPI, id: string): WorkspaceMetrics | undefined {
  return workspaceIn(RED, id)?.metrics;
}
