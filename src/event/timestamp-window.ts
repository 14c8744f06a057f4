import { NEWEST_TIMESTAMP_MS, OLDEST_TIMESTAMP_MS } from './limits';
import { toIsoTimestamp } from './timestamp';
import type { FieldError } from './types';
import { EARLIEST_NOW, isPlainlyWrong } from './wrong-clock';

/**
 * Whether a time lies between one year ago and tomorrow ("Request Body Parameters", `timestamp`; how that is read:
 * docs/decisions/timestamp-window.md). A clock that is plainly wrong tells nothing of a time but that both may be its
 * own.
 *
 * @param value as it stands in the event
 * @param moment the same, ms since 1970
 * @param now the device's clock, ms since 1970
 * @returns undefined when it does
 */
export function windowError(
  value: string,
  moment: number,
  now: number,
): Pick<FieldError, 'type' | 'message'> | undefined {
  const isWrong = isPlainlyWrong(now);
  if (isWrong && moment < EARLIEST_NOW - OLDEST_TIMESTAMP_MS) {
    return {
      type: 'date.min',
      message:
        `${value}: set this device's clock, it shows ${inWords(now)}. ` +
        'The API takes times between one year ago and tomorrow. ' +
        'Events whose time is "now" wait for the clock where they are stored and delivered in the background.',
    };
  }
  const cure =
    "The API takes times between one year ago and tomorrow. Check this device's clock and the value.";
  if (!isWrong && moment < now - OLDEST_TIMESTAMP_MS) {
    return { type: 'date.min', message: `${value} is more than one year ago. ${cure}` };
  }
  if (!isWrong && moment > now + NEWEST_TIMESTAMP_MS) {
    return { type: 'date.max', message: `${value} is later than tomorrow. ${cure}` };
  }
  return undefined;
}

/** A clock may show what no date can be made of. */
const inWords = (now: number): string => toIsoTimestamp(new Date(now))?.slice(0, 10) ?? 'no date';
