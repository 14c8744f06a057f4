import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { ApiErrorCode } from '../../../src/api/errors';
import { networkFailure, serverText, type RequestContext } from '../../../src/api/failure';
import { assertHoldsNo, clientFor, endAll, failureOf } from './clients';
import { accept, EVENT, KEY, listen, sendJson, startServer } from '../../support/servers';

interface StatusCase {
  status: number;
  code: ApiErrorCode;
  needsOperator?: true;
  says: RegExp;
}

const STATUS_CASES: StatusCase[] = [
  { status: 400, code: 'REJECTED', says: /eventType is required/ },
  { status: 401, code: 'UNAUTHORIZED', needsOperator: true, says: /API key/ },
  { status: 402, code: 'PAYMENT_REQUIRED', needsOperator: true, says: /billing/ },
  { status: 403, code: 'UNAUTHORIZED', needsOperator: true, says: /scope vision-events:write/ },
  { status: 404, code: 'REJECTED', says: /use case/ },
  ...[405, 410, 421, 426].map((status): StatusCase => {
    return { status, code: 'REJECTED', needsOperator: true, says: /base URL/ };
  }),
  { status: 407, code: 'NETWORK', needsOperator: true, says: /proxy/ },
  { status: 408, code: 'TIMEOUT', says: /link/ },
  { status: 409, code: 'REJECTED', says: /409/ },
  { status: 413, code: 'REJECTED', says: /too large/ },
  { status: 415, code: 'REJECTED', says: /415/ },
  { status: 418, code: 'REJECTED', says: /418/ },
  { status: 422, code: 'REJECTED', says: /422/ },
  { status: 423, code: 'PAYMENT_REQUIRED', needsOperator: true, says: /billing/ },
  { status: 425, code: 'RATE_LIMITED', says: /^Slow down/ },
  { status: 429, code: 'RATE_LIMITED', says: /^Slow down/ },
  { status: 500, code: 'SERVER_ERROR', says: /^Try again/ },
  { status: 502, code: 'SERVER_ERROR', says: /^Try again/ },
  { status: 503, code: 'SERVER_ERROR', says: /^Try again/ },
  { status: 504, code: 'SERVER_ERROR', says: /^Try again/ },
  { status: 529, code: 'SERVER_ERROR', says: /^Try again/ },
];

/** What to do comes first: the debug sidebar shows some 80 characters at once. */
const REMEDY = /^(Add|Check|Correct|Let|Raise|Renew|Send|Set|Settle|Slow down|Try) /;

describe('failures of the client', () => {
  afterEach(endAll);

  for (const { status, code, needsOperator, says } of STATUS_CASES) {
    it(`${status} becomes ${code}`, async () => {
      const server = await startServer((_, response) =>
        sendJson(response, status, { error: 'eventType is required', hint: 'read the docs' }),
      );
      const error = await failureOf(clientFor(server).createEvent(EVENT));
      assert.equal(error.code, code);
      assert.equal(error.statusCode, status);
      assert.equal(error.needsOperator, needsOperator);
      assert.equal(error.serverMessage, 'eventType is required; read the docs');
      assert.equal(error.attempts, 1);
      assert.match(error.message, REMEDY);
      assert.match(error.message, says);
      assert.match(error.message, /eventType is required/);
      assert.equal(server.received.length, 1, 'one attempt only');
    });
  }

  for (const [what, body] of Object.entries({
    'an HTML page': '<h1>Not Found</h1>',
    'an empty body': '',
    "a framework's own JSON": '{"statusCode":404,"error":"Not Found"}',
  })) {
    it(`a 404 with ${what} says that the address is wrong`, async () => {
      const server = await startServer((_, response) => response.writeHead(404).end(body));
      const error = await failureOf(clientFor(server).createEvent(EVENT));
      assert.equal(error.code, 'REJECTED');
      assert.equal(error.needsOperator, true);
      assert.match(error.message, /base URL/);
    });
  }

  for (const status of [301, 302, 303, 307, 308]) {
    it(`${status} is not followed, but reported as a fault of the base URL`, async () => {
      const elsewhere = await startServer(accept);
      const server = await startServer((_, response) =>
        response.writeHead(status, { location: `${elsewhere.url}/vision-events?k=${KEY}` }).end(),
      );
      const error = await failureOf(clientFor(server).createEvent(EVENT));
      assert.equal(error.code, 'BAD_RESPONSE');
      assert.equal(error.statusCode, status);
      assert.equal(error.needsOperator, true);
      assert.match(error.message, new RegExp(`base URL.*${elsewhere.url}`));
      assert.equal(elsewhere.received.length, 0);
    });
  }

  it('strikes the key out of what the server says, and bounds it', async () => {
    const base64 = Buffer.from(KEY).toString('base64');
    const server = await startServer(({ headers }, response) =>
      sendJson(response, 401, {
        error: `bad header "${headers.authorization}", key ${base64} or ${encodeURIComponent(KEY)}\n`,
        hint: `${'x'.repeat(250)} ${KEY} ${'y'.repeat(5000)}`,
      }),
    );
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.match(error.message, /Bearer \[API key\]/);
    assert.ok(error.message.length < 600, error.message);
    assert.ok(!error.message.includes('\n'));
  });

  it('takes an error text that is nested without end', async () => {
    const server = await startServer((_, response) =>
      response
        .writeHead(422)
        .end(`{"error":${'['.repeat(400_000)}"deep"${']'.repeat(400_000)},"detail":"shallow"}`),
    );
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'REJECTED');
    assert.equal(error.statusCode, 422);
    assert.equal(error.serverMessage, 'shallow');
  });

  it('leaves no part of a key that is cut off at the bound', () => {
    const redact = (text: string) => text.split(KEY).join('[API key]');
    for (let before = 250; before < 310; before++) {
      const text = serverText(JSON.stringify({ error: 'x'.repeat(before) + KEY }), redact);
      assert.ok(!text?.includes(KEY.slice(0, 4)), text);
    }
  });

  it('a server that hangs ends at the deadline', async () => {
    const server = await startServer(() => undefined);
    const error = await failureOf(clientFor(server, { timeoutMs: 100 }).createEvent(EVENT));
    assert.equal(error.code, 'TIMEOUT');
    assert.equal(error.statusCode, undefined);
    assert.match(error.message, /timeout of the workspace/);
  });

  it('a server that never reads ends at the deadline', async () => {
    const listener = createServer({ pauseOnConnect: true });
    const server = await listen(listener, 'http');
    const error = await failureOf(clientFor(server, { timeoutMs: 100 }).createEvent(EVENT));
    assert.equal(error.code, 'TIMEOUT');
  });

  it('an answer that drips in ends at the deadline', async () => {
    let dripping: NodeJS.Timeout | undefined;
    const server = await startServer((_, response) => {
      response.writeHead(201, { 'content-type': 'application/json' });
      dripping = setInterval(() => response.write(' '), 20);
    });
    try {
      const error = await failureOf(clientFor(server, { timeoutMs: 200 }).createEvent(EVENT));
      assert.equal(error.code, 'TIMEOUT');
    } finally {
      clearInterval(dripping);
    }
  });

  it('a time of its own for one request', async () => {
    const server = await startServer(() => undefined);
    const error = await failureOf(clientFor(server).createEvent(EVENT, { timeoutMs: 50 }));
    assert.equal(error.code, 'TIMEOUT');
    assert.match(error.message, /0\.1 s/);
  });

  it('a connection that is cut before the answer', async () => {
    const server = await startServer(({ socket }) => socket.resetAndDestroy());
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'NETWORK');
    assert.equal(error.attempts, 1);
    assert.equal(error.needsOperator, undefined);
    assert.equal(server.received.length, 1);
  });

  it('a connection that is cut within the answer', async () => {
    const server = await startServer(({ socket }, response) => {
      response.writeHead(201, { 'content-length': '1000' });
      response.write('{"eventId":', () => socket.resetAndDestroy());
    });
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'NETWORK');
    assert.equal(server.received.length, 1);
  });

  it('an oversize answer is not read to its end', async () => {
    const server = await startServer((_, response) => {
      response.writeHead(201);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 'x')));
      };
      response.on('drain', more);
      more();
    });
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'BAD_RESPONSE');
    assert.equal(error.statusCode, 201);
    assert.match(error.message, /1 MiB/);
  });

  it('a small compressed answer that unpacks to a large one', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, ' '));
    const server = await startServer((_, response) =>
      response.writeHead(201, { 'content-encoding': 'gzip' }).end(bomb),
    );
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'BAD_RESPONSE');
    assert.match(error.message, /1 MiB/);
  });

  it('a damaged compressed answer', async () => {
    const server = await startServer((_, response) =>
      response.writeHead(201, { 'content-encoding': 'gzip' }).end('this is not gzip'),
    );
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'BAD_RESPONSE');
  });

  it('a refusal with an endless error page is still that refusal', async () => {
    const server = await startServer((_, response) => response.writeHead(502).end('x'.repeat(3_000_000)));
    const error = await failureOf(clientFor(server).createEvent(EVENT));
    assert.equal(error.code, 'SERVER_ERROR');
    assert.equal(error.statusCode, 502);
  });

  for (const [what, status, body] of [
    ['an HTML page', 200, '<html>Log in to the guest Wi-Fi</html>'],
    ['nothing', 204, ''],
    ['an empty body', 201, ''],
    ['half of its JSON', 201, '{"eventId":"'],
    ['a list', 201, '[]'],
    ['null', 201, 'null'],
    ['no event id', 201, '{"created":true}'],
    ['an event id that is a number', 201, '{"eventId":7,"created":true}'],
    ['the id of another event', 201, '{"eventId":"f00","created":true}'],
  ] as const) {
    it(`success with ${what} is not a success`, async () => {
      const server = await startServer((_, response) => response.writeHead(status).end(body));
      const error = await failureOf(clientFor(server).createEvent(EVENT));
      assert.equal(error.code, 'BAD_RESPONSE');
      assert.equal(error.statusCode, status);
      assert.match(error.message, /base URL/);
    });
  }

  it('something that is not HTTP', async () => {
    const listener = createServer((socket) => {
      socket.on('data', () => socket.end('220 mail.example ESMTP\r\n'));
    });
    const error = await failureOf(clientFor(await listen(listener, 'http')).createEvent(EVENT));
    assert.equal(error.code, 'BAD_RESPONSE');
    assert.match(error.message, /not HTTP/);
  });

  it('a port where nothing listens, by address and by a name with several addresses', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as { port: number };
    await new Promise((resolve) => listener.close(resolve));
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await failureOf(clientFor({ url: `http://${host}:${port}` }).createEvent(EVENT));
      assert.equal(error.code, 'NETWORK');
      assert.equal(error.needsOperator, undefined);
      assert.match(error.message, new RegExp(`${host}:${port}.*refused.*ECONNREFUSED`));
    }
  });

  it('an event that contains itself', async () => {
    const eventData: Record<string, unknown> = {};
    eventData['self'] = eventData;
    const error = await failureOf(
      clientFor({ url: 'http://127.0.0.1:9' }).createEvent({ ...EVENT, eventData }),
    );
    assert.equal(error.code, 'REJECTED');
  });

  it('an event that is none', async () => {
    const client = clientFor({ url: 'http://127.0.0.1:9' });
    assert.equal((await failureOf(client.createEvent(undefined as unknown as string))).code, 'REJECTED');
  });

  for (const [retryAfter, expected] of [
    ['7', 7_000],
    ['86400', 900_000],
    ['soon', undefined],
  ] as const) {
    it(`Retry-After "${retryAfter}" gives ${expected}`, async () => {
      const server = await startServer((_, response) =>
        sendJson(response, 429, { error: 'slow down' }, { 'retry-after': retryAfter }),
      );
      const error = await failureOf(clientFor(server).createEvent(EVENT));
      assert.equal(error.retryAfterMs, expected);
    });
  }
});

describe('networkFailure', () => {
  const at: RequestContext = {
    where: 'api.example:443',
    addressSetting: 'the base URL of the workspace',
    keySetting: 'the API key of the workspace',
    redact: (text) => text,
  };

  it('finds the code of a failure to reach any of several addresses, whose message is empty', () => {
    const parts = ['::1', '127.0.0.1'].map((address) =>
      Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' }),
    );
    const withCode = Object.assign(new AggregateError(parts, ''), { code: 'ECONNREFUSED' });
    for (const thrown of [
      withCode,
      new AggregateError(parts, ''),
      { cause: new AggregateError(parts, '') },
    ]) {
      const error = networkFailure(thrown, at, 1);
      assert.equal(error.code, 'NETWORK');
      assert.match(error.message, /api\.example:443.*refused.*ECONNREFUSED/);
    }
  });

  const cases: [string, ApiErrorCode, boolean | undefined, RegExp][] = [
    ['ENOTFOUND', 'NETWORK', undefined, /spelling/],
    ['EAI_AGAIN', 'NETWORK', undefined, /DNS/],
    ['ENETUNREACH', 'NETWORK', undefined, /gateway/],
    ['EHOSTUNREACH', 'NETWORK', undefined, /gateway/],
    ['ECONNRESET', 'NETWORK', undefined, /cut/],
    ['EPIPE', 'NETWORK', undefined, /cut/],
    ['EMFILE', 'NETWORK', undefined, /^Raise Node-RED's limit of open files \(ulimit -n\)\. .*\(EMFILE\)/],
    ['ENFILE', 'NETWORK', undefined, /^Raise the machine's limit/],
    ['ETIMEDOUT', 'TIMEOUT', undefined, /in time/],
    ['ECONNABORTED', 'TIMEOUT', undefined, /in time/],
    ['ERR_CANCELED', 'TIMEOUT', undefined, /in time/],
    ['CERT_HAS_EXPIRED', 'NETWORK', true, /clock/],
    ['CERT_NOT_YET_VALID', 'NETWORK', true, /clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'NETWORK', true, /host name/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NETWORK', true, /authority/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'NETWORK', true, /https:\/\//],
    ['EPROTO', 'NETWORK', true, /https:\/\//],
    ['HPE_INVALID_CONSTANT', 'BAD_RESPONSE', undefined, /not HTTP/],
    ['E_NEVER_HEARD_OF', 'NETWORK', undefined, /E_NEVER_HEARD_OF/],
  ];
  for (const [code, expected, needsOperator, says] of cases) {
    it(`${code} becomes ${expected}`, () => {
      const thrown = Object.assign(new Error(`Bearer ${KEY}`), {
        code,
        config: { headers: { authorization: KEY } },
      });
      const error = networkFailure(thrown, at, 2);
      assert.equal(error.code, expected);
      assert.equal(error.needsOperator, needsOperator);
      assert.equal(error.attempts, 2);
      assert.match(error.message, REMEDY);
      assert.match(error.message, says);
      assertHoldsNo(KEY, error);
    });
  }

  for (const thrown of [undefined, null, 'text', 7, {}, new Error('')]) {
    it(`takes anything that can be thrown: ${inspect(thrown).split('\n')[0]}`, () => {
      assert.equal(networkFailure(thrown, at, 1).code, 'NETWORK');
    });
  }
});
