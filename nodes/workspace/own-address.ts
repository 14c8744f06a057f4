import type { Server } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { NodeAPI } from 'node-red';

const USUAL_PORT = 1880;
/** What a server that listens on every address says; nobody can connect to that. */
const EVERY_ADDRESS = /^(0\.0\.0\.0|::|)$/;

/** Whether a base URL is a path of the Node-RED that it is used in. */
export function isOwnPath(baseUrl: string | undefined): boolean {
  return baseUrl?.trim().startsWith('/') ?? false;
}

/**
 * A base URL as requests need it: a path becomes an address of this Node-RED, below its `httpNodeRoot`; everything else
 * stays. Ask anew before each request: a server that does not listen yet has no port.
 */
export function absoluteBaseUrl(RED: NodeAPI, baseUrl: string): string {
  const root = RED.settings.httpNodeRoot;
  const server: Server | null | undefined = RED.server;
  // Then no path leads anywhere, and the client says that the address is incomplete.
  if (!isOwnPath(baseUrl) || root === false || !server) return baseUrl;
  const prefix = (root ?? '').replace(/^\/*|\/*$/g, '');
  return `${originOf(server, RED)}${prefix && `/${prefix}`}${baseUrl.trim()}`;
}

function originOf(server: Server, { settings }: NodeAPI): string {
  const bound = server.address();
  const { address, port } =
    bound && typeof bound === 'object'
      ? bound
      : { address: settings.uiHost ?? '', port: settings.uiPort ?? USUAL_PORT };
  const host = EVERY_ADDRESS.test(address) ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address;
  return `${server instanceof HttpsServer ? 'https' : 'http'}://${host}:${port}`;
}
