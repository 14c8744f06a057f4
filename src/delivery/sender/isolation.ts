import { RETRY_POLICY } from './retry-policy';

/** How the target answered to a group of events: it took all of them, or none. */
export type GroupAnswer = { accepted: true } | { accepted: false; tooLarge: boolean };

export interface Isolation<T> {
  /** Sends the group as one request. What it throws ends the search. */
  send(group: T[]): Promise<GroupAnswer>;
  /** Asked before each request; true leaves the rest untried. */
  giveUp(): boolean;
}

/**
 * Finds the events for which the target refused a whole batch: halves the batch until `halvingLeaves` single events
 * were refused, then goes one by one. A half is not tried as a whole when its sibling was accepted, because then the
 * error must lie in it - unless the batch was only too large. The younger half comes first: what waits behind bad
 * events is what somebody waits for.
 *
 * One bad event in a hundred costs about 11 requests, one by one would cost 101.
 * @param batch events that were just refused together, oldest first
 * @param tooLarge the refusal was 413, which says nothing of the single events
 * @returns how many single events were refused
 */
export async function isolateRefused<T>(
  batch: T[],
  tooLarge: boolean,
  isolation: Isolation<T>,
): Promise<number> {
  let refusedLeaves = 0;

  async function searchIn(group: T[], groupTooLarge: boolean): Promise<void> {
    if (refusedLeaves > RETRY_POLICY.halvingLeaves) {
      for (const event of [...group].reverse()) await trial([event]);
      return;
    }
    const middle = Math.ceil(group.length / 2);
    const older = group.slice(0, middle);
    const younger = group.slice(middle);
    const youngerAccepted = await trial(younger);
    const errorMustBeOlder = youngerAccepted && !groupTooLarge && older.length > 1;
    if (errorMustBeOlder) await searchIn(older, false);
    else await trial(older);
  }

  /** @returns true when every event of the group was accepted */
  async function trial(group: T[]): Promise<boolean> {
    if (isolation.giveUp()) return false;
    const answer = await isolation.send(group);
    if (answer.accepted) return true;
    if (group.length === 1) refusedLeaves++;
    else await searchIn(group, answer.tooLarge);
    return false;
  }

  if (batch.length === 1) await trial(batch);
  else await searchIn(batch, tooLarge);
  return refusedLeaves;
}

/**
 * The events that an error text names, by event id or by position (`events[3]`, `events.3`, `[3].eventType`).
 * Only a hint of whom to try alone first: nothing is refused for good because of it.
 */
export function namedInError<T extends { eventId: string }>(message: string, batch: T[]): T[] {
  const positions = [...message.matchAll(/(?:\bevents?\s*[[.]\s*|(?:^|[\s:"'])\[)(\d{1,3})\b/gi)].map(
    (match) => Number(match[1]),
  );
  return batch.filter((event, index) => positions.includes(index) || message.includes(event.eventId));
}
