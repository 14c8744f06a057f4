import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';

/** One request that reached the simulator. Its `authorization` header is never kept. */
export interface RequestEntry {
  method: string;
  /** with the query string */
  path: string;
  /** undefined while unanswered, and for ever when the connection was dropped instead */
  status?: number;
  /** ms since the epoch */
  at: number;
  bodyBytes: number;
  bodySha256: string;
  /** 1 for the first connection ever opened, and so on */
  connection: number;
  /** true when it was not the first request on its connection */
  reused: boolean;
  /** the fault played on it */
  fault?: string;
}

const MAX_ENTRIES_KEPT = 10_000;

/** What came in, oldest first, bounded; the counts cover everything since the start or the last reset. */
export class RequestLog {
  readonly entries: RequestEntry[] = [];
  /** all requests, also those no longer among `entries` */
  total = 0;
  /** answers by status */
  readonly byStatus: Record<number, number> = {};
  connectionsOpened = 0;
  connectionsOpen = 0;
  maxConcurrentConnections = 0;
  private inFlight = 0;
  maxConcurrentRequests = 0;
  private lastConnection = 0;
  private readonly connections = new WeakMap<Socket, { number: number; requests: number }>();

  /** How many of the kept requests have this method and a path that starts so. */
  count(method: string, pathPrefix: string): number {
    return this.entries.filter((entry) => entry.method === method && entry.path.startsWith(pathPrefix))
      .length;
  }

  /** Starts an entry; a connection counts from its first API request on, so that the page's own do not. */
  begin(method: string, path: string, at: number, socket: Socket): RequestEntry {
    const connection = this.connections.get(socket) ?? this.countConnection(socket);
    connection.requests++;
    const entry: RequestEntry = {
      method,
      path,
      at,
      bodyBytes: 0,
      bodySha256: '',
      connection: connection.number,
      reused: connection.requests > 1,
    };
    this.entries.push(entry);
    if (this.entries.length > MAX_ENTRIES_KEPT) this.entries.shift();
    this.total++;
    this.inFlight++;
    this.maxConcurrentRequests = Math.max(this.maxConcurrentRequests, this.inFlight);
    return entry;
  }

  private countConnection(socket: Socket) {
    const connection = { number: ++this.lastConnection, requests: 0 };
    this.connections.set(socket, connection);
    this.connectionsOpened++;
    this.connectionsOpen++;
    this.maxConcurrentConnections = Math.max(this.maxConcurrentConnections, this.connectionsOpen);
    socket.once('close', () => this.connectionsOpen--);
    return connection;
  }

  bodyRead(entry: RequestEntry, body: Buffer): void {
    entry.bodyBytes = body.length;
    entry.bodySha256 = createHash('sha256').update(body).digest('hex');
  }

  answered(entry: RequestEntry, status: number): void {
    entry.status = status;
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1;
  }

  /** Answered or cut off: it is no longer under way. */
  ended(): void {
    this.inFlight--;
  }

  /** Forgets entries and counts; connections that are open stay counted as open. */
  reset(): void {
    this.entries.length = 0;
    this.total = 0;
    for (const status of Object.keys(this.byStatus)) delete this.byStatus[Number(status)];
    this.connectionsOpened = 0;
    this.maxConcurrentConnections = this.connectionsOpen;
    this.maxConcurrentRequests = this.inFlight;
  }

  /** For `GET /_simulator/requests`. */
  summary() {
    return {
      total: this.total,
      byStatus: this.byStatus,
      connectionsOpen: this.connectionsOpen,
      connectionsOpened: this.connectionsOpened,
      maxConcurrentConnections: this.maxConcurrentConnections,
      maxConcurrentRequests: this.maxConcurrentRequests,
    };
  }
}
