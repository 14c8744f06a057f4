import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { startSimulator, type Simulator } from '../../simulator/server';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { firstEvent } from '../support/quality-check';

/** What somebody who has never seen the package may need for the first event. */
const MOST = { pointerActions: 14, typedFields: 2, deadEnds: 0 };

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
      const event = await user.pointer(1, () => editor.dragFromPalette('roboflow-vision-event', 340, 100));
      await user.pointer(1, () => editor.wire(inject, event));
      // A double click.
      await user.pointer(2, () => editor.openDialog(event));
      await user.pointer(1, () => editor.openWorkspace('add'));
      await user.type(page.locator('#node-config-input-apiKey'), apiKey);
      await user.type(page.locator('#node-config-input-baseUrl'), simulator.url);
      await user.pointer(1, () => editor.confirmDialog('node-config-dialog'));
      await user.pointer(2, () => editor.chooseType('node-input-detections', 'none'));
      const picker = page.locator('.vision-event-beside');
      await user.pointer(1, () => picker.getByRole('button', { name: 'Choose …' }).click());
      await user.pointer(1, () => picker.getByRole('option', { name: 'Quality, line 1' }).click());
      await editor.screenshot(`first use before done ${version}`);
      await user.pointer(1, () => editor.confirmDialog('node-dialog'));
      await user.pointer(1, () => editor.deploy());
      await user.pointer(1, () =>
        editor.canvasNode(inject).locator('.red-ui-flow-node-button-button').click(),
      );
      assert.equal((await firstEvent(simulator)).useCaseId, 'quality-line-1');
      await user.look();

      console.log(`      ${JSON.stringify(user.counted)}, dead ends: ${JSON.stringify(user.deadEnds)}`);
      assert.deepEqual(user.deadEnds.slice(MOST.deadEnds), []);
      assert.ok(user.counted.pointerActions <= MOST.pointerActions, `${user.counted.pointerActions} actions`);
      assert.ok(user.counted.typedFields <= MOST.typedFields, `${user.counted.typedFields} fields`);
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
