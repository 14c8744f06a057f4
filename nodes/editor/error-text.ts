import { STATUS_CATALOGUE, statusKeyOf } from '../shared/status-key';

/**
 * An error as a dialog shows it. Its text is English, as in the log; an editor in another language says first in its
 * own what happened, by the code, with the words of the statuses.
 */
export function errorText({ code = '', message }: { code?: string; message: string }): string {
  if (code === '' || RED.i18n.lang().startsWith('en')) return message;
  const key = statusKeyOf(code);
  const short = RED._(STATUS_CATALOGUE + key);
  // A key without a text comes back as it is, or without its catalogue.
  return short.endsWith(key) ? message : `${short} – ${message}`;
}
