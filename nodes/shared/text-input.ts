import { FlowError } from './flow-error';

/** A field whose value, from the dialog or the message, cannot be used; the status names the field. */
export function wrongInput(field: string, message: string): FlowError {
  return new FlowError('EVENT_INVALID', message, { short: { key: 'wrongInput', values: { field } } });
}

/**
 * The value of a field that must hold a text; numbers become texts, blanks around it go.
 * @throws FlowError `EVENT_INVALID` when it is empty, anything else, or longer than `maxLength` characters
 */
export function neededText(field: string, value: unknown, maxLength: number): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  if (text === '') {
    const found = value === undefined || value === '' ? 'is empty' : 'holds no text';
    throw wrongInput(field, `The field "${field}" ${found}. Enter it, or check where its value comes from.`);
  }
  if (text.length > maxLength) {
    throw wrongInput(
      field,
      `The field "${field}" has ${text.length} characters; at most ${maxLength} are taken.`,
    );
  }
  return text;
}
