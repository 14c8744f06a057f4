import type { AxiosAdapter, AxiosStatic, GenericAbortSignal, InternalAxiosRequestConfig } from 'axios';
import type { Agent, ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { closeIdleConnections, makeAgent, type TlsSettings } from './agents';
import { endpointUrl, hostAndPort, parseBaseUrl } from './base-url';
import { debug } from '../debug';
import { ApiError, REPLY_TOO_LARGE, type ApiErrorCode } from './errors';
import { checkedHeaders, parseGateway, secretsOf, throughGateway, type ExtraHeaders } from './gateway';
import { networkFailure, statusFailure, type RawReply, type RequestContext } from './failure';
import { DEFAULT_TIMEOUT_MS, MAX_CONNECTIONS, MAX_REPLY_BYTES, MAX_TIMER_MS, MAX_WAITING } from './limits';
import { chooseProxy, type Proxy, type ProxySettings } from './proxy';
import { makeRedactor, redactJson, SHORTEST_KEY, type Redactor } from './redact';
import { withoutDepths } from './reply-text';
import { WorkLimit, type Work } from '../work-limit';

/** How a service is reached. */
export interface ConnectionOptions {
  /** https:// or http://, with or without a path prefix */
  baseUrl: string;
  /** undefined fails every request with `NOT_CONFIGURED`, as an empty one does */
  apiKey: string | undefined;
  /**
   * ms for a whole request, from its start to the last byte of its reply; waiting for a connection comes before that
   */
  timeoutMs?: number;
  maxConnections?: number;
  /** requests that may wait for a connection; one more fails at once with `BUSY` */
  maxWaiting?: number;
  /** as Node-RED's `tls-config` node contributes by `addTLSOptions` */
  tls?: TlsSettings;
  /** as Node-RED's `http proxy` node has it; without it the environment decides */
  proxy?: ProxySettings;
  /** where `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` are looked up; `process.env` by default */
  env?: NodeJS.ProcessEnv;
  userAgent?: string;
  /**
   * sent with every request; the values are secrets. One called `Authorization` wins over the API key, which may then
   * be missing
   */
  headers?: ExtraHeaders;
  /** takes every request in place of the server, with the real address as `?url=`; without a path, `/proxy` is meant */
  gateway?: string;
  /** hears of every request that had a connection's place, once it has ended */
  onRequestEnded?: (ended: EndedRequest) => void;
}

/** How a request ended, for measurements: nothing of what it carried. */
export interface EndedRequest {
  /** the segment of the path that names it: `vision-events` (one event), `batch`, `upload`, `bundle`, `query`, … */
  endpoint: string;
  /** from the moment it had a connection's place to the last byte of the reply */
  seconds: number;
  /** why it failed; undefined when it did not */
  code?: ApiErrorCode;
}

/** Where a client with these settings connects to, a proxy aside. @throws ApiError `NOT_CONFIGURED` */
export function serverOf({ baseUrl, gateway }: Pick<ConnectionOptions, 'baseUrl' | 'gateway'>): URL {
  return gateway?.trim() ? parseGateway(gateway) : parseBaseUrl(baseUrl);
}

/** What the two services differ in. */
export interface ServiceTraits {
  addressSetting: string;
  keySetting: string;
  /** the headers that carry the key */
  authenticate(apiKey: string): Record<string, string>;
  keyIsOptional?: boolean;
  /** false: a new connection for every request, so that none can die on reuse */
  keepAlive: boolean;
}

/** A body that can be read again for a second attempt. */
export interface RequestBody {
  contentType: string;
  /** exact, in bytes */
  length: number;
  open(): Buffer | Readable;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT';
  /** path segments below the base URL, not encoded */
  path: string[];
  query?: Record<string, string | undefined>;
  body?: RequestBody;
  timeoutMs?: number;
  maxReplyBytes?: number;
  signal?: AbortSignal;
  /** what the key must be allowed to do, for the error message of a 401 or 403 */
  scope?: string;
  /** false for requests that must not be carried out twice; see `request` */
  repeatable?: boolean;
}

export interface HttpReply extends RawReply {
  attempts: number;
  durationMs: number;
}

export function jsonBody(text: string): RequestBody {
  const bytes = Buffer.from(text);
  return { contentType: 'application/json', length: bytes.length, open: () => bytes };
}

interface Axios {
  send: AxiosAdapter;
  headers(fields: Record<string, string>): InternalAxiosRequestConfig['headers'];
}

let loadedAxios: Axios | undefined;

/**
 * axios is loaded by the first request, or when it is told that one will come: Node-RED loads the nodes of a palette at
 * every start, used or not.
 *
 * Its adapter for Node.js is asked without the layers above it. They merge defaults into the request, run interceptors
 * and transform bodies, all of which every request here would overrule, and take a third of the time of a small
 * request.
 */
export function loadAxios(): Axios {
  if (loadedAxios) return loadedAxios;
  // An `import()` would load axios as some sixty single ES modules; this is one file.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const axios = require('axios') as AxiosStatic;
  loadedAxios = {
    send: axios.getAdapter('http'),
    headers: (fields) => new axios.AxiosHeaders(fields),
  };
  return loadedAxios;
}

interface Route {
  base: URL;
  /** in place of the server of `base` */
  gateway: URL | undefined;
  /** checked, by names in small letters */
  headers: Record<string, string>;
  proxy: Proxy | undefined;
  agent: Agent;
  context: RequestContext;
  /**
   * for whole replies, before anything is read from them: a server that repeats the key must not bring it into a flow
   */
  redactReply: Redactor;
}

type AbortReason = 'deadline' | 'caller' | 'closed';

/**
 * One request under way; who ended it decides what its error says. It is also the signal that calls the request off:
 * axios takes anything that can be listened to, and an `AbortController` for each request is costly.
 */
class Flight implements GenericAbortSignal {
  reason: AbortReason | undefined;
  readonly #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const place = this.#listeners.indexOf(listener);
    if (place >= 0) this.#listeners.splice(place, 1);
  }

  abort(reason: AbortReason): void {
    if (this.reason) return;
    this.reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * HTTP behaviour shared by both services: few connections kept alive, a bounded queue before them, a total deadline, a
 * bounded reply, no redirects, and every failure an `ApiError`.
 */
export class HttpClient {
  readonly #options: ConnectionOptions;
  readonly #traits: ServiceTraits;
  readonly #apiKey: string;
  readonly #maxConnections: number;
  readonly #connections: WorkLimit;
  /**
   * Few, and no `Set`: one that is refilled all the time keeps requests that have ended in memory until the next full
   * collection.
   */
  readonly #flights: Flight[] = [];
  #route: Route | undefined;
  #closed = false;

  /** ms; settings that are not a positive number give way to the default */
  readonly timeoutMs: number;

  constructor(options: ConnectionOptions, traits: ServiceTraits) {
    this.#options = options;
    this.#traits = traits;
    // A key that was pasted with a line break or a blank is a good key.
    this.#apiKey = (options.apiKey ?? '').trim();
    this.timeoutMs = Math.min(positive(options.timeoutMs) ?? DEFAULT_TIMEOUT_MS, MAX_TIMER_MS);
    this.#maxConnections = Math.ceil(positive(options.maxConnections) ?? MAX_CONNECTIONS);
    const maxWaiting = options.maxWaiting ?? MAX_WAITING;
    const busy = () => tooManyWait(maxWaiting);
    this.#connections = new WorkLimit(this.#maxConnections, { most: maxWaiting, busy });
  }

  /** The error of the settings that every request would fail with, or undefined. */
  configurationError(): ApiError | undefined {
    try {
      this.#requireRoute();
      return undefined;
    } catch (error) {
      return error as ApiError;
    }
  }

  /**
   * Sends a request and resolves with its 2xx reply.
   *
   * The deadline (`timeoutMs`) covers everything from the moment the request has a connection's place: look-up,
   * connecting, proxy, TLS, sending, waiting, and the last byte of the reply. It does not cover waiting for a place
   * among the connections; that queue is bounded by its length instead.
   *
   * One attempt, with one exception: a request that dies on a kept connection before any answer is sent once more,
   * within the same deadline. The server closed that connection while it lay idle, and the request crossed the news.
   * @throws ApiError only
   */
  async request(request: HttpRequest): Promise<HttpReply> {
    const route = this.#requireRoute();
    const endpoint = endpointUrl(route.base, request.path, request.query);
    const url = route.gateway ? throughGateway(route.gateway, endpoint) : endpoint;
    const refusal = () => this.#abortError('caller', request, route, 0);
    if (request.signal?.aborted) throw refusal();
    return this.#inTurn(request.signal, refusal, () => {
      const carriedOut = this.#carryOut(request, url, route);
      if (debug.enabled) trace(request, url, route, carriedOut);
      if (this.#options.onRequestEnded) measure(request, carriedOut, this.#options.onRequestEnded);
      return carriedOut;
    });
  }

  /**
   * @param refusal makes the error when `signal` fires while the request waits
   * @throws ApiError `BUSY` at once when too many wait, `CLOSED` when the client is closed meanwhile
   */
  #inTurn<T>(
    signal: AbortSignal | undefined,
    refusal: () => ApiError,
    exchange: () => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Work = {
        begin: () => {
          signal?.removeEventListener('abort', onAbort);
          return exchange().then(resolve, reject);
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        this.#connections.leave(waiting);
        waiting.refuse(refusal());
      };
      signal?.addEventListener('abort', onAbort);
      this.#connections.enter(waiting);
    });
  }

  /** Ends requests under way and those that wait, closes all connections. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#connections.close(closedError(0));
    for (const flight of [...this.#flights]) flight.abort('closed');
    this.#route?.agent.destroy();
  }

  async #carryOut(request: HttpRequest, url: URL, route: Route): Promise<HttpReply> {
    const started = performance.now();
    const flight = new Flight();
    const deadline = setTimeout(() => flight.abort('deadline'), this.#timeoutOf(request));
    const onCallerAbort = () => flight.abort('caller');
    request.signal?.addEventListener('abort', onCallerAbort);
    this.#flights.push(flight);
    let attempts = 1;
    try {
      let reply: RawReply;
      try {
        reply = await this.#exchange(request, url, route, flight);
      } catch (error) {
        if (flight.reason || request.repeatable === false || !diedOnReuse(error)) throw error;
        closeIdleConnections(route.agent);
        attempts = 2;
        reply = await this.#exchange(request, url, route, flight);
      }
      if (!isSuccess(reply.statusCode)) {
        const { scope } = request;
        throw statusFailure(reply, route.context, { attempts, scope, nowMs: Date.now() });
      }
      return { attempts, durationMs: Math.round(performance.now() - started), ...reply };
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (flight.reason) throw this.#abortError(flight.reason, request, route, attempts);
      throw networkFailure(error, route.context, attempts);
    } finally {
      clearTimeout(deadline);
      request.signal?.removeEventListener('abort', onCallerAbort);
      this.#flights.splice(this.#flights.indexOf(flight), 1);
    }
  }

  async #exchange(request: HttpRequest, url: URL, route: Route, flight: Flight): Promise<RawReply> {
    const { agent, proxy, headers } = route;
    const { method, body } = request;
    const axios = loadAxios();
    const response = await axios.send({
      method,
      url: url.href,
      headers: axios.headers({
        accept: 'application/json',
        'user-agent': this.#options.userAgent ?? 'vision-events-node-red',
        ...this.#traits.authenticate(this.#apiKey),
        ...headers,
        ...(body && { 'content-type': body.contentType, 'content-length': String(body.length) }),
      }),
      data: body?.open(),
      httpAgent: agent,
      httpsAgent: agent,
      // The agent already tunnels https; only plain http needs the library's own proxy request.
      proxy: proxy && url.protocol === 'http:' ? axiosProxy(proxy) : noAxiosProxy(),
      signal: flight,
      maxRedirects: 0,
      maxBodyLength: Infinity,
      decompress: true,
      // Read here and not by axios: its errors do not tell a long reply from a broken one. Nor does it get a time
      // limit, which would end with the headers: `flight` has the deadline of the whole request.
      responseType: 'stream',
      validateStatus: () => true,
    });
    const limit = request.maxReplyBytes ?? MAX_REPLY_BYTES;
    const { text, complete } = await readBounded(response.data as Readable, limit);
    // Of a refusal the status matters, not the end of a long error page.
    if (!complete && isSuccess(response.status)) throw oversizeError(limit, route, response.status);
    return {
      statusCode: response.status,
      headers: response.headers,
      body: withoutDepths(redactJson(text, route.redactReply)),
    };
  }

  #timeoutOf(request: HttpRequest): number {
    return Math.min(positive(request.timeoutMs) ?? this.timeoutMs, MAX_TIMER_MS);
  }

  #requireRoute(): Route {
    if (this.#closed) throw closedError(0);
    this.#route ??= this.#makeRoute();
    return this.#route;
  }

  #makeRoute(): Route {
    const { baseUrl, proxy: proxySettings, env = process.env, tls = {} } = this.#options;
    const headers = checkedHeaders(this.#options.headers);
    const [keyHeader] = Object.keys(this.#traits.authenticate('key'));
    const hasOwnKey = keyHeader !== undefined && keyHeader in headers;
    this.#checkKey(hasOwnKey);
    const base = parseBaseUrl(baseUrl);
    const server = serverOf(this.#options);
    const proxy = chooseProxy(server, proxySettings, env);
    const agent = makeAgent(server, proxy, {
      maxConnections: this.#maxConnections,
      keepAlive: this.#traits.keepAlive,
      tls,
      tunnelTimeoutMs: this.timeoutMs,
    });
    const gateway = this.#options.gateway?.trim() ? server : undefined;
    const headerSecrets = secretsOf(Object.values(headers)).map((text) => ({
      text,
      label: '[header value]',
    }));
    const context: RequestContext = {
      where: hostAndPort(server) + (proxy ? ` through the proxy ${proxy.host}:${proxy.port}` : ''),
      addressSetting: gateway ? 'the gateway of the workspace' : this.#traits.addressSetting,
      keySetting: hasOwnKey ? `the header ${keyHeader} of the workspace` : this.#traits.keySetting,
      proxySetting: proxy?.setting,
      redact: makeRedactor([
        { text: this.#apiKey, label: '[API key]' },
        { text: proxy?.password, label: '[proxy password]' },
        ...headerSecrets,
      ]),
    };
    const redactReply = makeRedactor([
      ...(this.#apiKey.length >= SHORTEST_KEY ? [{ text: this.#apiKey, label: '[API key]' }] : []),
      ...headerSecrets,
    ]);
    return { base, gateway, headers, proxy, agent, context, redactReply };
  }

  #checkKey(isGivenAsHeader: boolean): void {
    const { keySetting, keyIsOptional } = this.#traits;
    if (!this.#apiKey && !keyIsOptional && !isGivenAsHeader) {
      throw new ApiError('NOT_CONFIGURED', `There is no API key. Enter ${keySetting}.`, {
        needsOperator: true,
      });
    }
    if (!/^[\x21-\x7e]*$/.test(this.#apiKey)) {
      throw new ApiError(
        'NOT_CONFIGURED',
        `The API key holds a blank or a character that no key has. Copy ${keySetting} once more.`,
        { needsOperator: true },
      );
    }
  }

  #abortError(reason: AbortReason, request: HttpRequest, route: Route, attempts: number): ApiError {
    const { where } = route.context;
    switch (reason) {
      case 'closed':
        return closedError(attempts);
      case 'caller':
        return new ApiError('TIMEOUT', `${where}: the request was called off before it ended.`, { attempts });
      case 'deadline': {
        const seconds = Math.round(this.#timeoutOf(request) / 100) / 10;
        return new ApiError(
          'TIMEOUT',
          'Check the network, or raise the timeout of the workspace. ' +
            `${where}: no complete answer within ${seconds} s; whether the request was carried out is not known.`,
          { attempts },
        );
      }
    }
  }
}

function measure(
  { path }: HttpRequest,
  reply: Promise<HttpReply>,
  tell: (ended: EndedRequest) => void,
): void {
  const started = performance.now();
  // The first segment is the service, the third may be an id.
  const ended = () => ({ endpoint: path[1] ?? path[0] ?? '', seconds: (performance.now() - started) / 1000 });
  reply
    .then(
      () => tell(ended()),
      ({ code }: ApiError) => tell({ ...ended(), code }),
    )
    // Who measures must not disturb what is measured.
    .catch(() => undefined);
}

let traced = 0;

/** For `NODE_DEBUG=vision-events`. A path or query may hold the key by mistake, so even the address is redacted. */
function trace({ method, body }: HttpRequest, url: URL, { context }: Route, reply: Promise<HttpReply>): void {
  const number = ++traced;
  const started = performance.now();
  const elapsed = () => `${Math.round(performance.now() - started)} ms`;
  debug('request %d: %s %s, %d bytes', number, method, context.redact(url.href), body?.length ?? 0);
  reply.then(
    ({ statusCode, attempts }) =>
      debug('request %d: %d, attempts %d, %s', number, statusCode, attempts, elapsed()),
    (error: Error) => debug('request %d: %s, %s', number, error.message, elapsed()),
  );
}

/** Settings come from dialogs and environment variables: a time limit of 0 or NaN would end every request at once. */
function positive(value: number | undefined): number | undefined {
  const number = Number(value);
  return number > 0 && Number.isFinite(number) ? number : undefined;
}

function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode <= 299;
}

function oversizeError(limit: number, { context }: Route, statusCode: number): ApiError {
  const text = `${context.where}: the answer is larger than ${limit / 1024 / 1024} MiB and was not read.`;
  return new ApiError('BAD_RESPONSE', text, { statusCode, networkCode: REPLY_TOO_LARGE });
}

/** @param maxWaiting how many wait already */
export function tooManyWait(maxWaiting: number): ApiError {
  return new ApiError(
    'BUSY',
    `${maxWaiting} messages already wait for a connection. The server answers more slowly than messages arrive: ` +
      'send fewer, or let the node queue them.',
  );
}

function closedError(attempts: number): ApiError {
  return new ApiError('NETWORK', 'The workspace was closed (redeploy or stop) before the request ended.', {
    attempts,
  });
}

function axiosProxy(proxy: Proxy) {
  const { protocol, host, port, username, password } = proxy;
  return { protocol, host, port, ...((username || password) && { auth: { username, password } }) };
}

/** Where axios looks for a proxy unless it is told `false`. */
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/**
 * Tells axios to use no proxy of its own accord. Where the environment names none, nothing needs to be said: given
 * `false`, axios 1.21 keeps a closure over each request that only V8's full collection frees, some 13 KB an event.
 */
function noAxiosProxy(): false | undefined {
  return PROXY_VARIABLES.some((name) => process.env[name]) ? false : undefined;
}

/** No answer, and the connection had served an earlier request. Once headers have come, axios no longer rejects. */
function diedOnReuse(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, request } = error as { code?: unknown; request?: ClientRequest };
  return (code === 'ECONNRESET' || code === 'EPIPE') && request?.reusedSocket === true;
}

/** Reads a reply up to the limit; the rest is not waited for. `complete` says whether that was all. */
function readBounded(stream: Readable, limit: number): Promise<{ text: string; complete: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (complete: boolean) => resolve({ text: Buffer.concat(chunks).toString('utf8'), complete });
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      finish(false);
      stream.destroy();
    });
    stream.on('end', () => finish(true));
    // Stays attached for good: an error event that nobody hears ends the process.
    stream.on('error', reject);
    stream.on('close', () => {
      if (!stream.readableEnded) reject(connectionCut());
    });
  });
}

function connectionCut(): Error {
  return Object.assign(new Error('The connection closed before the end of the reply'), {
    code: 'ECONNRESET',
  });
}
