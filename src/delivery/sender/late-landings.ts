import type { StoredEvent } from '../outbox/outbox';
import type { LateLanding } from './handover';

/**
 * Versions of events that the target may still store, although they were sent a while ago: a newer version of the same
 * event waits until that is over. Times in ms of the monotonic clock.
 */
export class LateLandings {
  /** by event id, oldest first as near as matters */
  private readonly landings = new Map<string, { id: string; until: number }>();
  /** until then, requests of a sender before this one that ended without a word (a crash) may still land */
  private guardedUntil = -Infinity;

  /**
   * @param landsWithin how long a request whose answer was lost may still land, ms
   * @param left by the sender before this one; undefined when it ended without a word
   */
  constructor(
    private readonly landsWithin: number,
    private readonly left: LateLanding[] | undefined,
    now: number,
  ) {
    for (const { eventId, id, forMs } of left ?? []) this.landings.set(eventId, { id, until: now + forMs });
  }

  started(now: number): void {
    if (this.left === undefined) this.guardedUntil = now + this.landsWithin;
  }

  /** The answer to this version was lost. */
  note(event: StoredEvent, now: number): void {
    this.add(event, now, now + this.landsWithin);
  }

  /**
   * While nobody knows what the sender before this one had under way, an older version of an accepted event may land
   * after it.
   */
  noteAccepted(event: StoredEvent, now: number): void {
    if (this.guardedUntil > now) this.add(event, now, this.guardedUntil);
  }

  /** @returns the moment from which the event may be sent, when an older version of it may still land */
  blockedUntil(event: StoredEvent, now: number): number | undefined {
    this.forgetPast(now);
    const landing = this.landings.get(event.eventId);
    return landing && landing.id !== event.id && landing.until > now ? landing.until : undefined;
  }

  /** @returns for how long this very version may still land, ms */
  leftOf(event: StoredEvent, now: number): number {
    const landing = this.landings.get(event.eventId);
    return landing?.id === event.id ? Math.max(0, landing.until - now) : 0;
  }

  /** For the next sender of this outbox. */
  leftOver(now: number): LateLanding[] {
    return [...this.landings]
      .filter(([, { until }]) => until > now)
      .map(([eventId, { id, until }]) => ({ eventId, id, forMs: until - now }));
  }

  private add({ eventId, id }: StoredEvent, now: number, until: number): void {
    this.forgetPast(now);
    if (until <= now) return;
    const known = this.landings.get(eventId);
    // Deleted first, so that the map stays sorted by time.
    this.landings.delete(eventId);
    this.landings.set(eventId, { id, until: Math.max(until, known?.until ?? until) });
  }

  private forgetPast(now: number): void {
    if (this.landings.size === 0) return;
    for (const [eventId, { until }] of this.landings) {
      if (until > now) return;
      this.landings.delete(eventId);
    }
  }
}
