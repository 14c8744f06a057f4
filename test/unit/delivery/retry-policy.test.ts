import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  HEALTHY_USE_CASE,
  RETRY_POLICY,
  afterAcceptance,
  afterDeath,
  afterFailure,
  afterIsolation,
  afterLoneFailure,
  afterRefusal,
  afterSuccess,
  backoffDelay,
  beforeDeath,
  causeOf,
  classify,
  healthyHost,
  hostOpensAt,
  mayStillLand,
  probesSingly,
  retryAfterDelay,
  type HostHealth,
  type UseCaseHealth,
} from '../../../src/delivery/sender/retry-policy';
import { failure, statusFailure } from '../../support/fake-target';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('retry policy', () => {
  describe('classify', () => {
    const verdicts = {
      retry: [408, 425, 429, 500, 501, 502, 503, 504, 520, 529],
      breaker: [301, 302, 307, 401, 402, 403, 405, 407, 410, 423],
      suspect: [400, 404, 409, 413, 415, 422, 418],
    } as const;
    for (const [verdict, statuses] of Object.entries(verdicts)) {
      for (const status of statuses) {
        it(`${status} is ${verdict}`, () => assert.equal(classify(statusFailure(status)), verdict));
      }
    }

    it('takes failures without a status by their code', () => {
      assert.equal(classify(failure('NETWORK')), 'retry');
      assert.equal(classify(failure('TIMEOUT')), 'retry');
      assert.equal(classify(failure('BUSY')), 'retry');
      assert.equal(classify(failure('NOT_CONFIGURED')), 'breaker');
      assert.equal(classify(failure('UNAUTHORIZED')), 'breaker');
      assert.equal(classify(failure('PAYMENT_REQUIRED')), 'breaker');
    });

    it('waits for an operator on a refused certificate and on a missing endpoint', () => {
      assert.equal(classify(failure('NETWORK', undefined, 'expired', { needsOperator: true })), 'breaker');
      assert.equal(classify(failure('REJECTED', 404, 'no such page', { needsOperator: true })), 'breaker');
    });

    it('retries a success that could not be read: a login page may have answered in place of the target', () => {
      assert.equal(classify(failure('BAD_RESPONSE', 200)), 'retry');
    });
  });

  it('counts failures by cause', () => {
    const causes = [429, 503, 408, 401, 400].map((status) => causeOf(statusFailure(status)));
    assert.deepEqual(causes, ['rateLimited', 'server', 'timeout', 'operator', 'refused']);
    assert.equal(causeOf(failure('NETWORK')), 'network');
    assert.equal(causeOf(failure('TIMEOUT')), 'timeout');
  });

  it('knows which requests may still land after they failed', () => {
    for (const status of [500, 502, 503, 504]) assert.equal(mayStillLand(statusFailure(status)), true);
    assert.equal(mayStillLand(failure('TIMEOUT')), true);
    assert.equal(mayStillLand(failure('NETWORK')), true);
    assert.equal(mayStillLand(failure('BAD_RESPONSE', 200)), true);
    for (const status of [400, 401, 429, 408]) assert.equal(mayStillLand(statusFailure(status)), false);
  });

  describe('backoff', () => {
    it('is a random share of a ceiling that doubles from 1 s to 60 s', () => {
      const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 500].map((failures) => backoffDelay(failures, 0, 1));
      assert.deepEqual(
        ceilings,
        [1, 2, 4, 8, 16, 32, 60, 60, 60].map((s) => s * SECOND),
      );
      assert.equal(backoffDelay(3, 0, 0), 0);
      assert.equal(backoffDelay(3, 0, 0.5), 2 * SECOND);
    });

    it('has a ceiling of 300 s after 15 min without success', () => {
      assert.equal(backoffDelay(100, 15 * MINUTE - 1, 1), 60 * SECOND);
      assert.equal(backoffDelay(100, 15 * MINUTE, 1), 300 * SECOND);
    });
  });

  it('keeps a Retry-After between what was asked and 10 % more, at most 15 min', () => {
    assert.equal(retryAfterDelay(120 * SECOND, 0), 120 * SECOND);
    assert.equal(retryAfterDelay(120 * SECOND, 1), 132 * SECOND);
    assert.equal(retryAfterDelay(99_999 * SECOND, 0), 15 * MINUTE);
    assert.equal(retryAfterDelay(-5, 0.5), 0);
  });

  describe('host', () => {
    const half = () => 0.5;
    const failing = (host: HostHealth, times: number, from = 0): HostHealth => {
      for (let i = 0; i < times; i++) {
        const now = Math.max(from, hostOpensAt(host));
        host = afterFailure(host, statusFailure(503), now, now, half);
      }
      return host;
    };

    it('closes after a failure and grows the wait with each one', () => {
      let host = healthyHost(2);
      assert.ok(hostOpensAt(host) <= 0);
      const waits: number[] = [];
      for (let i = 0; i < 8; i++) {
        const now = Math.max(0, hostOpensAt(host));
        host = afterFailure(host, failure('NETWORK'), now, now, half);
        waits.push(hostOpensAt(host) - now);
      }
      assert.deepEqual(
        waits,
        [0.5, 1, 2, 4, 8, 16, 30, 30].map((s) => s * SECOND),
      );
    });

    it('does not step twice for requests that failed side by side', () => {
      const once = afterFailure(healthyHost(2), statusFailure(503), 100, 200, half);
      const twice = afterFailure(once, statusFailure(503), 150, 210, half);
      assert.equal(twice.failures, 1);
      assert.equal(hostOpensAt(twice), hostOpensAt(once));
    });

    it('probes with single events from the fifth failure on', () => {
      assert.equal(probesSingly(failing(healthyHost(2), 4)), false);
      assert.equal(probesSingly(failing(healthyHost(2), 5)), true);
    });

    it('opens with one request at a time and doubles them with each success', () => {
      let host = failing(healthyHost(4), 6);
      const seen = [host.concurrency];
      for (let i = 0; i < 4; i++) {
        host = afterSuccess(host, host.lastFailureAt + 1 + i, 4);
        seen.push(host.concurrency);
      }
      // After an outage the first success is the probe's own.
      assert.deepEqual(seen, [1, 2, 4, 4, 4]);
      assert.equal(host.failures, 0);
    });

    it('is not opened by a success that began before the failure', () => {
      const host = afterFailure(healthyHost(2), statusFailure(503), 100, 200, half);
      assert.equal(afterSuccess(host, 150, 2), host);
    });

    it('heeds Retry-After when it is longer than the own wait, and a success does not lift it', () => {
      const asked = statusFailure(429, 'slow down', 120 * SECOND);
      const host = afterFailure(healthyHost(2), asked, 0, 0, half);
      assert.equal(hostOpensAt(host), 126 * SECOND);
      assert.equal(hostOpensAt(afterSuccess(host, 1, 2)), 126 * SECOND);
      const long = failing(healthyHost(2), 5);
      const now = hostOpensAt(long);
      const short = afterFailure(long, statusFailure(429, 'slow down', 1), now, now, half);
      assert.equal(hostOpensAt(short) - now, 16 * SECOND, 'the own wait is longer');
    });

    it('probes after 1 min, 5 min and then every 15 min while an operator is needed', () => {
      let host = healthyHost(2);
      const waits: number[] = [];
      for (let i = 0; i < 5; i++) {
        const now = Math.max(0, hostOpensAt(host));
        host = afterFailure(host, statusFailure(401), now, now, half);
        waits.push((hostOpensAt(host) - now) / MINUTE);
        assert.equal(probesSingly(host), true);
      }
      assert.deepEqual(waits, [1, 5, 15, 15, 15]);
      assert.equal(hostOpensAt(afterSuccess(host, hostOpensAt(host), 2)), -Infinity);
    });

    it('never waits longer than 300 s of its own accord, whatever happens (property)', () => {
      const seed = Date.now() % 2 ** 31;
      console.log(`      host property: seed ${seed}`);
      fc.assert(
        fc.property(
          fc.array(fc.record({ random: fc.double({ min: 0, max: 0.999, noNaN: true }), ok: fc.boolean() })),
          (steps) => {
            let host = healthyHost(2);
            let now = 0;
            for (const { random, ok } of steps) {
              now = Math.max(now + 1, hostOpensAt(host));
              host = ok
                ? afterSuccess(host, now, 2)
                : afterFailure(host, failure('NETWORK'), now, now, () => random);
              const wait = Math.max(0, hostOpensAt(host) - now);
              assert.ok(wait >= 0 && wait < RETRY_POLICY.longOutageCap);
              assert.ok(host.concurrency >= 1 && host.concurrency <= 2);
            }
          },
        ),
        { seed },
      );
    });
  });

  describe('an event that is refused alone', () => {
    const first = afterLoneFailure(undefined, -Infinity, 0, true);
    assert.ok(!first.dead);
    const { suspicion } = first;

    it('is tried again after ten minutes', () => assert.equal(first.retryAt, 10 * MINUTE));

    it('dies by the second failure when another event was accepted in between', () => {
      assert.deepEqual(afterLoneFailure(suspicion, 1, 10 * MINUTE, true), { dead: true });
    });

    it('lives when nothing else was accepted, when it was too early, or when nothing may die', () => {
      assert.deepEqual(afterLoneFailure(suspicion, -1, 10 * MINUTE, true), {
        dead: false,
        suspicion,
        retryAt: 20 * MINUTE,
      });
      assert.deepEqual(afterLoneFailure(suspicion, 1, 9 * MINUTE, true), {
        dead: false,
        suspicion,
        retryAt: 10 * MINUTE,
      });
      assert.equal(afterLoneFailure(suspicion, 1, 10 * MINUTE, false).dead, false);
    });
  });

  describe('a use case whose events are refused', () => {
    const refuse = (times: number, health: UseCaseHealth = HEALTHY_USE_CASE) => {
      for (let i = 0; i < times; i++) health = afterRefusal(health, 1000);
      return health;
    };

    it('is doubted after more than five refusals in a row, with a probe at once', () => {
      assert.equal(refuse(5).rejecting, undefined);
      assert.deepEqual(refuse(6).rejecting, {
        since: 1000,
        refusedProbes: 0,
        nextProbeAt: 1000,
        youngProbeAt: 1000,
      });
    });

    it('is probed every five minutes when the probe is refused too', () => {
      assert.deepEqual(refuse(7).rejecting, {
        since: 1000,
        refusedProbes: 1,
        nextProbeAt: 1000 + 5 * MINUTE,
        youngProbeAt: 1000 + SECOND,
      });
    });

    it('is well again after one accepted event', () => {
      assert.deepEqual(afterAcceptance(refuse(9)), HEALTHY_USE_CASE);
      assert.equal(afterAcceptance(refuse(5)).refusedInARow, 0);
    });

    it('is doubted when more than half of a batch was refused', () => {
      assert.equal(afterIsolation(HEALTHY_USE_CASE, 50, 100, 0).rejecting, undefined);
      assert.ok(afterIsolation(HEALTHY_USE_CASE, 51, 100, 0).rejecting);
      assert.equal(afterIsolation(HEALTHY_USE_CASE, 2, 3, 0).rejecting, undefined, 'too few to tell');
    });

    it('buries twenty events in ten minutes and no more', () => {
      let health = HEALTHY_USE_CASE;
      for (let i = 0; i < 20; i++) {
        const asked = beforeDeath(health, i);
        assert.equal(asked.mayDie, true);
        health = afterDeath(asked.health, i);
      }
      const asked = beforeDeath(health, 30);
      assert.equal(asked.mayDie, false);
      assert.ok(asked.health.rejecting);
      assert.equal(beforeDeath(health, 10 * MINUTE + 30).mayDie, true, 'ten minutes later it may');
    });
  });
});
