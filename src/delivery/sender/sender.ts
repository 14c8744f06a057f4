import type { Outbox } from '../outbox/outbox';
import type { Target } from '../../api/target';
import { HostGate } from './gate';
import type { LateLanding } from './handover';
import { LateLandings } from './late-landings';
import { Leases } from './leases';
import { SenderMemory } from './memory';
import { Notices } from './notices';
import { systemSenderClock, type SenderClock } from './clock';
import { DEFAULT_SENDER_SETTINGS, type SenderSettings } from './settings';
import type { SenderListeners, SenderState, SenderStateName } from './types';

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

/**
 * Delivers what waits in an outbox to a target: batches, retries, isolation of refused events, a damped drain after an
 * outage. At least once; one body for each event id; a newer version of an event never passes an older one.
 *
 * A sender starts once and stops once; whoever changes key or address makes a new one, which tries at once.
 */
export class Sender {
  private readonly outbox: Outbox;
  private readonly clock: SenderClock;
  private readonly memory: SenderMemory;
  private readonly notices: Notices;
  private readonly gate: HostGate;
  private readonly leases: Leases;
  private started = false;

  constructor({ outbox, target, lateLandings, listeners, ...parts }: SenderParts) {
    const { clock = systemSenderClock, random = Math.random } = parts;
    const settings = { ...DEFAULT_SENDER_SETTINGS, ...parts.settings };
    this.outbox = outbox;
    this.clock = clock;
    const landings = new LateLandings(settings.lateLandingMs, lateLandings, clock.monotonic());
    this.memory = new SenderMemory(landings);
    this.notices = new Notices({ outbox, clock, listeners, state: () => this.state() });
    this.gate = new HostGate({ outbox, target, clock, random, settings, notices: this.notices });
    const { memory, notices, gate } = this;
    this.leases = new Leases({ outbox, target, clock, random, settings, memory, notices, gate });
  }

  /** @returns removes the listener */
  on<E extends keyof SenderListeners>(event: E, listener: SenderListeners[E]): () => void {
    return this.notices.on(event, listener);
  }

  /** Begins to deliver what waits, and what is appended from now on. Once only. */
  start(): void {
    if (this.started) return;
    this.started = true;
    this.memory.landings.started(this.clock.monotonic());
    this.leases.start();
  }

  /**
   * Sends nothing more, aborts the requests under way and gives their events back to the outbox. Never drains.
   * Resolves when the outbox was told everything that is known, at the latest after `deadlineMs`. Idempotent.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.gate.stop();
    let cancelDeadline: () => void = () => undefined;
    const deadline = new Promise<void>((resolve) => {
      cancelDeadline = this.clock.setTimer(resolve, deadlineMs);
    });
    await Promise.race([this.leases.ended(), deadline]);
    cancelDeadline();
  }

  /**
   * For the next sender of this outbox, after `stop`: what may still land.
   * @returns undefined when the deadline of `stop` ended it, so that not all is known
   */
  lateLandings(): LateLanding[] | undefined {
    return this.leases.underWay === 0 ? this.memory.landings.leftOver(this.clock.monotonic()) : undefined;
  }

  /** Tries now what waits for a better moment: linger, backoff, the next probe. A `Retry-After` stays respected. */
  flush(): void {
    this.gate.tryNow();
    this.leases.hurry();
  }

  /** No new request of this sender; those under way go on. */
  pause(): void {
    if (this.gate.pausedHere) return;
    this.gate.pausedHere = true;
    this.notices.tellState();
  }

  /** Ends a pause. */
  resume(): void {
    if (!this.gate.pausedHere) return;
    this.gate.pausedHere = false;
    this.notices.tellState();
    this.leases.wake();
  }

  /** What the sender does at this moment. */
  state(): SenderState {
    const { events, bytes, oldestAgeMs, dropped } = this.outbox.stats();
    const now = this.clock.monotonic();
    const state = this.stateName(events, now);
    const nextAttemptAt = Math.max(this.gate.opensAt(), this.outbox.nextDueAt() ?? -Infinity);
    return {
      state,
      breaker: this.gate.breaker,
      events,
      bytes,
      oldestAgeMs,
      dropped,
      ...this.notices.soFar(),
      inFlight: this.gate.requestsInFlight,
      nextAttemptMs:
        state === 'waiting' && Number.isFinite(nextAttemptAt) ? Math.max(0, nextAttemptAt - now) : undefined,
      rejecting: this.memory.rejectingUseCases(),
    };
  }

  private stateName(events: number, now: number): SenderStateName {
    if (this.gate.paused) return 'paused';
    if (events === 0) return 'idle';
    const isHostClosed = this.notices.hasOutage || this.gate.opensAt() > now;
    if (isHostClosed) return 'waiting';
    if (this.leases.underWay > 0) return 'delivering';
    // Without a due time all of them are just being taken out of the outbox.
    return (this.outbox.nextDueAt() ?? -Infinity) > now ? 'waiting' : 'delivering';
  }
}
