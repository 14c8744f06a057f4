/* global visionEventPathReason */
/**
 * The list of own values in a dialog: rows of a name and a typed value.
 *
 * @param {{t: Function, refresh: Function, nameParts: Function}} form what `visionEventForm` answered
 * @param {{list: string, reason: string}} selectors of the list and of the line for what is wrong
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventMetadataRows(form, selectors) {
  /** The API's rules for metadata ("Custom Metadata"). */
  const LIMITS = { keys: 100, key: /^[a-zA-Z0-9_ -]{1,100}$/, text: 1000, decimals: 6 };

  /** What the runtime does with a row that is wrong: it cannot read its value, the API objects to it, or it is left out. */
  const unreadable = (reason) => ({ kind: 'unreadable', reason });
  const objected = (reason) => ({ kind: 'objected', reason });
  const leftOut = (reason) => ({ kind: 'leftOut', reason });

  /** A flow made by hand may hold anything. */
  const rowsOf = (value) => (Array.isArray(value) ? value.filter((row) => row) : []);

  function textError(text, t) {
    return text.length > LIMITS.text ? objected(t('refusal.tooLong', { max: LIMITS.text })) : undefined;
  }

  function numberError(text, t) {
    const number = Number(text);
    if (!Number.isFinite(number)) return objected(t('refusal.num'));
    const isFineGrained = Number(number.toFixed(LIMITS.decimals)) !== number;
    return isFineGrained ? objected(t('refusal.decimals', { max: LIMITS.decimals })) : undefined;
  }

  function valueError({ value, valueType = 'str' }, t) {
    const text = String(value ?? '');
    if (valueType === 'str') return textError(text, t);
    if (text.trim() === '') return leftOut(t('refusal.metadataValueMissing'));
    if (valueType === 'num') return numberError(text, t);
    const reason = visionEventPathReason(text, valueType, t);
    return reason === undefined ? undefined : unreadable(reason);
  }

  function keyError(key, seen, position, t) {
    if (!LIMITS.key.test(key)) return objected(t('refusal.metadataKey'));
    if (seen.has(key)) return leftOut(t('refusal.metadataKeyTwice'));
    return position >= LIMITS.keys ? objected(t('refusal.metadataTooMany', { max: LIMITS.keys })) : undefined;
  }

  /** One error or undefined for each row, in order. */
  function errors(rows, t) {
    const seen = new Set();
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
  const firstOf =
    (...kinds) =>
    (rows, _read, t) =>
      errors(rows, t).find((error) => kinds.includes(error?.kind))?.reason;

  function read() {
    return $(selectors.list)
      .editableList('items')
      .toArray()
      .map((item) => {
        const value = $(item).find('.vision-event-metadata-value');
        return {
          key: $(item).find('.vision-event-metadata-key').val().trim(),
          value: value.typedInput('value'),
          valueType: value.typedInput('type'),
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

  function addItem(container, _index, row) {
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
  function prepare(rows) {
    const list = $(selectors.list);
    list.editableList({
      addButton: form.t('form.addMetadata'),
      removable: true,
      sortable: true,
      height: 'auto',
      addItem,
      removeItem() {
        form.refresh();
        showReasons();
      },
    });
    list.editableList('addItems', rowsOf(rows));
    list.closest('.vision-event-form').on('change keyup input', () => setTimeout(showReasons, 0));
    showReasons();
  }

  return { prepare, read, firstOf };
}
