import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { makeCertificate } from '../../support/certificates';
import { clientFor, endAll, failureOf } from './clients';
import { startProxy } from '../../support/proxies';
import { accept, EVENT, KEY, listen, startServer } from '../../support/servers';
import { until } from '../../support/until';

const HOST = 'api.vision.test';
const certificate = makeCertificate(['127.0.0.1', HOST]);

describe('TLS of the client', () => {
  afterEach(endAll);

  it('a self-signed certificate is refused without its authority, and says what fixes it', async () => {
    const server = await startServer(accept, certificate);
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'NETWORK');
    assert.equal(error.needsOperator, true);
    assert.match(error.message, /TLS configuration/);
    assert.equal(server.received.length, 0);
  });

  it('is accepted with its authority, and the connection is kept', async () => {
    const server = await startServer(accept, certificate);
    const client = clientFor(server, { tls: { ca: certificate.cert } });
    for (let i = 0; i < 3; i++) assert.equal((await client.createEvent(EVENT)).statusCode, 201);
    assert.equal(server.connections.opened, 1);
  });

  it('is accepted when the TLS configuration switches the check off', async () => {
    const server = await startServer(accept, certificate);
    const client = clientFor(server, { tls: { rejectUnauthorized: false } });
    assert.equal((await client.createEvent(EVENT)).statusCode, 201);
  });

  it('a certificate for another host is refused', async () => {
    const other = makeCertificate(['other.vision.test']);
    const server = await startServer(accept, other);
    const error = await failureOf(clientFor(server, { tls: { ca: other.cert } }).createEvent(EVENT));
    assert.equal(error.needsOperator, true);
    assert.match(error.message, /another host name/);
  });

  it('a certificate from the future hints at the clock of the device', async () => {
    const early = makeCertificate(['127.0.0.1'], { from: 3_600_000, to: 86_400_000 });
    const server = await startServer(accept, early);
    const error = await failureOf(clientFor(server, { tls: { ca: early.cert } }).createEvent(EVENT));
    assert.equal(error.needsOperator, true);
    assert.match(error.message, /clock/);
  });

  for (const [what, tls] of Object.entries({
    'an authority': { ca: '-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n' },
    'a key': { cert: certificate.cert, key: 'no key at all' },
  })) {
    it(`${what} that cannot be read is a fault of the TLS configuration, with and without a proxy`, async () => {
      const server = await startServer(accept, certificate);
      const proxy = await startProxy(server.port);
      for (const settings of [undefined, { url: proxy.url }]) {
        const error = await failureOf(clientFor(server, { tls, proxy: settings }).createEvent(EVENT));
        assert.equal(error.code, 'NETWORK');
        assert.equal(error.needsOperator, true);
        assert.match(error.message, /TLS configuration/);
      }
    });
  }

  it('https:// to a server that speaks http', async () => {
    const server = await startServer(accept);
    const error = await failureOf(
      clientFor({ url: server.url.replace('http:', 'https:') }).createEvent(EVENT),
    );
    assert.equal(error.code, 'NETWORK');
    assert.equal(error.needsOperator, true);
    assert.match(error.message, /https:\/\/ or http:\/\//);
  });
});

describe('proxies of the client', () => {
  afterEach(endAll);

  it('https goes through a CONNECT tunnel: the proxy sees neither key nor event', async () => {
    const server = await startServer(accept, certificate);
    const proxy = await startProxy(server.port);
    const client = clientFor(
      { url: `https://${HOST}` },
      { tls: { ca: certificate.cert }, proxy: { url: proxy.url } },
    );
    for (let i = 0; i < 3; i++) await client.createEvent(EVENT);
    assert.equal(server.received.length, 3);
    assert.equal(server.received[0]?.headers.authorization, `Bearer ${KEY}`);
    assert.deepEqual(
      proxy.seen.map((seen) => seen.line),
      [`CONNECT ${HOST}:443`],
      'the tunnel is kept and used again',
    );
    const everything = JSON.stringify(proxy.seen);
    assert.ok(everything.length > 500, 'the proxy saw the encrypted bytes');
    assert.ok(!everything.includes(KEY) && !everything.includes(EVENT.eventId));
  });

  it('the tunnel is opened with user name and password', async () => {
    const server = await startServer(accept, certificate);
    const proxy = await startProxy(server.port);
    const settings = { url: proxy.url, username: 'plant', password: 'p@ss wörd' };
    await clientFor(
      { url: `https://${HOST}` },
      { tls: { ca: certificate.cert }, proxy: settings },
    ).createEvent(EVENT);
    const expected = `Basic ${Buffer.from('plant:p@ss wörd').toString('base64')}`;
    assert.equal(proxy.seen[0]?.headers['proxy-authorization'], expected);
    assert.equal(server.received[0]?.headers['proxy-authorization'], undefined);
  });

  it('opens at most 8 tunnels for many posts at once', async () => {
    const server = await startServer(accept, certificate);
    const proxy = await startProxy(server.port);
    const client = clientFor(
      { url: `https://${HOST}` },
      { tls: { ca: certificate.cert }, proxy: { url: proxy.url } },
    );
    await Promise.all(Array.from({ length: 60 }, () => client.createEvent(EVENT)));
    assert.equal(server.received.length, 60);
    assert.ok(proxy.connections.most <= 8, `${proxy.connections.most} tunnels`);
  });

  it('plain http goes as a proxy request', async () => {
    const server = await startServer(accept);
    const proxy = await startProxy(server.port);
    const settings = { url: proxy.url, username: 'plant', password: 'secret' };
    await clientFor({ url: `http://${HOST}` }, { proxy: settings }).createEvent(EVENT);
    assert.equal(proxy.seen[0]?.line, `POST http://${HOST}/vision-events`);
    assert.equal(proxy.seen[0]?.headers.host, HOST);
    assert.equal(
      proxy.seen[0]?.headers['proxy-authorization'],
      `Basic ${Buffer.from('plant:secret').toString('base64')}`,
    );
    assert.equal(server.received.length, 1);
  });

  for (const [status, needsOperator, says] of [
    [407, true, /password of the proxy in the proxy settings of the workspace/],
    [403, true, /rules/],
    [503, undefined, /could not reach/],
  ] as const) {
    it(`a proxy that answers ${status} to CONNECT`, async () => {
      const proxy = await startProxy(9, status);
      const settings = { url: proxy.url, username: 'plant', password: 'wr0ng-secret' };
      const client = clientFor({ url: `https://${HOST}` }, { proxy: settings });
      const error = await failureOf(client.createEvent(EVENT), 'wr0ng-secret');
      assert.equal(error.code, 'NETWORK');
      assert.equal(error.needsOperator, needsOperator);
      assert.match(error.message, says);
      assert.match(error.message, new RegExp(`through the proxy 127\\.0\\.0\\.1:${proxy.port}`));
    });
  }

  it('a proxy that answers 407 to a plain request', async () => {
    const proxy = await startProxy(9, 407);
    const error = await failureOf(
      clientFor({ url: `http://${HOST}` }, { proxy: { url: proxy.url } }).createEvent(EVENT),
    );
    assert.equal(error.code, 'NETWORK');
    assert.equal(error.needsOperator, true);
  });

  it('a proxy that is not there', async () => {
    const client = clientFor({ url: `https://${HOST}` }, { proxy: { url: 'http://127.0.0.1:9' } });
    const error = await failureOf(client.createEvent(EVENT));
    assert.equal(error.code, 'NETWORK');
    assert.match(error.message, /through the proxy 127\.0\.0\.1:9: the connection was refused/);
    assert.match(error.message, /Check the proxy settings of the workspace/);
  });

  it('a proxy that never answers ends at the deadline, and close leaves no connection to it', async () => {
    const silent = await listen(
      createServer((socket) => socket.resume()),
      'http',
    );
    const proxy = { url: silent.url };
    const timed = clientFor({ url: `https://${HOST}` }, { proxy, timeoutMs: 100 });
    assert.equal((await failureOf(timed.createEvent(EVENT))).code, 'TIMEOUT');
    const closed = clientFor({ url: `https://${HOST}` }, { proxy });
    const request = failureOf(closed.createEvent(EVENT));
    await until(() => silent.connections.opened === 2, 'the second connection');
    closed.close();
    assert.match((await request).message, /closed/);
    timed.close();
    await until(() => silent.connections.open === 0, 'all connections to close');
  });

  describe('of the environment', () => {
    it('https_proxy is used, and no_proxy spares a host', async () => {
      const server = await startServer(accept, certificate);
      const proxy = await startProxy(server.port);
      const tls = { ca: certificate.cert };
      await clientFor({ url: `https://${HOST}` }, { tls, env: { https_proxy: proxy.url } }).createEvent(
        EVENT,
      );
      assert.equal(proxy.seen.length, 1);
      const env = { HTTPS_PROXY: proxy.url, NO_PROXY: 'vision.test' };
      const error = await failureOf(clientFor({ url: `https://${HOST}` }, { tls, env }).createEvent(EVENT));
      assert.equal(error.code, 'NETWORK', 'the name is known to the proxy only');
      assert.equal(proxy.seen.length, 1);
    });

    for (const variable of ['http_proxy', 'ALL_PROXY']) {
      it(`axios takes no proxy of its own accord from ${variable}`, async () => {
        const server = await startServer(accept);
        const stranger = await startServer(accept);
        const before = process.env[variable];
        process.env[variable] = stranger.url;
        try {
          await clientFor(server).createEvent(EVENT);
        } finally {
          if (before === undefined) delete process.env[variable];
          else process.env[variable] = before;
        }
        assert.equal(server.received.length, 1);
        assert.equal(stranger.received.length, 0);
      });
    }

    it('that is not there is named by its variable', async () => {
      const env = { https_proxy: 'http://127.0.0.1:9' };
      const error = await failureOf(clientFor({ url: `https://${HOST}` }, { env }).createEvent(EVENT));
      assert.match(error.message, /Check the environment variable https_proxy/);
    });

    it('http_proxy is used for http', async () => {
      const server = await startServer(accept);
      const proxy = await startProxy(server.port);
      await clientFor({ url: `http://${HOST}` }, { env: { http_proxy: proxy.url } }).createEvent(EVENT);
      assert.equal(proxy.seen.length, 1);
    });

    it('is not used for this machine itself', async () => {
      const server = await startServer(accept);
      const env = { http_proxy: 'http://127.0.0.1:9', all_proxy: 'http://127.0.0.1:9' };
      assert.equal((await clientFor(server, { env }).createEvent(EVENT)).statusCode, 201);
    });

    it('gives way to the settings', async () => {
      const server = await startServer(accept);
      const proxy = await startProxy(server.port);
      const env = { http_proxy: 'http://127.0.0.1:9' };
      await clientFor({ url: `http://${HOST}` }, { env, proxy: { url: proxy.url } }).createEvent(EVENT);
      assert.equal(proxy.seen.length, 1);
    });

    it('that is not a URL is named, its content is not', async () => {
      const env = { https_proxy: 'socks5://joe:t0psecret@proxy:1080' };
      const error = await failureOf(
        clientFor({ url: `https://${HOST}` }, { env }).createEvent(EVENT),
        't0psecret',
      );
      assert.equal(error.code, 'NOT_CONFIGURED');
      assert.match(error.message, /https_proxy/);
    });
  });
});
