import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { withoutSecrets } from '../../shared/admin-route';
import type * as Exposition from './exposition';
import { liveWorkspaces } from './live';

const exposition = () => require('./exposition') as typeof Exposition;

export const METRICS_PATH = '/vision-events/metrics';

/**
 * The one route that asks for no permission of the editor: Prometheus has no user of it, and an instance without an
 * editor has no users. A token of its own lets in, and nothing but numbers and names comes out.
 */
export function registerMetricsRoute(RED: NodeAPI): void {
  RED.httpAdmin.get(METRICS_PATH, (request: Request, response: Response) => {
    response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    answer(RED, request, response).catch((error: unknown) => {
      RED.log.warn(`vision events: the metrics could not be written: ${String(error)}`);
      if (!response.headersSent) response.status(500).end();
    });
  });
}

async function answer(RED: NodeAPI, request: Request, response: Response): Promise<void> {
  const workspaces = liveWorkspaces.all();
  if (workspaces.length === 0) {
    return refuse(response, 404, 'METRICS_OFF', 'Switch on "Metrics" (metrics) in a workspace and deploy.');
  }
  const tokens = workspaces.map((workspace) => workspace.metricsToken()).filter((token) => token !== '');
  const [expected] = tokens;
  if (expected === undefined) {
    const message =
      'Enter a "Metrics token" (metricsToken) in a workspace and deploy: there is none, or its variable is not set.';
    return refuse(response, 401, 'NO_TOKEN', message);
  }
  if (!isSame(bearerToken(request), expected)) {
    const message =
      'Send the header "Authorization: Bearer" with the workspace\'s "Metrics token" (metricsToken).';
    return refuse(response, 401, 'UNAUTHORIZED', message);
  }
  const { text, type } = await exposition().exposition(workspaces);
  // Of a text, Express would write the type anew.
  response
    .status(200)
    .set('Content-Type', type)
    .send(Buffer.from(withoutSecrets(RED, text)));
}

function refuse(response: Response, status: number, code: string, message: string): void {
  if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="vision events metrics"');
  response.status(status).json({ error: { code, message } });
}

function bearerToken(request: Request): string {
  return /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')?.[1] ?? '';
}

/** In a time that tells nothing of how much of it is right, nor how long it should be. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
