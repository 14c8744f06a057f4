import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { VisionEvent } from '../../src/event/types';

export const KEY = 'k3y-Of/The+Plant==';

export const EVENT: VisionEvent = {
  eventId: '0d9c2c2e-92c5-4f6e-a3b0-6d7d1b7a0c11',
  eventType: 'quality_check',
  useCaseId: 'use-1',
  timestamp: '2026-11-20T08:15:30.250Z',
  eventData: { result: 'pass' },
};

/** A received request with its whole body. */
export interface Received {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  socket: Socket;
}

export interface TestServer {
  url: string;
  port: number;
  /** requests in the order they were complete */
  received: Received[];
  /** connections opened so far, and the most at one time */
  connections: { opened: number; open: number; most: number };
  close(): Promise<void>;
}

type Answer = (received: Received, response: http.ServerResponse, index: number) => void;

const running = new Set<TestServer>();

/** Starts a server that answers as the test says; `stopServers` ends all of them. */
export async function startServer(answer: Answer, tls?: { key: string; cert: string }): Promise<TestServer> {
  const onRequest = (request: http.IncomingMessage, response: http.ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const received: Received = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
        socket: request.socket,
      };
      server.received.push(received);
      answer(received, response, server.received.length - 1);
    });
  };
  const listener = tls ? https.createServer(tls, onRequest) : http.createServer(onRequest);
  const server = await listen(listener, tls ? 'https' : 'http');
  return server;
}

/** Counts connections, and closes them all with the server. */
export async function listen(listener: Server, scheme: string): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const connections = { opened: 0, open: 0, most: 0 };
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    connections.opened += 1;
    connections.open += 1;
    connections.most = Math.max(connections.most, connections.open);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      connections.open -= 1;
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const server: TestServer = {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    received: [],
    connections,
    close: async () => {
      running.delete(server);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  running.add(server);
  return server;
}

export async function stopServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.close()));
}

export function sendJson(
  response: http.ServerResponse,
  statusCode: number,
  body: unknown,
  headers = {},
): void {
  response.writeHead(statusCode, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers a posted event as the API does. */
export function accept(received: Received, response: http.ServerResponse): void {
  const { eventId } = JSON.parse(received.body.toString()) as VisionEvent;
  sendJson(response, 201, { eventId, created: true });
}
