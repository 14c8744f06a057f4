import { debug } from '../../debug';
import type { Lease, Outbox } from '../outbox/outbox';
import type { Target } from '../../api/target';
import { BatchSize } from './batch-size';
import type { HostGate } from './gate';
import { LeaseDelivery, type DeliveryDeps } from './lease-delivery';
import type { SenderMemory } from './memory';
import type { Notices } from './notices';
import { wholeMs, type SenderClock } from './clock';
import type { SenderSettings } from './settings';

/** After the outbox failed to hand out events, or handed out none though some were due. */
const LEASE_RETRY_WAIT = 1000;
/**
 * While all goes well a lease takes several batches, which are sent one after the other: the disk is asked less often.
 */
export const LEASE_BATCHES = 3;
/** Leases that may wait for the disk to write their outcome down; after a crash these events are sent again. */
export const SETTLING_LEASES = 2;

export interface LeasesDeps {
  outbox: Outbox;
  target: Target;
  clock: SenderClock;
  random: () => number;
  settings: SenderSettings;
  memory: SenderMemory;
  gate: HostGate;
  notices: Notices;
}

/**
 * Chooses what is sent next, and when: takes leases out of the outbox as the gate of the host allows, and runs each in
 * a lane.
 */
export class Leases {
  private readonly batchSize: BatchSize;
  private readonly delivery: DeliveryDeps;
  private started = false;
  /** leases under way, until the outbox has written down what became of them */
  private readonly lanes = new Set<Promise<void>>();
  /** those that still send */
  private sendingLanes = 0;
  /** read from the disk while all lanes are busy, so that the next one can begin at once */
  private fetched?: Lease;
  private scheduling?: Promise<void>;
  private wakeAsked = false;
  private cancelTimer?: () => void;

  private lastLeaseAt = -Infinity;
  private retryAt = -Infinity;
  private skipLinger = false;
  private leaseNewest = false;
  private seeksProbe = false;
  /** less waits than fills a batch: the next lease is the last of the drain */
  private drainEnds = false;

  constructor(private readonly deps: LeasesDeps) {
    this.batchSize = new BatchSize(deps.settings);
    this.delivery = { ...deps, batchSize: this.batchSize, hurry: () => (this.skipLinger = true) };
    deps.gate.onWider = () => this.wake();
  }

  /** How many leases are under way. */
  get underWay(): number {
    return this.lanes.size;
  }

  start(): void {
    this.started = true;
    this.deps.outbox.onAppended(() => this.wake());
    this.wake();
  }

  /** Nothing waits for company, nor for an outbox that failed. */
  hurry(): void {
    this.skipLinger = true;
    this.retryAt = -Infinity;
    this.wake();
  }

  /** Looks again whether something can be sent. */
  wake(): void {
    this.wakeAsked = true;
    if (!this.started || this.deps.gate.stopping || this.scheduling) return;
    this.scheduling = this.schedule()
      .catch((error: unknown) => this.leaseFailed(error))
      .finally(() => {
        this.scheduling = undefined;
        if (this.wakeAsked) this.wake();
      });
  }

  /** After the gate was stopped: resolves when the outbox was told of everything. */
  async ended(): Promise<void> {
    this.cancelTimer?.();
    await this.scheduling;
    await this.giveBackFetched();
    await Promise.all([...this.lanes]);
  }

  // ----- when to lease

  private async schedule(): Promise<void> {
    while (this.wakeAsked && !this.deps.gate.stopping) {
      this.wakeAsked = false;
      let wait = this.waitBeforeLease();
      while (wait <= 0 && (await this.startLane())) wait = this.waitBeforeLease();
      this.setAlarm(wait > 0 ? wait : LEASE_RETRY_WAIT);
      await this.fetchAhead();
    }
    this.deps.notices.tellState();
  }

  /** @returns ms until the next lease may be taken; Infinity when only an event or the end of a lane can change that */
  private waitBeforeLease(): number {
    const { gate, outbox } = this.deps;
    const now = this.now();
    if (gate.stopping || gate.paused || !this.hasFreeLane()) return Infinity;
    const dueAt = this.fetched ? -Infinity : outbox.nextDueAt();
    if (dueAt === undefined) {
      this.queueEmptied();
      return Infinity;
    }
    const opensAt = Math.max(dueAt, gate.opensAt(), this.retryAt, gate.drain.opensAt());
    return Math.max(opensAt - now, this.lingerLeft(now));
  }

  /** A lease that only waits for the disk leaves its place to the next one, but not to ever more of them. */
  private hasFreeLane(): boolean {
    const { gate, settings } = this.deps;
    return this.sendingLanes < gate.concurrency && this.lanes.size < settings.concurrency + SETTLING_LEASES;
  }

  /** A full batch does not wait for company, nor does an event when nothing was sent for a while, nor a probe. */
  private lingerLeft(now: number): number {
    const { gate, settings } = this.deps;
    const isBatchFull = this.fetched !== undefined || this.waitingEvents() >= this.batchSize.events;
    this.drainEnds = !isBatchFull;
    if (this.skipLinger || gate.isFailing || isBatchFull) return 0;
    return this.lastLeaseAt + settings.lingerMs - now;
  }

  private waitingEvents(): number {
    const { events, leased } = this.deps.outbox.stats();
    return events - leased - this.deps.memory.deferredCount;
  }

  /** All that waited is leased. */
  private queueEmptied(): void {
    const { gate, outbox, memory } = this.deps;
    if (!gate.isFailing) gate.drain.end();
    if (outbox.stats().events === 0) memory.forgetAllEvents();
  }

  private leaseFailed(error: unknown): void {
    this.deps.notices.noteError(error);
    this.retryAt = this.now() + LEASE_RETRY_WAIT;
    this.setAlarm(LEASE_RETRY_WAIT);
  }

  private setAlarm(wait: number): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (Number.isFinite(wait) && !this.deps.gate.stopping) {
      this.cancelTimer = this.deps.clock.setTimer(() => this.wake(), wholeMs(wait));
    }
  }

  // ----- which events

  private async startLane(): Promise<boolean> {
    const { gate } = this.deps;
    const isDamped = gate.drain.isOn;
    const lease = await this.nextLease();
    if (!lease) return false;
    if (gate.stopping) {
      await this.giveBack(lease);
      return false;
    }
    this.lastLeaseAt = this.now();
    this.skipLinger = false;
    const leaveDrain = isDamped ? gate.drain.leaseBegan() : undefined;
    if (this.drainEnds && !gate.isFailing) gate.drain.end();
    const lane = this.run(lease).finally(() => {
      this.lanes.delete(lane);
      leaveDrain?.();
      this.wake();
    });
    this.lanes.add(lane);
    return true;
  }

  private async nextLease(): Promise<Lease | undefined> {
    const { gate, memory } = this.deps;
    const isProbe = gate.probesSingly;
    // In a damped drain, while probing and behind refused events, every second turn is for the youngest events.
    const newest = this.leaseNewest;
    const takesTurns = gate.drain.isOn || isProbe || memory.hasStretch(this.now());
    this.leaseNewest = takesTurns && !newest;
    // The youngest event of a refused use case tells whether a fixed flow or use case is accepted again. It may belong
    // to another use case, so every second lease is a common one.
    this.seeksProbe = !this.seeksProbe && memory.hasProbeDue(this.now());
    const isCommon = !isProbe && !this.seeksProbe && !newest;
    if (!isCommon) await this.giveBackFetched();
    return this.takeFetched() ?? (await this.lease(isProbe || this.seeksProbe, newest || this.seeksProbe));
  }

  private async lease(single: boolean, newest: boolean): Promise<Lease | undefined> {
    const batch = single ? 1 : this.batchSize.events;
    const events = batch * (single ? 1 : this.batchesOfLease());
    // Of a lease for one request at least half a batch. In a damped drain requests are what is scarce.
    const enough = this.deps.gate.drain.isPaced ? events : Math.max(events - batch, Math.ceil(batch / 2));
    const lease = await this.deps.outbox.lease({ events, bytes: this.batchSize.bytes, newest, enough });
    if (lease) {
      this.deps.memory.noteLeased(lease.events, this.now());
      debug('lease: %d events, the first %s', lease.events.length, lease.events[0]?.eventId);
    }
    return lease;
  }

  /**
   * Full batches only: what is left over may find company. One in a damped drain, where every second lease is for live
   * events, and where an event that is sent again is stored twice.
   */
  private batchesOfLease(): number {
    if (this.deps.gate.drain.isPaced || this.deps.target.givesOwnIds) return 1;
    const full = Math.floor(this.waitingEvents() / this.batchSize.events);
    return Math.min(Math.max(full, 1), LEASE_BATCHES);
  }

  /** Only while all goes well and a backlog waits: a lease held through an outage would be out of everybody's sight. */
  private async fetchAhead(): Promise<void> {
    const { gate, outbox } = this.deps;
    const now = this.now();
    const goesWell = !gate.isFailing && gate.opensAt() <= now && !gate.drain.isPaced;
    if (gate.stopping || gate.paused || this.fetched || !goesWell) return;
    if (this.lanes.size === 0 || this.waitingEvents() < this.batchSize.events) return;
    if ((outbox.nextDueAt() ?? Infinity) > now) return;
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
      await this.deps.outbox.settle(lease, { acked: [], retry: [], dead: [] });
    } catch (error) {
      this.deps.notices.noteError(error);
    }
  }

  // ----- one lease

  /** Never rejects. */
  private async run(lease: Lease): Promise<void> {
    const delivery = new LeaseDelivery(lease, this.delivery);
    this.sendingLanes++;
    try {
      await delivery.run();
    } catch (error) {
      // A bug in this package. What the delivery settled still holds; wait, to avoid a storm of requests.
      this.deps.notices.noteError(error);
      this.retryAt = this.now() + LEASE_RETRY_WAIT;
    }
    this.sendingLanes--;
    this.wake();
    await this.settle(lease, delivery);
  }

  private async settle(lease: Lease, { outcome }: LeaseDelivery): Promise<void> {
    const { acked, retry, dead } = outcome.settlement;
    if (acked.length > 0 && retry.length === 0 && dead.length === 0) this.deps.notices.allIsWell();
    const notes = outcome.notesOf(lease.events);
    try {
      await this.deps.outbox.settle(lease, { ...outcome.settlement, ...(notes.length > 0 && { notes }) });
    } catch (error) {
      // The outcome holds in this process; after a crash these events are sent again, with the same bytes.
      this.deps.notices.noteError(error);
    }
    if (debug.enabled) {
      debug('lease: %d delivered, %d to try again, %d refused', acked.length, retry.length, dead.length);
      for (const { id, why } of [...retry, ...dead]) debug('event %s of the outbox: %s', id, why);
    }
    this.deps.notices.leaseEnded(outcome, lease.events[0]?.useCaseId ?? '');
  }

  private now(): number {
    return this.deps.clock.monotonic();
  }
}
