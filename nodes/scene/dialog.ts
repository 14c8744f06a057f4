import { createForm } from '../editor/form';
import { visionEventSceneDefaults } from '../shared/properties';

const form = createForm('roboflow-vision-event-scene', {
  prefix: 'node-input',
  defaults: visionEventSceneDefaults,
  refuse: {},
});
const { t } = form;

function prepareTypedInputs(): void {
  const read = ['msg', 'flow', 'global', 'jsonata'];
  const none = { value: 'none', label: t('type.none'), hasValue: false };
  const now = { value: 'now', label: t('type.now'), hasValue: false };
  form.typed('detections', read);
  form.typed('image', [none, ...read]);
  form.typed('timestamp', [now, ...read]);
  form.typed('cameraBy', [none, ...read]);
}

RED.nodes.registerType('roboflow-vision-event-scene', {
  category: 'Roboflow',
  color: '#B39DDB',
  defaults: form.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'roboflow-vision-event-scene.svg',
  paletteLabel: () => t('paletteLabel'),
  label() {
    return this.name || t('paletteLabel');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  inputLabels: () => t('form.input'),
  outputLabels: () => t('form.output'),
  oneditprepare() {
    form.fill(this);
    prepareTypedInputs();
    form.open(this);
  },
  oneditsave: () => form.close(),
  oneditcancel: () => form.close(),
  oneditdelete: () => form.close(),
});
