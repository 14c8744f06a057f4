import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator/server';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { firstEvent, ONE_SCRATCH } from '../support/quality-check';

/**
 * Node-RED has no key that takes a node out of the palette, so the two nodes come in by its import dialog, as bare as
 * the palette gives them: nothing is set, nothing is wired. They are wired in this order.
 */
const BARE_NODES = JSON.stringify([
  { id: 'flow', type: 'tab', label: 'By keyboard' },
  { id: 'inject', type: 'inject', z: 'flow', x: 140, y: 100, repeat: '', props: [], wires: [[]] },
  { id: 'event', type: 'roboflow-vision-event', z: 'flow', x: 400, y: 100, wires: [[]] },
]);

describe('the quality-check flow by keyboard alone, in Node-RED 4.1', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  const apiKey = `key-${Math.random().toString(36).slice(2)}`;
  let simulator: Simulator;
  before(async () => {
    simulator = await startSimulator({ apiKey });
  });
  after(() => simulator?.close());
  const session = useEditor('4.1', () => []);

  it('is built, deployed and run, and the event arrives', async () => {
    const { editor } = session;
    const { keyboard } = editor.page;

    await editor.importAsNewFlow(BARE_NODES);
    await editor.act('show next tab');
    await editor.act('select all nodes');
    await editor.act('wire series of nodes');
    await editor.act('select none');
    await editor.act('go to nearest node on right');
    await editor.act('go to nearest node on right');
    await editor.act('edit selected node');
    await editor.dialogOpened('node-dialog');
    await fillEvent();
    await keyboard.press('Control+Enter');
    await editor.form('roboflow-vision-event').waitFor({ state: 'detached' });
    await editor.dialogsAtRest();

    const nodes = await editor.nodes();
    for (const node of nodes) assert.deepEqual(node.validationErrors, [], node.type);
    await editor.deploy(() => keyboard.press('Control+D'));

    await editor.act('go to nearest node on left');
    await editor.act('trigger selected nodes action');
    const { event, useCaseId } = await firstEvent(simulator);
    assert.deepEqual(event.eventData, { result: 'fail' });
    assert.equal(useCaseId, 'quality-line-1');
    assert.deepEqual(editor.pageErrors, []);
  });

  async function fillEvent(): Promise<void> {
    const { editor } = session;
    const { keyboard } = editor.page;
    await editor.tabTo('#node-input-btn-workspace-add');
    await keyboard.press('Enter');
    await editor.dialogOpened('node-config-dialog');
    for (const [field, text] of [
      ['name', 'By keyboard'],
      ['apiKey', apiKey],
      ['baseUrl', simulator.url],
    ] as const) {
      await editor.tabTo(`#node-config-input-${field}`);
      await keyboard.press('Control+A');
      await keyboard.insertText(text);
    }
    await keyboard.press('Control+Enter');
    await editor.form('roboflow-vision-event-workspace').waitFor({ state: 'detached' });
    await editor.dialogsAtRest();

    await chooseType('detections', 'json');
    await typeInto('detections', ONE_SCRATCH);
    await typeInto('useCase', 'quality-line-1');
    await chooseType('result', 'detected');
    await typeInto('result', 'scratch');
  }

  const partOf = (property: string, part: string) =>
    `#node-input-${property} + .red-ui-typedInput-container .red-ui-typedInput-${part}`;

  async function chooseType(property: string, type: string): Promise<void> {
    const { editor } = session;
    await editor.tabTo(partOf(property, 'type-select'));
    await editor.page.keyboard.press('Enter');
    await editor.downTo(`.red-ui-typedInput-options a[value="${type}"]`);
    await editor.page.keyboard.press('Enter');
  }

  async function typeInto(property: string, text: string): Promise<void> {
    const { editor } = session;
    await editor.tabTo(partOf(property, 'input'));
    await editor.page.keyboard.press('Control+A');
    await editor.page.keyboard.insertText(text);
  }
});
