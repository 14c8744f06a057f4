import type { NodeAPI } from 'node-red';
import { hostAndPort } from '../../src/api/base-url';
import { ApiError } from '../../src/api/errors';
import { serverOf } from '../../src/api/http-client';
import { chooseProxy } from '../../src/api/proxy';
import type { ConnectionAndDatabaseBody } from '../shared/admin-bodies';
import { AdminRefusal, type AdminRequest } from '../shared/admin-route';
import { toFlowError } from '../shared/flow-error';
import { checkDatabase } from './check-database';
import { dialogConnection, type DialogConnection } from './dialog-connection';

/** In the order in which a request meets them. */
const WAY_STEPS = ['settings', 'proxy', 'host', 'tls', 'api'] as const;
/** What the scopes of a key of the cloud allow. */
const SCOPE_STEPS = ['read', 'write', 'manage'] as const;
type Step = (typeof WAY_STEPS | typeof SCOPE_STEPS)[number] | 'database';

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

/**
 * Says as far as the API lets one know whether a workspace can be reached and what its key may do, by one harmless
 * request. What a key of the cloud may write is unknown for good: the API has no request that proves it without
 * creating something. A database that is to keep waiting events is asked by itself.
 *
 * @throws AdminRefusal `KEY_NEEDED` when a key that nobody typed would leave for another server than the deployed one
 */
export async function checkConnection(
  RED: NodeAPI,
  { body }: AdminRequest<ConnectionAndDatabaseBody>,
): Promise<{ steps: StepResult[] }> {
  const { steps } = await checkTarget(RED, body);
  if (body.keepWaiting !== 'postgres') return { steps };
  return { steps: [...steps, { step: 'database', ...(await checkDatabase(RED, body)) }] };
}

async function checkTarget(RED: NodeAPI, body: ConnectionAndDatabaseBody): Promise<{ steps: StepResult[] }> {
  const isCloud = body.target !== 'event-store';
  const results = new Results([...WAY_STEPS, ...(isCloud ? SCOPE_STEPS : [])]);
  let connection: DialogConnection;
  try {
    connection = dialogConnection(RED, body);
  } catch (error) {
    if (error instanceof AdminRefusal) throw error;
    return results.failed('settings', toFlowError(error));
  }
  try {
    const error = connection.client.configurationError();
    if (error) return results.failed('settings', error);
    results.set('settings', 'ok');
    const way = [...describeWay(connection.options, results), ...(isCloud ? (['read'] as const) : [])];
    await probe(connection, way, results);
  } finally {
    connection.client.close();
  }
  return results.all();
}

/** Every step of the way up to the one that fails is proved by that one request. */
async function probe(connection: DialogConnection, way: Step[], results: Results): Promise<void> {
  try {
    const detail = await ask(connection);
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
function describeWay(options: DialogConnection['options'], results: Results): Step[] {
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

/** The one harmless request: it reads and creates nothing. Answers what is worth telling of it. */
async function ask(connection: DialogConnection): Promise<string | undefined> {
  if (connection.target === 'cloud') return String((await connection.client.useCases.list()).useCases.length);
  // Its key has no scopes: it is accepted or not.
  await connection.client.check();
  return undefined;
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
