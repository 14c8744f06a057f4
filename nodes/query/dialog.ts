import { readQueryTime } from '../../src/api/query-time';
import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';
import { EVENT_TYPES } from '../../src/event/types';
import {
  createForm,
  labelStyle,
  numberReason,
  pathReason,
  type Checks,
  type Read,
  type Text,
} from '../editor/form';
import { adminRequests, sharedText } from '../editor/live';
import { createUseCasePicker, ofChosenWorkspace } from '../editor/use-case-picker';
import { workspaceReason } from '../editor/workspace-reason';
import { takeOnlyWorkspace } from '../editor/workspaces';
import { createFilterRows } from './dialog/filter-rows';
import { isEmpty } from '../shared/number-rules';
import { visionEventQueryDefaults, type VisionEventQueryProperties } from '../shared/properties';

type Property = keyof VisionEventQueryProperties;

/** What the runtime would refuse. */
const refuse: Checks<Property> = {
  workspace: (value, _read, t) => workspaceReason(value, t),
  useCase(value, read, t) {
    if (String(value).trim() === '') return t('refusal.useCaseMissing');
    if (read('useCaseType') !== 'str') return pathReason(value, read('useCaseType'), t);
    return String(value).length > MAX_IDENTIFIER_LENGTH
      ? t('refusal.tooLong', { max: MAX_IDENTIFIER_LENGTH })
      : undefined;
  },
  startTime: (value, read, t) => timeReason(value, read('startTimeType'), t),
  endTime: (value, read, t) => timeReason(value, read('endTimeType'), t) ?? orderReason(read, t),
  filters: (rows, read, t) => filters.reason(rows, read, t),
  limit: (value, _read, t) => numberReason(value, { min: 1, whole: true }, t('refusal.limit')),
};

function timeReason(value: unknown, type: unknown, t: Text): string | undefined {
  if (type !== 'str') return pathReason(value, type, t);
  return isEmpty(value) || readQueryTime(value, Date.now()) !== undefined ? undefined : t('refusal.time');
}

/** Only where both are fixed: the runtime compares no others before a message comes. */
function orderReason(read: Read<Property>, t: Text): string | undefined {
  if (read('startTimeType') !== 'str' || read('endTimeType') !== 'str') return undefined;
  const now = Date.now();
  const [start, end] = [readQueryTime(read('startTime'), now), readQueryTime(read('endTime'), now)];
  // Texts in ISO 8601 with Z are in the order of their times.
  return start !== undefined && end !== undefined && start > end ? t('refusal.timeOrder') : undefined;
}

const form = createForm('roboflow-vision-event-query', {
  prefix: 'node-input',
  defaults: visionEventQueryDefaults,
  configNodes: { workspace: 'roboflow-vision-event-workspace' },
  refuse,
});
const { t } = form;
const useCases = createUseCasePicker(adminRequests(sharedText), ofChosenWorkspace);
const filters = createFilterRows(form, {
  list: '#vision-event-query-filters',
  reason: '#vision-event-query-filters-reason',
});

function prepareTypedInputs() {
  const readOrEnv = ['msg', 'flow', 'global', 'env', 'jsonata'];
  form.typed('useCase', ['str', ...readOrEnv], { str: t('placeholder.useCase') });
  form.typed('startTime', ['str', ...readOrEnv], { str: t('placeholder.startTime') });
  form.typed('endTime', ['str', ...readOrEnv], { str: t('placeholder.endTime') });
}

/** The property holds the types comma separated; none chosen means all. */
function prepareEventTypes() {
  const kept = $('#node-input-eventTypes');
  const chosen = String(kept.val())
    .split(',')
    .map((type) => type.trim());
  const boxes = EVENT_TYPES.map((type) => {
    const box = $('<input type="checkbox">').val(type).prop('checked', chosen.includes(type));
    $('<label>')
      .append(box, document.createTextNode(t(`option.eventType.${type}`)))
      .appendTo('#vision-event-query-types');
    return box;
  });
  $('#vision-event-query-types').on('change', () => {
    kept.val(
      boxes
        .filter((box) => box.prop('checked'))
        .map((box) => box.val())
        .join(','),
    );
  });
}

RED.nodes.registerType('roboflow-vision-event-query', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'roboflow-vision-event-query.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    return this.name || t('paletteLabel');
  },
  labelStyle,
  outputLabels() {
    return t(`form.output.${String(this['deliver'] || 'array')}`);
  },
  onadd: takeOnlyWorkspace,
  oneditprepare() {
    form.fill(this);
    prepareTypedInputs();
    useCases.prepare();
    prepareEventTypes();
    filters.prepare(this.filters);
    form.open(this, { filters: filters.read });
  },
  oneditsave() {
    this.filters = filters.read();
    form.close();
  },
  oneditcancel: () => form.close(),
  oneditdelete: () => form.close(),
});
