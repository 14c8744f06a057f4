import {
  MAX_METADATA_DECIMALS,
  MAX_METADATA_KEY_LENGTH,
  MAX_METADATA_KEYS,
  MAX_METADATA_TEXT_LENGTH,
  METADATA_KEY_PATTERN,
} from '../../src/event/limits';
import { roundTo } from '../../src/event/numbers';
import type { MetadataRow } from '../shared/properties';
import { pathReason, type Check, type FormTexts, type Text } from './form';
import { fillRowList } from './row-list';

/**
 * What the runtime does with a row that is wrong: it cannot read its value, the API objects to it, or it is left out.
 */
interface RowError {
  kind: 'unreadable' | 'objected' | 'leftOut';
  reason: string;
}
const unreadable = (reason: string): RowError => ({ kind: 'unreadable', reason });
const objected = (reason: string): RowError => ({ kind: 'objected', reason });
const leftOut = (reason: string): RowError => ({ kind: 'leftOut', reason });

/** A flow made by hand may hold anything. */
const rowsOf = (value: unknown) =>
  Array.isArray(value) ? (value as Partial<MetadataRow>[]).filter((row) => row) : [];

function textError(text: string, t: Text) {
  return text.length > MAX_METADATA_TEXT_LENGTH
    ? objected(t('refusal.tooLong', { max: MAX_METADATA_TEXT_LENGTH }))
    : undefined;
}

function numberError(text: string, t: Text) {
  const number = Number(text);
  if (!Number.isFinite(number)) return objected(t('refusal.num'));
  const isFineGrained = roundTo(MAX_METADATA_DECIMALS, number) !== number;
  return isFineGrained ? objected(t('refusal.decimals', { max: MAX_METADATA_DECIMALS })) : undefined;
}

function valueError({ value, valueType = 'str' }: Partial<MetadataRow>, t: Text) {
  const text = String(value ?? '');
  if (valueType === 'str') return textError(text, t);
  if (text.trim() === '') return leftOut(t('refusal.metadataValueMissing'));
  if (valueType === 'num') return numberError(text, t);
  const reason = pathReason(text, valueType, t);
  return reason === undefined ? undefined : unreadable(reason);
}

function keyError(key: string, seen: ReadonlySet<string>, position: number, t: Text) {
  if (key.length > MAX_METADATA_KEY_LENGTH || !METADATA_KEY_PATTERN.test(key))
    return objected(t('refusal.metadataKey'));
  if (seen.has(key)) return leftOut(t('refusal.metadataKeyTwice'));
  return position >= MAX_METADATA_KEYS
    ? objected(t('refusal.metadataTooMany', { max: MAX_METADATA_KEYS }))
    : undefined;
}

/** One error or undefined for each row, in order. */
function errors(rows: unknown, t: Text): (RowError | undefined)[] {
  const seen = new Set<string>();
  return rowsOf(rows).map((row, position) => {
    const key = String(row.key ?? '');
    if (key.trim() === '') return leftOut(t('refusal.metadataKeyMissing'));
    const ofValue = valueError(row, t);
    const ofKey = keyError(key, seen, position, t);
    seen.add(key);
    return ofValue?.kind === 'unreadable' ? ofValue : (ofKey ?? ofValue);
  });
}

/** What is wrong in one of these ways with the first row that is, or undefined: for the property's checks. */
export const metadataReason =
  (...kinds: RowError['kind'][]): Check<never> =>
  (rows, _read, t) =>
    errors(rows, t).find((error) => error && kinds.includes(error.kind))?.reason;

/**
 * The list of own values in a dialog: rows of a name and a typed value.
 *
 * @param selectors of the list and of the line for what is wrong
 */
export function createMetadataRows(form: FormTexts, selectors: { list: string; reason: string }) {
  function read(): MetadataRow[] {
    return $(selectors.list)
      .editableList('items')
      .toArray()
      .map((item) => {
        const value = $(item).find('.vision-event-metadata-value');
        return {
          key: String($(item).find('.vision-event-metadata-key').val()).trim(),
          value: value.typedInput('value'),
          valueType: value.typedInput('type') as MetadataRow['valueType'],
        };
      });
  }

  function showReasons() {
    const list = $(selectors.list);
    if (list.length === 0) return;
    const found = errors(read(), form.t);
    list.editableList('items').each(function (position) {
      $(this)
        .find('.vision-event-metadata-key')
        .toggleClass('input-error', found[position] !== undefined);
    });
    $(selectors.reason).text(found.find((error) => error !== undefined)?.reason ?? '');
  }

  function addItem(container: JQuery, _index: number, row: Partial<MetadataRow>) {
    const { t } = form;
    const line = $('<div class="vision-event-list-row">').appendTo(container);
    container
      .siblings('.red-ui-editableList-item-remove')
      .attr({ role: 'button', 'aria-label': RED._('common.label.delete') });
    const key = $('<input type="text" autocomplete="off">')
      .addClass('vision-event-metadata-key')
      .appendTo(line);
    const value = $('<input type="text">').addClass('vision-event-metadata-value').appendTo(line);
    const name = t('placeholder.metadataKey');
    key.val(row.key ?? '').attr({ placeholder: name, 'aria-label': name });
    value.val(row.value ?? '');
    value.typedInput({ types: ['str', 'num', 'bool', 'msg', 'flow', 'global', 'env', 'jsonata'] });
    value.typedInput('type', row.valueType ?? 'str');
    form.nameParts(value, t('placeholder.metadataValue'));
    if (row.key === undefined) key.trigger('focus');
  }

  /** Call in `oneditprepare`, before the form is opened. */
  function prepare(rows: unknown) {
    fillRowList<MetadataRow>($(selectors.list), {
      addButton: form.t('form.addMetadata'),
      rows: rowsOf(rows),
      addItem,
      removeItem: () => form.refresh(),
      showReasons,
    });
  }

  return { prepare, read };
}
