/** Cleaning a text of characters that the API does not allow, without making anything up: they become `_`. */
import {
  ALERT_TYPE_CHARACTERS,
  MAX_ALERT_TYPE_LENGTH,
  MAX_METADATA_KEY_LENGTH,
  METADATA_KEY_CHARACTERS,
} from './limits';
import { cutText } from './report';

const NOT_OF_ALERT_TYPE = new RegExp(`[^${ALERT_TYPE_CHARACTERS}]+`, 'g');
const NOT_OF_METADATA_KEY = new RegExp(`[^${METADATA_KEY_CHARACTERS}]+`, 'g');

/**
 * A text as an `alertType`: letters, digits, `_` and `-`, at most 256 ("Event Data Schemas"). `No hard hat!` becomes
 * `No_hard_hat`. Undefined when no letter and no digit would be left.
 */
export function fitAlertType(text: string): string | undefined {
  return fit(text, NOT_OF_ALERT_TYPE, MAX_ALERT_TYPE_LENGTH);
}

/**
 * A text as a key of custom metadata: letters, digits, `_`, `-` and spaces, at most 100 ("Custom Metadata").
 * `Größe (mm)` becomes `Grosse_mm`. Undefined when no letter and no digit would be left.
 */
export function fitMetadataKey(text: string): string | undefined {
  return fit(text, NOT_OF_METADATA_KEY, MAX_METADATA_KEY_LENGTH);
}

function fit(text: string, misfits: RegExp, length: number): string | undefined {
  const fitting = text
    .trim()
    .replaceAll('ß', 'ss')
    // é is taken apart into e and its accent, and the accent dropped.
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '')
    // A misfit at either end separates nothing.
    .replace(misfits, (misfit, position: number, whole: string) =>
      position === 0 || position + misfit.length === whole.length ? '' : '_',
    )
    .replace(/ *_ */g, '_');
  const cut = cutText(fitting, length).trim();
  return /[a-zA-Z0-9]/.test(cut) ? cut : undefined;
}
