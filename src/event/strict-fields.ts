/** The four fields that the API checks strictly: an error in one of them is answered with 400, nothing is stored. */
import { MAX_IDENTIFIER_LENGTH } from './limits';
import { shorten } from './report';
import { parseIsoTimestamp } from './timestamp';
import { windowError } from './timestamp-window';
import { EVENT_TYPES, type FieldError } from './types';

/**
 * The errors of the strict fields, one a field at most, in the order of the API's page. Messages are for a technician.
 */
export function strictErrors(
  event: Record<string, unknown>,
  now: number,
  { timeFollows = false }: StrictOptions = {},
): FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, find: (value: unknown) => StrictError | undefined) => {
    const value = Object.hasOwn(event, path) ? event[path] : undefined;
    const error = find(value);
    if (error) {
      errors.push({ path, message: `${path} ${error.message}`, type: error.type, value: shorten(value) });
    }
  };
  check('eventId', (value) => textError(value, 'Use a fresh UUID, or a text of your own that is unique.'));
  check('eventType', eventTypeError);
  check('useCaseId', useCaseError);
  check('timestamp', (value) => timestampError(value, timeFollows ? undefined : now));
  return errors;
}

/** What `validate` takes into account. */
export interface StrictOptions {
  /** the time is put right before the event is sent: only its form is checked */
  timeFollows?: boolean;
}

interface StrictError {
  type: string;
  /** goes on after the name of the field */
  message: string;
}

function textError(value: unknown, cure: string): StrictError | undefined {
  if (value === undefined) return { type: 'any.required', message: `is missing. ${cure}` };
  if (typeof value !== 'string') {
    const found =
      value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
    return { type: 'string.base', message: `must be text, but is ${found}. ${cure}` };
  }
  return value === '' ? { type: 'string.empty', message: `is empty. ${cure}` } : undefined;
}

function eventTypeError(value: unknown): StrictError | undefined {
  if ((EVENT_TYPES as readonly unknown[]).includes(value)) return undefined;
  const cure = `It must be one of ${EVENT_TYPES.join(', ')}.`;
  if (value === undefined) return { type: 'any.required', message: `is missing. ${cure}` };
  return {
    type: 'any.only',
    message: `is ${JSON.stringify(shorten(value))}, which the API does not know. ${cure}`,
  };
}

function useCaseError(value: unknown): StrictError | undefined {
  const error = textError(value, 'Set the id of the use case that the event belongs to ("Use case").');
  if (error || (value as string).length <= MAX_IDENTIFIER_LENGTH) return error;
  return {
    type: 'string.max',
    message: `is ${(value as string).length} characters long, at most ${MAX_IDENTIFIER_LENGTH} are allowed. Check that it is the id of a use case.`,
  };
}

function timestampError(value: unknown, now: number | undefined): StrictError | undefined {
  const error = textError(value, 'Write it as ISO 8601 with its zone, such as 2026-01-15T10:30:00Z.');
  if (error) return error;
  const moment = parseIsoTimestamp(value as string);
  if (moment === undefined) {
    return {
      type: 'string.isoDate',
      message: `is ${JSON.stringify(shorten(value))}, which is not ISO 8601. Write it as 2026-01-15T10:30:00Z.`,
    };
  }
  return now === undefined ? undefined : windowError(String(value), moment, now);
}
