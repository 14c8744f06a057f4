import { createForm, labelStyle, type Checks } from '../editor/form';
import { workspaceReason } from '../editor/workspace-reason';
import { takeOnlyWorkspace } from '../editor/workspaces';
import { visionEventOutboxDefaults, type VisionEventOutboxProperties } from '../shared/properties';

/** What the runtime would refuse. */
const refuse: Checks<keyof VisionEventOutboxProperties> = {
  workspace: (value, _read, t) => workspaceReason(value, t),
};

const form = createForm('roboflow-vision-event-outbox', {
  prefix: 'node-input',
  defaults: visionEventOutboxDefaults,
  configNodes: { workspace: 'roboflow-vision-event-workspace' },
  refuse,
});
const { t } = form;

RED.nodes.registerType('roboflow-vision-event-outbox', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 3,
  icon: 'roboflow-vision-event-outbox.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    return this.name || t('paletteLabel');
  },
  labelStyle,
  inputLabels: () => t('form.input'),
  outputLabels: (index) => t(`form.output.${['delivered', 'refused', 'state'][index]}`),
  onadd: takeOnlyWorkspace,
  oneditprepare() {
    form.fill(this);
    form.open(this);
  },
  oneditsave: () => form.close(),
  oneditcancel: () => form.close(),
  oneditdelete: () => form.close(),
});
