import { createForm, labelStyle, neededReason, pathReason, type Checks, type Text } from '../editor/form';
import { createMetadataRows, metadataReason } from '../editor/metadata-rows';
import { pictureChecks } from '../editor/picture-checks';
import { workspaceReason } from '../editor/workspace-reason';
import { takeOnlyWorkspace } from '../editor/workspaces';
import { visionEventImageDefaults, type VisionEventImageProperties } from '../shared/properties';

/** What the runtime would refuse. */
const refuse: Checks<keyof VisionEventImageProperties> = {
  workspace: (value, _read, t) => workspaceReason(value, t),
  image: (value, read, t) => neededReason(value, read('imageType'), t('refusal.imageMissing'), t),
  imageName: (value, read, t) => typedReason(value, read('imageNameType'), t),
  pictureMaxSide: pictureChecks.pictureMaxSide,
  pictureQuality: pictureChecks.pictureQuality,
  pictureOver: pictureChecks.pictureOver,
  metadata: metadataReason('unreadable', 'objected'),
  metadataFrom: (value, read, t) => typedReason(value, read('metadataFromType'), t),
};

/** What is accepted, but is probably a mistake. */
const hint: Checks<keyof VisionEventImageProperties> = {
  metadata: metadataReason('leftOut'),
};

function typedReason(value: unknown, type: unknown, t: Text): string | undefined {
  return type === 'str' || type === 'none' ? undefined : pathReason(value, type, t);
}

const form = createForm('roboflow-vision-event-image', {
  prefix: 'node-input',
  defaults: visionEventImageDefaults,
  configNodes: { workspace: 'roboflow-vision-event-workspace' },
  refuse,
  hint,
});
const { t } = form;
const metadata = createMetadataRows(form, {
  list: '#vision-event-image-metadata',
  reason: '#vision-event-image-metadata-reason',
});

function prepareTypedInputs() {
  const read = ['msg', 'flow', 'global', 'jsonata'];
  const file = { value: 'file', label: t('type.file') };
  const none = { value: 'none', label: t('type.none'), hasValue: false };
  form.typed('image', ['msg', 'flow', 'global', file, 'jsonata'], { file: t('placeholder.file') });
  form.typed('imageName', ['str', ...read, 'env'], { str: t('placeholder.imageName') });
  form.typed('metadataFrom', [none, ...read, 'json']);
}

RED.nodes.registerType('roboflow-vision-event-image', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'roboflow-vision-event-image.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    return this.name || t('paletteLabel');
  },
  labelStyle,
  outputLabels: () => t('form.output'),
  onadd: takeOnlyWorkspace,
  oneditprepare() {
    form.fill(this);
    prepareTypedInputs();
    metadata.prepare(this.metadata);
    form.open(this, { metadata: metadata.read });
  },
  oneditsave() {
    this.metadata = metadata.read();
    form.close();
  },
  oneditcancel: () => form.close(),
  oneditdelete: () => form.close(),
});
