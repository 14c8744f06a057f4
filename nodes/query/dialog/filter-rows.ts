import {
  COMPARISON,
  EQUALITY,
  EVENT_COLUMNS,
  FEEDBACK_STATUSES,
  MEMBERSHIP,
  ORDER,
} from '../../../src/api/query';
import { numberReason, pathReason, type Check, type FormTexts, type Text } from '../../editor/form';
import { fillRowList } from '../../editor/row-list';
import type { QueryFilterRow, QueryFilterSubject } from '../../shared/properties';

const FROM_ELSEWHERE = ['msg', 'flow', 'global', 'env', 'jsonata'];
const ANY_VALUE = ['str', 'num', 'bool', ...FROM_ELSEWHERE];
const COLUMNS: readonly string[] = EVENT_COLUMNS;
const OPERATORS = [...new Set([...COMPARISON, ...MEMBERSHIP])];

/** What a filter can look at. */
interface Subject {
  operators: readonly string[];
  types: (string | (() => TypedInputType))[];
  /** the name of a field, or one of the columns */
  field?: 'name' | 'column';
  /** there can be several */
  listed?: boolean;
  confidence?: boolean;
}

/** A flow made by hand may hold anything. */
const rowsOf = (value: unknown) =>
  Array.isArray(value) ? (value as Partial<QueryFilterRow>[]).filter((row) => row) : [];

const text = (name: string, label = '') =>
  $('<input type="text" autocomplete="off">')
    .addClass(`vision-event-filter-${name}`)
    .attr('aria-label', label);

function select(name: string, label: string, values: readonly string[], textOf: (value: string) => string) {
  const element = $('<select>').addClass(`vision-event-filter-${name}`).attr('aria-label', label);
  for (const value of values) element.append($('<option>').val(value).text(textOf(value)));
  return element;
}

/**
 * The list of filters in the dialog of a query: rows of what is looked at, the name of a field where that needs one, an
 * operator, a typed value, and of a detection the confidence.
 *
 * @param selectors of the list and of the line for what is wrong
 */
export function createFilterRows(form: FormTexts, selectors: { list: string; reason: string }) {
  const id: Subject = { operators: EQUALITY, types: ANY_VALUE };

  const SUBJECTS: Record<QueryFilterSubject, Subject> = {
    deviceId: id,
    streamId: id,
    workflowId: id,
    externalId: id,
    detection: {
      operators: MEMBERSHIP,
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
  function choiceOfFeedback(): TypedInputType {
    const options = FEEDBACK_STATUSES.map((value) => ({
      value,
      label: form.t(`option.feedbackStatus.${value}`),
    }));
    return { value: 'str', label: form.t('option.filterOn.feedbackStatus'), options, multiple: true };
  }

  const subjectOf = (on: unknown): Subject | undefined =>
    Object.hasOwn(SUBJECTS, String(on)) ? SUBJECTS[on as QueryFilterSubject] : undefined;

  /** One reason or undefined for each row, in order. */
  function reasons(rows: unknown, t: Text): (string | undefined)[] {
    const seen = new Set<unknown>();
    return rowsOf(rows).map((row) => {
      const subject = subjectOf(row.on);
      if (!subject) return t('refusal.filterOn');
      if (!subject.listed && seen.has(row.on)) return t('refusal.filterTwice');
      seen.add(row.on);
      return rowReason(row, subject, t);
    });
  }

  function rowReason(
    row: Partial<QueryFilterRow>,
    { operators, field, confidence }: Subject,
    t: Text,
  ): string | undefined {
    if (operators.length > 0 && !operators.includes(String(row.operator))) return t('refusal.filterOperator');
    const name = String(row.field ?? '').trim();
    if (field === 'name' && name === '') return t('refusal.filterFieldMissing');
    if (field === 'column' && !COLUMNS.includes(name)) return t('refusal.filterColumn');
    if (String(row.value ?? '').trim() === '') return t('refusal.filterValueMissing');
    if (row.valueType !== 'str') {
      const wrongPath = pathReason(row.value, row.valueType, t);
      if (wrongPath !== undefined) return wrongPath;
    }
    return confidence
      ? numberReason(row.confidence, { min: 0, max: 1 }, t('refusal.filterConfidence'))
      : valueReason(row, t);
  }

  /** Of a value that stands in the row itself. */
  function valueReason(row: Partial<QueryFilterRow>, t: Text): string | undefined {
    const isFixed = row.valueType === 'str' || row.valueType === 'num';
    if (!isFixed) return undefined;
    if (row.on === 'imageCount')
      return numberReason(row.value, { min: 0, whole: true }, t('refusal.filterCount'));
    if (row.field === 'item_count')
      return numberReason(row.value, { min: -Number.MAX_VALUE }, t('refusal.num'));
    return undefined;
  }

  /** What is wrong with the first wrong row, or undefined: for the property's validator. */
  const reason: Check<never> = (rows, _read, t) => reasons(rows, t).find((each) => each !== undefined);

  function read(): QueryFilterRow[] {
    return $(selectors.list)
      .editableList('items')
      .toArray()
      .map((item) => {
        const part = (name: string) => $(item).find(`.vision-event-filter-${name}`);
        const on = part('on').val() as QueryFilterSubject;
        const { field, confidence } = SUBJECTS[on];
        return {
          on,
          field: field ? String(part(field).val()).trim() : '',
          operator: (part('operator').val() ?? 'eq') as QueryFilterRow['operator'],
          value: part('value').typedInput('value'),
          valueType: part('value').typedInput('type') as QueryFilterRow['valueType'],
          ...(confidence && {
            confidence: String(part('confidence').val()).trim(),
            confidenceOperator: part('confidence-operator').val() as QueryFilterRow['confidenceOperator'],
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

  /** The inputs of a row, each with what it was saved with. */
  function inputsOf(row: Partial<QueryFilterRow>, t: Text) {
    const operatorText = (value: string) => t(`option.operator.${value}`);
    const inputs = {
      on: select('on', t('label.filterOn'), Object.keys(SUBJECTS), (value) => t(`option.filterOn.${value}`)),
      name: text('name', t('label.filterField')),
      column: select('column', t('label.filterField'), COLUMNS, (value) => t(`option.column.${value}`)),
      operator: select('operator', t('label.filterOperator'), OPERATORS, operatorText),
      value: text('value'),
      confidenceOperator: select('confidence-operator', t('label.confidenceOperator'), ORDER, operatorText),
      confidence: text('confidence', t('label.filterConfidence')).attr('inputmode', 'decimal'),
    };
    inputs.on.val(row.on ?? 'deviceId');
    inputs.name.val(row.field ?? '');
    inputs.column.val(COLUMNS.includes(String(row.field)) ? String(row.field) : 'result');
    inputs.operator.val(row.operator ?? 'eq');
    inputs.value.val(row.value ?? '');
    inputs.confidenceOperator.val(row.confidenceOperator ?? 'gte');
    inputs.confidence.val(row.confidence ?? '').attr('placeholder', t('placeholder.confidence'));
    return inputs;
  }

  function addItem(container: JQuery, _index: number, row: Partial<QueryFilterRow>) {
    const { t } = form;
    const line = $('<div class="vision-event-filter-row">').appendTo(container);
    container
      .siblings('.red-ui-editableList-item-remove')
      .attr({ role: 'button', 'aria-label': RED._('common.label.delete') });
    const inputs = inputsOf(row, t);
    const { on, name, column, operator, value, confidenceOperator, confidence } = inputs;
    line.append(on, name, column, operator, value, confidenceOperator, confidence);
    const typesOf = ({ types }: Subject) => types.map((type) => (typeof type === 'function' ? type() : type));
    value.typedInput({ types: typesOf(subjectOf(row.on) ?? id) });
    if (row.valueType !== undefined) value.typedInput('type', row.valueType);
    const showParts = () => {
      const subject = subjectOf(on.val()) ?? id;
      name
        .prop('hidden', subject.field !== 'name')
        .attr('placeholder', subject.field === 'name' ? t(`placeholder.${String(on.val())}`) : '');
      column.prop('hidden', subject.field !== 'column');
      confidenceOperator.prop('hidden', !subject.confidence);
      confidence.prop('hidden', !subject.confidence);
      operator.prop('hidden', subject.operators.length === 0);
      operator.find<HTMLOptionElement>('option').each(function () {
        this.hidden = this.disabled = !subject.operators.includes(this.value);
      });
      if (operator.find(':selected').prop('disabled')) operator.val('eq');
    };
    on.on('change', () => {
      value.typedInput('types', typesOf(subjectOf(on.val()) ?? id));
      form.nameParts(value, t('label.filterValue'));
      showParts();
    });
    form.nameParts(value, t('label.filterValue'));
    showParts();
    if (row.on === undefined) on.trigger('focus');
  }

  /** Call in `oneditprepare`, before the form is opened. */
  function prepare(rows: unknown) {
    fillRowList<QueryFilterRow>($(selectors.list), {
      addButton: form.t('form.addFilter'),
      rows: rowsOf(rows),
      addItem,
      removeItem: () => form.refresh(),
      showReasons,
    });
  }

  return { prepare, read, reason };
}
