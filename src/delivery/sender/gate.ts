import { setMaxListeners } from 'node:events';
import { debug } from '../../debug';
import type { SendFailure, Target } from '../../api/target';
import type { Lease, Outbox } from '../outbox/outbox';
import type { Notices } from './notices';
import { DampedDrain, RequestBudget, RequestPacer } from './pacing';
import {
  RETRY_POLICY,
  afterFailure,
  afterSuccess,
  classify,
  healthyHost,
  hostOpensAt,
  probesSingly,
  type HostHealth,
} from './retry-policy';
import { wholeMs, type SenderClock } from './clock';
import type { SenderSettings } from './settings';
import type { BreakerState } from './types';

/**
 * How a request ended. `closed`: it was not sent, because the sender stops, the host is to be left alone, or its events
 * may be with others. `aborted`: it was under way when the sender stopped, or when its events were about to be with
 * others.
 */
export type RequestResult<T> =
  | { kind: 'answered'; value: T }
  | { kind: 'refused'; failure: SendFailure }
  | { kind: 'failed'; failure: SendFailure }
  | { kind: 'closed' }
  | { kind: 'aborted' };

export interface GateDeps {
  outbox: Pick<Outbox, 'pace'>;
  target: Target;
  clock: SenderClock;
  random: () => number;
  settings: SenderSettings;
  notices: Notices;
}

/**
 * Every request passes here: the health of the host, the operator's pause, the pace of a damped drain, the budget of
 * isolation.
 */
export class HostGate {
  readonly drain: DampedDrain;
  /** the host bears more leases at the same time than before */
  onWider: () => void = () => undefined;
  /** by the operator, this worker alone */
  pausedHere = false;
  requestsInFlight = 0;
  // A start may follow a power cut of a whole plant: begin with one request at a time.
  private host: HostHealth = healthyHost(1);
  private readonly isolationBudget = new RequestBudget(
    RETRY_POLICY.isolationRequests,
    RETRY_POLICY.isolationWindow,
  );
  private isolating = false;
  private readonly stopped = new AbortController();
  private readonly sleepers = new Set<() => void>();

  constructor(private readonly deps: GateDeps) {
    const { requestsPerSecond, bytesPerSecond } = deps.settings;
    const pacer = new RequestPacer(requestsPerSecond, bytesPerSecond);
    this.drain = new DampedDrain(pacer, () => deps.outbox.pace);
    setMaxListeners(Infinity, this.stopped.signal);
  }

  /** For good: aborts what is under way, and wakes what waits for its turn. */
  stop(): void {
    this.stopped.abort();
    for (const wakeUp of [...this.sleepers]) wakeUp();
  }

  /** Forgets a backoff. A `Retry-After` stays respected. */
  tryNow(): void {
    this.host = { ...this.host, notBefore: -Infinity };
  }

  get stopping(): boolean {
    return this.stopped.signal.aborted;
  }

  /** By the operator: this worker, or all of them. */
  get paused(): boolean {
    return this.pausedHere || (this.deps.outbox.pace?.isPaused ?? false);
  }

  // ----- the host

  /** From then on the host may be asked. */
  opensAt(): number {
    const closedForMs = this.deps.outbox.pace?.closedForMs() ?? 0;
    return Math.max(hostOpensAt(this.host), closedForMs > 0 ? this.now() + closedForMs : -Infinity);
  }

  get isFailing(): boolean {
    return this.host.failures > 0;
  }

  get breaker(): BreakerState {
    if (this.host.breaker) return 'open';
    return this.isFailing ? 'backing-off' : 'closed';
  }

  /** True when a single event asks whether the host works again. */
  get probesSingly(): boolean {
    return probesSingly(this.host);
  }

  /** How many leases may be under way at the same time. */
  get concurrency(): number {
    return this.probesSingly ? 1 : Math.min(this.host.concurrency, this.deps.settings.concurrency);
  }

  // ----- requests

  /**
   * Sends one request when the host, the pace and the operator allow it. Never rejects.
   *
   * @param lease of the events; asked at the last moment whether it is held
   */
  async request<T>(
    bytes: number,
    lease: Pick<Lease, 'isHeld' | 'lost'>,
    perform: (target: Target, signal: AbortSignal) => Promise<T>,
  ): Promise<RequestResult<T>> {
    if (!(await this.admitted(bytes)) || !lease.isHeld()) return { kind: 'closed' };
    const startedAt = this.now();
    const { signal, letGo } = this.endedWith(lease.lost);
    this.requestsInFlight++;
    try {
      const value = await perform(this.deps.target, signal);
      this.hostAnswered(startedAt);
      return { kind: 'answered', value };
    } catch (error) {
      if (signal.aborted) return { kind: 'aborted' };
      return this.requestFailed(asSendFailure(error), startedAt);
    } finally {
      this.requestsInFlight--;
      letGo();
    }
  }

  /** A signal of its own for each request would be costly, and only a lease that can be lost needs one. */
  private endedWith(lost: AbortSignal | undefined): { signal: AbortSignal; letGo: () => void } {
    if (!lost) return { signal: this.stopped.signal, letGo: () => undefined };
    const either = new AbortController();
    const end = () => either.abort();
    const ends = [this.stopped.signal, lost];
    for (const signal of ends) signal.addEventListener('abort', end);
    return {
      signal: either.signal,
      letGo: () => {
        for (const signal of ends) signal.removeEventListener('abort', end);
      },
    };
  }

  private async admitted(bytes: number): Promise<boolean> {
    for (;;) {
      const now = this.now();
      if (this.isClosed(now)) return false;
      const wait = this.drain.opensAt() - now;
      if (wait <= 0) {
        const turn = this.drain.take(now, bytes);
        return turn ? this.admittedInTurn(await turn) : true;
      }
      await this.sleep(wait);
    }
  }

  private async admittedInTurn(wait: number): Promise<boolean> {
    if (wait > 0 && !this.stopping) await this.sleep(wait);
    return !this.isClosed(this.now());
  }

  private isClosed(now: number): boolean {
    return this.stopping || this.paused || this.opensAt() > now;
  }

  private requestFailed(
    failure: SendFailure,
    startedAt: number,
  ): { kind: 'refused' | 'failed'; failure: SendFailure } {
    debug('retry: %s (%s)', failure.message, failure.code);
    this.deps.notices.requestFailed(failure);
    if (classify(failure) === 'suspect') {
      // The host works: it read what was sent.
      this.hostAnswered(startedAt);
      return { kind: 'refused', failure };
    }
    this.host = afterFailure(this.host, failure, startedAt, this.now(), this.deps.random);
    if (failure.retryAfterMs !== undefined)
      this.deps.outbox.pace?.close(this.host.retryAfterUntil - this.now());
    const hadOutage = this.deps.notices.hasOutage;
    this.deps.notices.hostFailed(this.host, failure);
    if (!hadOutage && this.deps.notices.hasOutage) this.drain.outageBegan();
    return { kind: 'failed', failure };
  }

  private hostAnswered(startedAt: number): void {
    const before = this.host.concurrency;
    this.host = afterSuccess(this.host, startedAt, this.deps.settings.concurrency);
    if (this.host.concurrency > before) this.onWider();
    if (this.isFailing) return;
    if (this.deps.notices.hasOutage) this.drain.begin(startedAt, this.now());
    this.deps.notices.hostAnswered();
  }

  // ----- isolation: finding the refused events of a batch has a budget of its own

  /** Isolation holds a lane for long, so only one goes on at a time: live events keep the other lane. */
  beginIsolation(): boolean {
    if (this.isolating) return false;
    this.isolating = true;
    return true;
  }

  endIsolation(): void {
    this.isolating = false;
  }

  /** Resolves when isolation may send its next request, false when the sender stops. */
  async isolationTurn(): Promise<boolean> {
    while (!this.stopping) {
      if (this.tryIsolationTurn()) return true;
      await this.sleep(this.isolationBudget.opensAt() - this.now());
    }
    return false;
  }

  /** True when isolation may send a request now; it is counted. */
  tryIsolationTurn(): boolean {
    if (!this.hasIsolationTurn()) return false;
    this.noteRefusedRequest();
    return true;
  }

  /** The same, not counted. */
  hasIsolationTurn(): boolean {
    return this.isolationBudget.opensAt() <= this.now();
  }

  /** A request was refused that was no turn of isolation: it counts as one. */
  noteRefusedRequest(): void {
    this.isolationBudget.spend(this.now());
  }

  private now(): number {
    return this.deps.clock.monotonic();
  }

  /** Wakes early when the sender stops. */
  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wakeUp = () => {
        cancel();
        this.sleepers.delete(wakeUp);
        resolve();
      };
      const cancel = this.deps.clock.setTimer(wakeUp, wholeMs(ms));
      this.sleepers.add(wakeUp);
    });
  }
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
