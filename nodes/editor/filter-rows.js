/* global visionEventPathReason */
/**
 * The list of filters in the dialog of a query: rows of what is looked at, the name of a field where that needs one, an operator
 * and a typed value.
 *
 * @param {{t: Function, refresh: Function, nameParts: Function}} form what `visionEventForm` answered
 * @param {{list: string, reason: string}} selectors of the list and of the line for what is wrong
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventFilterRows(form, selectors) {
  /** The API takes these by equality only, and one filter of each. */
  const IDS = ['deviceId', 'streamId', 'workflowId', 'externalId'];
  /** These need the name of a field. */
  const WITH_FIELD = ['eventField', 'metadata', 'imageMetadata'];
  const EQUALITY = ['eq', 'neq'];
  const ORDER = ['gt', 'gte', 'lt', 'lte'];

  /** A flow made by hand may hold anything. */
  const rowsOf = (value) => (Array.isArray(value) ? value.filter((row) => row) : []);

  /** One reason or undefined for each row, in order. */
  function reasons(rows, t) {
    const seen = new Set();
    return rowsOf(rows).map((row) => {
      if (IDS.includes(row.on)) {
        if (seen.has(row.on)) return t('refusal.filterTwice');
        if (!EQUALITY.includes(row.operator)) return t('refusal.filterOperator');
        seen.add(row.on);
      } else if (String(row.field ?? '').trim() === '') return t('refusal.filterFieldMissing');
      if (String(row.value ?? '').trim() === '') return t('refusal.filterValueMissing');
      return row.valueType === 'str' ? undefined : visionEventPathReason(row.value, row.valueType, t);
    });
  }

  /** What is wrong with the first wrong row, or undefined: for the property's validator. */
  const reason = (rows, _read, t) => reasons(rows, t).find((each) => each !== undefined);

  function read() {
    return $(selectors.list)
      .editableList('items')
      .toArray()
      .map((item) => {
        const part = (name) => $(item).find(`.vision-event-filter-${name}`);
        const on = part('on').val();
        return {
          on,
          field: WITH_FIELD.includes(on) ? part('field').val().trim() : '',
          operator: part('operator').val(),
          value: part('value').typedInput('value'),
          valueType: part('value').typedInput('type'),
        };
      });
  }

  function showReasons() {
    const list = $(selectors.list);
    if (list.length === 0) return;
    const found = reasons(read(), form.t);
    list.editableList('items').each(function (position) {
      $(this)
        .find('.vision-event-filter-on')
        .toggleClass('input-error', found[position] !== undefined);
    });
    $(selectors.reason).text(found.find((each) => each !== undefined) ?? '');
  }

  function select(name, label, values, textOf) {
    const element = $('<select>').addClass(`vision-event-filter-${name}`).attr('aria-label', label);
    for (const value of values) element.append($('<option>').val(value).text(textOf(value)));
    return element;
  }

  function addItem(container, _index, row) {
    const { t } = form;
    const line = $('<div class="vision-event-filter-row">').appendTo(container);
    container
      .siblings('.red-ui-editableList-item-remove')
      .attr({ role: 'button', 'aria-label': RED._('common.label.delete') });
    const on = select('on', t('label.filterOn'), [...IDS, ...WITH_FIELD], (value) =>
      t(`option.filterOn.${value}`),
    );
    const field = $('<input type="text" class="vision-event-filter-field" autocomplete="off">');
    const operator = select('operator', t('label.filterOperator'), [...EQUALITY, ...ORDER], (value) =>
      t(`option.operator.${value}`),
    );
    const value = $('<input type="text" class="vision-event-filter-value">');
    line.append(on, field, operator, value);
    on.val(row.on ?? 'deviceId');
    field.val(row.field ?? '').attr('aria-label', t('label.filterField'));
    operator.val(row.operator ?? 'eq');
    value.val(row.value ?? '');
    value.typedInput({ types: ['str', 'num', 'bool', 'msg', 'flow', 'global', 'env', 'jsonata'] });
    value.typedInput('type', row.valueType ?? 'str');
    form.nameParts(value, t('label.filterValue'));
    const showParts = () => {
      const withField = WITH_FIELD.includes(on.val());
      field.prop('hidden', !withField).attr('placeholder', withField ? t(`placeholder.${on.val()}`) : '');
      operator.find('option').each(function () {
        this.hidden = this.disabled = !withField && ORDER.includes(this.value);
      });
      if (operator.find(':selected').prop('disabled')) operator.val('eq');
    };
    on.on('change', showParts);
    showParts();
    if (row.on === undefined) on.trigger('focus');
  }

  /** Call in `oneditprepare`, before the form is opened. */
  function prepare(rows) {
    const list = $(selectors.list);
    list.editableList({
      addButton: form.t('form.addFilter'),
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

  return { prepare, read, reason };
}
