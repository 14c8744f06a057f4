import type { Node, NodeAPI } from 'node-red';
import { VisionEventsClient, type ClientOptions } from '../../src/api/client';
import { hostAndPort } from '../../src/api/base-url';
import { ApiError } from '../../src/api/errors';
import { chooseProxy } from '../../src/api/proxy';
import { workspaceDefaults, type WorkspaceProperties } from '../properties';
import { deployedNode, type AdminRequest } from './admin-route';
import { clientOptions } from './client-options';
import { withVariables } from './dialog-values';
import { toFlowError } from './flow-error';
import { WORKSPACE_TYPE, type WorkspaceNode } from './workspace';

/** A technician waits in front of the dialog. */
const LONGEST_MS = 15_000;
/** What Node-RED's editor holds in place of a saved password. */
const UNCHANGED_PASSWORD = '__PWRD__';

/** In the order in which a request meets them. */
export const STEPS = ['settings', 'host', 'proxy', 'tls', 'api', 'read', 'write', 'manage'] as const;
export type Step = (typeof STEPS)[number];

/**
 * `ok` · `failed` · `unknown`: not reached, or the API does not let one know without creating something ·
 * `none`: there is no such thing on this way (no proxy, plain http)
 */
export type StepState = 'ok' | 'failed' | 'unknown' | 'none';

export interface StepResult {
  step: Step;
  state: StepState;
  /** addresses and error texts, as they are; the dialog has the words around them */
  detail?: string;
}

/**
 * Says as far as the API lets one know whether a workspace can be reached and what its key may do, by one harmless request: the list
 * of use cases. What a key may write is unknown for good: the API has no request that proves it without creating something.
 *
 * @param body `id` of the workspace, and what its dialog holds: `baseUrl`, `timeout`, `tls`, `proxy`, `apiKey`
 */
export async function checkConnection(
  RED: NodeAPI,
  { body }: AdminRequest,
): Promise<{ steps: StepResult[] }> {
  const results = new Results();
  let options: ClientOptions;
  try {
    options = dialogOptions(RED, body);
  } catch (error) {
    return results.failed('settings', toFlowError(error).message);
  }
  const client = new VisionEventsClient(options);
  try {
    const fault = client.configurationFault();
    if (fault) return results.failed('settings', fault.message);
    results.set('settings', 'ok');
    const { proxy, isTls } = describeWay(options, results);
    await probe(client, results, { hasProxy: proxy, isTls });
  } finally {
    client.close();
  }
  return results.all();
}

async function probe(
  client: VisionEventsClient,
  results: Results,
  way: { hasProxy: boolean; isTls: boolean },
): Promise<void> {
  try {
    const { useCases } = await client.useCases.list();
    for (const step of reachedSteps(way)) results.set(step, 'ok');
    results.set('api', 'ok');
    results.set('read', 'ok', String(useCases.length));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const failed = failedStep(error, way);
    for (const step of reachedSteps(way)) {
      if (step === failed) break;
      results.set(step, 'ok');
    }
    if (failed === 'read') results.set('api', 'ok');
    results.set(failed, 'failed', error.message);
  }
}

/** The steps before the API itself, in the order of the way: with a proxy, it is what is reached first. */
function reachedSteps({ hasProxy, isTls }: { hasProxy: boolean; isTls: boolean }): Step[] {
  return [...(hasProxy ? (['proxy'] as const) : []), 'host', ...(isTls ? (['tls'] as const) : [])];
}

/** Which step an error belongs to. */
function failedStep(error: ApiError, { hasProxy }: { hasProxy: boolean }): Step {
  const { statusCode, networkCode = '' } = error;
  if (statusCode === 407 || networkCode === 'PROXY_REFUSED') return 'proxy';
  if (statusCode !== undefined) return error.code === 'UNAUTHORIZED' ? 'read' : 'api';
  if (isTlsFault(networkCode)) return 'tls';
  if (networkCode.startsWith('HPE_') || error.code === 'BAD_RESPONSE') return 'api';
  // A time limit that ran out does not say where; everything else did not get further than the first connection.
  return hasProxy ? 'proxy' : 'host';
}

function isTlsFault(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|ERR_CRYPTO_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_MISMATCH|EPROTO$)/.test(
    code,
  );
}

function describeWay(options: ClientOptions, results: Results): { proxy: boolean; isTls: boolean } {
  const url = new URL(options.baseUrl);
  const proxy = chooseProxy(url, options.proxy, options.env ?? {});
  const isTls = url.protocol === 'https:';
  results.set('host', 'unknown', hostAndPort(url));
  if (proxy) results.set('proxy', 'unknown', `${proxy.host}:${proxy.port}`);
  else results.set('proxy', 'none');
  if (!isTls) results.set('tls', 'none');
  return { proxy: proxy !== undefined, isTls };
}

/** What the dialog holds, as the runtime would read it after a deploy. @throws FlowError `NOT_CONFIGURED` */
function dialogOptions(RED: NodeAPI, body: Record<string, unknown>): ClientOptions {
  const node = deployedNode(RED, body['id']) as WorkspaceNode | undefined;
  const deployed = node?.type === WORKSPACE_TYPE ? node : undefined;
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const typed = text('apiKey');
  const values = withVariables(RED, deployed as Node | undefined, {
    baseUrl: text('baseUrl'),
    apiKey: typed === UNCHANGED_PASSWORD ? (deployed?.workspace.apiKey ?? '') : typed,
  });
  const config: WorkspaceProperties = {
    ...workspaceDefaults,
    baseUrl: values.baseUrl,
    timeout: Math.min(Number(body['timeout']) || LONGEST_MS, LONGEST_MS),
    tls: text('tls'),
    proxy: text('proxy'),
  };
  return clientOptions(RED, config, values.apiKey);
}

class Results {
  private readonly bySteps = new Map<Step, StepResult>(
    STEPS.map((step) => [step, { step, state: 'unknown' }]),
  );

  /** An earlier detail stays when there is no new one. */
  set(step: Step, state: StepState, detail = this.bySteps.get(step)?.detail): void {
    this.bySteps.set(step, { step, state, ...(detail === undefined ? {} : { detail }) });
  }

  failed(step: Step, detail: string): { steps: StepResult[] } {
    this.set(step, 'failed', detail);
    return this.all();
  }

  all(): { steps: StepResult[] } {
    return { steps: [...this.bySteps.values()] };
  }
}
