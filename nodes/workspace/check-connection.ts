import type { Node, NodeAPI } from 'node-red';
import { hostAndPort, originOf } from '../../src/api/base-url';
import { VisionEventsClient, type ClientOptions } from '../../src/api/client';
import { ApiError } from '../../src/api/errors';
import { EventStoreClient, type EventStoreOptions } from '../../src/api/event-store-client';
import { serverOf } from '../../src/api/http-client';
import { chooseProxy } from '../../src/api/proxy';
import { workspaceDefaults, type WorkspaceProperties } from '../shared/properties';
import type { ConnectionBody } from '../shared/admin-bodies';
import { AdminRefusal, deployedNode, type AdminRequest } from '../shared/admin-route';
import { clientOptions, eventStoreOptions } from './client-options';
import { withVariables } from '../shared/dialog-values';
import { toFlowError } from '../shared/flow-error';
import { extraHeaders } from './header-values';
import { absoluteBaseUrl } from './own-address';
import { WORKSPACE_TYPE, type WorkspaceNode } from './workspace';

/** Interactive, so keep it short. */
const LONGEST_MS = 15_000;
/** What Node-RED's editor holds in place of a saved password. */
const UNCHANGED_PASSWORD = '__PWRD__';

/** In the order in which a request meets them. */
const WAY_STEPS = ['settings', 'proxy', 'host', 'tls', 'api'] as const;
/** What the scopes of a key of the cloud allow. */
const SCOPE_STEPS = ['read', 'write', 'manage'] as const;
type Step = (typeof WAY_STEPS | typeof SCOPE_STEPS)[number];

/**
 * `ok` · `failed` · `unknown`: not reached, or the API does not let one know without creating something ·
 * `none`: there is no such thing on this way (no proxy, plain http)
 */
type StepState = 'ok' | 'failed' | 'unknown' | 'none';

interface StepResult {
  step: Step;
  state: StepState;
  /** addresses and error texts, as they are; the dialog has the words around them */
  detail?: string;
  /** of the error that the detail tells */
  code?: string;
}

/** What is checked: the cloud or an Event Store, with the settings of the dialog. */
interface Target {
  options: ClientOptions | EventStoreOptions;
  client: { configurationError(): ApiError | undefined; close(): void };
  /** The one harmless request: it reads and creates nothing. Answers what is worth telling of it. */
  ask(): Promise<string | undefined>;
}

/**
 * Says as far as the API lets one know whether a workspace can be reached and what its key may do, by one harmless request. What a
 * key of the cloud may write is unknown for good: the API has no request that proves it without creating something.
 *
 * @throws AdminRefusal `KEY_NEEDED` when a key that nobody typed would leave for another server than the deployed one
 */
export async function checkConnection(
  RED: NodeAPI,
  { body }: AdminRequest<ConnectionBody>,
): Promise<{ steps: StepResult[] }> {
  const isCloud = body.target !== 'event-store';
  const results = new Results([...WAY_STEPS, ...(isCloud ? SCOPE_STEPS : [])]);
  let target: Target;
  try {
    target = targetOf(RED, body, isCloud);
  } catch (error) {
    if (error instanceof AdminRefusal) throw error;
    return results.failed('settings', toFlowError(error));
  }
  try {
    const error = target.client.configurationError();
    if (error) return results.failed('settings', error);
    results.set('settings', 'ok');
    const way = [...describeWay(target.options, results), ...(isCloud ? (['read'] as const) : [])];
    await probe(target, way, results);
  } finally {
    target.client.close();
  }
  return results.all();
}

/** Every step of the way up to the one that fails is proved by that one request. */
async function probe(target: Target, way: Step[], results: Results): Promise<void> {
  try {
    const detail = await target.ask();
    for (const step of way) results.set(step, 'ok');
    if (detail !== undefined) results.set('read', 'ok', detail);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const failed = failedStep(error, way);
    for (const step of way.slice(0, way.indexOf(failed))) results.set(step, 'ok');
    results.failed(failed, error);
  }
}

/** What a request meets up to the API, in this order, and what is known of it beforehand. */
function describeWay(options: Target['options'], results: Results): Step[] {
  const url = serverOf(options);
  const proxy = chooseProxy(url, options.proxy, options.env ?? {});
  const isTls = url.protocol === 'https:';
  results.set('host', 'unknown', hostAndPort(url));
  if (proxy) results.set('proxy', 'unknown', `${proxy.host}:${proxy.port}`);
  else results.set('proxy', 'none');
  if (!isTls) results.set('tls', 'none');
  return [...(proxy ? (['proxy'] as const) : []), 'host', ...(isTls ? (['tls'] as const) : []), 'api'];
}

/** Which step of the way an error belongs to. */
function failedStep({ statusCode, networkCode = '', code, needsOperator }: ApiError, way: Step[]): Step {
  const onWay = (step: Step, otherwise: Step) => (way.includes(step) ? step : otherwise);
  const firstHop = onWay('proxy', 'host');
  // A proxy that may pass but does not reach the server.
  if (networkCode === 'PROXY_REFUSED') return needsOperator ? 'proxy' : 'host';
  if (statusCode === 407) return onWay('proxy', 'api');
  if (statusCode !== undefined) return code === 'UNAUTHORIZED' ? onWay('read', 'api') : 'api';
  if (isTlsError(networkCode)) return onWay('tls', firstHop);
  if (networkCode.startsWith('HPE_') || code === 'BAD_RESPONSE') return 'api';
  // A time limit that ran out does not say where; everything else did not get further than the first connection.
  return firstHop;
}

function isTlsError(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|ERR_CRYPTO_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_MISMATCH|EPROTO$)/.test(
    code,
  );
}

/** What the dialog holds, as the runtime would read it after a deploy. @throws FlowError `NOT_CONFIGURED`; AdminRefusal `KEY_NEEDED` */
function targetOf(RED: NodeAPI, body: ConnectionBody, isCloud: boolean): Target {
  const node = deployedNode(RED, body.id) as WorkspaceNode | undefined;
  const deployed = node?.type === WORKSPACE_TYPE ? node : undefined;
  const key = (name: 'apiKey' | 'eventStoreKey' | 'headerValues') =>
    body[name] === UNCHANGED_PASSWORD ? (deployed?.credentials?.[name] ?? '') : body[name];
  const values = withVariables(RED, deployed as Node | undefined, {
    baseUrl: body.baseUrl,
    apiKey: key('apiKey'),
    eventStoreKey: key('eventStoreKey'),
    gateway: body.gateway,
    headerNames: body.headerNames,
    headerValues: key('headerValues'),
  });
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
  return isCloud
    ? cloud(clientOptions(RED, config, values.apiKey, headers))
    : eventStore(eventStoreOptions(RED, config, values.eventStoreKey, headers));
}

/** Where requests go: a gateway passes them on to the server, so both see the keys. */
type Addresses = Pick<WorkspaceProperties, 'baseUrl' | 'gateway'>;

/**
 * Whether a key that nobody typed, a saved one or one of the environment, may be sent there. A deploy may send it anywhere, but leaves
 * the new address in the flow; a check would leave nothing.
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

function cloud(options: ClientOptions): Target {
  const client = new VisionEventsClient(options);
  return { options, client, ask: async () => String((await client.useCases.list()).useCases.length) };
}

/** Its key has no scopes: it is accepted or not. */
function eventStore(options: EventStoreOptions): Target {
  const client = new EventStoreClient(options);
  return { options, client, ask: () => client.check().then(() => undefined) };
}

class Results {
  private readonly bySteps: Map<Step, StepResult>;

  constructor(steps: Step[]) {
    this.bySteps = new Map(steps.map((step) => [step, { step, state: 'unknown' }]));
  }

  /** An earlier detail stays when there is no new one. */
  set(step: Step, state: StepState, detail = this.bySteps.get(step)?.detail): void {
    this.bySteps.set(step, { step, state, ...(detail === undefined ? {} : { detail }) });
  }

  failed(step: Step, { code, message }: { code: string; message: string }): { steps: StepResult[] } {
    this.bySteps.set(step, { step, state: 'failed', detail: message, code });
    return this.all();
  }

  all(): { steps: StepResult[] } {
    return { steps: [...this.bySteps.values()] };
  }
}
