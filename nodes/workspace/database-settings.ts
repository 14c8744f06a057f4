import { hostname } from 'node:os';
import type { Node, NodeAPI } from 'node-red';
import type { PostgresAddress } from '../../src/delivery/outbox/postgres/database';
import { fieldLabels } from '../shared/field-label';
import { FlowError } from '../shared/flow-error';
import type { WorkspaceProperties } from '../shared/properties';
import { VARIABLE_IN_TEXT, variableNotSet, variableValue } from '../shared/unset-variable';
import type { WorkspaceCredentials } from './workspace';

/** The database in which the events of a workspace wait, and who this worker is there. */
export interface DatabaseSettings extends PostgresAddress {
  queueName: string;
  boundTo: string;
  workerName: string;
  /** the longest that a request to the target may take, ms */
  requestMs: number;
}

/** Node-RED's own `tls-config` node. */
interface TlsConfigNode extends Node {
  addTLSOptions(options: object): NonNullable<PostgresAddress['tls']>;
}

/**
 * Variables may stand anywhere in URL and queue name. Without a queue name it is that of the workspace, so that replicas of one flow share it.
 *
 * @throws FlowError `NOT_CONFIGURED`
 */
export function databaseSettings(
  RED: NodeAPI,
  node: Node<WorkspaceCredentials>,
  config: WorkspaceProperties,
): DatabaseSettings {
  const label = fieldLabels(RED, node.type);
  const filled = (property: 'postgresUrl' | 'queueName') =>
    (config[property] ?? '').trim().replace(VARIABLE_IN_TEXT, (_, name: string) => {
      const value = variableValue(RED, node, name);
      if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return `${value}`;
      throw variableNotSet(name, label(property));
    });
  const url = filled('postgresUrl');
  if (!url) {
    throw new FlowError(
      'NOT_CONFIGURED',
      'Enter where PostgreSQL is, such as postgres://host:5432/database: the workspace keeps waiting events there.',
    );
  }
  const { postgresUser: user, postgresPassword: password } = node.credentials ?? {};
  return {
    url,
    user,
    password,
    tls: tlsOf(RED, config.postgresTls),
    queueName: filled('queueName') || config.name || node.id,
    boundTo: `${config.target || 'cloud'} ${config.baseUrl}`,
    workerName: `${hostname()} ${process.pid}`,
    requestMs: Number(config.timeout) || 30_000,
  };
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
