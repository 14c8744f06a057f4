import * as http from 'node:http';
import { connect } from 'node:net';
import { listen, type TestServer } from './servers';

export interface TestProxy extends TestServer {
  /** the request lines that it saw, with their headers and, for plain http, what went through it */
  seen: { line: string; headers: http.IncomingHttpHeaders; body: string }[];
}

/**
 * A proxy that leads every host to one port of this machine, whatever its name; `refuse` answers a status in its place.
 */
export async function startProxy(port: number, refuse?: number): Promise<TestProxy> {
  const seen: TestProxy['seen'] = [];
  const listener = http.createServer((request, response) => {
    const entry = { line: `${request.method} ${request.url}`, headers: request.headers, body: '' };
    seen.push(entry);
    if (refuse) {
      response.writeHead(refuse).end();
      return;
    }
    request.on('data', (chunk: Buffer) => (entry.body += chunk.toString()));
    const { pathname, search } = new URL(request.url ?? '');
    const { method, headers } = request;
    const onward = http.request(
      { host: '127.0.0.1', port, method, headers, path: pathname + search },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  listener.on('connect', (request, socket) => {
    const entry = { line: `${request.method} ${request.url}`, headers: request.headers, body: '' };
    seen.push(entry);
    if (refuse) {
      socket.end(`HTTP/1.1 ${refuse} Refused\r\n\r\n`);
      return;
    }
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.on('data', (chunk: Buffer) => (entry.body += chunk.toString('latin1')));
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  return Object.assign(await listen(listener, 'http'), { seen });
}
