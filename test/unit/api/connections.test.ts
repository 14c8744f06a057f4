import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { makeAgent } from '../../../src/api/agents';
import { VisionEventsClient, type ClientOptions } from '../../../src/api/client';
import { clientFor, closedLater, endAll, failureOf } from './clients';
import { accept, EVENT, sendJson, startServer, type Received } from '../../support/servers';
import { until } from '../../support/until';

/** Waits until a condition holds; mocha's own time limit ends a test whose condition never does. */
/** A server that holds its answers back until `release`. */
async function startHoldingServer() {
  const held: (() => void)[] = [];
  const server = await startServer((received, response) => {
    held.push(() => accept(received, response));
  });
  return { server, held, release: () => held.splice(0).forEach((answer) => answer()) };
}

describe('connections of the client', () => {
  afterEach(endAll);

  it('keeps connections and uses them again', async () => {
    const server = await startServer(accept);
    const client = clientFor(server);
    for (let i = 0; i < 20; i++) await client.createEvent(EVENT);
    assert.equal(server.received.length, 20);
    assert.equal(server.connections.opened, 1);
  });

  it('opens at most 8 connections for 200 posts at once, and serves them all', async () => {
    const server = await startServer((received, response) => {
      setTimeout(() => accept(received, response), 2);
    });
    const client = clientFor(server);
    const replies = await Promise.all(Array.from({ length: 200 }, () => client.createEvent(EVENT)));
    assert.equal(replies.length, 200);
    assert.equal(server.received.length, 200);
    assert.equal(server.connections.most, 8);
    assert.equal(server.connections.opened, 8);
  });

  it('fails with BUSY at once when too many wait, and serves the others', async () => {
    const { server, held, release } = await startHoldingServer();
    const client = clientFor(server, { maxConnections: 2, maxWaiting: 3 });
    const served = Array.from({ length: 5 }, () => client.createEvent(EVENT));
    const error = await failureOf(client.createEvent(EVENT));
    assert.equal(error.code, 'BUSY');
    assert.match(error.message, /^3 messages/);
    await until(() => held.length === 2, 'requests under way: 2');
    const releasing = setInterval(release, 5);
    try {
      assert.equal((await Promise.all(served)).length, 5);
    } finally {
      clearInterval(releasing);
    }
    assert.equal(server.received.length, 5);
  });

  it('the deadline does not count while a request waits for a connection', async () => {
    const server = await startServer((received, response) => {
      setTimeout(() => accept(received, response), 60);
    });
    const client = clientFor(server, { maxConnections: 1, timeoutMs: 1_000 });
    // Twenty of 60 ms each, one after the other: the last one waits longer than the deadline.
    const replies = await Promise.all(Array.from({ length: 20 }, () => client.createEvent(EVENT)));
    assert.equal(replies.length, 20);
  });

  it('a failed request gives its connection back', async () => {
    const server = await startServer((received, response, index) => {
      if (index < 5) received.socket.resetAndDestroy();
      else accept(received, response);
    });
    const client = clientFor(server, { maxConnections: 1 });
    for (let i = 0; i < 5; i++) assert.equal((await failureOf(client.createEvent(EVENT))).code, 'NETWORK');
    assert.equal((await client.createEvent(EVENT)).statusCode, 201);
  });

  describe('a request that dies on a kept connection before any answer', () => {
    const dieOn = (deaths: number[], how: (received: Received, response: ServerResponse) => void) =>
      startServer((received, response, index) => {
        if (deaths.includes(index)) how(received, response);
        else accept(received, response);
      });
    const reset = ({ socket }: Received) => socket.resetAndDestroy();
    const hangUp = ({ socket }: Received) => socket.destroy();

    for (const [name, how] of Object.entries({ reset, 'hang up': hangUp })) {
      it(`is sent once more (${name})`, async () => {
        const server = await dieOn([1], how);
        const client = clientFor(server);
        await client.createEvent(EVENT);
        const reply = await client.createEvent(EVENT);
        assert.equal(reply.attempts, 2);
        assert.equal(server.received.length, 3);
        assert.deepEqual(server.received[1]?.body, server.received[2]?.body);
      });
    }

    it('is not sent a third time', async () => {
      const server = await dieOn([1, 2], reset);
      const client = clientFor(server);
      await client.createEvent(EVENT);
      const error = await failureOf(client.createEvent(EVENT));
      assert.equal(error.code, 'NETWORK');
      assert.equal(error.attempts, 2);
      assert.equal(server.received.length, 3);
    });

    it('is sent once more on a new connection, although other kept ones are dead too', async () => {
      const usesOf = new Map<unknown, number>();
      const server = await startServer((received, response) => {
        const uses = (usesOf.get(received.socket) ?? 0) + 1;
        usesOf.set(received.socket, uses);
        if (uses > 1) received.socket.resetAndDestroy();
        else setTimeout(() => accept(received, response), 10);
      });
      const client = clientFor(server);
      await Promise.all(Array.from({ length: 4 }, () => client.createEvent(EVENT)));
      assert.equal(server.connections.open, 4);
      const reply = await client.createEvent(EVENT);
      assert.equal(reply.attempts, 2);
    });

    it('is not sent again once the answer has begun', async () => {
      const server = await dieOn([1], ({ socket }, response) => {
        response.writeHead(201, { 'content-length': '100' });
        response.write('{', () => socket.resetAndDestroy());
      });
      const client = clientFor(server);
      await client.createEvent(EVENT);
      const error = await failureOf(client.createEvent(EVENT));
      assert.equal(error.code, 'NETWORK');
      assert.equal(server.received.length, 2);
    });

    it('is not sent again when it creates a use case', async () => {
      const server = await startServer((received, response, index) => {
        if (index === 1) received.socket.resetAndDestroy();
        else sendJson(response, 201, { id: 'u1', name: 'Dock' });
      });
      const client = clientFor(server);
      await client.useCases.create('Dock');
      const error = await failureOf(client.useCases.create('Dock'));
      assert.equal(error.code, 'NETWORK');
      assert.equal(server.received.length, 2);
    });

    it('shares the deadline of its first attempt', async () => {
      const server = await startServer((received, response, index) => {
        if (index === 0) accept(received, response);
        else if (index === 1) setTimeout(() => received.socket.resetAndDestroy(), 50);
      });
      const client = clientFor(server, { timeoutMs: 300 });
      await client.createEvent(EVENT);
      const error = await failureOf(client.createEvent(EVENT));
      assert.equal(error.code, 'TIMEOUT');
      assert.equal(error.attempts, 2);
    });
  });

  it('an idle connection has a time limit and is closed by it', async () => {
    const server = await startServer(accept);
    const agent = makeAgent(new URL(server.url), undefined, {
      maxConnections: 8,
      keepAlive: true,
      tls: {},
      tunnelTimeoutMs: 1_000,
    });
    const post = () =>
      request({ host: '127.0.0.1', port: server.port, method: 'POST', agent }).on('error', () => undefined);
    const [response] = (await once(post().end(JSON.stringify(EVENT)), 'response')) as [IncomingMessage];
    response.resume();
    const idle = () => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
    await until(() => idle().length === 1, 'an idle connection');
    assert.equal(idle()[0]?.timeout, 15_000);
    idle()[0]?.emit('timeout');
    await until(() => server.connections.open === 0, 'all connections to close');
    assert.deepEqual(idle(), []);
    agent.destroy();
  });

  describe('close', () => {
    it('ends requests under way and those that wait, and leaves no connection', async () => {
      const { server, held } = await startHoldingServer();
      const client = clientFor(server, { maxConnections: 2 });
      const requests = Array.from({ length: 5 }, () => failureOf(client.createEvent(EVENT)));
      await until(() => held.length === 2, 'requests under way: 2');
      client.close();
      client.close();
      for (const error of await Promise.all(requests)) {
        assert.equal(error.code, 'NETWORK');
        assert.match(error.message, /closed/);
      }
      await until(() => server.connections.open === 0, 'all connections to close');
      assert.equal(server.received.length, 2);
    });

    it('closes idle connections', async () => {
      const server = await startServer(accept);
      const client = clientFor(server);
      await client.createEvent(EVENT);
      assert.equal(server.connections.open, 1);
      client.close();
      await until(() => server.connections.open === 0, 'all connections to close');
    });

    it('fails what comes later', async () => {
      const server = await startServer(accept);
      const client = clientFor(server);
      client.close();
      assert.match((await failureOf(client.createEvent(EVENT))).message, /closed/);
      assert.equal(server.connections.opened, 0);
    });
  });

  describe('a signal of the caller', () => {
    it('ends a request under way', async () => {
      const { server, held } = await startHoldingServer();
      const caller = new AbortController();
      const request = failureOf(clientFor(server).createEvent(EVENT, { signal: caller.signal }));
      await until(() => held.length === 1, 'requests under way: 1');
      caller.abort();
      assert.equal((await request).code, 'TIMEOUT');
      await until(() => server.connections.open === 0, 'all connections to close');
    });

    it('ends a request that waits, and takes it out of the queue', async () => {
      const { server, held, release } = await startHoldingServer();
      const client = clientFor(server, { maxConnections: 1, maxWaiting: 1 });
      const first = client.createEvent(EVENT);
      const caller = new AbortController();
      const second = failureOf(client.createEvent(EVENT, { signal: caller.signal }));
      caller.abort();
      assert.equal((await second).code, 'TIMEOUT');
      const third = client.createEvent(EVENT);
      await until(() => held.length === 1, 'requests under way: 1');
      release();
      await first;
      await until(() => held.length === 1, 'requests under way: 1');
      release();
      assert.equal((await third).statusCode, 201);
      assert.equal(server.received.length, 2);
    });

    it('that has fired already sends nothing', async () => {
      const server = await startServer(accept);
      const error = await failureOf(clientFor(server).createEvent(EVENT, { signal: AbortSignal.abort() }));
      assert.equal(error.code, 'TIMEOUT');
      assert.equal(server.connections.opened, 0);
    });

    it('is not held on to after the request', async () => {
      const server = await startServer(accept);
      const client = clientFor(server);
      const { signal } = new AbortController();
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners += 1;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners -= 1;
        remove(...args);
      };
      await client.createEvent(EVENT, { signal });
      assert.equal(listeners, 0);
    });
  });

  it('nothing is opened or loaded before the first request', async () => {
    const server = await startServer(accept);
    const client = clientFor(server);
    assert.equal(client.configurationError(), undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.connections.opened, 0);
  });
});

describe('settings of the client', () => {
  const settings: [string, { baseUrl?: string; apiKey?: string }, RegExp][] = [
    ['no key', { apiKey: ' ' }, /no API key/],
    ['a key with a line break inside', { apiKey: 'abc\ndef' }, /Copy the API key/],
    ['a key with an umlaut', { apiKey: 'schlüssel' }, /Copy the API key/],
    ['no base URL', { baseUrl: '' }, /empty/],
    ['a base URL without scheme', { baseUrl: 'api.roboflow.com' }, /not a URL/],
    ['a base URL of another scheme', { baseUrl: 'ftp://api.roboflow.com' }, /ftp:/],
    ['a base URL with a password', { baseUrl: 'https://joe:secret@api.roboflow.com' }, /password/],
    ['a base URL with a query', { baseUrl: 'https://api.roboflow.com/?api_key=secret' }, /before "\?"/],
    ['a base URL with a fragment', { baseUrl: 'https://api.roboflow.com/#x' }, /before "#"/],
    [
      'a base URL that names the endpoint',
      { baseUrl: 'https://api.roboflow.com/vision-events/' },
      /Leave that out/,
    ],
  ];
  afterEach(endAll);

  for (const [what, fault, says] of settings) {
    it(`${what} fails each request with NOT_CONFIGURED`, async () => {
      const { baseUrl = 'http://127.0.0.1:9', ...rest } = fault;
      const client = clientFor({ url: baseUrl }, rest);
      for (let i = 0; i < 2; i++) {
        const error = await failureOf(client.createEvent(EVENT), rest.apiKey?.trim() || 'secret');
        assert.equal(error.code, 'NOT_CONFIGURED');
        assert.equal(error.needsOperator, true);
        assert.match(error.message, says);
      }
      assert.equal(client.configurationError()?.code, 'NOT_CONFIGURED');
    });
  }

  it('a key and a base URL that are not set at all', async () => {
    const client = closedLater(new VisionEventsClient({ apiKey: undefined } as ClientOptions));
    assert.equal((await failureOf(client.createEvent(EVENT))).code, 'NOT_CONFIGURED');
    const noUrl = closedLater(new VisionEventsClient({ apiKey: 'key' } as ClientOptions));
    assert.match((await failureOf(noUrl.createEvent(EVENT))).message, /base URL is empty/);
  });

  for (const nonsense of [0, -5, NaN, Infinity, '' as unknown as number]) {
    it(`times and numbers of ${String(nonsense)} give way to the defaults`, async () => {
      const server = await startServer(accept);
      const client = clientFor(server, { timeoutMs: nonsense, maxConnections: nonsense });
      assert.equal((await client.createEvent(EVENT, { timeoutMs: nonsense })).statusCode, 201);
    });
  }

  it('a time limit beyond what a timer takes does not end a request at once', async () => {
    const server = await startServer(accept);
    assert.equal((await clientFor(server, { timeoutMs: 2 ** 40 }).createEvent(EVENT)).statusCode, 201);
  });

  it('takes a key and a URL that were pasted with blanks', async () => {
    const server = await startServer(accept);
    const client = clientFor({ url: ` ${server.url}\n` }, { apiKey: ' some-key\n' });
    await client.createEvent(EVENT);
    assert.equal(server.received[0]?.headers.authorization, 'Bearer some-key');
  });
});
