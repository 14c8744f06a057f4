import { withMetadata } from './shed-flag';

/** What is done to the time of a stored event: ms to add, or to say that it is unsure. */
export type TimeFix = number | 'unsure';

/**
 * The custom metadata key that tells that the clock of the device was not set, and nobody knows when the event
 * happened.
 */
const UNSURE_KEY = 'clock_unsure';

/** Gives the same text at each attempt. An event without a time that can be read stays as it is. */
export function withTimeFix(body: string, fix: TimeFix | undefined): string {
  if (fix === undefined || fix === 0) return body;
  return fix === 'unsure' ? withMetadata(body, UNSURE_KEY, true) : shifted(body, fix);
}

function shifted(body: string, by: number): string {
  try {
    const event = JSON.parse(body) as { timestamp: string };
    return JSON.stringify({ ...event, timestamp: new Date(Date.parse(event.timestamp) + by).toISOString() });
  } catch {
    return body;
  }
}
