import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresOutbox } from '../../src/delivery/outbox/postgres/postgres-outbox';
import { failure, statusFailure, type Answer } from '../support/fake-target';
import { LossyProxy } from '../support/lossy-proxy';
import { PostgresSenders } from '../support/postgres-senders';
import { PostgresServer } from '../support/postgres-server';
import { picture, record } from '../support/sender-bench';
import { until } from '../support/until';

const LANDS_AFTER = 1_500;
const MAY_LAND = 2_500;
const RETRY_AFTER = 1_500;
/** Longer than a lease, what may land after it and the look of another worker take together. */
const SLOW_MS = 4_000;
/** Requests a second: few enough that three senders without a common pace send more on a busy machine too. */
const DRAIN_PACE = 5;
const DRAINED = 30;

/** What one worker tells of itself is lost on the others. */
const withoutNotes = (outbox: PostgresOutbox) => {
  const settle = outbox.settle.bind(outbox);
  outbox.settle = (lease, { acked, retry, dead }) => settle(lease, { acked, retry, dead });
};
const withoutPace = (outbox: PostgresOutbox) => Object.assign(outbox, { pace: undefined });

describe('senders of one queue in PostgreSQL', () => {
  let server: PostgresServer;
  let senders: PostgresSenders;
  before(async function () {
    server = await PostgresServer.start(this);
  });
  after(() => server?.stop());
  beforeEach(() => (senders = new PostgresSenders(server)));
  afterEach(() => senders.close());

  /**
   * The first answer is lost and its request lands late; then another worker takes over.
   *
   * @returns versions as they were stored
   */
  async function lateLanding(prepare?: (outbox: PostgresOutbox) => void): Promise<string> {
    const { target } = senders;
    const answers: Answer[] = [{ lost: failure('TIMEOUT'), landsAfter: LANDS_AFTER }];
    target.answer = () => answers.shift();
    const [a, b] = [
      await senders.open({ lateLandingMs: MAY_LAND }, prepare),
      await senders.open({ lateLandingMs: MAY_LAND }),
    ];
    await a.outbox.append([record('x', { version: 1 }), record('x', { version: 2 })]);
    a.sender.start();
    await until(() => a.sender.state().retries === 1, 'the lost answer');
    await a.sender.stop(1_000);
    b.sender.start();
    await until(
      () => senders.versions().length === '1 2 1'.length,
      () => senders.versions(),
    );
    return senders.versions();
  }

  it('hold a newer version back while a request of another worker may still land', async () => {
    assert.equal(await lateLanding(), '1 1 2');
  });

  it('control: told of nothing, the other worker lets the older version end on top', async () => {
    assert.equal(await lateLanding(withoutNotes), '1 2 1');
  });

  /**
   * A worker that no longer reaches the database sends an event with a large picture, slowly; another one takes it
   * over.
   *
   * @returns versions as they were stored
   */
  async function slowPicture(prepare?: (outbox: PostgresOutbox) => void): Promise<string> {
    const { target } = senders;
    const proxy = await LossyProxy.to(server.port);
    try {
      target.takePacked();
      target.latency = SLOW_MS;
      const leases = { requestMs: 300, lateLandingMs: 300, beatMs: 100 };
      const a = await senders.open({}, prepare, { ...leases, url: proxy.url(server.url) });
      const b = await senders.open({}, undefined, leases);
      a.sender.start();
      await a.outbox.append([record('x', { version: 1, pictures: [picture('large')] })]);
      await b.outbox.append([record('x', { version: 2 })]);
      await until(() => target.requests.length === 1, 'the request');
      proxy.refuse();
      target.latency = 5;
      b.sender.start();
      await until(() => target.requests.length === 3, 'the other worker to send both', SLOW_MS);
      // The request of the first worker would be through by now.
      await delay((target.requests[0]?.at ?? NaN) + SLOW_MS + 200 - performance.now());
      return senders.versions();
    } finally {
      await proxy.stop();
    }
  }

  it('call off a request that outlives its lease, so that the older version does not end on top', async () => {
    assert.equal(await slowPicture(), '1 2');
  });

  it('control: held to nothing, the older version does', async () => {
    const unbound = (outbox: PostgresOutbox) => {
      const lease = outbox.lease.bind(outbox);
      outbox.lease = async (max) => {
        const leased = await lease(max);
        return leased && Object.assign(leased, { lost: undefined });
      };
    };
    assert.equal(await slowPicture(unbound), '1 2 1');
  });

  /** One worker is told to come back later. @returns ms from there to the next request, which is another worker's */
  async function nextRequestAfter429(prepare?: (outbox: PostgresOutbox) => void): Promise<number> {
    const { target } = senders;
    const answers: Answer[] = [statusFailure(429, 'too many requests', RETRY_AFTER)];
    target.answer = () => answers.shift();
    const [a, b] = [await senders.open({}, prepare), await senders.open({}, prepare)];
    await a.outbox.append([record('a')]);
    a.sender.start();
    await until(() => a.sender.state().retries === 1, 'the 429');
    const toldAt = performance.now();
    await a.sender.stop(1_000);
    await until(() => !b.outbox.pace || b.outbox.pace.closedForMs() > 0, 'the other worker to hear of it');
    b.sender.start();
    await until(() => target.requests.length === 2, 'the next request');
    return (target.requests[1]?.at ?? NaN) - toldAt;
  }

  it('all keep to the Retry-After that one of them heard', async () => {
    const waited = await nextRequestAfter429();
    assert.ok(waited >= RETRY_AFTER - 50, `${waited} ms`);
    assert.ok(waited <= 1.1 * RETRY_AFTER + 1_500, `${waited} ms`);
  });

  it('control: told of nothing, the other worker asks at once', async () => {
    const waited = await nextRequestAfter429(withoutPace);
    assert.ok(waited < RETRY_AFTER, `${waited} ms`);
  });

  /** Three workers drain what an outage left, which only one of them noticed. @returns requests a second */
  async function drainPace(prepare?: (outbox: PostgresOutbox) => void): Promise<number> {
    const { target } = senders;
    let isDown = true;
    target.answer = () => (isDown ? failure('NETWORK') : undefined);
    const settings = { batchSize: 1, requestsPerSecond: DRAIN_PACE };
    const workers = [
      await senders.open(settings, prepare),
      await senders.open(settings, prepare),
      await senders.open(settings, prepare),
    ];
    const [first] = workers;
    assert.ok(first);
    await first.outbox.append(Array.from({ length: DRAINED }, (_, n) => record(`e${n}`)));
    first.sender.start();
    await until(() => {
      first.sender.flush();
      return first.sender.state().retries >= 3;
    }, 'an outage');
    for (const { sender } of workers) sender.start();
    isDown = false;
    await until(
      () => {
        first.sender.flush();
        return target.stored.size === DRAINED;
      },
      () => `${target.stored.size} events`,
      30_000,
    );
    const accepted = [...target.acceptedAt.values()].sort((one, other) => one - other);
    return (accepted.length - 1) / (((accepted.at(-1) ?? NaN) - (accepted[0] ?? NaN)) / 1_000);
  }

  it('drain the backlog of an outage at one pace, though only one of them noticed it', async () => {
    const pace = await drainPace();
    console.log(`      three workers: ${pace.toFixed(1)} requests a second`);
    assert.ok(pace <= DRAIN_PACE * 1.05, `${pace} a second`);
    assert.ok(pace >= DRAIN_PACE / 2, `${pace} a second`);
  });

  it('control: without a common pace they send more', async () => {
    const pace = await drainPace(withoutPace);
    assert.ok(pace > DRAIN_PACE * 1.5, `${pace} a second`);
  });

  it('all pause when one of them is told to, and go on when another one is', async () => {
    const { target } = senders;
    const [a, b] = [await senders.open(), await senders.open()];
    a.sender.start();
    b.sender.start();
    await a.outbox.pace.setPaused(true);
    await until(() => b.outbox.pace.isPaused, 'the other worker to hear of it');
    await b.outbox.append([record('a')]);
    await a.outbox.refresh();
    assert.deepEqual([a.sender.state().state, b.sender.state().state], ['paused', 'paused']);
    assert.equal(await a.outbox.lease({ events: 1, bytes: 1 }), undefined);
    assert.equal(target.requests.length, 0);
    await b.outbox.pace.setPaused(false);
    await until(() => target.stored.has('a'), 'the event');
  });
});
