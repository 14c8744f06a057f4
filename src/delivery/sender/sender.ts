import type { PicturePlace } from '../../event/picture-place';
import type { Lease, Outbox } from '../outbox/outbox';
import { debug } from '../../debug';
import {
  RETRY_CAUSES,
  RETRY_POLICY,
  afterFailure,
  afterSuccess,
  causeOf,
  classify,
  healthyHost,
  hostOpensAt,
  probesSingly,
  type HostHealth,
  type RetryCause,
} from './retry-policy';
import { LeaseDelivery, type DeliveryDeps, type RequestResult } from './lease-delivery';
import type { LateLanding } from './handover';
import { SenderMemory, type RejectionChange } from './memory';
import { RequestBudget, RequestPacer } from './pacing';
import {
  DEFAULT_SENDER_SETTINGS,
  systemSenderClock,
  type OutageNotice,
  type SenderClock,
  type SenderError,
  type SenderListeners,
  type SenderSettings,
  type SenderState,
  type SenderStateName,
} from './types';
import type { SendFailure, Target } from '../targets/target';

/** What a sender is made of. */
export interface SenderParts {
  /** Already open; it must run on the same monotonic clock. The sender does not close it. */
  outbox: Outbox;
  target: Target;
  clock?: SenderClock;
  /** numbers in [0, 1), as `Math.random` gives them */
  random?: () => number;
  /** what is missing is as in `DEFAULT_SENDER_SETTINGS` */
  settings?: Partial<SenderSettings>;
  listeners?: Partial<SenderListeners>;
  /** what the last sender of this outbox left; missing: it ended without a word, so all that waits may be under way */
  lateLandings?: LateLanding[] | undefined;
}

/** An error text in the state is at most this long; what a server answers is shown, not stored. */
const LONGEST_MESSAGE = 200;
/** After the outbox failed to hand out events, or handed out none though some were due. */
const LEASE_RETRY_WAIT = 1000;
/** While all goes well a lease takes several batches, which are sent one after the other: the disk is asked less often. */
export const LEASE_BATCHES = 3;
/** Leases that may wait for the disk to write their outcome down; after a crash these events are sent again. */
export const SETTLING_LEASES = 2;
/** A batch never shrinks below this, however often the target finds it too large. */
const SMALLEST_BATCH_BYTES = 16 * 1024;

interface Outage {
  kind: OutageNotice['kind'];
  since: number;
  error: SenderError;
  attempts: number;
}

/**
 * Delivers what waits in an outbox to a target: batches, retries, isolation of refused events, a damped drain after
 * an outage. At least once; one body for each event id; a newer version of an event never passes an older one.
 *
 * A sender starts once and stops once; whoever changes key or address makes a new one, which tries at once.
 */
export class Sender {
  private readonly outbox: Outbox;
  private readonly target: Target;
  private readonly clock: SenderClock;
  private readonly random: () => number;
  private readonly settings: SenderSettings;
  private readonly listeners: { [E in keyof SenderListeners]: Set<SenderListeners[E]> };

  private readonly memory = new SenderMemory();
  private readonly pacer: RequestPacer;
  private readonly isolationBudget = new RequestBudget(
    RETRY_POLICY.isolationRequests,
    RETRY_POLICY.isolationWindow,
  );
  private readonly deps: DeliveryDeps;
  private host: HostHealth;
  /** halved for good when the target answers 413 */
  private batchBytes: number;

  private started = false;
  private startedAt = -Infinity;
  /** the sender before this one left no word of what was under way */
  private readonly endedUncleanly: boolean;
  private stopping = false;
  private paused = false;
  private readonly aborter = new AbortController();
  /** leases under way, until the outbox has written down what became of them */
  private readonly lanes = new Set<Promise<void>>();
  /** those that still send */
  private sendingLanes = 0;
  /** read from the disk while all lanes are busy, so that the next one can begin at once */
  private fetched?: Lease;
  private readonly sleepers = new Set<() => void>();
  private scheduling?: Promise<void>;
  private wakeAsked = false;
  private cancelTimer?: () => void;
  private isolating = false;

  private lastLeaseAt = -Infinity;
  private leaseRetryAt = -Infinity;
  private skipLinger = false;
  private leaseNewest = false;
  private seeksProbe = false;
  /** when an outage ended whose backlog is not drained yet */
  private dampedSince?: number;
  /** less waits than fills a batch: the next lease is the last of the drain */
  private drainEnds = false;
  /** leases that were taken in a damped drain keep its pace to their end */
  private dampedLanes = 0;

  private requestsInFlight = 0;
  private deliveredCount = 0;
  private refusedCount = 0;
  private doubtfulCount = 0;
  private retries = 0;
  private readonly retriesByCause = Object.fromEntries(RETRY_CAUSES.map((cause) => [cause, 0])) as Record<
    RetryCause,
    number
  >;
  private lastError?: SenderError;
  private outage?: Outage;
  private failedSinceSuccess = 0;
  private readonly rejections = new Map<string, Outage>();

  constructor(parts: SenderParts) {
    this.outbox = parts.outbox;
    this.target = parts.target;
    this.clock = parts.clock ?? systemSenderClock;
    this.random = parts.random ?? Math.random;
    this.settings = { ...DEFAULT_SENDER_SETTINGS, ...parts.settings };
    this.batchBytes = this.settings.batchBytes;
    this.pacer = new RequestPacer(this.settings.requestsPerSecond, this.settings.bytesPerSecond);
    // A start may follow a power cut of a whole plant: begin with one request at a time.
    this.host = healthyHost(1);
    this.listeners = {
      delivered: new Set(),
      refused: new Set(),
      suspected: new Set(),
      state: new Set(),
      outage: new Set(),
    };
    for (const event of ['delivered', 'refused', 'suspected', 'state', 'outage'] as const) {
      const listener = parts.listeners?.[event];
      if (listener) this.on(event, listener);
    }
    this.endedUncleanly = parts.lateLandings === undefined;
    this.memory.restoreLandings(parts.lateLandings ?? [], this.clock.monotonic());
    this.deps = this.makeDeps();
  }

  // ----- what others call

  /** @returns removes the listener */
  on<E extends keyof SenderListeners>(event: E, listener: SenderListeners[E]): () => void {
    this.listeners[event].add(listener);
    return () => this.listeners[event].delete(listener);
  }

  /** Begins to deliver what waits, and what is appended from now on. Once only. */
  start(): void {
    if (this.started) return;
    this.started = true;
    this.startedAt = this.clock.monotonic();
    this.outbox.onAppended(() => this.wake());
    this.wake();
  }

  /**
   * Sends nothing more, aborts the requests under way and gives their events back to the outbox. Never drains.
   * Resolves when the outbox was told everything that is known, at the latest after `deadlineMs`. Idempotent.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.stopping = true;
    this.cancelTimer?.();
    this.aborter.abort();
    for (const wakeUp of [...this.sleepers]) wakeUp();
    let cancelDeadline: () => void = () => undefined;
    const deadline = new Promise<void>((resolve) => {
      cancelDeadline = this.clock.setTimer(resolve, deadlineMs);
    });
    await Promise.race([this.allLanesEnded(), deadline]);
    cancelDeadline();
  }

  /**
   * For the next sender of this outbox, after `stop`: what may still land.
   * @returns undefined when the deadline of `stop` ended it, so that not all is known
   */
  lateLandings(): LateLanding[] | undefined {
    return this.lanes.size === 0
      ? this.memory.landingsLeft(this.clock.monotonic(), this.guardedUntil())
      : undefined;
  }

  /** Tries now what waits for a better moment: linger, backoff, the next probe. A `Retry-After` stays respected. */
  flush(): void {
    this.skipLinger = true;
    this.leaseRetryAt = -Infinity;
    this.host = { ...this.host, notBefore: -Infinity };
    this.wake();
  }

  /** No new request; those under way go on. */
  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.tellState();
  }

  /** Ends a pause. */
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.tellState();
    this.wake();
  }

  /** What the sender does at this moment. */
  state(): SenderState {
    const stats = this.outbox.stats();
    const now = this.clock.monotonic();
    const state = this.stateName(stats.events, now);
    const nextAttemptAt = Math.max(hostOpensAt(this.host), this.outbox.nextDueAt() ?? -Infinity);
    return {
      state,
      events: stats.events,
      bytes: stats.bytes,
      oldestAgeMs: stats.oldestAgeMs,
      dropped: stats.dropped,
      delivered: this.deliveredCount,
      refused: this.refusedCount,
      retries: this.retries,
      retriesByCause: { ...this.retriesByCause },
      doubtful: this.doubtfulCount,
      inFlight: this.requestsInFlight,
      nextAttemptMs:
        state === 'waiting' && Number.isFinite(nextAttemptAt) ? Math.max(0, nextAttemptAt - now) : undefined,
      lastError: this.lastError,
      rejecting: this.memory.rejectingUseCases(),
    };
  }

  private stateName(events: number, now: number): SenderStateName {
    if (this.paused) return 'paused';
    if (events === 0) return 'idle';
    const isHostClosed = this.outage !== undefined || hostOpensAt(this.host) > now;
    if (isHostClosed) return 'waiting';
    if (this.lanes.size > 0) return 'delivering';
    // Without a due time all of them are just being taken out of the outbox.
    return (this.outbox.nextDueAt() ?? -Infinity) > now ? 'waiting' : 'delivering';
  }

  // ----- when to lease

  private wake(): void {
    this.wakeAsked = true;
    if (!this.started || this.stopping || this.scheduling) return;
    this.scheduling = this.schedule()
      .catch((error: unknown) => this.leaseFailed(error))
      .finally(() => {
        this.scheduling = undefined;
        if (this.wakeAsked) this.wake();
      });
  }

  private async schedule(): Promise<void> {
    while (this.wakeAsked && !this.stopping) {
      this.wakeAsked = false;
      let wait = this.waitBeforeLease();
      while (wait <= 0 && (await this.startLane())) wait = this.waitBeforeLease();
      this.setAlarm(wait > 0 ? wait : LEASE_RETRY_WAIT);
      await this.fetchAhead();
    }
    this.tellState();
  }

  /** @returns ms until the next lease may be taken; Infinity when only an event or the end of a lane can change that */
  private waitBeforeLease(): number {
    const now = this.clock.monotonic();
    if (this.stopping || this.paused || !this.hasFreeLane()) return Infinity;
    const dueAt = this.fetched ? -Infinity : this.outbox.nextDueAt();
    if (dueAt === undefined) {
      this.queueEmptied();
      return Infinity;
    }
    const paceOpensAt = this.isPaced() ? this.pacer.opensAt() : -Infinity;
    const opensAt = Math.max(dueAt, hostOpensAt(this.host), this.leaseRetryAt, paceOpensAt);
    return Math.max(opensAt - now, this.lingerLeft(now));
  }

  /** A lease that only waits for the disk leaves its place to the next one, but not to ever more of them. */
  private hasFreeLane(): boolean {
    const { concurrency } = this.settings;
    const allowed = probesSingly(this.host) ? 1 : Math.min(this.host.concurrency, concurrency);
    return this.sendingLanes < allowed && this.lanes.size < concurrency + SETTLING_LEASES;
  }

  /** A full batch does not wait for company, nor does an event when nothing was sent for a while, nor a probe. */
  private lingerLeft(now: number): number {
    const isBatchFull = this.fetched !== undefined || this.waitingEvents() >= this.settings.batchSize;
    this.drainEnds = !isBatchFull;
    if (this.skipLinger || this.host.failures > 0 || isBatchFull) return 0;
    return this.lastLeaseAt + this.settings.lingerMs - now;
  }

  private waitingEvents(): number {
    const { events, leased } = this.outbox.stats();
    return events - leased - this.memory.deferredCount;
  }

  /** All that waited is leased. */
  private queueEmptied(): void {
    if (this.host.failures === 0) this.dampedSince = undefined;
    if (this.outbox.stats().events === 0) this.memory.forgetAllEvents();
  }

  private async startLane(): Promise<boolean> {
    const isProbe = probesSingly(this.host);
    // In a damped drain, while probing and behind refused events, every second turn is for the youngest events.
    const newest = this.leaseNewest;
    const isDamped = this.dampedSince !== undefined;
    const takesTurns = isDamped || isProbe || this.memory.hasStretch(this.clock.monotonic());
    this.leaseNewest = takesTurns && !newest;
    // The youngest event of a refused use case tells whether a fixed flow or use case is accepted again. It may belong
    // to another use case, so every second lease is a common one.
    this.seeksProbe = !this.seeksProbe && this.memory.hasProbeDue(this.clock.monotonic());
    const isCommon = !isProbe && !this.seeksProbe && !newest;
    if (!isCommon) await this.giveBackFetched();
    const lease =
      this.takeFetched() ?? (await this.lease(isProbe || this.seeksProbe, newest || this.seeksProbe));
    if (!lease) return false;
    if (this.stopping) {
      await this.giveBack(lease);
      return false;
    }
    this.lastLeaseAt = this.clock.monotonic();
    this.skipLinger = false;
    if (isDamped) this.dampedLanes++;
    if (this.drainEnds && this.host.failures === 0) this.dampedSince = undefined;
    const lane = this.runLane(lease).finally(() => {
      this.lanes.delete(lane);
      if (isDamped) this.dampedLanes--;
      this.wake();
    });
    this.lanes.add(lane);
    return true;
  }

  private async lease(single: boolean, newest: boolean): Promise<Lease | undefined> {
    const events = single ? 1 : this.settings.batchSize * this.batchesOfLease();
    const lease = await this.outbox.lease({ events, bytes: this.batchBytes, newest });
    if (lease) {
      this.memory.noteLeased(lease.events);
      debug('lease: %d events, the first %s', lease.events.length, lease.events[0]?.eventId);
    }
    return lease;
  }

  /**
   * Full batches only: what is left over may find company. One in a damped drain, where every second lease is for live events, and where
   * an event that is sent again is stored twice.
   */
  private batchesOfLease(): number {
    if (this.isPaced() || this.target.givesOwnIds) return 1;
    const full = Math.floor(this.waitingEvents() / this.settings.batchSize);
    return Math.min(Math.max(full, 1), LEASE_BATCHES);
  }

  /** Only while all goes well and a backlog waits: a lease held through an outage would be out of everybody's sight. */
  private async fetchAhead(): Promise<void> {
    const now = this.clock.monotonic();
    const goesWell = this.host.failures === 0 && hostOpensAt(this.host) <= now && !this.isPaced();
    if (this.stopping || this.paused || this.fetched || !goesWell) return;
    if (this.lanes.size === 0 || this.waitingEvents() < this.settings.batchSize) return;
    if ((this.outbox.nextDueAt() ?? Infinity) > now) return;
    this.fetched = await this.lease(false, false);
    // A lane may have ended meanwhile.
    if (this.fetched && this.hasFreeLane()) this.wake();
  }

  private takeFetched(): Lease | undefined {
    const lease = this.fetched;
    this.fetched = undefined;
    return lease;
  }

  private async giveBackFetched(): Promise<void> {
    const lease = this.takeFetched();
    if (lease) await this.giveBack(lease);
  }

  private async giveBack(lease: Lease): Promise<void> {
    try {
      await this.outbox.settle(lease, { acked: [], retry: [], dead: [] });
    } catch (error) {
      this.noteError(error);
    }
  }

  private leaseFailed(error: unknown): void {
    this.noteError(error);
    this.leaseRetryAt = this.clock.monotonic() + LEASE_RETRY_WAIT;
    this.setAlarm(LEASE_RETRY_WAIT);
  }

  private setAlarm(wait: number): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (Number.isFinite(wait) && !this.stopping) {
      this.cancelTimer = this.clock.setTimer(() => this.wake(), wholeMs(wait));
    }
  }

  private async allLanesEnded(): Promise<void> {
    await this.scheduling;
    await this.giveBackFetched();
    await Promise.all([...this.lanes]);
  }

  // ----- one lease

  /** Never rejects. */
  private async runLane(lease: Lease): Promise<void> {
    const delivery = new LeaseDelivery(lease, this.deps);
    this.sendingLanes++;
    try {
      await delivery.run();
    } catch (error) {
      // A bug in this package. What the delivery settled still holds; wait, to avoid a storm of requests.
      this.noteError(error);
      this.leaseRetryAt = this.clock.monotonic() + LEASE_RETRY_WAIT;
    }
    this.sendingLanes--;
    this.wake();
    await this.settle(lease, delivery);
  }

  private async settle(lease: Lease, delivery: LeaseDelivery): Promise<void> {
    const { acked, retry, dead } = delivery.outcome;
    const isOver = acked.length > 0 && retry.length === 0 && dead.length === 0;
    if (isOver) this.lastError = undefined;
    try {
      await this.outbox.settle(lease, delivery.outcome);
    } catch (error) {
      // The outcome holds in this process; after a crash these events are sent again, with the same bytes.
      this.noteError(error);
    }
    if (debug.enabled) trace(delivery);
    this.deliveredCount += delivery.delivered.length;
    this.refusedCount += delivery.refused.length;
    this.doubtfulCount += delivery.doubtful;
    const { delivered, refused, batchWarnings } = delivery;
    if (delivered.length > 0) this.tell('delivered', (listener) => listener(delivered, batchWarnings));
    if (refused.length > 0) this.tell('refused', (listener) => listener(refused));
    this.tellState();
  }

  private guardedUntil(): number {
    return this.endedUncleanly ? this.startedAt + this.settings.lateLandingMs : -Infinity;
  }

  private makeDeps(): DeliveryDeps {
    return {
      memory: this.memory,
      target: this.target,
      lateLandingMs: this.settings.lateLandingMs,
      guardedUntil: () => this.guardedUntil(),
      now: () => this.clock.monotonic(),
      wallNow: () => this.clock.now(),
      random: this.random,
      request: (bytes, perform) => this.request(bytes, perform),
      isolationTurn: () => this.isolationTurn(),
      hasIsolationTurn: () => this.hasIsolationTurn(),
      tryIsolationTurn: () => this.tryIsolationTurn(),
      noteRefusedRequest: () => this.isolationBudget.spend(this.clock.monotonic()),
      beginIsolation: () => this.beginIsolation(),
      endIsolation: () => {
        this.isolating = false;
      },
      batchLimits: () => ({ events: this.settings.batchSize, bytes: this.batchBytes }),
      batchTooLarge: (bytes) => {
        this.batchBytes = Math.max(SMALLEST_BATCH_BYTES, Math.min(this.batchBytes, Math.floor(bytes / 2)));
      },
      markUploaded: (id, place, sourceId) => this.markUploaded(id, place, sourceId),
      markSent: (id) => this.outbox.markSent(id).catch((error: unknown) => this.noteError(error)),
      suspected: ({ eventId }, failure, retryAt) => {
        const error = this.errorOf(failure);
        const retryInMs = retryAt - this.clock.monotonic();
        this.tell('suspected', (listener) => listener({ eventId, error, retryInMs }));
      },
      rejectionChanged: (useCaseId, change, failure) => this.rejectionChanged(useCaseId, change, failure),
    };
  }

  private beginIsolation(): boolean {
    if (this.isolating) return false;
    this.isolating = true;
    return true;
  }

  private async markUploaded(id: string, place: PicturePlace, sourceId: string): Promise<boolean> {
    try {
      await this.outbox.markUploaded(id, place, sourceId);
      return true;
    } catch (error) {
      this.noteError(error);
      return false;
    }
  }

  // ----- requests

  private async request<T>(
    bytes: number,
    perform: (target: Target, signal: AbortSignal) => Promise<T>,
  ): Promise<RequestResult<T>> {
    if (!(await this.admitted(bytes))) return { kind: 'closed' };
    const startedAt = this.clock.monotonic();
    this.requestsInFlight++;
    try {
      const value = await perform(this.target, this.aborter.signal);
      this.hostAnswered(startedAt);
      return { kind: 'answered', value };
    } catch (error) {
      if (this.stopping) return { kind: 'aborted' };
      return this.requestFailed(error, startedAt);
    } finally {
      this.requestsInFlight--;
    }
  }

  private requestFailed(
    error: unknown,
    startedAt: number,
  ): { kind: 'refused' | 'failed'; failure: SendFailure } {
    const failure = asSendFailure(error);
    debug('retry: %s (%s)', failure.message, failure.code);
    this.retries++;
    this.retriesByCause[causeOf(failure)]++;
    this.noteError(failure);
    if (classify(failure) === 'suspect') {
      // The host works: it read what was sent.
      this.hostAnswered(startedAt);
      return { kind: 'refused', failure };
    }
    this.hostFailed(failure, startedAt);
    return { kind: 'failed', failure };
  }

  /** Every request passes here: the host's gate, the operator's pause, the pace of a damped drain. */
  private async admitted(bytes: number): Promise<boolean> {
    for (;;) {
      const now = this.clock.monotonic();
      if (this.stopping || this.paused || hostOpensAt(this.host) > now) return false;
      if (!this.isPaced()) return true;
      if (this.pacer.opensAt() <= now) {
        this.pacer.take(now, bytes, this.paceFactor(now));
        return true;
      }
      await this.sleep(this.pacer.opensAt() - now);
    }
  }

  private isPaced(): boolean {
    return this.dampedSince !== undefined || this.dampedLanes > 0;
  }

  /** The pace doubles every ten minutes, or a plant that makes more requests than it allows would never catch up. */
  private paceFactor(now: number): number {
    const dampedFor = now - (this.dampedSince ?? now);
    return 2 ** Math.min(20, Math.floor(dampedFor / RETRY_POLICY.drainPaceDoubles));
  }

  private async isolationTurn(): Promise<boolean> {
    while (!this.stopping) {
      if (this.tryIsolationTurn()) return true;
      await this.sleep(this.isolationBudget.opensAt() - this.clock.monotonic());
    }
    return false;
  }

  private tryIsolationTurn(): boolean {
    if (!this.hasIsolationTurn()) return false;
    this.isolationBudget.spend(this.clock.monotonic());
    return true;
  }

  private hasIsolationTurn(): boolean {
    return this.isolationBudget.opensAt() <= this.clock.monotonic();
  }

  /** Wakes early when the sender stops. */
  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wakeUp = () => {
        cancel();
        this.sleepers.delete(wakeUp);
        resolve();
      };
      const cancel = this.clock.setTimer(wakeUp, wholeMs(ms));
      this.sleepers.add(wakeUp);
    });
  }

  // ----- the host, and what people are told

  private hostAnswered(startedAt: number): void {
    const lanes = this.host.concurrency;
    this.host = afterSuccess(this.host, startedAt, this.settings.concurrency);
    if (this.host.concurrency > lanes) this.wake();
    if (this.host.failures > 0) return;
    this.failedSinceSuccess = 0;
    if (!this.outage) return;
    const ended = this.outage;
    this.outage = undefined;
    this.dampedSince = this.clock.monotonic();
    // The request that ended the outage is the first of the drain.
    this.pacer.take(startedAt, 0, 1);
    this.tellOutage('end', ended);
  }

  private hostFailed(failure: SendFailure, startedAt: number): void {
    const now = this.clock.monotonic();
    this.host = afterFailure(this.host, failure, startedAt, now, this.random);
    this.failedSinceSuccess++;
    if (this.outage) {
      this.outage.attempts++;
      return;
    }
    const needsOperator = this.host.breaker !== undefined;
    if (!needsOperator && this.host.failures < RETRY_POLICY.outageAfter) return;
    this.outage = {
      kind: needsOperator ? 'operator' : 'unreachable',
      since: this.host.failingSince ?? now,
      error: this.errorOf(failure),
      attempts: this.failedSinceSuccess,
    };
    this.tellOutage('begin', this.outage);
  }

  /** Called for each single refusal too (`change` is undefined), so that the final notice can give the count. */
  private rejectionChanged(useCaseId: string, change: RejectionChange, failure?: SendFailure): void {
    const known = this.rejections.get(useCaseId);
    if (known && failure) known.attempts++;
    if (change === 'doubted') {
      // Its first probe is due now: is the use case refused, or only a stretch of its events?
      this.skipLinger = true;
    } else if (change === 'begin' && failure) {
      const since = this.clock.monotonic();
      const rejection: Outage = { kind: 'rejecting', since, error: this.errorOf(failure), attempts: 1 };
      this.rejections.set(useCaseId, rejection);
      this.tellOutage('begin', rejection, useCaseId);
    } else if (change === 'end' && known) {
      this.rejections.delete(useCaseId);
      this.tellOutage('end', known, useCaseId);
    }
  }

  private tellOutage(phase: OutageNotice['phase'], outage: Outage, useCaseId?: string): void {
    const notice: OutageNotice = {
      phase,
      kind: outage.kind,
      useCaseId,
      error: outage.error,
      events: this.outbox.stats().events,
      attempts: outage.attempts,
      durationMs: phase === 'begin' ? 0 : this.clock.monotonic() - outage.since,
    };
    this.tell('outage', (listener) => listener(notice));
  }

  private tellState(): void {
    if (this.listeners.state.size === 0) return;
    const state = this.state();
    this.tell('state', (listener) => listener(state));
  }

  /** A listener that throws must not stop the delivery. */
  private tell<E extends keyof SenderListeners>(
    event: E,
    call: (listener: SenderListeners[E]) => void,
  ): void {
    for (const listener of [...this.listeners[event]]) {
      try {
        call(listener);
      } catch (error) {
        this.noteError(error);
      }
    }
  }

  private noteError(error: unknown): void {
    this.lastError = this.errorOf(error);
  }

  private errorOf(error: unknown): SenderError {
    const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
    const message = error instanceof Error ? error.message : String(error);
    return {
      code: typeof code === 'string' ? code : 'UNEXPECTED',
      statusCode: typeof statusCode === 'number' ? statusCode : undefined,
      message: message.slice(0, LONGEST_MESSAGE),
      at: this.clock.now(),
    };
  }
}

/** For `NODE_DEBUG=vision-events`: what became of a lease, and when what failed is tried again. */
function trace({ outcome: { acked, retry, dead } }: LeaseDelivery): void {
  debug('lease: %d delivered, %d to try again, %d refused', acked.length, retry.length, dead.length);
  for (const { id, why } of [...retry, ...dead]) debug('event %s of the outbox: %s', id, why);
}

/** Rounded up: a timer that fires a fraction of a millisecond early would have to be set again and again. */
function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}

/** A target rejects with a `SendFailure` only. Should it not, the event is kept and tried again. */
function asSendFailure(error: unknown): SendFailure {
  if (error instanceof Error && typeof (error as Partial<SendFailure>).code === 'string') {
    return error as SendFailure;
  }
  const message = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(`The target failed in an unexpected way: ${message}`), {
    code: 'SERVER_ERROR' as const,
  });
}
