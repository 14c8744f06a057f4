import { MOMENT_KINDS } from '../../src/scene/types';
import { createFormatFields } from '../editor/format-fields';
import { createForm, labelStyle } from '../editor/form';
import { adminRequests, makeElement, sharedText } from '../editor/live';
import { visionEventSceneDefaults, type SceneZoneRow } from '../shared/properties';
import { hint, refuse } from './dialog/checks';
import { LiveView } from './dialog/live-view';
import { ReplayView } from './dialog/replay';
import { ZoneEditor } from './dialog/zone-editor';

const FORM = '[data-form="roboflow-vision-event-scene"]';

/** Settings that matter to one kind of moment only. */
type SecondsOfMoment = 'stayAfter' | 'countStable' | 'countEvery';

const form = createForm('roboflow-vision-event-scene', {
  prefix: 'node-input',
  defaults: visionEventSceneDefaults,
  refuse,
  hint,
});
const { t } = form;
const admin = adminRequests(sharedText);
const formatFields = createFormatFields(form);
/** What asks the runtime while the dialog is open. */
let running: { stop(): void }[] = [];
let zones: ZoneEditor | undefined;

function prepareTypedInputs(): void {
  const read = ['msg', 'flow', 'global', 'jsonata'];
  const none = { value: 'none', label: t('type.none'), hasValue: false };
  const now = { value: 'now', label: t('type.now'), hasValue: false };
  form.typed('detections', read);
  form.typed('image', [none, ...read], {}, { msg: 'image' });
  form.typed('timestamp', [now, ...read]);
  form.typed('cameraBy', [none, ...read]);
}

function offerMoments(chosen: unknown): void {
  const choices = MOMENT_KINDS.map((kind) => {
    const box = makeElement('input', { type: 'checkbox', value: kind });
    box.checked = Array.isArray(chosen) && chosen.includes(kind);
    return makeElement('label', {}, box, t(`option.${kind}`));
  });
  document.getElementById('vision-event-moments')!.replaceChildren(...choices);
}

const chosenMoments = () =>
  [...document.querySelectorAll<HTMLInputElement>('#vision-event-moments input:checked')].map(
    ({ value }) => value,
  );

/** What is for one kind of moment shows while that is chosen; what somebody has set never hides. */
function showRowsOfMoments(): void {
  const chosen = chosenMoments();
  for (const row of document.querySelectorAll<HTMLElement>(`${FORM} [data-moment]`)) {
    const { id, value } = row.querySelector('input')!;
    const initial = visionEventSceneDefaults[id.replace('node-input-', '') as SecondsOfMoment];
    row.hidden = !chosen.includes(row.dataset['moment']!) && value === initial;
  }
}

function prepareZones(node: EditorNode): void {
  const rows = (Array.isArray(node['zones']) ? node['zones'] : []) as SceneZoneRow[];
  const editor = new ZoneEditor(rows, form, () => replay.soon());
  const live = new LiveView(
    node.id,
    editor.canvas,
    admin,
    t,
    () => $('#node-input-anchor').val(),
    () => replay.soon(),
  );
  const replay = new ReplayView(node.id, form, admin, () => live.camera);
  zones = editor;
  running = [live, replay];
  document.getElementById('vision-event-zones')!.replaceChildren(...live.parts, ...editor.parts);
  const dialog = document.querySelector<HTMLElement>(FORM)!;
  $(dialog).on('change input', () => replay.soon());
  runWhileOpen(dialog, 'zones', live);
  const section = runWhileOpen(dialog, 'replay', replay);
  section.querySelector('.vision-event-body')!.replaceChildren(...replay.parts);
}

function runWhileOpen(
  dialog: HTMLElement,
  name: string,
  part: { start(): void; stop(): void },
): HTMLDetailsElement {
  const section = dialog.querySelector<HTMLDetailsElement>(`[data-section="${name}"]`)!;
  section.addEventListener('toggle', () => (section.open ? part.start() : part.stop()));
  return section;
}

function close(): void {
  for (const part of running) part.stop();
  running = [];
  zones = undefined;
  form.close();
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
  labelStyle,
  inputLabels: () => t('form.input'),
  outputLabels: () => t('form.output'),
  oneditprepare() {
    form.fill(this);
    prepareTypedInputs();
    formatFields.prepare(String(this['format'] ?? 'auto'));
    offerMoments(this['moments'] ?? visionEventSceneDefaults.moments);
    showRowsOfMoments();
    $('#vision-event-moments').on('change', showRowsOfMoments);
    prepareZones(this);
    form.open(this, { moments: chosenMoments, zones: () => zones?.read() ?? [] });
  },
  oneditsave() {
    this['moments'] = chosenMoments();
    this['zones'] = zones?.read() ?? [];
    close();
  },
  oneditcancel: close,
  oneditdelete: close,
});
