import { randomBytes } from 'node:crypto';
import { isPlainlyWrong } from '../event/wrong-clock';
import { type Clock, systemClock } from './outbox/outbox';

/** Times of one setting of the wall clock are right, or wrong by the same. */
export interface ClockSetting {
  /** what the wall clock would have shown when the machine started, ms since 1970 */
  readonly startedAt: number;
}

/** A wall clock that moves by more than this against the monotonic one was set, or the machine slept. */
const JUMP_MS = 60_000;
/** By then a network's time has come. A clock that is set later was right before, as far as anybody can tell. */
const DOUBTED_FOR_MS = 60 * 60_000;

/** The time "now" of an event, while it may still turn out to be wrong. */
export class DoubtfulNow {
  constructor(
    /** ms since 1970 */
    readonly at: number,
    readonly setting: ClockSetting,
  ) {}
}

/**
 * Finds out whether the wall clock can be believed. A gateway without a battery boots in 1970, or at the time of its
 * last shutdown, and gets the right time from the network minutes later.
 */
export class ClockWatch {
  /** of this process */
  readonly id = randomBytes(4).toString('hex');
  private readonly begunAt: number;
  /** how far the wall clock was ahead of the monotonic one */
  private lead: number;
  private current: ClockSetting;

  constructor(private readonly clock: Required<Clock> = systemClock) {
    this.begunAt = clock.monotonic();
    this.lead = this.leadNow();
    this.current = { startedAt: this.startedAtNow() };
  }

  /** The setting of now. Whoever wants to know what became of an earlier one looks every few seconds. */
  look(): ClockSetting {
    const lead = this.leadNow();
    if (Math.abs(lead - this.lead) <= JUMP_MS) return this.current;
    const mayBeSet = this.isDoubted() || isPlainlyWrong(this.current.startedAt + this.clock.sinceBoot());
    this.lead = lead;
    const startedAt = this.startedAtNow();
    if (mayBeSet && Math.abs(startedAt - this.current.startedAt) > JUMP_MS) this.current = { startedAt };
    return this.current;
  }

  /** The time of an event that happens now. */
  now(): number | DoubtfulNow {
    const setting = this.look();
    const at = this.clock.now();
    return this.isDoubtful() ? new DoubtfulNow(at, setting) : at;
  }

  isPlainlyWrong(): boolean {
    return isPlainlyWrong(this.clock.now());
  }

  /** Whether a time taken now may turn out to be wrong. */
  isDoubtful(): boolean {
    return this.isDoubted() || this.isPlainlyWrong();
  }

  /** Ms to add to times of an earlier setting. Only to be asked while the clock is not plainly wrong. */
  shiftSince(earlier: ClockSetting): number {
    return Math.round(this.look().startedAt - earlier.startedAt);
  }

  private isDoubted(): boolean {
    return this.clock.monotonic() - this.begunAt < DOUBTED_FOR_MS;
  }

  private leadNow(): number {
    return this.clock.now() - this.clock.monotonic();
  }

  private startedAtNow(): number {
    return this.clock.now() - this.clock.sinceBoot();
  }
}

/** One for the process: it has to know the clock from the start on. */
export const processClockWatch = new ClockWatch();
