import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import type { Node, NodeAPI } from 'node-red';
import type { PostgresAddress } from '../../src/delivery/outbox/postgres/database';
import { fieldLabels } from '../shared/field-label';
import { FlowError } from '../shared/flow-error';
import type { WorkspaceProperties } from '../shared/properties';
import { fillVariables } from '../shared/unset-variable';
import { timeoutOf } from './client-options';
import { WORKSPACE_TYPE, type WorkspaceCredentials } from './workspace-node';

/** The database in which the events of a workspace wait, and who this worker is there. */
export interface DatabaseSettings extends PostgresAddress {
  queueName: string;
  boundTo: string;
  workerName: string;
  packageVersion: string;
  /** the longest that a request to the target may take, ms */
  requestMs: number;
}

/** Node-RED's own `tls-config` node. */
interface TlsConfigNode extends Node {
  addTLSOptions(options: object): NonNullable<PostgresAddress['tls']>;
}

/**
 * Variables may stand anywhere in URL and queue name. Without a queue name it is that of the workspace, so that
 * replicas of one flow share it.
 *
 * @throws FlowError `NOT_CONFIGURED`
 */
export function databaseSettings(
  RED: NodeAPI,
  node: Node<WorkspaceCredentials>,
  config: WorkspaceProperties,
): DatabaseSettings {
  const { postgresUser: user, postgresPassword: password } = node.credentials ?? {};
  const { name, queueName } = config;
  return {
    ...databaseAddress(RED, node, { ...config, user, password }),
    queueName: filled(RED, node, 'queueName', queueName) || name || node.id,
    boundTo: `${config.target || 'cloud'} ${config.baseUrl}`,
    workerName: `${hostname()} ${process.pid}`,
    packageVersion: ownVersion(),
    requestMs: timeoutOf(config),
  };
}

/**
 * @param node the deployed workspace, if it is: its flow may have variables of its own
 * @throws FlowError `NOT_CONFIGURED`
 */
export function databaseAddress(
  RED: NodeAPI,
  node: Node | undefined,
  given: Pick<WorkspaceProperties, 'postgresUrl' | 'postgresTls'> &
    Pick<PostgresAddress, 'user' | 'password'>,
): PostgresAddress {
  const { user, password } = given;
  const url = filled(RED, node, 'postgresUrl', given.postgresUrl);
  if (url) return { url, user, password, tls: tlsOf(RED, given.postgresTls) };
  throw new FlowError(
    'NOT_CONFIGURED',
    'Enter where PostgreSQL is, such as postgres://host:5432/database: the workspace keeps waiting events there.',
  );
}

/** By the package's own name, which holds in the source as in the build. */
function ownVersion(): string {
  const own = createRequire(__filename)('@vision-events/node-red-roboflow/package.json') as {
    version: string;
  };
  return own.version;
}

function filled(
  RED: NodeAPI,
  node: Node | undefined,
  property: 'postgresUrl' | 'queueName',
  text: string | undefined,
): string {
  const setting = () => `the field "${fieldLabels(RED, WORKSPACE_TYPE)(property)}"`;
  return fillVariables(RED, node, (text ?? '').trim(), setting);
}

function tlsOf(RED: NodeAPI, id: string | undefined): PostgresAddress['tls'] {
  if (!id) return undefined;
  const node = RED.nodes.getNode(id) as TlsConfigNode | null;
  if (node) return node.addTLSOptions({});
  throw new FlowError(
    'NOT_CONFIGURED',
    'Choose the TLS settings of the database again: those that the workspace refers to do not exist or are disabled.',
  );
}
