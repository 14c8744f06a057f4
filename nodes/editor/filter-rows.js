/* global visionEventNumberReason, visionEventPathReason */
/**
 * The list of filters in the dialog of a query: rows of what is looked at, the name of a field where that needs one, an operator,
 * a typed value, and of a detection the confidence.
 *
 * @param {{t: Function, refresh: Function, nameParts: Function}} form what `visionEventForm` answered
 * @param {{list: string, reason: string}} selectors of the list and of the line for what is wrong
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventFilterRows(form, selectors) {
  const EQUALITY = ['eq', 'neq'];
  const ORDER = ['gt', 'gte', 'lt', 'lte'];
  const COMPARISON = [...EQUALITY, ...ORDER];
  const FROM_ELSEWHERE = ['msg', 'flow', 'global', 'env', 'jsonata'];
  const ANY_VALUE = ['str', 'num', 'bool', ...FROM_ELSEWHERE];
  const COLUMNS = [
    'event_type',
    'result',
    'location',
    'item_count',
    'item_type',
    'alert_type',
    'severity',
    'feedback',
    'related_event_id',
  ];
  const FEEDBACK_STATUSES = ['correct', 'incorrect', 'inconclusive', 'none'];
  const id = { operators: EQUALITY, types: ANY_VALUE };

  /** What a filter can look at. `field`: the name of a field, or one of the columns. `listed`: there can be several. */
  const SUBJECTS = {
    deviceId: id,
    streamId: id,
    workflowId: id,
    externalId: id,
    detection: {
      operators: [...EQUALITY, 'in', 'not_in'],
      types: ['str', ...FROM_ELSEWHERE],
      confidence: true,
    },
    eventField: {
      operators: COMPARISON,
      types: ['str', 'num', ...FROM_ELSEWHERE],
      field: 'column',
      listed: true,
    },
    metadata: { operators: COMPARISON, types: ANY_VALUE, field: 'name', listed: true },
    imageMetadata: { operators: COMPARISON, types: ANY_VALUE, field: 'name', listed: true },
    imageCount: { operators: COMPARISON, types: ['num', ...FROM_ELSEWHERE] },
    hasWarnings: { operators: [], types: ['bool', ...FROM_ELSEWHERE] },
    feedbackStatus: { operators: [], types: [choiceOfFeedback, ...FROM_ELSEWHERE] },
  };

  /** Shown as a choice, kept as the text that a message could hold as well. */
  function choiceOfFeedback() {
    const options = FEEDBACK_STATUSES.map((value) => ({
      value,
      label: form.t(`option.feedbackStatus.${value}`),
    }));
    return { value: 'str', label: form.t('option.filterOn.feedbackStatus'), options, multiple: true };
  }

  /** A flow made by hand may hold anything. */
  const rowsOf = (value) => (Array.isArray(value) ? value.filter((row) => row) : []);
  const subjectOf = (on) => (Object.hasOwn(SUBJECTS, on) ? SUBJECTS[on] : undefined);

  /** One reason or undefined for each row, in order. */
  function reasons(rows, t) {
    const seen = new Set();
    return rowsOf(rows).map((row) => {
      const subject = subjectOf(row.on);
      if (!subject) return t('refusal.filterOn');
      if (!subject.listed && seen.has(row.on)) return t('refusal.filterTwice');
      seen.add(row.on);
      return rowReason(row, subject, t);
    });
  }

  function rowReason(row, { operators, field, confidence }, t) {
    if (operators.length > 0 && !operators.includes(row.operator)) return t('refusal.filterOperator');
    const name = String(row.field ?? '').trim();
    if (field === 'name' && name === '') return t('refusal.filterFieldMissing');
    if (field === 'column' && !COLUMNS.includes(name)) return t('refusal.filterColumn');
    if (String(row.value ?? '').trim() === '') return t('refusal.filterValueMissing');
    if (row.valueType !== 'str') {
      const wrongPath = visionEventPathReason(row.value, row.valueType, t);
      if (wrongPath !== undefined) return wrongPath;
    }
    return confidence
      ? visionEventNumberReason(row.confidence, { min: 0, max: 1 }, t('refusal.filterConfidence'))
      : valueReason(row, t);
  }

  /** Of a value that stands in the row itself. */
  function valueReason(row, t) {
    const isFixed = row.valueType === 'str' || row.valueType === 'num';
    if (!isFixed) return undefined;
    if (row.on === 'imageCount')
      return visionEventNumberReason(row.value, { min: 0, integer: true }, t('refusal.filterCount'));
    if (row.field === 'item_count')
      return visionEventNumberReason(row.value, { min: -Infinity }, t('refusal.num'));
    return undefined;
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
        const { field, confidence } = SUBJECTS[on];
        return {
          on,
          field: field ? part(field).val().trim() : '',
          operator: part('operator').val() ?? 'eq',
          value: part('value').typedInput('value'),
          valueType: part('value').typedInput('type'),
          ...(confidence && {
            confidence: part('confidence').val().trim(),
            confidenceOperator: part('confidence-operator').val(),
          }),
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

  const text = (name, label) =>
    $('<input type="text" autocomplete="off">')
      .addClass(`vision-event-filter-${name}`)
      .attr('aria-label', label);

  /** The inputs of a row, each with what it was saved with. */
  function inputsOf(row, t) {
    const operatorText = (value) => t(`option.operator.${value}`);
    const inputs = {
      on: select('on', t('label.filterOn'), Object.keys(SUBJECTS), (value) => t(`option.filterOn.${value}`)),
      name: text('name', t('label.filterField')),
      column: select('column', t('label.filterField'), COLUMNS, (value) => t(`option.column.${value}`)),
      operator: select('operator', t('label.filterOperator'), [...COMPARISON, 'in', 'not_in'], operatorText),
      value: text('value'),
      confidenceOperator: select('confidence-operator', t('label.confidenceOperator'), ORDER, operatorText),
      confidence: text('confidence', t('label.filterConfidence')).attr('inputmode', 'decimal'),
    };
    inputs.on.val(row.on ?? 'deviceId');
    inputs.name.val(row.field ?? '');
    inputs.column.val(COLUMNS.includes(row.field) ? row.field : 'result');
    inputs.operator.val(row.operator ?? 'eq');
    inputs.value.val(row.value ?? '');
    inputs.confidenceOperator.val(row.confidenceOperator ?? 'gte');
    inputs.confidence.val(row.confidence ?? '').attr('placeholder', t('placeholder.confidence'));
    return inputs;
  }

  function addItem(container, _index, row) {
    const { t } = form;
    const line = $('<div class="vision-event-filter-row">').appendTo(container);
    container
      .siblings('.red-ui-editableList-item-remove')
      .attr({ role: 'button', 'aria-label': RED._('common.label.delete') });
    const inputs = inputsOf(row, t);
    const { on, name, column, operator, value, confidenceOperator, confidence } = inputs;
    line.append(on, name, column, operator, value, confidenceOperator, confidence);
    const typesOf = ({ types }) => types.map((type) => (typeof type === 'function' ? type() : type));
    value.typedInput({ types: typesOf(subjectOf(row.on) ?? id) });
    if (row.valueType !== undefined) value.typedInput('type', row.valueType);
    const showParts = () => {
      const subject = SUBJECTS[on.val()] ?? id;
      name
        .prop('hidden', subject.field !== 'name')
        .attr('placeholder', subject.field === 'name' ? t(`placeholder.${on.val()}`) : '');
      column.prop('hidden', subject.field !== 'column');
      confidenceOperator.prop('hidden', !subject.confidence);
      confidence.prop('hidden', !subject.confidence);
      operator.prop('hidden', subject.operators.length === 0);
      operator.find('option').each(function () {
        this.hidden = this.disabled = !subject.operators.includes(this.value);
      });
      if (operator.find(':selected').prop('disabled')) operator.val('eq');
    };
    on.on('change', () => {
      value.typedInput('types', typesOf(SUBJECTS[on.val()]));
      form.nameParts(value, t('label.filterValue'));
      showParts();
    });
    form.nameParts(value, t('label.filterValue'));
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
