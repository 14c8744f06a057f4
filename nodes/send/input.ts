import { MAX_LIST_LENGTH } from '../../src/event/long-lists';
import { eventJson, tooLong } from '../shared/event-json';
import { FlowError } from '../shared/flow-error';
import { checkEvent, type CheckedEvent } from '../shared/check-event';
import type { VisionEventSendProperties } from '../shared/properties';

export type GivenEvents = { event: object } | { events: unknown[] };

/**
 * One event, a list, or `{events: […]}` as the API's own batch has it.
 *
 * @throws FlowError `EVENT_INVALID` for anything else
 */
export function givenEvents(value: unknown): GivenEvents {
  if (Array.isArray(value)) return { events: withinLength(value) };
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    const found =
      value === undefined ? 'nothing' : ArrayBuffer.isView(value) ? 'a Buffer' : `a ${typeof value}`;
    throw new FlowError(
      'EVENT_INVALID',
      `There is no vision event to send: found ${value === null ? 'null' : found}. Hand over one event, a list, or {events: […]}; ` +
        'put a JSON node before this one if the events come as text, or choose another property under "Events".',
    );
  }
  const { events } = value as { events?: unknown };
  return Array.isArray(events) ? { events: withinLength(events) } : { event: value };
}

/** Before anything walks it. @throws FlowError `EVENT_INVALID` */
function withinLength(events: unknown[]): unknown[] {
  if (events.length > MAX_LIST_LENGTH) throw tooLong();
  return events;
}

/** The ids of those events that have one. */
export function givenIds(given: GivenEvents): string[] {
  const events = 'events' in given ? given.events : [given.event];
  return events
    .map((event) => ((event ?? {}) as { eventId?: unknown }).eventId)
    .filter((id) => typeof id === 'string');
}

/**
 * A built event, as its JSON text will say it, checked as the API would.
 *
 * @param context.deviceId the workspace's, for an event that names none
 * @throws FlowError `EVENT_INVALID`, StepError with what was found: `EVENT_INVALID`, `EVENT_WARNINGS`
 */
export function checkGivenEvent(
  value: unknown,
  context: { deviceId: string; onWarnings: VisionEventSendProperties['onWarnings']; now: number },
): CheckedEvent {
  const event = asJson(value);
  const named = typeof event === 'object' && event !== null && !Array.isArray(event) ? event : undefined;
  const needsDevice = context.deviceId !== '' && named && !('deviceId' in named);
  const complete = needsDevice ? { ...named, deviceId: context.deviceId } : event;
  return checkEvent(complete, context.onWarnings, { now: context.now });
}

/** A Date, a number that is none: what is checked has to be what is sent. */
function asJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.parse(eventJson(value)) : value;
}
