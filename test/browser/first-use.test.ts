import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { startSimulator, type Simulator } from '../../simulator/server';
import { drawScene } from '../support/drawn-scene';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, injecting } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { firstEvent, ONE_SCRATCH } from '../support/quality-check';

/** What somebody who has never seen the package may need for the first event. */
const MOST = { pointerActions: 14, typedFields: 2 };

const PICTURE = drawScene(640, 480, [{ x: 320, y: 240, width: 40, height: 30 }]);

/** As a colleague sends it: a detector's answer with its picture beside it, in the property that many nodes use. */
const DETECTOR = flowOf(
  {
    detector: {
      ...injecting(JSON.parse(ONE_SCRATCH), '', [{ p: 'image', v: PICTURE.toString('base64'), vt: 'str' }]),
      name: 'detector',
      wires: [[]],
    },
  },
  {},
);

for (const version of NODE_RED_VERSIONS) {
  describe(`the first use, in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const apiKey = `key-${Math.random().toString(36).slice(2)}`;
    let simulator: Simulator;
    before(async () => {
      simulator = await startSimulator({ apiKey });
    });
    beforeEach(() => simulator.reset());
    after(() => simulator?.close());
    const session = useEditor(version, () => []);

    it('leads to the first event with few actions, two typed fields and no dead end', async () => {
      const { editor } = session;
      const { page } = editor;
      await editor.act('add flow');
      const user = new CountingUser(editor);
      const inject = await user.pointer(1, () => editor.dragFromPalette('inject', 120, 100));
      await addEvent(user, editor, inject);
      await addWorkspace(user, editor, apiKey, simulator.url);
      await user.pointer(2, () => editor.chooseType('node-input-detections', 'none'));
      await chooseUseCase(user, page, 'Quality, line 1');
      await editor.screenshot(`first use before done ${version}`);
      await deployAndInject(user, editor, inject);
      assert.equal((await firstEvent(simulator)).useCaseId, 'quality-line-1');
      await user.assertFewActions();
      assert.deepEqual(editor.pageErrors, []);
    });

    it('takes the only workspace into a new node, calls it by its host, and sends a test event from its dialog', async () => {
      const { editor } = session;
      const { page } = editor;
      const [first] = (await editor.nodes()).filter(({ type }) => type === 'roboflow-vision-event');
      const second = await editor.dragFromPalette('roboflow-vision-event', 340, 220);
      assert.ok(first?.['workspace']);
      assert.equal((await editor.node(second))['workspace'], first['workspace']);
      await editor.openDialog(second);
      const chosen = page.locator('#node-input-workspace option:checked');
      assert.equal(await chosen.innerText(), new URL(simulator.url).host);
      await editor.openWorkspace();
      await page.locator('[data-section="testEvent"] > summary').click();
      const section = page.locator('[data-section="testEvent"]');
      await section.getByRole('button', { name: 'Send a test event' }).click();
      await section.getByText('Choose a use case first.').waitFor();
      await section.getByRole('button', { name: 'Choose …' }).click();
      await section.getByRole('option', { name: 'Dock count' }).click();
      await section.getByRole('button', { name: 'Send a test event' }).click();
      await section.getByText(/^Sent\./).waitFor();
      await editor.screenshot(`test event ${version}`);
      const { event, useCaseId } = await firstEvent(simulator);
      assert.equal(useCaseId, 'dock-count');
      assert.deepEqual(event.customMetadata, { test: true });
      assert.deepEqual(await editor.nameless('roboflow-vision-event-workspace'), []);
      await editor.cancelDialogs();
    });
  });

  describe(`the first use with a detector's message, in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const apiKey = `key-${Math.random().toString(36).slice(2)}`;
    let simulator: Simulator;
    before(async () => {
      simulator = await startSimulator({ apiKey });
    });
    after(() => simulator?.close());
    const session = useEditor(version, () => []);

    it('leads to an event with its detections and its picture, with few actions, two typed fields and no dead end', async () => {
      const { editor } = session;
      const { page } = editor;
      await editor.importAsNewFlow(JSON.stringify(DETECTOR));
      await page.locator('#red-ui-workspace-tabs').getByText('Test', { exact: true }).click();
      const [inject] = (await editor.nodes()).filter(({ type }) => type === 'inject').map(({ id }) => id);
      assert.ok(inject);
      const user = new CountingUser(editor);
      await addEvent(user, editor, inject);
      await addWorkspace(user, editor, apiKey, simulator.url);
      await chooseUseCase(user, page, 'Quality, line 1');
      const pictures = page.locator('[data-section="pictures"]');
      assert.match(await pictures.locator('> summary').innerText(), /Pictures: none/);
      await user.pointer(1, () => pictures.locator('> summary').click());
      await user.pointer(2, () => editor.chooseType('node-input-inputImage', 'msg'));
      await editor.screenshot(`first use with a detector before done ${version}`);
      await deployAndInject(user, editor, inject);

      const { event } = await firstEvent(simulator);
      const [image] = event.images as { inputSourceId: string; objectDetections: { class: string }[] }[];
      assert.deepEqual(event.eventData, { result: 'fail' });
      assert.deepEqual(
        image?.objectDetections.map((detection) => detection.class),
        ['scratch'],
      );
      const arrived = await fetch(`${simulator.url}/_simulator/images/${image?.inputSourceId}`);
      assert.ok(PICTURE.equals(Buffer.from(await arrived.arrayBuffer())));
      await page.locator('.red-ui-flow-node-status-label', { hasText: 'delivered 1' }).waitFor();
      await user.assertFewActions();
      assert.deepEqual(editor.pageErrors, []);
    });
  });
}

/** Drags a vision event behind `source` and opens it. */
async function addEvent(user: CountingUser, editor: EditorPage, source: string): Promise<void> {
  const event = await user.pointer(1, () => editor.dragFromPalette('roboflow-vision-event', 340, 100));
  await user.pointer(1, () => editor.wire(source, event));
  // A double click.
  await user.pointer(2, () => editor.openDialog(event));
}

async function addWorkspace(user: CountingUser, editor: EditorPage, apiKey: string, url: string) {
  await user.pointer(1, () => editor.openWorkspace('add'));
  await user.type(editor.page.locator('#node-config-input-apiKey'), apiKey);
  await user.type(editor.page.locator('#node-config-input-baseUrl'), url);
  await user.pointer(1, () => editor.confirmDialog('node-config-dialog'));
}

async function chooseUseCase(user: CountingUser, page: Page, name: string): Promise<void> {
  const picker = page.locator('.vision-event-beside');
  await user.pointer(1, () => picker.getByRole('button', { name: 'Choose …' }).click());
  await user.pointer(1, () => picker.getByRole('option', { name }).click());
}

async function deployAndInject(user: CountingUser, editor: EditorPage, inject: string): Promise<void> {
  await user.pointer(1, () => editor.confirmDialog('node-dialog'));
  await user.pointer(1, () => editor.deploy());
  await user.pointer(1, () => editor.canvasNode(inject).locator('.red-ui-flow-node-button-button').click());
}

/** Counts what a person would have to do, and where the editor would have stopped them. */
class CountingUser {
  readonly counted = { pointerActions: 0, typedFields: 0 };
  readonly deadEnds: string[] = [];

  constructor(private readonly editor: EditorPage) {}

  /** @param count clicks, drags and choices in a list that it takes */
  async pointer<T>(count: number, act: () => Promise<T>): Promise<T> {
    this.counted.pointerActions += count;
    const done = await act();
    await this.look();
    return done;
  }

  async type(field: Locator, text: string): Promise<void> {
    this.counted.typedFields += 1;
    await field.fill(text);
  }

  async assertFewActions(): Promise<void> {
    await this.look();
    console.log(`      ${JSON.stringify(this.counted)}, dead ends: ${JSON.stringify(this.deadEnds)}`);
    assert.deepEqual(this.deadEnds, []);
    const { pointerActions, typedFields } = this.counted;
    assert.ok(pointerActions <= MOST.pointerActions, `${pointerActions} actions`);
    assert.ok(typedFields <= MOST.typedFields, `${typedFields} fields`);
  }

  /** A reason why something cannot be done, a question before a deploy, an error on the canvas: each is a dead end. */
  async look(): Promise<void> {
    const { page } = this.editor;
    const stops = page.locator(
      '.vision-event-picker-message.vision-event-note-wrong, .red-ui-notification-warning, .red-ui-notification-error, .red-ui-flow-node-status-dot-red, .red-ui-flow-node-status-ring-red',
    );
    for (const stop of await stops.all()) {
      if (await stop.isVisible()) this.deadEnds.push((await stop.textContent()) ?? '');
    }
  }
}
