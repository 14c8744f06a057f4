/** Names of bundle files that a user writes: the API ignores them, so they may say to people what is inside. */
import { topClass } from '../event/derive';
import type { VisionEvent } from '../event/types';
import { BundleError, bundleMoment, fileSafe } from './format';
import { isNamePattern, MAX_NAME_LENGTH } from './is-name-pattern';

/** What stands in place of a value that the event does not have. */
const ABSENT = 'none';

const VALUES: Record<string, (event: VisionEvent) => unknown> = {
  class: ({ images }) => topClass(images ?? []),
  result: ({ eventData }) => eventData?.['result'],
  eventType: ({ eventType }) => eventType,
  time: ({ timestamp }) => bundleMoment(timestamp),
  id: ({ eventId }) => fileSafe(eventId),
};

/** Why a pattern for the names of bundle files cannot be used, or undefined. */
export function namePatternError(pattern: string): string | undefined {
  if (isNamePattern(pattern)) return undefined;
  return (
    `The file name "${pattern}" cannot be used. Enter letters, digits, ".", "_", "-", {class}, {result}, {eventType}, {time} ` +
    `or {id}, not beginning with a dot, at most ${MAX_NAME_LENGTH} characters.`
  );
}

/**
 * The names that a bundle of this event may have, the wanted one first; the others are for when it is taken.
 *
 * @throws BundleError for a pattern that cannot be used
 */
export function* patternedFileNames(pattern: string, event: VisionEvent): Generator<string, never> {
  const error = namePatternError(pattern);
  if (error !== undefined) throw new BundleError('BUNDLE_INVALID', error);
  const stem = pattern
    .replace(/\{(\w+)\}/g, (_, name: string) => fitting(VALUES[name]!(event)))
    .replace(/\.tar\.gz$/i, '')
    .slice(0, MAX_NAME_LENGTH);
  yield `${stem}.tar.gz`;
  // Many events may have one class; their ids tell them apart.
  const apart = `${stem.slice(0, MAX_NAME_LENGTH - 100)}_${fileSafe(event.eventId)}`;
  yield `${apart}.tar.gz`;
  for (let number = 2; ; number += 1) yield `${apart}_${number}.tar.gz`;
}

function fitting(value: unknown): string {
  const text = typeof value === 'string' ? value.replace(/[^\w.-]+/g, '_') : '';
  return text.replace(/^\.+/, '') || ABSENT;
}
