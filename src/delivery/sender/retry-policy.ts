/**
 * What to do after a request: pure functions of what happened, a passed-in monotonic clock and passed-in randomness.
 * Nothing here waits, sends or remembers; the sender holds the values and asks.
 */
import type { SendFailure } from '../../api/target';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Every number of the delivery policy, in one place. Times in ms. */
export const RETRY_POLICY = {
  /** full-jitter backoff: a random wait between 0 and `base * factor^(failures - 1)`, never above the cap */
  backoffBase: 1 * SECOND,
  backoffFactor: 2,
  backoffCap: 60 * SECOND,
  /** after this long without any success the longer cap holds */
  longOutageAfter: 15 * MINUTE,
  longOutageCap: 300 * SECOND,
  /** a server may ask for at most this long by `Retry-After` */
  retryAfterMax: 15 * MINUTE,
  /** up to this share is added to a `Retry-After`, so that a fleet does not come back in one moment */
  retryAfterJitter: 0.1,
  /** waits between the probes while an operator is needed; the last one repeats */
  operatorProbes: [1 * MINUTE, 5 * MINUTE, 15 * MINUTE],
  /** from so many failures in a row on, a single event is sent to find out whether the target is back */
  probeSinglyAfter: 5,
  /** failures in a row that are told as an outage; a breaker tells at once */
  outageAfter: 3,
  /** an event is refused for good after two lone failures at least this far apart */
  loneFailureGap: 10 * MINUTE,
  /** halve a refused batch until so many single events were refused, then try one by one */
  halvingLeaves: 5,
  /** requests that may be spent on isolation in `isolationWindow` */
  isolationRequests: 64,
  isolationWindow: 1 * MINUTE,
  /** at most so many events of one use case die in `deadWindow`; one more means that the target rejects everything */
  deadLimit: 20,
  deadWindow: 10 * MINUTE,
  /** wait between two probes of a use case whose events are all refused */
  rejectingProbe: 5 * MINUTE,
  /** an event stored after the last refused probe is a probe itself: wait after the first one, doubled up to the cap */
  youngProbeBase: 1 * SECOND,
  youngProbeCap: 20 * SECOND,
  /** the pace of a damped drain doubles each time it has lasted so long */
  drainPaceDoubles: 10 * MINUTE,
  /** a batch reply that leaves out an event's id is believed after so many retries */
  missingReplies: 3,
} as const;

// ---------------------------------------------------------------------------------------------------------------
// What a failure means

/** `retry`: the target or the way to it · `breaker`: a person has to fix it · `suspect`: perhaps these very events */
export type Verdict = 'retry' | 'breaker' | 'suspect';

/**
 * Refused for what was sent. 404 is an unknown use case, unless the failure says that the endpoint itself is missing.
 */
const SUSPECT_STATUSES = new Set([400, 404, 409, 413, 415, 422]);
/** Keys, billing, and a proxy that wants a password. "Errors and Status Codes": fix it, then come back. */
const OPERATOR_STATUSES = new Set([401, 402, 403, 407, 423]);
/** Signs of a wrong base URL rather than of a bad event. */
const WRONG_ENDPOINT_STATUSES = new Set([405, 410, 421, 426]);
const PASSING_STATUSES = new Set([408, 425, 429]);

export function classify(failure: SendFailure): Verdict {
  const status = failure.statusCode;
  if (failure.needsOperator || failure.code === 'NOT_CONFIGURED') return 'breaker';
  if (status !== undefined && status >= 300) {
    if (status < 400) return 'breaker';
    if (OPERATOR_STATUSES.has(status) || WRONG_ENDPOINT_STATUSES.has(status)) return 'breaker';
    if (SUSPECT_STATUSES.has(status)) return 'suspect';
    if (PASSING_STATUSES.has(status) || status >= 500) return 'retry';
  }
  switch (failure.code) {
    case 'UNAUTHORIZED':
    case 'PAYMENT_REQUIRED':
      return 'breaker';
    case 'REJECTED':
      return 'suspect';
    default:
      return 'retry';
  }
}

/** What failed attempts are counted by; telling them apart is what an operator needs first. */
export const RETRY_CAUSES = ['network', 'timeout', 'rateLimited', 'server', 'operator', 'refused'] as const;
/** See `RETRY_CAUSES`. */
export type RetryCause = (typeof RETRY_CAUSES)[number];

export function causeOf(failure: SendFailure): RetryCause {
  const verdict = classify(failure);
  if (verdict === 'breaker') return 'operator';
  if (verdict === 'suspect') return 'refused';
  if (failure.statusCode === 429 || failure.code === 'RATE_LIMITED') return 'rateLimited';
  if (failure.code === 'TIMEOUT' || failure.statusCode === 408) return 'timeout';
  if (failure.code === 'SERVER_ERROR' || failure.code === 'BAD_RESPONSE') return 'server';
  return 'network';
}

// ---------------------------------------------------------------------------------------------------------------
// Waits

/**
 * Full-jitter backoff: a random wait in [0, cap).
 * @param failures failed requests in a row, 1 after the first
 * @param failingForMs time since the first of them
 * @param random a number in [0, 1)
 * @returns ms
 */
export function backoffDelay(failures: number, failingForMs: number, random: number): number {
  const { backoffBase, backoffFactor, backoffCap, longOutageAfter, longOutageCap } = RETRY_POLICY;
  const cap = failingForMs >= longOutageAfter ? longOutageCap : backoffCap;
  // The exponent is bounded, so that a week of failures does not overflow to Infinity.
  const ceiling = backoffBase * backoffFactor ** Math.min(failures - 1, 30);
  return random * Math.min(cap, ceiling);
}

/** The wait that a server asked for, bounded, with 0 to 10 % on top. @returns ms */
export function retryAfterDelay(askedMs: number, random: number): number {
  const bounded = Math.min(Math.max(0, askedMs), RETRY_POLICY.retryAfterMax);
  return bounded * (1 + RETRY_POLICY.retryAfterJitter * random);
}

// ---------------------------------------------------------------------------------------------------------------
// The host: one for all requests of a sender

/** How the target is, as far as requests have shown. All times are of the monotonic clock, ms. */
export interface HostHealth {
  /** failed requests in a row */
  failures: number;
  /** when the first of them failed */
  failingSince?: number;
  lastFailureAt: number;
  /** our own wait: backoff, or the next probe of an open breaker */
  notBefore: number;
  /** what the server asked for; a success of another request does not lift it */
  retryAfterUntil: number;
  /** an operator is needed: how many probes were refused since, 0 for the first refusal */
  breaker?: { refusals: number };
  /** requests allowed at the same time: 1 after a failure, doubled by each success */
  concurrency: number;
}

export function healthyHost(concurrency: number): HostHealth {
  return {
    failures: 0,
    lastFailureAt: -Infinity,
    notBefore: -Infinity,
    retryAfterUntil: -Infinity,
    concurrency,
  };
}

/** @returns the moment before which nothing is sent to the host */
export function hostOpensAt(host: HostHealth): number {
  return Math.max(host.notBefore, host.retryAfterUntil);
}

/** True while the way to the target is being tried with a single event at a time. */
export function probesSingly(host: HostHealth): boolean {
  return host.breaker !== undefined || host.failures >= RETRY_POLICY.probeSinglyAfter;
}

/**
 * The host after a failed request (`retry` or `breaker`; a `suspect` says nothing against the host).
 * @param startedAt when the request began: one that began before the last failure tells nothing new, so the wait does
 *   not grow twice for requests that failed side by side
 */
export function afterFailure(
  host: HostHealth,
  failure: SendFailure,
  startedAt: number,
  now: number,
  random: () => number,
): HostHealth {
  const retryAfterUntil =
    failure.retryAfterMs === undefined
      ? host.retryAfterUntil
      : Math.max(host.retryAfterUntil, now + retryAfterDelay(failure.retryAfterMs, random()));
  const needsOperator = classify(failure) === 'breaker';
  const tellsNothingNew = startedAt < host.lastFailureAt && needsOperator === (host.breaker !== undefined);
  if (tellsNothingNew) return { ...host, retryAfterUntil };

  const failures = host.failures + 1;
  const failingSince = host.failingSince ?? now;
  const breaker = needsOperator ? { refusals: host.breaker ? host.breaker.refusals + 1 : 0 } : undefined;
  const wait = breaker
    ? operatorProbeDelay(breaker.refusals)
    : backoffDelay(failures, now - failingSince, random());
  return {
    failures,
    failingSince,
    lastFailureAt: now,
    notBefore: now + wait,
    retryAfterUntil,
    breaker,
    concurrency: 1,
  };
}

function operatorProbeDelay(refusals: number): number {
  const { operatorProbes } = RETRY_POLICY;
  return operatorProbes[Math.min(refusals, operatorProbes.length - 1)] ?? 0;
}

/**
 * The host after an answer that shows it works: an accepted request, or one refused for its content.
 * Concurrency ramps 1, 2, 4 … up to `maxConcurrency`.
 */
export function afterSuccess(host: HostHealth, startedAt: number, maxConcurrency: number): HostHealth {
  if (startedAt < host.lastFailureAt) return host;
  return {
    ...healthyHost(host.concurrency),
    retryAfterUntil: host.retryAfterUntil,
    concurrency: Math.min(maxConcurrency, host.concurrency * 2),
  };
}

// ---------------------------------------------------------------------------------------------------------------
// One event that was refused alone

/** What is remembered of an event that was refused while it was alone in its request. */
export interface Suspicion {
  /** monotonic, ms */
  firstFailureAt: number;
}

export type LoneFailureVerdict =
  { dead: true } | { dead: false; suspicion: Suspicion; /** monotonic, ms */ retryAt: number };

/**
 * An event is refused for good only after it failed alone twice, at least ten minutes apart, while the target accepted
 * another event in between: otherwise a server error would bury the whole backlog in the dead letters.
 * @param lastAcceptedAt when the target accepted an event for the last time; -Infinity when it did not yet
 * @param mayDie false while the target refuses everything
 */
export function afterLoneFailure(
  suspicion: Suspicion | undefined,
  lastAcceptedAt: number,
  now: number,
  mayDie: boolean,
): LoneFailureVerdict {
  const gap = RETRY_POLICY.loneFailureGap;
  if (!suspicion) {
    return {
      dead: false,
      suspicion: { firstFailureAt: now },
      retryAt: now + gap,
    };
  }
  const secondTrialFrom = suspicion.firstFailureAt + gap;
  if (now < secondTrialFrom) return { dead: false, suspicion, retryAt: secondTrialFrom };
  if (mayDie && lastAcceptedAt > suspicion.firstFailureAt) return { dead: true };
  return { dead: false, suspicion, retryAt: now + gap };
}

// ---------------------------------------------------------------------------------------------------------------
// One use case whose events are refused: archived or unknown use cases must not fill the dead letters,
// and must not hold up the events of the others

/** What is known of one use case. All times are of the monotonic clock, ms. */
export interface UseCaseHealth {
  /** single events refused one after the other, nothing of this use case accepted in between */
  refusedInARow: number;
  /** when its events died, within the last `deadWindow` */
  deaths: number[];
  /** set while nothing but probes is sent; the first probe is due at once, to tell a bad stretch from a bad use case */
  rejecting?: Rejecting;
}

export interface Rejecting {
  since: number;
  refusedProbes: number;
  /** when any event of the use case may be tried */
  nextProbeAt: number;
  /** when an event may be tried that is younger than all that were refused */
  youngProbeAt: number;
}

export const HEALTHY_USE_CASE: UseCaseHealth = { refusedInARow: 0, deaths: [] };

function startRejecting(health: UseCaseHealth, now: number): UseCaseHealth {
  const rejecting = { since: now, refusedProbes: 0, nextProbeAt: now, youngProbeAt: now };
  return { ...health, rejecting };
}

/** The use case after one of its events was refused alone. */
export function afterRefusal(health: UseCaseHealth, now: number): UseCaseHealth {
  const refused = { ...health, refusedInARow: health.refusedInARow + 1 };
  if (refused.rejecting) {
    const { since, refusedProbes } = refused.rejecting;
    const rejecting = {
      since,
      refusedProbes: refusedProbes + 1,
      nextProbeAt: now + RETRY_POLICY.rejectingProbe,
      youngProbeAt: now + youngProbeWait(refusedProbes),
    };
    return { ...refused, rejecting };
  }
  return refused.refusedInARow > RETRY_POLICY.halvingLeaves ? startRejecting(refused, now) : refused;
}

/**
 * A live event must not wait for long behind bad ones, and a use case that is gone must not be asked for each event.
 */
function youngProbeWait(refusedProbes: number): number {
  const { youngProbeBase, youngProbeCap } = RETRY_POLICY;
  return Math.min(youngProbeCap, youngProbeBase * 2 ** Math.min(refusedProbes, 30));
}

/** The use case after the target accepted one of its events. */
export function afterAcceptance(health: UseCaseHealth): UseCaseHealth {
  // Deaths are forgotten with the end of a rejecting time, or the next one would start it again.
  return { refusedInARow: 0, deaths: health.rejecting ? [] : health.deaths };
}

/** The use case after an isolation found `refused` bad events in a batch of `size`. */
export function afterIsolation(
  health: UseCaseHealth,
  refused: number,
  size: number,
  now: number,
): UseCaseHealth {
  const mostOfTheBatch = refused > RETRY_POLICY.halvingLeaves && refused > size / 2;
  return mostOfTheBatch && !health.rejecting ? startRejecting(health, now) : health;
}

/** Asks whether one more event may die now; when too many died lately, the use case is rejecting instead. */
export function beforeDeath(health: UseCaseHealth, now: number): { mayDie: boolean; health: UseCaseHealth } {
  const deaths = health.deaths.filter((at) => now - at < RETRY_POLICY.deadWindow);
  if (health.rejecting) return { mayDie: false, health: { ...health, deaths } };
  if (deaths.length >= RETRY_POLICY.deadLimit) {
    return { mayDie: false, health: startRejecting({ ...health, deaths }, now) };
  }
  return { mayDie: true, health: { ...health, deaths } };
}

export function afterDeath(health: UseCaseHealth, now: number): UseCaseHealth {
  return { ...health, deaths: [...health.deaths, now] };
}

/**
 * The HTTP client repeats a request that died on a kept connection. Of the first one nobody knows what becomes of it.
 */
export function wasSentTwice({ attempts }: { attempts?: number }): boolean {
  return attempts !== undefined && attempts > 1;
}

/** "Please come back later": 503, and 529 of a Local Event Store that is full until it has uploaded to the cloud. */
const NOT_TAKEN_STATUSES = new Set([503, 529]);

/**
 * True when the target may have stored the event although no good answer came back. Where ids do not make repeats
 * harmless, sending it again may store it twice.
 */
export function mayBeStored(failure: SendFailure): boolean {
  if (failure.notSent || failure.code === 'BUSY') return false;
  if (failure.statusCode !== undefined && NOT_TAKEN_STATUSES.has(failure.statusCode)) return false;
  return mayStillLand(failure);
}

/**
 * True when the target may have got the request although no good answer came back, and may store it even later.
 * A newer version of such an event waits, or the older one could overwrite it.
 */
export function mayStillLand(failure: SendFailure): boolean {
  if (wasSentTwice(failure)) return true;
  const status = failure.statusCode;
  return classify(failure) === 'retry' && (status === undefined || status < 400 || status >= 500);
}
