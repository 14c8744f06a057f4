import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { IDLE_CONNECTION_MS } from './limits';
import type { Proxy } from './proxy';

/** What Node-RED's `tls-config` node contributes by `addTLSOptions`. */
export type TlsSettings = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'servername' | 'ALPNProtocols' | 'rejectUnauthorized'
>;

export interface AgentSettings {
  maxConnections: number;
  keepAlive: boolean;
  tls: TlsSettings;
  /** ms a proxy has to open a tunnel */
  tunnelTimeoutMs: number;
}

/** A proxy answered `CONNECT` with something else than 200. */
export class TunnelRefused extends Error {
  readonly code = 'PROXY_REFUSED';
  constructor(readonly statusCode: number | undefined) {
    super('The proxy refused the tunnel');
  }
}

/**
 * The agent for a base URL and its proxy. https over a proxy goes through a `CONNECT` tunnel, so the proxy never sees
 * the key. Plain http over a proxy goes as an ordinary proxy request (many proxies refuse `CONNECT` to other ports than
 * 443): the proxy reads along, as everybody on the way does with plain http.
 */
export function makeAgent(base: URL, proxy: Proxy | undefined, settings: AgentSettings): http.Agent {
  const pool = {
    keepAlive: settings.keepAlive,
    // As axios sets it: with another number, each of the two would set the socket anew for every request.
    keepAliveMsecs: 60_000,
    maxSockets: settings.maxConnections,
  };
  if (base.protocol === 'https:') {
    return proxy
      ? new TunnelAgent(proxy, settings, pool)
      : new PooledHttpsAgent({ ...settings.tls, ...pool });
  }
  if (proxy?.protocol === 'https:') return new PooledHttpsAgent({ ...settings.tls, ...pool });
  return new PooledHttpAgent(pool);
}

/** Closes every connection that lies idle; when one of them turned out dead, the others are of the same age. */
export function closeIdleConnections(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

/**
 * Sets the idle limit on a connection that goes back to the pool; the agent itself closes pooled connections on their
 * timeout.
 */
function limitIdleTime(socket: Duplex): void {
  (socket as Socket).setTimeout(IDLE_CONNECTION_MS);
}

class PooledHttpAgent extends http.Agent {
  override keepSocketAlive(socket: Duplex): unknown {
    const keep: unknown = super.keepSocketAlive(socket);
    limitIdleTime(socket);
    return keep;
  }
}

class PooledHttpsAgent extends https.Agent {
  override keepSocketAlive(socket: Duplex): unknown {
    const keep: unknown = super.keepSocketAlive(socket);
    limitIdleTime(socket);
    return keep;
  }
}

type ConnectionCallback = (error: Error | null, socket: Duplex) => void;

class TunnelAgent extends PooledHttpsAgent {
  readonly #proxy: Proxy;
  readonly #settings: AgentSettings;
  readonly #opening = new Set<http.ClientRequest>();

  constructor(proxy: Proxy, settings: AgentSettings, pool: http.AgentOptions) {
    super({ ...settings.tls, ...pool });
    this.#proxy = proxy;
    this.#settings = settings;
  }

  override createConnection(options: https.RequestOptions, callback?: ConnectionCallback): undefined {
    const finish = (error: Error | null, socket?: Duplex | null) => {
      // The agent's callback takes no socket beside an error; the declared type does not say so.
      callback?.(error, socket as Duplex);
    };
    const opening = this.#requestTunnel(`${bracketed(options.host ?? '')}:${options.port ?? 443}`);
    const deadline = setTimeout(() => opening.destroy(timeoutError()), this.#settings.tunnelTimeoutMs);
    this.#opening.add(opening);
    const settled = () => {
      clearTimeout(deadline);
      this.#opening.delete(opening);
    };
    opening.once('connect', (response, socket) => {
      settled();
      if (response.statusCode !== 200) {
        socket.destroy();
        finish(new TunnelRefused(response.statusCode));
        return;
      }
      const throughTunnel: https.RequestOptions & { socket: Duplex } = { ...options, socket };
      let secured: Duplex | null | undefined;
      try {
        secured = super.createConnection(throughTunnel);
      } catch (error) {
        // An unreadable certificate or key is thrown here, and nobody above would catch it.
        socket.destroy();
        finish(error as Error);
        return;
      }
      finish(null, secured);
    });
    // Stays attached for good: an error event that nobody hears ends the process.
    opening.on('error', (error) => {
      settled();
      finish(error);
    });
    opening.end();
    return undefined;
  }

  override destroy(): void {
    for (const opening of this.#opening) opening.destroy();
    super.destroy();
  }

  #requestTunnel(authority: string): http.ClientRequest {
    const { protocol, host, port, username, password } = this.#proxy;
    const headers: http.OutgoingHttpHeaders = { host: authority };
    if (username || password) {
      headers['proxy-authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    }
    const options = { method: 'CONNECT', host, port, path: authority, headers, agent: false, setHost: false };
    if (protocol === 'http:') return http.request(options);
    const { ca, rejectUnauthorized } = this.#settings.tls;
    return https.request({ ...options, ca: ca, rejectUnauthorized });
  }
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function timeoutError(): Error {
  return Object.assign(new Error('The proxy did not answer'), { code: 'ETIMEDOUT' });
}
