import { isNamePattern } from '../../src/bundle/is-name-pattern';
import { MAX_IDENTIFIER_LENGTH } from '../../src/event/limits';
import {
  createForm,
  labelStyle,
  neededReason,
  pathReason,
  type Checks,
  type Read,
  type Text,
} from '../editor/form';
import { adminRequests, sharedText } from '../editor/live';
import { pictureChecks } from '../editor/picture-checks';
import { createUseCasePicker, ofChosenWorkspace } from '../editor/use-case-picker';
import { workspaceReason } from '../editor/workspace-reason';
import { takeOnlyWorkspace } from '../editor/workspaces';
import { visionEventBundleDefaults, type VisionEventBundleProperties } from '../shared/properties';

type Property = keyof VisionEventBundleProperties;

const uploads = (read: Read<Property>) => read('action') === 'upload';
/** A list takes the place of the single pictures. */
const takesList = (read: Read<Property>) => read('picturesType') !== 'none';

/** What the runtime would refuse. */
const refuse: Checks<Property> = {
  directory: (value, read, t) => neededReason(value, read('directoryType'), t('refusal.directoryMissing'), t),
  outputImage: (value, read, t) =>
    takesList(read) ? undefined : pictureReason(value, read('outputImageType'), read, t),
  inputImage: (value, read, t) =>
    takesList(read) ? undefined : pictureReason(value, read('inputImageType'), read, t),
  pictures: (value, read, t) => pictureReason(value, read('picturesType'), read, t),
  ...pictureChecks,
  fileName(value, read, t) {
    if (uploads(read) || value === '') return undefined;
    return isNamePattern(String(value)) ? undefined : t('refusal.fileName');
  },
  workspace: (value, read, t) => (uploads(read) ? workspaceReason(value, t) : undefined),
  useCase(value, read, t) {
    if (!uploads(read)) return undefined;
    if (read('useCaseType') !== 'str') return pathReason(value, read('useCaseType'), t);
    return String(value).length > MAX_IDENTIFIER_LENGTH
      ? t('refusal.tooLong', { max: MAX_IDENTIFIER_LENGTH })
      : undefined;
  },
};

function pictureReason(value: unknown, type: unknown, read: Read<Property>, t: Text): string | undefined {
  return uploads(read) || type === 'none' || type === 'drawn'
    ? undefined
    : neededReason(value, type, t('refusal.imageMissing'), t);
}

const form = createForm('roboflow-vision-event-bundle', {
  prefix: 'node-input',
  defaults: visionEventBundleDefaults,
  configNodes: { workspace: 'roboflow-vision-event-workspace' },
  refuse,
});
const { t } = form;
const useCases = createUseCasePicker(adminRequests(sharedText), ofChosenWorkspace);

function prepareTypedInputs() {
  const readOrEnv = ['msg', 'flow', 'global', 'env', 'jsonata'];
  const file = { value: 'file', label: t('type.file') };
  const none = { value: 'none', label: t('type.none'), hasValue: false };
  const drawn = { value: 'drawn', label: t('type.drawn'), hasValue: false };
  form.typed('directory', ['str', ...readOrEnv], { str: t('placeholder.directory') });
  const picture = ['msg', 'flow', 'global', file, 'jsonata'];
  const path = { file: t('placeholder.file') };
  form.typed('outputImage', [none, drawn, ...picture], path);
  form.typed('inputImage', [none, ...picture], path, { msg: 'image' });
  form.typed('pictures', [none, 'msg', 'flow', 'global', 'jsonata'], {}, { msg: 'pictures' });
  form.typed('useCase', ['str', ...readOrEnv], { str: t('placeholder.useCase') });
}

function showFieldsOfAction() {
  const action = $('#node-input-action').val();
  $('.vision-event-form[data-form="roboflow-vision-event-bundle"] [data-action]').each(function () {
    this.hidden = $(this).attr('data-action') !== action;
  });
}

function showFieldsOfPictures() {
  const used = $('#node-input-picturesType').val() === 'none' ? 'one' : 'list';
  $('.vision-event-form[data-form="roboflow-vision-event-bundle"] [data-pictures]').each(function () {
    this.hidden = $(this).attr('data-pictures') !== used;
  });
}

RED.nodes.registerType('roboflow-vision-event-bundle', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'roboflow-vision-event-bundle.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    return this.name || t(`label.node.${this.action === 'upload' ? 'upload' : 'write'}`);
  },
  labelStyle,
  outputLabels() {
    return t(`form.output.${this.action === 'upload' ? 'upload' : 'write'}`);
  },
  onadd: takeOnlyWorkspace,
  oneditprepare() {
    form.fill(this);
    prepareTypedInputs();
    useCases.prepare();
    $('#node-input-action').on('change', showFieldsOfAction);
    showFieldsOfAction();
    $('#node-input-pictures').on('change', showFieldsOfPictures);
    showFieldsOfPictures();
    form.open(this);
  },
  oneditsave: () => form.close(),
  oneditcancel: () => form.close(),
  oneditdelete: () => form.close(),
});
