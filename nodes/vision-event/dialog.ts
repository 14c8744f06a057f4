import { EVENT_TYPES } from '../../src/event/types';
import { createForm, labelStyle } from '../editor/form';
import { createFormatFields } from '../editor/format-fields';
import { adminRequests } from '../editor/live';
import { createMetadataRows } from '../editor/metadata-rows';
import { onceSoon } from '../editor/once-soon';
import { createUseCasePicker, ofChosenWorkspace } from '../editor/use-case-picker';
import { takeOnlyWorkspace } from '../editor/workspaces';
import { visionEventDefaults } from '../shared/properties';
import { doubt, hint, refuse } from './dialog/checks';
import { showWhatSectionsDo } from './dialog/headings';
import { createMapper } from './dialog/mapper';
import { createMetadataSchema } from './dialog/metadata-schema';
import { sayThatEditorIsOpen } from './dialog/editor-is-open';
import { createTryIt } from './dialog/try-it';
import { prepareTypedInputs } from './dialog/typed-inputs';

const form = createForm('roboflow-vision-event', {
  prefix: 'node-input',
  defaults: visionEventDefaults,
  configNodes: { workspace: 'roboflow-vision-event-workspace' },
  refuse,
  doubt,
  hint,
  doubtRefuses: (read) => read('onWarnings') === 'stop',
});
const { t } = form;
const formatFields = createFormatFields(form, () =>
  $<HTMLInputElement>('#node-input-detectionsType, #node-input-picturesType')
    .toArray()
    .some((type) => type.value !== 'none'),
);
const metadata = createMetadataRows(form, {
  list: '#vision-event-metadata',
  reason: '#vision-event-metadata-reason',
});
const pictureMetadata = createMetadataRows(form, {
  list: '#vision-event-picture-metadata',
  reason: '#vision-event-picture-metadata-reason',
});
const admin = adminRequests(t);
const useCases = createUseCasePicker(admin, ofChosenWorkspace);
const schema = createMetadataSchema(
  form,
  admin,
  {
    useCase: '#node-input-useCase',
    workspace: '#node-input-workspace',
    section: '[data-form="roboflow-vision-event"] [data-section="metadata"]',
    list: '#vision-event-metadata',
    notes: '#vision-event-metadata-types',
  },
  () => metadata.read(),
);
const mapper = createMapper(form, admin, '[data-form="roboflow-vision-event"] .vision-event-mapper');
sayThatEditorIsOpen(admin);
const tryIt = createTryIt(form, admin, '[data-form="roboflow-vision-event"] [data-section="try"]');

function close() {
  tryIt.close();
  form.close();
}

function showFieldsOfEventType() {
  const type =
    $('#node-input-eventTypeType').val() === 'str' ? String($('#node-input-eventType').val()) : undefined;
  $('[data-event-types]').each(function () {
    this.hidden = type !== undefined && !this.dataset['eventTypes']?.split(' ').includes(type);
  });
}

/** Feedback is about an event that is there already: the message carries a verdict, no detections. */
function takeNoDetectionsForFeedback() {
  const isUntouched =
    $('#node-input-detectionsType').val() === visionEventDefaults.detectionsType &&
    $('#node-input-detections').val() === visionEventDefaults.detections;
  if (isUntouched && $('#node-input-eventType').val() === 'operator_feedback')
    $('#node-input-detections').typedInput('type', 'none');
}

function showFieldsOfPictures() {
  const used = $('#node-input-picturesType').val() === 'none' ? 'one' : 'list';
  $('[data-pictures]').each(function () {
    this.hidden = $(this).attr('data-pictures') !== used;
  });
}

RED.nodes.registerType('roboflow-vision-event', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'roboflow-vision-event.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    if (this.name) return this.name;
    const type = EVENT_TYPES.find((known) => known === this['eventType']);
    return this['eventTypeType'] === 'str' && type ? t(`option.eventType.${type}`) : t('paletteLabel');
  },
  labelStyle,
  outputLabels: () => t('form.output'),
  onadd: takeOnlyWorkspace,
  oneditprepare() {
    form.fill(this);
    prepareTypedInputs(form);
    formatFields.prepare(String(this['format'] ?? 'auto'));
    metadata.prepare(this['metadata']);
    pictureMetadata.prepare(this['pictureMetadata']);
    $('#node-input-eventType').on('change', showFieldsOfEventType);
    $('#node-input-detections, #node-input-pictures').on('change', formatFields.show);
    $('#node-input-pictures').on('change', showFieldsOfPictures);
    $('#node-input-eventType').on('change', takeNoDetectionsForFeedback);
    const showSections = onceSoon(() => showWhatSectionsDo(t));
    $('.vision-event-form[data-form="roboflow-vision-event"]').on('change', showSections);
    showFieldsOfEventType();
    showFieldsOfPictures();
    showWhatSectionsDo(t);
    useCases.prepare();
    form.open(this, { metadata: metadata.read, pictureMetadata: pictureMetadata.read });
    schema.prepare();
    mapper.prepare(this);
    tryIt.prepare(this);
  },
  oneditsave() {
    this['metadata'] = metadata.read();
    this['pictureMetadata'] = pictureMetadata.read();
    close();
  },
  oneditcancel: close,
  oneditdelete: close,
});
