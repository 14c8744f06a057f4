/**
 * The extra headers in the dialog of a workspace: their names in one field, and beneath it a password field for the value of each.
 * All values are one credential, JSON by name. The editor never gets a saved one back, so to change one all are entered again.
 *
 * @param {{t: Function, refresh: Function}} form what `visionEventForm` answered
 * @param {{names: string, values: string, fields: string}} selectors of the two properties and of the place for the fields
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventHeaderValues(form, selectors) {
  const { t } = form;
  /** What the editor holds in place of a saved password. */
  const SAVED = '__PWRD__';
  const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
  /** What a request itself decides: src/api/gateway.ts. */
  const OWN = ['connection', 'content-length', 'content-type', 'host', 'transfer-encoding'];

  const namesOf = (text) =>
    String(text ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');

  /** Why the names cannot be used, or undefined. */
  function namesReason(text) {
    const names = namesOf(text).map((name) => name.toLowerCase());
    const wrong = names.find((name) => !TOKEN.test(name) || OWN.includes(name));
    if (wrong !== undefined) return t('refusal.headerName', { name: wrong });
    return new Set(names).size < names.length ? t('refusal.headerTwice') : undefined;
  }

  /** Why the values cannot be used, or undefined; only an open dialog knows them. */
  function valuesReason(text, names) {
    if (text === SAVED) return undefined;
    const values = parsed(text);
    const isMissing = (name) => [undefined, '', SAVED].includes(values[name.toLowerCase()]?.trim());
    return namesOf(names).some(isMissing) ? t('refusal.headerValues') : undefined;
  }

  function parsed(text) {
    try {
      return JSON.parse(text || '{}');
    } catch {
      return {};
    }
  }

  const fields = () => $(selectors.fields).find('input').toArray();

  function keep() {
    const values = Object.fromEntries(fields().map(({ dataset, value }) => [dataset.header, value]));
    $(selectors.values)
      .val(fields().length === 0 ? '' : JSON.stringify(values))
      .trigger('change');
  }

  /** A field for each name; what was typed stays. */
  function show() {
    const names = namesOf($(selectors.names).val());
    const shown = fields().map(({ dataset }) => dataset.header);
    if (shown.join() === names.map((name) => name.toLowerCase()).join()) return;
    const typed = Object.fromEntries(fields().map(({ dataset, value }) => [dataset.header, value]));
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
    $(selectors.fields).on('input change', 'input', (event) => {
      if (event.target.value !== SAVED) keep();
    });
  }

  return { prepare, namesReason, valuesReason };
}
