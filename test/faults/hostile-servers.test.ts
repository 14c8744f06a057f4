import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { helper, TestFlow } from '../support/node-red-helper';
import { assertNoSecret } from '../support/secrets';

const KEY = 'rf-secret-Zx81QmPv77';
const EVENT_ID = 'hostile-1';
const TIMEOUT_MS = 1_500;
/** From the answer on; the deadline of the request is the longest of all. */
const LONGEST_MS = TIMEOUT_MS + 3_000;

type Attack = (socket: Socket) => void;

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const endings = (text: string) => text.replaceAll('\n', '\r\n');
const reply = (
  body: string | Buffer,
  head = 'HTTP/1.1 201 Created\ncontent-type: application/json',
): Attack => {
  const bytes = Buffer.from(body);
  return (socket) => {
    socket.write(endings(`${head}\ncontent-length: ${bytes.length}\n\n`));
    socket.end(bytes);
  };
};
const raw =
  (text: string): Attack =>
  (socket) =>
    socket.end(endings(text));
const created = (more: string) => `{"eventId":"${EVENT_ID}","created":true,${more}}`;
const repeated =
  (text: string): Attack =>
  (socket) => {
    socket.write(endings('HTTP/1.1 200 OK\ncontent-type: application/json\n\n'));
    const timer = setInterval(() => socket.write(text), 1);
    socket.on('close', () => clearInterval(timer));
  };
const echo = [
  `Bearer ${KEY}`,
  Buffer.from(`Bearer ${KEY}`).toString('base64'),
  Array.from(KEY).join('\u200b'),
];
const escapes = '\u001b[2J\u001b]0;pwned\u0007\u009b31m\u202e';

/** What the server does, and what becomes of the message: `created`, or the code of the error. */
const ATTACKS: [name: string, attack: Attack, outcome: RegExp][] = [
  [
    'the key in warnings and deprecations',
    reply(
      created(
        `"warnings":${JSON.stringify(echo.map((value) => ({ value })))},"deprecations":${JSON.stringify(echo)}`,
      ),
    ),
    /^created$/,
  ],
  ['the key in an error', reply(JSON.stringify({ error: echo.join(' ') }), 'HTTP/1.1 400 Bad'), /^REJECTED$/],
  ['a warning nested 8,000 deep', reply(created(`"warnings":[{"value":${nested(8_000)}}]`)), /^created$/],
  [
    'a path that is not text',
    reply(created('"warnings":[{"path":[{"toString":1,"valueOf":1}]}]')),
    /^created$/,
  ],
  [
    '60,000 warnings',
    reply(created(`"warnings":[${Array(60_000).fill('{"path":"a"}').join(',')}]`)),
    /^created$/,
  ],
  ['escapes of a terminal', reply(JSON.stringify({ error: escapes }), 'HTTP/1.1 503 No'), /^SERVER_ERROR$/],
  [
    'names that bend objects',
    reply(created('"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}')),
    /^created$/,
  ],
  ['the id of another event', reply('{"eventId":"another"}'), /^BAD_RESPONSE$/],
  ['a list', reply('[]'), /^BAD_RESPONSE$/],
  ['null', reply('null'), /^BAD_RESPONSE$/],
  ['a page', reply('<html>login</html>'), /^BAD_RESPONSE$/],
  ['a redirect', reply('', `HTTP/1.1 307 Go\nlocation: http://127.0.0.1:9/?key=${KEY}`), /^BAD_RESPONSE$/],
  [
    'a bomb of gzip',
    reply(gzipSync(Buffer.alloc(100_000_000)), 'HTTP/1.1 201 Created\ncontent-encoding: gzip'),
    /^BAD_RESPONSE$/,
  ],
  [
    'a bomb of brotli',
    reply(brotliCompressSync(Buffer.alloc(20_000_000)), 'HTTP/1.1 201 Created\ncontent-encoding: br'),
    /^BAD_RESPONSE$/,
  ],
  ['gzip that is none', reply('no gzip', 'HTTP/1.1 201 Created\ncontent-encoding: gzip'), /^BAD_RESPONSE$/],
  ['a body without an end', repeated('x'.repeat(60_000)), /^BAD_RESPONSE$/],
  ['a drip', repeated(' '), /^TIMEOUT$/],
  ['silence', () => undefined, /^TIMEOUT$/],
  [
    'early hints without an end',
    (socket) => {
      const timer = setInterval(() => socket.write(endings('HTTP/1.1 103 Early Hints\nlink: x\n\n')), 1);
      socket.on('close', () => clearInterval(timer));
    },
    /^(TIMEOUT|NETWORK|BAD_RESPONSE)$/,
  ],
  ['a flood of headers', raw(`HTTP/1.1 201 Created\n${'x-a: 1\n'.repeat(20_000)}\n`), /^BAD_RESPONSE$/],
  [
    'two lengths',
    raw('HTTP/1.1 201 Created\ntransfer-encoding: chunked\ncontent-length: 5\n\n0\n\n'),
    /^BAD_RESPONSE$/,
  ],
  [
    'a chunk that is none',
    raw('HTTP/1.1 201 Created\ntransfer-encoding: chunked\n\nzz\nhello\n'),
    /^(BAD_RESPONSE|NETWORK)$/,
  ],
  ['HTTP/0.9', raw('hello'), /^BAD_RESPONSE$/],
  ['a reset', (socket) => socket.resetAndDestroy(), /^NETWORK$/],
  ['a wait for ever', reply('{}', 'HTTP/1.1 429 Slow\nretry-after: 999999999999'), /^RATE_LIMITED$/],
  ['a negative wait', reply('{}', 'HTTP/1.1 503 Slow\nretry-after: -5'), /^SERVER_ERROR$/],
];

describe('a hostile server', function () {
  this.timeout(20_000);
  let server: Server;
  let attack: Attack = () => undefined;
  const sockets = new Set<Socket>();

  before((done) => void helper.startServer(done));
  before(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.once('data', () => attack(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await helper.unload();
    for (const socket of sockets) socket.destroy();
  });
  after((done) => void server.close(done));
  after((done) => void helper.stopServer(done));

  for (const [name, made, expected] of ATTACKS) {
    it(`${name}: one outcome in time, nothing polluted, the key nowhere`, async () => {
      attack = made;
      const { port } = server.address() as AddressInfo;
      const flow = await TestFlow.load(
        { delivery: 'send', detectionsType: 'none', eventId: EVENT_ID, eventIdType: 'str' },
        { baseUrl: `http://127.0.0.1:${port}`, apiKey: KEY, timeout: TIMEOUT_MS },
      );
      const started = performance.now();
      const { out, caught } = await flow.send({ payload: 1 });
      assert.ok(performance.now() - started < LONGEST_MS);
      assert.match(caught?.error?.code ?? String(out?.visionEvent?.state), expected);
      assert.equal(flow.out.length + flow.caught.length, 1);
      const seen = [flow.out, flow.caught, flow.completed, flow.statuses, helper.log().args];
      assertNoSecret(KEY, seen, 'what came out');
      const texts = JSON.stringify([out?.visionEvent, caught?.error?.message, flow.statuses]);
      assert.ok(!/[\p{Cf}\u0080-\u009f]|\\u001b|\\u0007/u.test(texts), 'a character that steers a terminal');
      assert.ok(texts.length < 200_000, `${texts.length} characters of the server's answer go on`);
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    });
  }
});
