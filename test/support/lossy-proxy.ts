import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Between a client and its server: what the client asks arrives, the answers are lost on demand. */
export class LossyProxy {
  private readonly pairs = new Set<[Socket, Socket]>();
  private losing = false;
  private refusing = false;
  private trigger: string | undefined;
  private lostBytes = 0;

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {}

  static async to(targetPort: number): Promise<LossyProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new LossyProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => {
      if (proxy.refusing) client.destroy();
      else proxy.join(client, connect(targetPort, '127.0.0.1'));
    });
    return proxy;
  }

  /** @param url of the server; @returns the same by way of this proxy */
  url(url: string): string {
    return Object.assign(new URL(url), { port: `${this.port}` }).href;
  }

  /** From the next request with this text on, no answer arrives. */
  loseAnswersTo(text: string): void {
    this.trigger = text;
    this.lostBytes = 0;
  }

  get hasLost(): boolean {
    return this.lostBytes > 0;
  }

  /** Ends all connections, and lets answers through again. */
  cut(): void {
    this.losing = false;
    this.trigger = undefined;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    this.pairs.clear();
  }

  /** As a network that is down: what is open ends, what is new ends at once. */
  refuse(): void {
    this.cut();
    this.refusing = true;
  }

  letThrough(): void {
    this.refusing = false;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.cut();
    await Promise.resolve();
  }

  private join(client: Socket, server: Socket): void {
    this.pairs.add([client, server]);
    client.on('data', (bytes) => {
      if (this.trigger !== undefined && bytes.includes(this.trigger)) this.losing = true;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (this.losing) this.lostBytes += bytes.length;
      else client.write(bytes);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  }
}
