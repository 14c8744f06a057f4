import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, Agent } from 'node:http';
import { connect } from 'node:net';
import { startSimulator, type Simulator } from '../../../simulator/server';
import { call, event, post } from './client';

/** The error code that ends a request without an answer. */
async function cutOff(simulator: Simulator, body: unknown): Promise<string> {
  const error = await post(simulator, '/vision-events', body).then(
    () => undefined,
    (reason: unknown) => reason as Error & { cause?: { code?: string } },
  );
  assert.ok(error, 'an answer came where none was wanted');
  return error.cause?.code ?? error.message;
}

describe('simulator: faults', () => {
  let simulator: Simulator;
  before(async () => (simulator = await startSimulator()));
  after(() => simulator.close());
  beforeEach(() => simulator.reset());

  it('answers a status with body and Retry-After, once, in order', async () => {
    simulator.faults.next({ status: 429, retryAfter: 3, body: { error: 'too fast' } });
    simulator.faults.next({ status: 503, body: 'plain words' });
    const first = await post(simulator, '/vision-events', event());
    assert.deepEqual([first.status, first.body], [429, { error: 'too fast' }]);
    assert.equal(first.headers.get('retry-after'), '3');
    const second = await post(simulator, '/vision-events', event());
    assert.deepEqual([second.status, second.text], [503, 'plain words']);
    assert.deepEqual(simulator.events(), []);
    assert.equal((await post(simulator, '/vision-events', event())).status, 201);
  });

  it('stands until it is cleared, at one endpoint only', async () => {
    simulator.faults.always({ status: 401, endpoint: 'event' });
    for (let i = 0; i < 3; i++) assert.equal((await post(simulator, '/vision-events', event())).status, 401);
    assert.equal((await post(simulator, '/vision-events/batch', { events: [event()] })).status, 201);
    simulator.faults.clear();
    assert.equal((await post(simulator, '/vision-events', event())).status, 201);
  });

  it('poisons requests that hold a certain event', async () => {
    simulator.faults.always({ eventId: '^bad-', status: 400, body: { error: 'poison' } });
    const events = [event(), event({ eventId: 'bad-1' })];
    assert.equal((await post(simulator, '/vision-events/batch', { events })).status, 400);
    assert.equal((await post(simulator, '/vision-events', events[0])).status, 201);
    assert.equal((await post(simulator, '/vision-events', events[1])).status, 400);
  });

  it('forgets an event of a batch: neither stored nor confirmed', async () => {
    simulator.faults.always({ kind: 'forget', eventId: '^lost$' });
    const events = [event({ eventId: 'kept' }), event({ eventId: 'lost' })];
    const answer = await post(simulator, '/vision-events/batch', { events });
    assert.deepEqual(answer.body, { created: 1, eventIds: ['kept'] });
    assert.equal(simulator.events().length, 1);
  });

  it('resets the connection, before or after storing', async () => {
    simulator.faults.next({ kind: 'reset' });
    assert.equal(await cutOff(simulator, event()), 'ECONNRESET');
    assert.equal(simulator.events().length, 0);
    simulator.faults.next({ kind: 'lost-answer' });
    assert.equal(await cutOff(simulator, event({ eventId: 'doubtful' })), 'ECONNRESET');
    assert.deepEqual(
      simulator.events().map(({ eventId }) => eventId),
      ['doubtful'],
    );
    assert.equal(simulator.requests.entries.at(-1)?.status, undefined);
  });

  it('stores an event although it answers 500, when told so', async () => {
    simulator.faults.next({ status: 500, afterStoring: true });
    assert.equal((await post(simulator, '/vision-events', event())).status, 500);
    assert.equal(simulator.events().length, 1);
  });

  it('hangs until the simulator is reset', async () => {
    simulator.faults.next({ kind: 'hang' });
    const waiting = cutOff(simulator, event());
    while (simulator.requests.entries.at(-1)?.fault !== 'hang') await new Promise(setImmediate);
    simulator.reset();
    assert.match(await waiting, /SOCKET|ECONNRESET/);
    assert.equal(simulator.events().length, 0);
  });

  it('drips an honest answer byte by byte', async () => {
    simulator.faults.next({ kind: 'drip', ms: 1 });
    const answer = await post(simulator, '/vision-events', event({ eventId: 'slow' }));
    assert.deepEqual(answer.body, { eventId: 'slow', created: true });
    assert.equal(simulator.requests.entries.at(-1)?.fault, 'drip');
  });

  it('redirects, answers HTML, answers too much', async () => {
    simulator.faults.next({ kind: 'redirect', location: 'http://127.0.0.1:9/x' });
    const redirect = await post(simulator, '/vision-events', event());
    assert.equal(redirect.status, 307);
    assert.equal(redirect.headers.get('location'), 'http://127.0.0.1:9/x');
    simulator.faults.next({ kind: 'html', status: 200 });
    const html = await post(simulator, '/vision-events', event());
    assert.equal(html.status, 200);
    assert.match(html.headers.get('content-type') ?? '', /text\/html/);
    simulator.faults.next({ kind: 'oversize', bytes: 3_000_000 });
    const large = await post(simulator, '/vision-events', event());
    assert.equal(large.status, 201);
    assert.ok(large.text.length >= 3_000_000);
    assert.deepEqual(simulator.events(), []);
  });

  it('resets reused connections only', async () => {
    simulator.faults.always({ kind: 'reset', onReusedConnection: true });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = () =>
      new Promise<number | string>((resolve) => {
        const sent = httpRequest(
          `${simulator.url}/vision-events/use-cases`,
          { agent, headers: { Authorization: `Bearer ${simulator.keys.full}` } },
          (response) => response.resume().on('end', () => resolve(response.statusCode!)),
        );
        sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
        sent.end();
      });
    try {
      assert.deepEqual([await send(), await send(), await send()], [200, 'ECONNRESET', 200]);
      assert.equal(simulator.requests.connectionsOpened, 2);
    } finally {
      agent.destroy();
    }
  });

  it('draws the same random faults for the same seed', async () => {
    const statuses = async (seed: number) => {
      simulator.reset();
      simulator.faults.random({ rate: 0.5, seed, faults: [{ status: 500 }, { status: 503 }] });
      const seen: number[] = [];
      for (let i = 0; i < 40; i++) seen.push((await post(simulator, '/vision-events', event())).status);
      return seen;
    };
    const first = await statuses(7);
    assert.deepEqual(await statuses(7), first);
    assert.notDeepEqual(await statuses(8), first);
    assert.deepEqual([...new Set(first)].sort(), [201, 500, 503]);
  });

  it('says at once what is wrong with a fault', () => {
    assert.throws(() => simulator.faults.next({ kind: 'explode' as 'hang' }), /unknown kind/);
    assert.throws(() => simulator.faults.next({ kind: 'status' }), /needs a status/);
    assert.throws(() => simulator.faults.next({ kind: 'forget' }), /needs an eventId/);
    assert.throws(() => simulator.faults.always({ status: 500, eventId: '(' }), SyntaxError);
    assert.throws(
      () => simulator.faults.always({ status: 500, endpoint: 'evnt' as 'event' }),
      /unknown endp/,
    );
    assert.throws(() => simulator.faults.random({ rate: 2, seed: 1 }), /rate from 0 to 1/);
  });

  it('is steered over HTTP by another process', async () => {
    const set = await post(
      simulator,
      '/_simulator/faults',
      { next: { status: 503 }, times: 2, always: { status: 400, eventId: 'x' } },
      null,
    );
    assert.equal(set.status, 200);
    assert.equal(set.body.next.length, 2);
    const wrong = await post(simulator, '/_simulator/faults', { next: { kind: 'nonsense' } }, null);
    assert.equal(wrong.status, 400);
    for (const status of [503, 503, 201]) {
      assert.equal((await post(simulator, '/vision-events', event())).status, status);
    }
    const requests = await call(simulator, 'GET', '/_simulator/requests', undefined, null);
    assert.equal(requests.body.total, 3);
    assert.deepEqual(requests.body.byStatus, { 201: 1, 503: 2 });
    assert.ok(!requests.text.includes(simulator.keys.full));
    const events = await call(simulator, 'GET', '/_simulator/events', undefined, null);
    assert.equal(events.body.total, 1);
    await post(simulator, '/_simulator/reset', {}, null);
    assert.equal((await call(simulator, 'GET', '/_simulator/events', undefined, null)).body.total, 0);
    assert.deepEqual(simulator.faults.describe().always, []);
  });
});

describe('simulator: connections and requests', () => {
  it('counts requests, connections and bodies', async () => {
    const simulator = await startSimulator();
    const agent = new Agent({ keepAlive: true, maxSockets: 3 });
    try {
      const body = JSON.stringify(event());
      const send = () =>
        new Promise<void>((resolve, reject) => {
          const sent = httpRequest(
            `${simulator.url}/vision-events`,
            {
              method: 'POST',
              agent,
              headers: {
                Authorization: `Bearer ${simulator.keys.full}`,
                'Content-Type': 'application/json',
              },
            },
            (response) => response.resume().on('end', resolve),
          );
          sent.on('error', reject);
          sent.end(body);
        });
      await Promise.all(Array.from({ length: 9 }, send));
      const { requests } = simulator;
      assert.equal(requests.total, 9);
      assert.equal(requests.connectionsOpened, 3);
      assert.equal(requests.maxConcurrentConnections, 3);
      assert.equal(requests.count('POST', '/vision-events'), 9);
      assert.equal(new Set(requests.entries.map(({ bodySha256 }) => bodySha256)).size, 1);
      assert.equal(requests.entries[0]?.bodyBytes, Buffer.byteLength(body));
      assert.equal(requests.entries.filter(({ reused }) => !reused).length, 3);
    } finally {
      agent.destroy();
      await simulator.close();
    }
  });

  it('refuses to bind anywhere but to loopback', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.0.1', 'example.com']) {
      await assert.rejects(startSimulator({ host }), /keeps to loopback/);
    }
  });

  it('comes back on the same port after it was closed', async () => {
    const first = await startSimulator();
    await post(first, '/vision-events', event());
    await first.close();
    const second = await startSimulator({ port: first.port });
    try {
      assert.equal(second.port, first.port);
      assert.equal((await post(second, '/vision-events', event())).status, 201);
    } finally {
      await second.close();
    }
  });

  it('survives requests that are none', async () => {
    const simulator = await startSimulator();
    try {
      const first = async (text: string) => {
        const socket = connect(simulator.port, '127.0.0.1');
        socket.end(text);
        const [chunk] = (await once(socket, 'data')) as [Buffer];
        return chunk.toString('latin1').split('\r\n')[0];
      };
      assert.equal(await first('GET // HTTP/1.1\r\nHost: x\r\n\r\n'), 'HTTP/1.1 404 Not Found');
      assert.equal(await first('nonsense\r\n\r\n'), 'HTTP/1.1 400 Bad Request');
      const socket = connect(simulator.port, '127.0.0.1');
      socket.write('POST /vision-events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"half":');
      await once(socket, 'connect');
      socket.destroy();
      assert.equal((await post(simulator, '/vision-events', event())).status, 201);
    } finally {
      await simulator.close();
    }
  });

  it('answers its switches to loopback names only', async () => {
    const simulator = await startSimulator();
    try {
      const status = await new Promise<number>((resolve, reject) => {
        const sent = httpRequest(
          `${simulator.url}/_simulator/events`,
          { headers: { Host: 'attacker.example' } },
          (response) => {
            response.resume();
            resolve(response.statusCode!);
          },
        );
        sent.on('error', reject);
        sent.end();
      });
      assert.equal(status, 403);
    } finally {
      await simulator.close();
    }
  });
});
