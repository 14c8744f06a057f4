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
  const LIMITS = { keys: 100, key: /^[a-zA-Z0-9_ -]{1,100}$/, text: 1000 };

  function valueReason({ value, valueType }, t) {
    if (valueType === 'str')
      return String(value).length > LIMITS.text ? t('refusal.tooLong', { max: LIMITS.text }) : undefined;
    if (String(value).trim() === '') return t('refusal.metadataValueMissing');
    return visionEventPathReason(value, valueType, t);
  }

  /** One reason or undefined for each row, in order. */
  function reasons(rows, t) {
    const seen = new Set();
    return (rows ?? []).map((row, position) => {
      const key = String(row.key ?? '');
      if (key === '') return t('refusal.metadataKeyMissing');
      if (!LIMITS.key.test(key)) return t('refusal.metadataKey');
      if (seen.has(key)) return t('refusal.metadataKeyTwice');
      seen.add(key);
      if (position >= LIMITS.keys) return t('refusal.metadataTooMany', { max: LIMITS.keys });
      return valueReason(row, t);
    });
  }

  /** What is wrong with the first wrong row, or undefined: for the property's validator. */
  const reason = (rows, _read, t) => reasons(rows, t).find((each) => each !== undefined);

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
    const found = reasons(read(), form.t);
    list.editableList('items').each(function (position) {
      $(this)
        .find('.vision-event-metadata-key')
        .toggleClass('input-error', found[position] !== undefined);
    });
    $(selectors.reason).text(found.find((each) => each !== undefined) ?? '');
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
    list.editableList('addItems', rows ?? []);
    list.closest('.vision-event-form').on('change keyup input', () => setTimeout(showReasons, 0));
    showReasons();
  }

  return { prepare, read, reason };
}
