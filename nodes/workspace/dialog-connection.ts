import type { Node, NodeAPI } from 'node-red';
import { originOf } from '../../src/api/base-url';
import { VisionEventsClient, type ClientOptions } from '../../src/api/client';
import { EventStoreClient, type EventStoreOptions } from '../../src/api/event-store-client';
import type { ConnectionBody } from '../shared/admin-bodies';
import { AdminRefusal, deployedNode } from '../shared/admin-route';
import { withVariables } from '../shared/dialog-values';
import { workspaceDefaults, type WorkspaceProperties } from '../shared/properties';
import { clientOptions, eventStoreOptions } from './client-options';
import { extraHeaders } from './header-values';
import { absoluteBaseUrl } from './own-address';
import { asWorkspaceNode, type WorkspaceNode } from './workspace-node';

/** Interactive, so keep it short. */
const LONGEST_MS = 15_000;
/** What Node-RED's editor holds in place of a saved password. */
export const UNCHANGED_PASSWORD = '__PWRD__';

/** A client with the settings of a workspace's dialog, deployed or not. Whoever asked for it closes it. */
export type DialogConnection =
  | { target: 'cloud'; options: ClientOptions; client: VisionEventsClient }
  | { target: 'event-store'; options: EventStoreOptions; client: EventStoreClient };

/**
 * What the dialog holds, as the runtime would read it after a deploy.
 *
 * @throws FlowError `NOT_CONFIGURED`; AdminRefusal `KEY_NEEDED` when a key that nobody typed would leave for another
 * server than the deployed one
 */
export function dialogConnection(RED: NodeAPI, body: ConnectionBody): DialogConnection {
  const deployed = deployedWorkspaceNode(RED, body.id);
  const isCloud = body.target !== 'event-store';
  const values = dialogValues(RED, body, deployed);
  const keyField = isCloud ? 'apiKey' : 'eventStoreKey';
  const headersAreTyped = values.headerValues === body.headerValues && !values.headerValues.includes('${');
  const areTyped = values[keyField] === body[keyField] && headersAreTyped;
  const addresses = { baseUrl: absoluteBaseUrl(RED, values.baseUrl), gateway: values.gateway };
  if (!areTyped && !isWhereKeysGo(addresses, deployed)) throw keyNeeded();
  const config: WorkspaceProperties = {
    ...workspaceDefaults,
    baseUrl: values.baseUrl,
    timeout: Math.min(body.timeout || LONGEST_MS, LONGEST_MS),
    tls: body.tls,
    proxy: body.proxy,
    gateway: values.gateway,
  };
  const headers = extraHeaders(RED, deployed, values.headerNames, values.headerValues);
  if (isCloud) {
    const options = clientOptions(RED, config, values.apiKey, headers);
    return { target: 'cloud', options, client: new VisionEventsClient(options) };
  }
  const options = eventStoreOptions(RED, config, values.eventStoreKey, headers);
  return { target: 'event-store', options, client: new EventStoreClient(options) };
}

/** The workspace of an open dialog as it was deployed, if it was. */
export function deployedWorkspaceNode(RED: NodeAPI, id: string): WorkspaceNode | undefined {
  return asWorkspaceNode(deployedNode(RED, id));
}

function dialogValues(RED: NodeAPI, body: ConnectionBody, deployed: WorkspaceNode | undefined) {
  const key = (name: 'apiKey' | 'eventStoreKey' | 'headerValues') =>
    body[name] === UNCHANGED_PASSWORD ? (deployed?.credentials?.[name] ?? '') : body[name];
  return withVariables(RED, deployed as Node | undefined, {
    baseUrl: body.baseUrl,
    apiKey: key('apiKey'),
    eventStoreKey: key('eventStoreKey'),
    gateway: body.gateway,
    headerNames: body.headerNames,
    headerValues: key('headerValues'),
  });
}

/** Where requests go: a gateway passes them on to the server, so both see the keys. */
type Addresses = Pick<WorkspaceProperties, 'baseUrl' | 'gateway'>;

/**
 * Whether a key that nobody typed, a saved one or one of the environment, may be sent there. A deploy may send it
 * anywhere, but leaves the new address in the flow; a request of a dialog would leave nothing.
 */
function isWhereKeysGo(dialog: Addresses, deployed: WorkspaceNode | undefined): boolean {
  const known = deployed ? deployed.workspace.addresses : workspaceDefaults;
  const origin = originOf(dialog.baseUrl);
  // An address that cannot be used is told as such.
  const isKnownServer = origin === undefined || origin === originOf(known.baseUrl);
  const gateway = dialog.gateway.trim();
  return isKnownServer && (gateway === '' || gateway === known.gateway.trim());
}

function keyNeeded(): AdminRefusal {
  return new AdminRefusal(
    409,
    'KEY_NEEDED',
    'Enter the key once more, or deploy first: a key that is saved or comes from a variable is tried at the deployed address only.',
  );
}
