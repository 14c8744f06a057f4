import type { Node, NodeAPI } from 'node-red';
import type { ClientOptions } from '../../src/api/client';
import type { EventStoreOptions } from '../../src/api/event-store-client';
import type { ExtraHeaders } from '../../src/api/gateway';
import type { ConnectionOptions } from '../../src/api/http-client';
import { DEFAULT_TIMEOUT_MS, MAX_WAITING } from '../../src/api/limits';
import type { WorkspaceProperties } from '../shared/properties';
import { numberOf } from '../shared/event-settings';
import { fieldLabels } from '../shared/field-label';
import { FlowError } from '../shared/flow-error';
import { workspaceSettingsError } from '../shared/number-settings';
import { unsetVariable, variableNotSet } from '../shared/unset-variable';
import { absoluteBaseUrl, isOwnPath } from './own-address';

/** Node-RED's own `tls-config` node, as far as it is used here. */
interface TlsConfigNode extends Node {
  addTLSOptions(options: object): object;
}

/** Node-RED's own `http proxy` node, as far as it is used here. */
interface HttpProxyNode extends Node<{ username?: string; password?: string }> {
  url?: string;
  noproxy?: string[];
}

/** The longest that a request may take, ms. */
export function timeoutOf({ timeout }: WorkspaceProperties): number {
  return Number(timeout) || DEFAULT_TIMEOUT_MS;
}

export function maxWaitingOf(config: WorkspaceProperties): number {
  return Number(config.maxWaiting) || MAX_WAITING;
}

/**
 * The settings of a workspace as its client takes them.
 *
 * @throws FlowError `NOT_CONFIGURED` when key or URL are missing, their environment variable is not set, a number of
 * the dialog cannot be used, or the TLS or proxy settings that they refer to are not there
 */
export function clientOptions(
  RED: NodeAPI,
  config: WorkspaceProperties,
  apiKey: string | undefined,
  headers: ExtraHeaders = {},
): ClientOptions {
  return {
    ...connectionOptions(RED, config, headers),
    // A header of that name is the key then.
    apiKey: hasHeader(headers, 'authorization') ? apiKey : configured('API key', apiKey, labelOf(config)),
    uploadReuseMs: uploadReuseMs(config),
  };
}

/**
 * The settings of a workspace as the client of a Local Event Store takes them.
 *
 * @param key its X-API-Key; a store may do without one
 * @throws FlowError `NOT_CONFIGURED` as `clientOptions` does
 */
export function eventStoreOptions(
  RED: NodeAPI,
  config: WorkspaceProperties,
  key: string | undefined,
  headers: ExtraHeaders = {},
): EventStoreOptions {
  const options = connectionOptions(RED, config, headers);
  return key?.trim() ? { ...options, apiKey: configured('X-API-Key', key, labelOf(config)) } : options;
}

function hasHeader(headers: ExtraHeaders, wanted: string): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === wanted);
}

function connectionOptions(
  RED: NodeAPI,
  config: WorkspaceProperties,
  headers: ExtraHeaders,
): Omit<ConnectionOptions, 'apiKey'> {
  const error = workspaceSettingsError(config, fieldLabels(RED, 'roboflow-vision-event-workspace'));
  if (error) throw error;
  const label = labelOf(config);
  const baseUrl = configured('base URL', config.baseUrl, label);
  const options: Omit<ConnectionOptions, 'apiKey'> = {
    baseUrl: absoluteBaseUrl(RED, baseUrl),
    timeoutMs: timeoutOf(config),
    maxWaiting: maxWaitingOf(config),
    // No proxy leads back to this computer.
    env: isOwnPath(baseUrl) ? {} : process.env,
    headers,
    ...(config.gateway?.trim() && { gateway: configured('gateway', config.gateway, label) }),
  };
  const tls = configNode<TlsConfigNode>(RED, 'TLS', config.tls, label);
  if (tls) options.tls = tls.addTLSOptions({});
  const proxy = configNode<HttpProxyNode>(RED, 'proxy', config.proxy, label);
  if (proxy) {
    options.proxy = {
      url: proxy.url ?? '',
      username: proxy.credentials?.username,
      password: proxy.credentials?.password,
      noProxy: proxy.noproxy,
    };
  }
  return options;
}

const labelOf = (config: WorkspaceProperties) => (config.name ? ` "${config.name}"` : '');

function uploadReuseMs(config: WorkspaceProperties): number | undefined {
  const minutes = numberOf(config.uploadReuseMinutes);
  return minutes === undefined ? undefined : minutes * 60_000;
}

function configured(what: string, value: string | undefined, label: string): string {
  const text = (value ?? '').trim();
  const variable = unsetVariable(text);
  if (variable !== undefined) throw variableNotSet(variable, `the ${what} of the workspace${label}`);
  if (text === '') {
    throw new FlowError(
      'NOT_CONFIGURED',
      `The workspace${label} has no ${what}. Open it and enter one. (Exported flows never carry the key.)`,
      { short: { key: what === 'API key' ? 'noApiKey' : 'noBaseUrl' } },
    );
  }
  return text;
}

function configNode<T extends Node>(RED: NodeAPI, what: string, id: string, label: string): T | undefined {
  if (!id) return undefined;
  const node = RED.nodes.getNode(id) as T | null;
  if (node) return node;
  throw new FlowError(
    'NOT_CONFIGURED',
    `The ${what} settings that the workspace${label} refers to do not exist or are disabled. Open the workspace and choose them again.`,
  );
}
