/** The four fields that the API checks strictly: a fault in one of them is answered with 400, nothing is stored. */
import { MAX_IDENTIFIER_LENGTH, NEWEST_TIMESTAMP_MS, OLDEST_TIMESTAMP_MS } from './limits';
import { shorten } from './report';
import { parseIsoTimestamp } from './timestamp';
import { EVENT_TYPES, type FieldError } from './types';

/** The faults of the strict fields, one a field at most, in the order of the API's page. Messages are for a technician. */
export function strictErrors(event: Record<string, unknown>, now: number): FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, find: (value: unknown) => Fault | undefined) => {
    const value = Object.hasOwn(event, path) ? event[path] : undefined;
    const fault = find(value);
    if (fault) {
      errors.push({ path, message: `${path} ${fault.message}`, type: fault.type, value: shorten(value) });
    }
  };
  check('eventId', (value) => textFault(value, 'Use a fresh UUID, or a text of your own that is unique.'));
  check('eventType', eventTypeFault);
  check('useCaseId', useCaseFault);
  check('timestamp', (value) => timestampFault(value, now));
  return errors;
}

interface Fault {
  type: string;
  /** goes on after the name of the field */
  message: string;
}

function textFault(value: unknown, cure: string): Fault | undefined {
  if (value === undefined) return { type: 'any.required', message: `is missing. ${cure}` };
  if (typeof value !== 'string') {
    const found =
      value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
    return { type: 'string.base', message: `must be text, but is ${found}. ${cure}` };
  }
  return value === '' ? { type: 'string.empty', message: `is empty. ${cure}` } : undefined;
}

function eventTypeFault(value: unknown): Fault | undefined {
  if ((EVENT_TYPES as readonly unknown[]).includes(value)) return undefined;
  const cure = `It must be one of ${EVENT_TYPES.join(', ')}.`;
  if (value === undefined) return { type: 'any.required', message: `is missing. ${cure}` };
  return {
    type: 'any.only',
    message: `is ${JSON.stringify(shorten(value))}, which the API does not know. ${cure}`,
  };
}

function useCaseFault(value: unknown): Fault | undefined {
  const fault = textFault(value, 'Set the id of the use case that the event belongs to ("Use case").');
  if (fault || (value as string).length <= MAX_IDENTIFIER_LENGTH) return fault;
  return {
    type: 'string.max',
    message: `is ${(value as string).length} characters long, at most ${MAX_IDENTIFIER_LENGTH} are allowed. Check that it is the id of a use case.`,
  };
}

function timestampFault(value: unknown, now: number): Fault | undefined {
  const fault = textFault(value, 'Write it as ISO 8601 with its zone, such as 2026-01-15T10:30:00Z.');
  if (fault) return fault;
  const moment = parseIsoTimestamp(value as string);
  if (moment === undefined) {
    return {
      type: 'string.isoDate',
      message: `is ${JSON.stringify(shorten(value))}, which is not ISO 8601. Write it as 2026-01-15T10:30:00Z.`,
    };
  }
  const cure =
    "The API takes times between one year ago and tomorrow. Check this device's clock and the value.";
  if (moment < now - OLDEST_TIMESTAMP_MS) {
    return { type: 'date.min', message: `${String(value)} is more than one year ago. ${cure}` };
  }
  if (moment > now + NEWEST_TIMESTAMP_MS) {
    return { type: 'date.max', message: `${String(value)} is later than tomorrow. ${cure}` };
  }
  return undefined;
}
