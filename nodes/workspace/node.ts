import type { NodeAPI, NodeDef } from 'node-red';
import { workspaceDefaults, type WorkspaceProperties } from '../shared/properties';
import { workspaceLabel } from '../shared/workspace-label';
import { registerAdminRoutes } from './admin-routes';
import { registerMetricsRoute } from './metrics/route';
import type * as WorkspaceModule from './workspace';
import { WORKSPACE_TYPE, type WorkspaceCredentials, type WorkspaceNode } from './workspace-node';

const loadWorkspace = () => require('./workspace') as typeof WorkspaceModule;

export = function (RED: NodeAPI): void {
  function VisionEventWorkspace(this: WorkspaceNode, config: WorkspaceProperties & NodeDef): void {
    RED.nodes.createNode(this, config);
    const workspace = new (loadWorkspace().Workspace)(RED, this, { ...workspaceDefaults, ...config });
    this.workspace = workspace;
    // Else the log and the debug sidebar name the node's id.
    this.name ||= workspaceLabel(config);
    this.on('close', (removed: boolean, done: () => void) => {
      workspace.close(removed).then(done, (error: unknown) => {
        this.warn(`Closing the workspace: ${String(error)}`);
        done();
      });
    });
  }

  registerAdminRoutes(RED);
  registerMetricsRoute(RED);
  RED.nodes.registerType<WorkspaceNode, WorkspaceProperties & NodeDef, object, WorkspaceCredentials>(
    WORKSPACE_TYPE,
    VisionEventWorkspace,
    {
      credentials: {
        apiKey: { type: 'password' },
        eventStoreKey: { type: 'password' },
        headerValues: { type: 'password' },
        metricsToken: { type: 'password' },
        postgresUser: { type: 'password' },
        postgresPassword: { type: 'password' },
      },
    },
  );
};
