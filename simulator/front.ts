import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FaultControl, kindOf, type Fault } from './faults';
import type { Endpoint } from './endpoints';
import { readBody, sendReply } from './http-body';
import { closeServer, listenOnLoopback } from './loopback';
import { playFault } from './play-fault';
import { ApiRefusal, type Reply } from './reply';
import { RequestLog, type RequestEntry } from './request-log';

/** A request whose body has been read. */
export interface ReceivedRequest {
  request: IncomingMessage;
  url: URL;
  /** undefined when it was longer than the limit */
  body: Buffer | undefined;
  fault: Fault | undefined;
}

/** What stands behind a front: the API proper. */
export interface Service {
  /** Answers outside the log and the faults (page, switches), or undefined when the request is for the API. */
  control?(request: IncomingMessage, url: URL): Promise<Reply> | undefined;
  /** What faults choose by; undefined for an unknown path. */
  endpointOf(method: string, pathname: string): Endpoint | undefined;
  maxBodyBytes(endpoint: Endpoint | undefined): number;
  /** Sees every body that was read, before any fault is played. */
  observe?(endpoint: Endpoint, body: Buffer): void;
  /** The honest answer. May throw an `ApiRefusal`. */
  answer(received: ReceivedRequest): Promise<Reply>;
}

/** The HTTP side that both simulated services share: loopback, the log of requests, the playing of faults. */
export class Front {
  readonly requests = new RequestLog();
  readonly faults = new FaultControl();
  private readonly unanswered = new Set<ServerResponse>();
  private readonly server: Server;

  constructor(
    private readonly service: Service,
    private readonly now: () => number,
  ) {
    this.server = createServer((request, response) => {
      const url = parseTarget(request.url ?? '/');
      const control = service.control?.(request, url);
      const handled = control ? send(response, control) : this.answerApi(request, response, url);
      // A client that goes away in the middle of its request is not an error of ours.
      handled.catch(() => response.destroy());
    });
  }

  /** Starts listening and gives the port and the base URL. Rejects when `host` is not loopback. */
  async listen(port: number, host = '127.0.0.1'): Promise<{ port: number; url: string }> {
    const bound = await listenOnLoopback(this.server, port, host);
    return { port: bound, url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}` };
  }

  /** Forgets requests and faults, and drops the connections of requests that still wait for an answer. */
  reset(): void {
    this.requests.reset();
    this.faults.clear();
    for (const response of this.unanswered) {
      // One that has ended may not have closed yet; its connection is the client's to use again.
      if (!response.writableEnded) response.destroy();
    }
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  private async answerApi(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const method = request.method ?? '';
    const entry = this.requests.begin(method, request.url ?? '', this.now(), request.socket);
    this.unanswered.add(response);
    response.once('close', () => {
      this.unanswered.delete(response);
      this.requests.ended();
    });
    const endpoint = this.service.endpointOf(method, url.pathname);
    const body = await readBody(request, this.service.maxBodyBytes(endpoint));
    if (body) this.requests.bodyRead(entry, body);
    if (body && endpoint) this.service.observe?.(endpoint, body);
    const fault = endpoint && this.takeFault(endpoint, entry, body);
    const work = () => settled(this.service.answer({ request, url, body, fault }));
    const answering = (status: number) => this.requests.answered(entry, status);
    if (!fault) return send(response, work(), answering);
    entry.fault = kindOf(fault);
    return playFault(fault, response, work, answering);
  }

  private takeFault(endpoint: Endpoint, entry: RequestEntry, body: Buffer | undefined): Fault | undefined {
    return this.faults.take({ endpoint, reused: entry.reused, bodyText: () => body?.toString('utf8') ?? '' });
  }
}

/** The path and query asked for; what is not an address at all counts as the path `/invalid`, which is not found. */
function parseTarget(target: string): URL {
  const base = 'http://simulator';
  return new URL(URL.canParse(target, base) ? target : '/invalid', base);
}

async function send(
  response: ServerResponse,
  work: Promise<Reply>,
  answering: (status: number) => void = () => {},
): Promise<void> {
  const reply = await settled(work);
  answering(reply.status);
  sendReply(response, reply);
}

/** Every failure is an answer too: a refusal its own, anything else a 500 that says where it comes from. */
async function settled(work: Promise<Reply>): Promise<Reply> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiRefusal) return error.reply;
    const text = error instanceof Error ? error.message : String(error);
    return { status: 500, body: { error: `simulator: ${text}` } };
  }
}
