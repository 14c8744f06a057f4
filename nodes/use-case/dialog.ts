import { MAX_USE_CASE_NAME_LENGTH } from '../../src/api/limits';
import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';
import { createForm, labelStyle, pathReason, type Checks, type Text } from '../editor/form';
import { adminRequests, sharedText } from '../editor/live';
import { createUseCasePicker, ofChosenWorkspace } from '../editor/use-case-picker';
import { workspaceReason } from '../editor/workspace-reason';
import { takeOnlyWorkspace } from '../editor/workspaces';
import { visionEventUseCaseDefaults, type VisionEventUseCaseProperties } from '../shared/properties';

const ACTIONS: unknown[] = ['list', 'create', 'rename', 'archive', 'unarchive', 'schema', 'delete-events'];
const WITH_USE_CASE: unknown[] = ['rename', 'archive', 'unarchive', 'schema', 'delete-events'];
const WITH_NAME: unknown[] = ['create', 'rename'];

/** What the runtime would refuse. */
const refuse: Checks<keyof VisionEventUseCaseProperties> = {
  workspace: (value, _read, t) => workspaceReason(value, t),
  useCase: (value, read, t) =>
    WITH_USE_CASE.includes(read('action'))
      ? neededText(value, read('useCaseType'), MAX_IDENTIFIER_LENGTH, t('refusal.useCaseMissing'), t)
      : undefined,
  useCaseName: (value, read, t) =>
    WITH_NAME.includes(read('action'))
      ? neededText(
          value,
          read('useCaseNameType'),
          MAX_USE_CASE_NAME_LENGTH,
          t('refusal.useCaseNameMissing'),
          t,
        )
      : undefined,
  eventIds: (value, read, t) =>
    read('action') === 'delete-events'
      ? needed(value, read('eventIdsType'), t('refusal.eventIdsMissing'), t)
      : undefined,
};

function needed(value: unknown, type: unknown, whenEmpty: string, t: Text): string | undefined {
  if (String(value).trim() === '') return whenEmpty;
  return type === 'str' ? undefined : pathReason(value, type, t);
}

function neededText(
  value: unknown,
  type: unknown,
  max: number,
  whenEmpty: string,
  t: Text,
): string | undefined {
  const tooLong = type === 'str' && String(value).trim().length > max;
  return tooLong ? t('refusal.tooLong', { max }) : needed(value, type, whenEmpty, t);
}

const form = createForm('roboflow-vision-event-use-case', {
  prefix: 'node-input',
  defaults: visionEventUseCaseDefaults,
  configNodes: { workspace: 'roboflow-vision-event-workspace' },
  refuse,
});
const { t } = form;
const useCases = createUseCasePicker(adminRequests(sharedText), {
  ...ofChosenWorkspace,
  isOffered: () => $('#node-input-action').val() !== 'unarchive',
});

function prepareTypedInputs() {
  const readOrEnv = ['msg', 'flow', 'global', 'env', 'jsonata'];
  form.typed('useCase', ['str', ...readOrEnv], { str: t('placeholder.useCase') });
  form.typed('useCaseName', ['str', ...readOrEnv], { str: t('placeholder.useCaseName') });
  form.typed('eventIds', ['msg', 'flow', 'global', 'jsonata', 'json', 'str'], {
    str: t('placeholder.eventIds'),
  });
}

function showFieldsOfAction() {
  const action = String($('#node-input-action').val());
  $('.vision-event-form[data-form="roboflow-vision-event-use-case"] [data-actions]').each(function () {
    this.hidden = !this.dataset['actions']?.split(' ').includes(action);
  });
  useCases.update();
}

RED.nodes.registerType('roboflow-vision-event-use-case', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'roboflow-vision-event-use-case.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    return (
      this.name ||
      (ACTIONS.includes(this['action']) ? t(`label.node.${String(this['action'])}`) : t('paletteLabel'))
    );
  },
  labelStyle,
  outputLabels() {
    return t(`form.output.${ACTIONS.includes(this['action']) ? String(this['action']) : 'list'}`);
  },
  onadd: takeOnlyWorkspace,
  oneditprepare() {
    form.fill(this);
    prepareTypedInputs();
    useCases.prepare();
    $('#node-input-action').on('change', showFieldsOfAction);
    showFieldsOfAction();
    form.open(this);
  },
  oneditsave: () => form.close(),
  oneditcancel: () => form.close(),
  oneditdelete: () => form.close(),
});
