import { momentOf, type Clock, type Moment } from '../outbox';
import { CLOCK_SET_MS } from '../limits';

/** Whether one of the clocks tells that more than so many ms lie between then and now. */
export function isLongerAgo(then: Moment, ms: number, clock: Clock): boolean {
  const { now, monotonic } = momentOf(clock);
  return monotonic - then.monotonic > ms || Math.abs(now - then.now) > ms;
}

/** How the clocks stood to each other when an event was accepted, and those after it. */
interface Setting {
  fromEvent: number;
  /** wall clock less monotonic clock: it changes when the wall clock is set, and when the machine sleeps */
  wallAhead: number;
  /** time since the machine started less monotonic clock: it changes when the machine sleeps */
  slept: number;
}

/** Beyond that, the times of some events may be wrong again; nobody sets a clock so often. */
const MOST_SETTINGS = 100;

/** Tells when events were accepted by the wall clock as it is now, however often it was set since then. */
export class AcceptanceTimes {
  private readonly startedAt: number;
  /** that of the events from before the start comes first */
  private readonly settings: Setting[];

  /** @param firstEvent number of the first event that will be accepted */
  constructor(
    private readonly clock: Clock,
    private readonly firstEvent: number,
  ) {
    const moment = momentOf(clock);
    this.startedAt = moment.now;
    this.settings = [this.settingFrom(0, moment), this.settingFrom(firstEvent, moment)];
  }

  /** To be told the number of each event that is accepted. */
  note(event: number): void {
    const last = this.settings.at(-1);
    const moment = momentOf(this.clock);
    if (last && !this.wasMoved(last, moment)) return;
    this.settings.push(this.settingFrom(event, moment));
    if (this.settings.length > MOST_SETTINGS) this.settings.splice(2, 1);
  }

  /**
   * @param acceptedAt what the wall clock showed, ms. Before the start, the clock is taken for the one at the start: it
   * was another one if it was ahead of that
   * @param moment now
   */
  asOfNow(event: number, acceptedAt: number, moment: Moment): number {
    let then: Setting | undefined;
    for (const setting of this.settings) if (setting.fromEvent <= event) then = setting;
    const wasAhead = event < this.firstEvent && acceptedAt > this.startedAt;
    if (!then || wasAhead || !this.wasMoved(then, moment)) return acceptedAt;
    const now = this.settingFrom(event, moment);
    const setBy = now.wallAhead - then.wallAhead - (now.slept - then.slept);
    return Math.abs(setBy) > CLOCK_SET_MS ? acceptedAt + setBy : acceptedAt;
  }

  private wasMoved({ wallAhead }: Setting, { now, monotonic }: Moment): boolean {
    return Math.abs(now - monotonic - wallAhead) > CLOCK_SET_MS;
  }

  private settingFrom(fromEvent: number, { now, monotonic }: Moment): Setting {
    const sinceBoot = this.clock.sinceBoot?.() ?? monotonic;
    return { fromEvent, wallAhead: now - monotonic, slept: sinceBoot - monotonic };
  }
}
