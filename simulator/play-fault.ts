import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as timer } from 'node:timers/promises';
import { kindOf, type Fault } from './faults';
import { encodeReply, sendReply } from './http-body';
import type { Reply } from './reply';

const DEFAULT_OVERSIZE_BYTES = 50 * 1024 * 1024;
const DEFAULT_DRIP_MS = 1000;
/** Nothing listens on the discard port of a development machine. */
const ELSEWHERE = 'http://127.0.0.1:9/vision-events';

/**
 * Answers a request the way a fault says; `work` does what the request asks and gives the honest answer.
 * `answering` is called with the status as soon as there is one.
 */
export async function playFault(
  fault: Fault,
  response: ServerResponse,
  work: () => Promise<Reply>,
  answering: (status: number) => void,
): Promise<void> {
  if (fault.slowMs) await sleep(fault.slowMs);
  const kind = kindOf(fault);
  const send = (reply: Reply) => {
    answering(reply.status);
    sendReply(response, reply);
  };
  const worksFirst = kind === 'lost-answer' || kind === 'drip' || kind === 'forget' || kind === 'none';
  const honest = worksFirst || fault.afterStoring ? await work() : undefined;
  switch (kind) {
    case 'none':
    case 'forget':
      return send(honest!);
    case 'hang':
      return;
    case 'reset':
    case 'lost-answer':
      response.socket?.resetAndDestroy();
      return;
    case 'status':
      return send(statusReply(fault));
    case 'redirect':
      return send({ status: fault.status ?? 307, headers: { Location: fault.location ?? ELSEWHERE } });
    case 'html':
      return send({
        status: fault.status ?? 201,
        body: '<!doctype html><title>Sign in</title><h1>Please sign in to the guest network</h1>',
        headers: { 'Content-Type': 'text/html; charset=utf-8' },
      });
    case 'drip':
      answering(honest!.status);
      return drip(response, honest!, fault.ms ?? DEFAULT_DRIP_MS);
    case 'oversize':
      answering(fault.status ?? 201);
      return sendOversize(response, fault.status ?? 201, fault.bytes ?? DEFAULT_OVERSIZE_BYTES);
  }
}

/** Does not keep the process alive when the server has been closed meanwhile. */
async function sleep(ms: number): Promise<void> {
  await timer(ms, undefined, { ref: false });
}

function statusReply({ status, body, headers, retryAfter }: Fault): Reply {
  return {
    status: status!,
    body: body === undefined ? { error: `simulated answer ${status}` } : body,
    headers: { ...headers, ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }) },
  };
}

async function drip(response: ServerResponse, reply: Reply, ms: number): Promise<void> {
  const { bytes, headers } = encodeReply(reply);
  response.writeHead(reply.status, headers);
  for (const byte of bytes.subarray(0, -1)) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await sleep(ms);
  }
  response.end(bytes.subarray(-1));
}

/** Valid JSON, of unknown length, so that only a client that counts what it reads is safe. */
async function sendOversize(response: ServerResponse, status: number, bytes: number): Promise<void> {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  await pipeline(oversizeBody(bytes), response);
}

function* oversizeBody(bytes: number): Generator<Buffer> {
  yield Buffer.from('{"eventId":"oversize","created":true,"padding":"');
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
  yield Buffer.from('"}');
}
