import { isHeaderName } from '../../../src/api/header-name';
import type { FormTexts } from '../../editor/form';
import { headerNames } from '../header-names';

/** What the editor holds in place of a saved password. */
const SAVED = '__PWRD__';

/**
 * The extra headers in the dialog of a workspace: their names in one field, and beneath it a password field for the
 * value of each. All values are one credential, JSON by name. The editor never gets a saved one back, so to change one
 * all are entered again.
 *
 * @param selectors of the two properties and of the place for the fields
 */
export function createHeaderValues(
  form: FormTexts,
  selectors: { names: string; values: string; fields: string },
) {
  const { t } = form;
  const namesOf = (text: unknown) => headerNames(String(text ?? ''));

  /** Why the names cannot be used, or undefined. */
  function namesReason(text: unknown): string | undefined {
    const names = namesOf(text).map((name) => name.toLowerCase());
    const wrong = names.find((name) => !isHeaderName(name));
    if (wrong !== undefined) return t('refusal.headerName', { name: wrong });
    return new Set(names).size < names.length ? t('refusal.headerTwice') : undefined;
  }

  /** Why the values cannot be used, or undefined; only an open dialog knows them. */
  function valuesReason(text: unknown, names: unknown): string | undefined {
    if (text === SAVED) return undefined;
    const values = parsed(text);
    const isMissing = (name: string) => [undefined, '', SAVED].includes(values[name.toLowerCase()]?.trim());
    return namesOf(names).some(isMissing) ? t('refusal.headerValues') : undefined;
  }

  function parsed(text: unknown): Partial<Record<string, string>> {
    try {
      return JSON.parse(String(text || '{}')) as Partial<Record<string, string>>;
    } catch {
      return {};
    }
  }

  const fields = () =>
    $(selectors.fields)
      .find('input')
      .toArray()
      .map((field) => ({ field, header: field.dataset['header'] ?? '' }));

  function keep() {
    const values = Object.fromEntries(fields().map(({ header, field }) => [header, field.value]));
    $(selectors.values)
      .val(fields().length === 0 ? '' : JSON.stringify(values))
      .trigger('change');
  }

  /** A field for each name; what was typed stays. */
  function show() {
    const names = namesOf($(selectors.names).val());
    const shown = fields().map(({ header }) => header);
    if (shown.join() === names.map((name) => name.toLowerCase()).join()) return;
    const typed: Partial<Record<string, string>> = Object.fromEntries(
      fields().map(({ header, field }) => [header, field.value]),
    );
    const wasSaved = $(selectors.values).val() === SAVED;
    $(selectors.fields).empty();
    names.forEach((name, position) => {
      const header = name.toLowerCase();
      const field = $('<input type="password" autocomplete="new-password">')
        .attr({ 'data-header': header, id: `vision-event-header-${position}` })
        .val(typed[header] ?? (wasSaved && shown.length === 0 ? SAVED : ''));
      const label = $('<label>')
        .attr('for', `vision-event-header-${position}`)
        .text(t('label.headerValue', { name }));
      $('<div class="form-row vision-event-row">').append(label, field).appendTo(selectors.fields);
    });
    if (shown.length > 0 || !wasSaved) keep();
  }

  /** Call in `oneditprepare`, before the form is opened. */
  function prepare() {
    show();
    $(selectors.names).on('input change', show);
    $(selectors.fields).on('input change', 'input', (event: JQuery.TriggeredEvent) => {
      if ((event.target as HTMLInputElement).value !== SAVED) keep();
    });
  }

  return { prepare, namesReason, valuesReason };
}
