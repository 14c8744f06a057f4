import { errorText } from '../../editor/error-text';
import type { Text } from '../../editor/form';

export interface LastError {
  code?: string;
  message: string;
  at?: string | number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Numbers and errors of an outbox in words. */
export function createOutboxTexts(t: Text) {
  function duration(ms: number): string {
    const seconds = Math.round(ms / 1000);
    if (seconds < 2 * MINUTE) return t('outbox.seconds', { n: seconds });
    if (seconds < 2 * HOUR) return t('outbox.minutes', { n: Math.round(seconds / MINUTE) });
    if (seconds < 2 * DAY) return t('outbox.hours', { n: Math.round(seconds / HOUR) });
    return t('outbox.days', { n: Math.round(seconds / DAY) });
  }

  function bytesText(bytes: number): string {
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  }

  /** With its time: an error of last night is not an error of now. */
  function lastErrorText({ at, ...error }: LastError): string {
    const text = errorText(error);
    return at === undefined ? text : `${new Date(at).toLocaleString()} – ${text}`;
  }

  return { duration, bytesText, lastErrorText };
}
