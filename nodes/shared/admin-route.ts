import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import type { ZodType } from 'zod';
import type { JsonObject } from '../../src/api/json';
import { makeRedactor, SHORTEST_KEY } from '../../src/api/redact';
import type * as Bodies from './admin-bodies';
import { toFlowError } from './flow-error';
import { headerSecrets } from '../workspace/header-values';
import type { Workspace } from '../workspace/workspace';
import { asWorkspaceNode, eachWorkspace, WORKSPACE_TYPE } from '../workspace/workspace-node';

/** Node-RED itself reads up to 5 MB; no dialog sends as much. */
export const MAX_BODY_BYTES = 1024 * 1024;

export const READ_PERMISSION = `${WORKSPACE_TYPE}.read`;
export const WRITE_PERMISSION = `${WORKSPACE_TYPE}.write`;
/** For what runs with settings that are not deployed: who may do that may as well deploy them. */
export const DEPLOY_PERMISSION = 'flows.write';

export interface AdminRequest<Body = unknown> {
  params: Record<string, string>;
  query: Record<string, unknown>;
  /** checked by the route's schema */
  body: Body;
}

type Handler<Body = unknown> = (request: AdminRequest<Body>) => unknown;
/** Picks the schema of a route's body. */
type BodyShape<Body> = (bodies: typeof Bodies) => ZodType<Body>;

const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** Bytes of a media type that browsers show. */
export interface ShownPicture {
  bytes: Buffer;
  mediaType: string;
}

/** A request that is refused; `code` tells the dialog why, the message tells the user. */
export class AdminRefusal extends Error {
  override readonly name = 'AdminRefusal';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The routes of the dialogs, below Node-RED's admin address. Each asks for its permissions, bounds its input, answers
 * JSON that no cache keeps, and no answer holds an API key: known keys are struck out of the finished text, whoever put
 * them in.
 */
export class AdminRoutes {
  constructor(private readonly RED: NodeAPI) {}

  get(path: string, handle: Handler): void {
    this.RED.httpAdmin.get(path, this.RED.auth.needsPermission(READ_PERMISSION), (request, response) =>
      this.answer(request, response, handle),
    );
  }

  post<Body>(
    path: string,
    shape: BodyShape<Body>,
    handle: Handler<Body>,
    furtherPermissions: string[] = [],
  ): void {
    const guards = [WRITE_PERMISSION, ...furtherPermissions].map((name) =>
      this.RED.auth.needsPermission(name),
    );
    this.RED.httpAdmin.post(path, ...guards, (request: Request, response: Response) =>
      this.answer(request, response, (given) => handle({ ...given, body: parseBody(given.body, shape) })),
    );
  }

  /** A picture. What is an error answers as JSON, as elsewhere. */
  getPicture(path: string, handle: (request: AdminRequest) => ShownPicture): void {
    this.RED.httpAdmin.get(path, this.RED.auth.needsPermission(READ_PERMISSION), (request, response) => {
      this.answer(request, response, handle, ({ bytes, mediaType }: ShownPicture) => {
        response.status(200).set(HEADERS).type(mediaType).send(bytes);
      });
    });
  }

  private answer<Value>(
    request: Request,
    response: Response,
    handle: (request: AdminRequest<JsonObject>) => Value | Promise<Value>,
    write?: (value: Value) => void,
  ): void {
    const secrets = [...keysOf(this.RED)];
    Promise.resolve()
      .then(() => {
        const checked = checkedRequest(request);
        const { apiKey, eventStoreKey, headerValues } = checked.body;
        for (const key of [apiKey, eventStoreKey]) if (typeof key === 'string') secrets.push(key);
        if (typeof headerValues === 'string')
          secrets.push(...headerSecrets(this.RED, undefined, headerValues));
        return handle(checked);
      })
      .then(
        (value) => (write ? write(value) : this.send(response, 200, value ?? {}, secrets)),
        (error: unknown) => {
          const { status, code, message } = refusalOf(error);
          this.send(response, status, { error: { code, message } }, secrets);
        },
      )
      .catch((error: unknown) => {
        this.RED.log.warn(`vision events: an answer to the editor could not be written: ${String(error)}`);
        if (!response.headersSent) response.status(500).end();
      });
  }

  private send(response: Response, status: number, value: unknown, secrets: string[]): void {
    response
      .status(status)
      .set(HEADERS)
      .type('json')
      .send(withoutSecrets(this.RED, JSON.stringify(value), secrets));
  }
}

/** The deployed workspace that a route names. @throws AdminRefusal `NOT_DEPLOYED` */
export function deployedWorkspace(RED: NodeAPI, id: string | undefined): Workspace {
  const workspace = asWorkspaceNode(deployedNode(RED, id))?.workspace;
  if (workspace) return workspace;
  throw new AdminRefusal(404, 'NOT_DEPLOYED', 'This workspace is not deployed yet, or it is disabled.');
}

export function deployedNode(RED: NodeAPI, id: unknown): object | undefined {
  return typeof id === 'string' && /^[\w.-]{1,100}$/.test(id)
    ? (RED.nodes.getNode(id) ?? undefined)
    : undefined;
}

/**
 * A JSON content type is asked for because no other web page can send it here without this server's consent. Node-RED
 * 4.1 gives that consent to every page as long as it has no `adminAuth`, for its own routes as well. Node-RED has
 * parsed the body already; its length is taken from the header; requests without `Content-Length` are rejected.
 */
function checkedRequest(request: Request): AdminRequest<JsonObject> {
  const query = request.query as Record<string, unknown>;
  // Express answers HEAD by the route of GET.
  if (request.method === 'GET' || request.method === 'HEAD')
    return { params: request.params, query, body: {} };
  const length = Number(request.get('content-length') ?? NaN);
  if (!(length <= MAX_BODY_BYTES) || request.get('content-encoding')) {
    throw new AdminRefusal(
      413,
      'TOO_LARGE',
      'The editor sent more than 1 MiB. Try it with a smaller payload.',
    );
  }
  if (!request.is('json')) {
    throw new AdminRefusal(415, 'NOT_JSON', 'Send JSON, with the content type application/json.');
  }
  const body: unknown = request.body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AdminRefusal(400, 'BAD_REQUEST', 'Send one JSON object.');
  }
  return { params: request.params, query, body: body as JsonObject };
}

/** @throws AdminRefusal `BAD_REQUEST`, which names the first field that is wrong */
function parseBody<Body>(body: JsonObject, shape: BodyShape<Body>): Body {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const parsed = shape(require('./admin-bodies') as typeof Bodies).safeParse(body);
  if (parsed.success) return parsed.data;
  const [{ path, message } = { path: [], message: '' }] = parsed.error.issues;
  throw new AdminRefusal(400, 'BAD_REQUEST', `${path.join('.')}: ${message}`);
}

/** The status says who has to act; a refused API key must not look like a lost session of the editor. */
function refusalOf(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof AdminRefusal) return error;
  const { code, message } = toFlowError(error);
  if (code === 'NOT_CONFIGURED') return { status: 409, code, message };
  if (code === 'UNEXPECTED' || code === 'OUTBOX_IO' || code === 'OUTBOX_FULL')
    return { status: 500, code, message };
  return { status: 502, code, message };
}

/** @param further secrets beside those of the workspaces, one of which may have been deployed meanwhile */
export function withoutSecrets(RED: NodeAPI, text: string, further: readonly string[] = []): string {
  const known = [...further, ...keysOf(RED)].map((key) => key.trim());
  const redact = makeRedactor(
    known.filter((key) => key.length >= SHORTEST_KEY).map((secret) => ({ text: secret, label: '[API key]' })),
  );
  return redact(text);
}

function keysOf(RED: NodeAPI): Set<string> {
  const keys = new Set<string>();
  eachWorkspace(RED, (workspace) => {
    for (const key of workspace.secrets()) keys.add(key);
  });
  return keys;
}
