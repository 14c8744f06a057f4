import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply';

/** Reads a body to its end. Returns undefined when it is longer than `limit`: the rest is read and thrown away. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) chunks = [];
    else chunks.push(chunk);
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}

/** A string leaves as it is, a Buffer too; anything else as JSON. */
export function encodeReply({ body, headers }: Reply): { bytes: Buffer; headers: Record<string, string> } {
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = raw
    ? Buffer.from(body as string)
    : Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  return {
    bytes,
    headers: {
      ...(body !== undefined && { 'Content-Type': type }),
      ...headers,
      'Content-Length': String(bytes.length),
    },
  };
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  const { bytes, headers } = encodeReply(reply);
  response.writeHead(reply.status, headers);
  response.end(bytes);
}
