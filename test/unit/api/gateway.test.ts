import assert from 'node:assert/strict';
import { parseGateway, throughGateway } from '../../../src/api/gateway';
import { EVENT, KEY, startServer } from '../../support/servers';
import { startProxy } from '../../support/proxies';
import { assertHoldsNo, clientFor, endAll, failureOf } from './clients';

type Answer = Parameters<typeof startServer>[0];

/** Takes whatever comes. */
const accept: Answer = (_received, response) =>
  response.writeHead(201).end(JSON.stringify({ eventId: EVENT.eventId, sourceId: 's-1' }));

const VALUE = 'site-t0ken-7Qx/9+z=';

describe('a gateway', () => {
  afterEach(endAll);

  it('gets every request, with the real address encoded as `url`, and the key in its header', async () => {
    const gateway = await startServer(accept);
    const client = clientFor({ url: 'https://api.vision.test/prefix' }, { gateway: gateway.url });
    await client.createEvent(EVENT);
    await client.useCases.list().catch(() => undefined);
    const urls = gateway.received.map(({ url }) => new URL(url, gateway.url));
    assert.deepEqual(
      urls.map(({ pathname }) => pathname),
      ['/proxy', '/proxy'],
    );
    assert.equal(urls[0]!.searchParams.get('url'), 'https://api.vision.test/prefix/vision-events');
    assert.match(
      urls[1]!.searchParams.get('url') ?? '',
      /^https:\/\/api\.vision\.test\/prefix\/vision-events\/use-cases/,
    );
    assert.equal(gateway.received[0]!.headers['authorization'], `Bearer ${KEY}`);
  });

  it('keeps the query of the real address inside `url`', () => {
    const target = new URL('https://api.vision.test/a?status=active&name=ä b');
    const wrapped = throughGateway(parseGateway('http://gateway.local:9001'), target);
    assert.equal(wrapped.searchParams.get('url'), target.href);
    assert.deepEqual([...wrapped.searchParams.keys()], ['url']);
  });

  for (const [text, expected] of [
    ['http://gateway.local', 'http://gateway.local/proxy'],
    ['http://gateway.local/', 'http://gateway.local/proxy'],
    ['http://gateway.local/proxy?url=', 'http://gateway.local/proxy'],
    [' https://gateway.local/way/in ', 'https://gateway.local/way/in'],
  ] as const) {
    it(`"${text}" is ${expected}`, () => assert.equal(parseGateway(text).href, expected));
  }

  for (const text of [
    'plant-7.local',
    'ftp://gateway.local',
    'http://user:pass@gateway.local',
    'http://g/?x=1',
  ]) {
    it(`"${text}" is refused and not repeated`, () => {
      assert.throws(
        () => parseGateway(text),
        (error: Error) => /^The gateway /.test(error.message) && !error.message.includes(text),
      );
    });
  }

  it('that cannot be reached is named by its own address, and by its setting', async () => {
    const client = clientFor({ url: 'https://api.vision.test' }, { gateway: 'http://127.0.0.1:9' });
    const error = await failureOf(client.createEvent(EVENT));
    assert.equal(error.code, 'NETWORK');
    assert.match(error.message, /127\.0\.0\.1:9/);
    assert.match(error.message, /gateway of the workspace/);
  });

  it('is itself reached through the proxy', async () => {
    const gateway = await startServer(accept);
    const proxy = await startProxy(gateway.port);
    const client = clientFor(
      { url: 'https://api.vision.test' },
      { gateway: 'http://gateway.vision.test', env: { http_proxy: proxy.url } },
    );
    await client.createEvent(EVENT);
    assert.match(proxy.seen[0]!.line, /^POST http:\/\/gateway\.vision\.test\/proxy\?url=/);
    assert.equal(gateway.received.length, 1);
  });
});

describe('extra headers', () => {
  afterEach(endAll);

  it('go along with every request', async () => {
    const server = await startServer(accept);
    const client = clientFor(server, { headers: { 'X-Site-Token': VALUE, 'X-Tenant': 'plant 7' } });
    await client.createEvent(EVENT);
    await client
      .uploadPicture({ bytes: Buffer.from('picture'), mediaType: 'image/jpeg' })
      .catch(() => undefined);
    assert.equal(server.received.length, 2);
    for (const { headers } of server.received) {
      assert.equal(headers['x-site-token'], VALUE);
      assert.equal(headers['x-tenant'], 'plant 7');
      assert.equal(headers['authorization'], `Bearer ${KEY}`);
    }
  });

  it('an Authorization among them wins over the key, and does without one', async () => {
    const server = await startServer(accept);
    for (const apiKey of [KEY, undefined]) {
      const client = clientFor(server, { apiKey, headers: { authorization: `Token ${VALUE}` } });
      await client.createEvent(EVENT);
    }
    assert.deepEqual(
      server.received.map(({ headers }) => headers['authorization']),
      [`Token ${VALUE}`, `Token ${VALUE}`],
    );
  });

  it('an Authorization that is refused is named by its setting', async () => {
    const server = await startServer((_received, response) => response.writeHead(401).end('{}'));
    const client = clientFor(server, { apiKey: undefined, headers: { Authorization: `Token ${VALUE}` } });
    const error = await failureOf(client.createEvent(EVENT), VALUE).catch((failure: Error) => failure);
    assert.match(error.message, /header authorization of the workspace/);
  });

  it('values stand in no error and no answer, whatever a server repeats', async () => {
    const echoes = [
      VALUE,
      `Bearer ${VALUE}`,
      encodeURIComponent(VALUE),
      Buffer.from(VALUE).toString('base64'),
    ];
    const refusing = await startServer((_received, response) =>
      response.writeHead(400).end(JSON.stringify({ error: echoes.join(' ') })),
    );
    const headers = { 'X-Site-Token': `Bearer ${VALUE}` };
    assertHoldsNo(VALUE, await failureOf(clientFor(refusing, { headers }).createEvent(EVENT)));
    const accepting = await startServer((_received, response) =>
      response
        .writeHead(201)
        .end(JSON.stringify({ eventId: EVENT.eventId, warnings: echoes.map((value) => ({ value })) })),
    );
    const reply = JSON.stringify(await clientFor(accepting, { headers }).createEvent(EVENT));
    assert.match(reply, /\[header value\]/);
    for (const echo of echoes) assert.ok(!reply.includes(echo), reply);
  });

  for (const [what, headers] of [
    ['a name with a blank', { 'X Site': 'value-1234' }],
    ['a name that the request decides itself', { Host: 'value-1234' }],
    ['a name twice', { 'X-A': 'value-1234', 'x-a': 'value-1234' }],
    ['an empty value', { 'X-A': ' ' }],
    ['a line break in a value', { 'X-A': 'value-1234\r\nX-B: 1' }],
  ] as const) {
    it(`${what}: an error that does not repeat the value`, async () => {
      const error = await failureOf(clientFor({ url: 'http://127.0.0.1:9' }, { headers }).createEvent(EVENT));
      assert.equal(error.code, 'NOT_CONFIGURED');
      assert.match(error.message, /header/);
      assert.ok(!error.message.includes('value-1234'));
    });
  }
});
