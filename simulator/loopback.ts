import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * These servers are for one machine: they take any key from anybody who reaches them and keep what they get.
 * So they bind to loopback or not at all.
 */
const LOOPBACK_HOSTS = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

/** Starts listening; rejects when the host is not loopback or the port is taken. Port 0 takes any free one. */
export async function listenOnLoopback(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  if (!LOOPBACK_HOSTS.test(host)) {
    throw new Error(`refusing to listen on ${host}: this server is for development and keeps to loopback`);
  }
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(`port ${port} is taken: choose another, or 0 for any free one`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

/** False for a foreign `Host` header, with which a page of another site could reach in by DNS rebinding. */
export function isLoopbackHostHeader(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return LOOPBACK_HOSTS.test(name);
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
