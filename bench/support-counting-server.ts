/**
 * A bare server in a process of its own: takes events and batches, counts ids and connections, answers as the API does.
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

const ids = new Set<string>();
let sockets = new WeakSet<Socket>();
let connections = 0;
let lastArrival = 0;
let isDown = false;

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.url === '/_counts') {
      response.end(JSON.stringify({ events: ids.size, connections, lastArrival }));
      return;
    }
    if (request.url === '/_reset') {
      ids.clear();
      connections = 0;
      lastArrival = 0;
      isDown = false;
      sockets = new WeakSet();
      response.end('{}');
      return;
    }
    if (request.url === '/_down' || request.url === '/_up') {
      isDown = request.url === '/_down';
      response.end('{}');
      return;
    }
    if (!sockets.has(request.socket)) connections++;
    sockets.add(request.socket);
    if (isDown) {
      response.writeHead(503).end();
      return;
    }
    const body = JSON.parse(Buffer.concat(parts).toString()) as {
      eventId?: string;
      events?: { eventId: string }[];
    };
    const arrived = body.events?.map(({ eventId }) => eventId) ?? [body.eventId ?? ''];
    for (const id of arrived) ids.add(id);
    lastArrival = Date.now();
    response.writeHead(201, { 'Content-Type': 'application/json' });
    response.end(
      JSON.stringify(
        body.events ? { created: arrived.length, eventIds: arrived } : { eventId: arrived[0], created: true },
      ),
    );
  });
});
// The benchmark asks again after long pauses, and must not cross the closing of an idle connection.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
