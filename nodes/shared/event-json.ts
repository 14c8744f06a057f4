import { hasLongList, MAX_LIST_LENGTH } from '../../src/event/long-lists';
import { FlowError } from './flow-error';

/**
 * The event's JSON text, written once: what is posted, stored and repeated are the same bytes.
 *
 * @throws FlowError `EVENT_INVALID` when a value cannot be written as JSON
 */
export function eventJson(event: object): string {
  if (hasLongList(event)) throw tooLong();
  try {
    return JSON.stringify(event);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new FlowError(
      'EVENT_INVALID',
      `The event cannot be written as JSON: ${reason}. A value under Metadata or in a field of the event is an object ` +
        'that contains itself, or a BigInt. Hand over texts, numbers and booleans.',
    );
  }
}

export function tooLong(): FlowError {
  return new FlowError(
    'EVENT_INVALID',
    `A list is too long: at most ${MAX_LIST_LENGTH.toLocaleString('en')} entries are read. Send the events in several messages.`,
  );
}
