import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { startSimulator, type Simulator } from '../../simulator/server';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { RealNodeRed } from '../support/real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;
const ARRIVAL_DEADLINE_MS = 10_000;

const ONE_SCRATCH = JSON.stringify({
  image: { width: 640, height: 480 },
  predictions: [{ x: 320, y: 240, width: 40, height: 30, confidence: 0.9, class: 'scratch' }],
});

/**
 * Node-RED has no key that takes a node out of the palette, so the two nodes come in by its import dialog,
 * as bare as the palette gives them: nothing is set, nothing is wired. They are wired in this order.
 */
const BARE_NODES = JSON.stringify([
  { id: 'flow', type: 'tab', label: 'By keyboard' },
  { id: 'inject', type: 'inject', z: 'flow', x: 140, y: 100, repeat: '', props: [], wires: [[]] },
  { id: 'event', type: 'vision-event', z: 'flow', x: 400, y: 100, wires: [[]] },
]);

describe('the quality-check flow by keyboard alone, in Node-RED 4.1', function () {
  this.timeout(SLOW_MS);

  const apiKey = `key-${Math.random().toString(36).slice(2)}`;
  let browser: Browser;
  let nodeRed: RealNodeRed;
  let simulator: Simulator;
  let editor: EditorPage;

  before(async function () {
    browser = await launchBrowser(this);
    simulator = await startSimulator({ apiKey });
    nodeRed = await RealNodeRed.start('4.1');
    await nodeRed.deploy([{ id: 'tab', type: 'tab', label: 'Test' }]);
    editor = await EditorPage.open(browser, nodeRed.url);
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
    await simulator?.close();
  });
  afterEach(async function () {
    if (editor && process.env.SCREENSHOTS && this.currentTest?.state === 'failed')
      await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/failed-keyboard.png` });
  });

  it('is built, deployed and run, and the event arrives', async () => {
    const { keyboard } = editor.page;

    await editor.importAsNewFlow(BARE_NODES);
    await editor.act('show next tab');
    await editor.act('select all nodes');
    await editor.act('wire series of nodes');
    await editor.act('select none');
    await editor.act('go to nearest node on right');
    await editor.act('go to nearest node on right');
    await editor.act('edit selected node');
    await editor.form('vision-event').waitFor();
    await editor.trayAtRest();
    await fillEvent();
    await keyboard.press('Control+Enter');
    await editor.form('vision-event').waitFor({ state: 'detached' });
    await editor.trayAtRest();

    const nodes = await editor.nodes();
    for (const node of nodes) assert.deepEqual(node.validationErrors, [], node.type);
    await editor.deploy(() => keyboard.press('Control+D'));

    await editor.act('go to nearest node on left');
    await editor.act('trigger selected nodes action');
    const { event, useCaseId } = await firstEvent();
    assert.deepEqual(event.eventData, { result: 'fail' });
    assert.equal(useCaseId, 'quality-line-1');
    assert.deepEqual(editor.pageErrors, []);
  });

  async function fillEvent(): Promise<void> {
    const { keyboard } = editor.page;
    await editor.tabTo('#node-input-btn-workspace-add');
    await keyboard.press('Enter');
    await editor.form('vision-event-workspace').waitFor();
    await editor.trayAtRest();
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
    await editor.form('vision-event-workspace').waitFor({ state: 'detached' });
    await editor.trayAtRest();

    await chooseType('detections', 'json');
    await typeInto('detections', ONE_SCRATCH);
    await typeInto('useCase', 'quality-line-1');
    await chooseType('result', 'detected');
    await typeInto('result', 'scratch');
  }

  const partOf = (property: string, part: string) =>
    `#node-input-${property} + .red-ui-typedInput-container .red-ui-typedInput-${part}`;

  async function chooseType(property: string, type: string): Promise<void> {
    await editor.tabTo(partOf(property, 'type-select'));
    await editor.page.keyboard.press('Enter');
    await editor.downTo(`.red-ui-typedInput-options a[value="${type}"]`);
    await editor.page.keyboard.press('Enter');
  }

  async function typeInto(property: string, text: string): Promise<void> {
    await editor.tabTo(partOf(property, 'input'));
    await editor.page.keyboard.press('Control+A');
    await editor.page.keyboard.insertText(text);
  }

  async function firstEvent(): Promise<ReturnType<Simulator['events']>[number]> {
    const deadline = Date.now() + ARRIVAL_DEADLINE_MS;
    for (;;) {
      const [event] = simulator.events();
      if (event) return event;
      if (Date.now() > deadline) throw new Error('no event arrived at the simulator');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
});
