import { createForm, labelStyle, neededReason, type Checks } from '../editor/form';
import { workspaceReason } from '../editor/workspace-reason';
import { takeOnlyWorkspace } from '../editor/workspaces';
import { visionEventSendDefaults, type VisionEventSendProperties } from '../shared/properties';

/** What the runtime would refuse. */
const refuse: Checks<keyof VisionEventSendProperties> = {
  workspace: (value, _read, t) => workspaceReason(value, t),
  events: (value, read, t) => neededReason(value, read('eventsType'), t('refusal.eventsMissing'), t),
};

const form = createForm('roboflow-vision-event-send', {
  prefix: 'node-input',
  defaults: visionEventSendDefaults,
  configNodes: { workspace: 'roboflow-vision-event-workspace' },
  refuse,
});
const { t } = form;

RED.nodes.registerType('roboflow-vision-event-send', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'roboflow-vision-event-send.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    return this.name || t('paletteLabel');
  },
  labelStyle,
  outputLabels: () => t('form.output'),
  onadd: takeOnlyWorkspace,
  oneditprepare() {
    form.fill(this);
    form.typed('events', ['msg', 'flow', 'global', 'jsonata']);
    form.open(this);
  },
  oneditsave: () => form.close(),
  oneditcancel: () => form.close(),
  oneditdelete: () => form.close(),
});
