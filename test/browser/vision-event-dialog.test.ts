import assert from 'node:assert/strict';
import type { visionEventDefaults } from '../../nodes/shared/properties';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, type NodeSettings } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';

const event = (properties: Partial<typeof visionEventDefaults> = {}): NodeSettings => ({
  type: 'roboflow-vision-event',
  useCase: 'quality-line-1',
  ...properties,
});

const FIELDS_OF_TYPE: Record<string, string[]> = {
  quality_check: ['result', 'externalId'],
  inventory_count: ['itemCount', 'itemType', 'location', 'externalId'],
  safety_alert: ['alertType', 'severity', 'description', 'externalId'],
  custom: ['value', 'externalId'],
  operator_feedback: ['relatedEventId', 'feedback', 'comment'],
};

/** Some of Node-RED's own widgets tell of a change later than the others; each chip of a heading is one. */
const MOST_TIMES_WRITTEN = 12;

const HOSTILE = '<img src=x onerror="window.hostileCodeRan=true">';

/** Whose dialogs are opened. */
const OPENED: Record<string, NodeSettings> = {
  plain: event(),
  alert: event({ eventType: 'safety_alert', severity: 'high' }),
  listed: event({ detectionsType: 'none' }),
  headings: event({ cooldown: 'soon', streamId: 'camera 3' }),
  hints: event({ metadata: [{ key: '', value: 'A1', valueType: 'str' }] }),
  hostile: event({
    name: HOSTILE,
    classes: HOSTILE,
    format: HOSTILE,
    useCase: HOSTILE,
    result: HOSTILE,
    resultType: 'detected',
    labels: HOSTILE,
    imageWidth: HOSTILE,
    detections: HOSTILE,
    metadata: [{ key: HOSTILE, value: HOSTILE, valueType: 'msg' }],
  }),
};

for (const version of NODE_RED_VERSIONS) {
  describe(`the dialog of a vision event in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () => flowOf(OPENED));
    afterEach(() => session.editor.cancelDialogs());

    it('shows exactly the fields of each event type, and all while only the message knows it', async () => {
      const { editor } = session;
      await editor.openDialog('plain');
      const all = [...new Set(Object.values(FIELDS_OF_TYPE).flat())];
      const shown = async () => (await editor.shownFields(all)).sort();
      for (const [type, fields] of Object.entries(FIELDS_OF_TYPE)) {
        await editor.chooseOption('node-input-eventType', type);
        assert.deepEqual(await shown(), [...fields].sort(), type);
      }
      await editor.chooseType('node-input-eventType', 'msg');
      assert.deepEqual(await shown(), [...all].sort());
      assert.deepEqual(editor.pageErrors, []);
    });

    it('says what its sections hold once for all that opening it changes, and not once for each of its fields', async () => {
      const { editor } = session;
      await editor.page.evaluate(() => {
        const seen = globalThis as unknown as { written?: Map<Node, number>; watch?: MutationObserver };
        const written = new Map<Node, number>();
        seen.written = written;
        seen.watch = new MutationObserver((changes) => {
          for (const { target, addedNodes } of changes) {
            const isState = target instanceof Element && target.matches('.vision-event-state');
            if (isState && addedNodes.length > 0) written.set(target, (written.get(target) ?? 0) + 1);
          }
        });
        seen.watch.observe(document.body, { childList: true, subtree: true });
      });
      await editor.openDialog('headings');
      await editor.page.locator('.vision-event-state-wrong').waitFor();
      const times = await editor.page.evaluate(() => {
        const seen = globalThis as unknown as { written: Map<Node, number>; watch: MutationObserver };
        seen.watch.disconnect();
        return [...seen.written.values()];
      });
      assert.ok(times.length > 0, 'no section says anything');
      assert.ok(Math.max(...times) <= MOST_TIMES_WRITTEN, times.join(', '));
    });

    it('saves what the dialog shows, and changes nothing that was not touched', async () => {
      const { editor } = session;
      const { valid: _valid, ...before } = await editor.node('alert');
      await editor.openDialog('alert');
      await editor.page.locator('[data-section="metadata"] > summary').click();
      await editor.page.locator('[data-section="metadata"] .red-ui-editableList-addButton').click();
      await editor.page.keyboard.type('line');
      await editor.page.locator('.vision-event-list-row .red-ui-typedInput-input').fill('A1');
      await editor.page.locator('#node-input-minConfidence').fill('0.4');
      await editor.confirmDialog('node-dialog');
      const { valid: _validNow, ...after } = await editor.node('alert');
      assert.deepEqual(after, {
        ...before,
        minConfidence: '0.4',
        metadata: [{ key: 'line', value: 'A1', valueType: 'str' }],
      });
    });

    it('a list of pictures takes the place of the single ones', async () => {
      const { editor } = session;
      const { valid: _valid, ...before } = await editor.node('listed');
      await editor.openDialog('listed');
      const pictures = editor.page.locator('[data-section="pictures"]');
      await pictures.locator('> summary').click();
      await pictures.locator('[data-section="annotated"] > summary').click();
      const singles = ['outputImage', 'inputImage', 'imageLabel'];
      assert.deepEqual(await editor.shownFields(singles), singles);
      await editor.chooseType('node-input-pictures', 'msg');
      assert.deepEqual(await editor.shownFields(singles), []);
      // They may have detections, whose settings are needed then.
      assert.deepEqual(await editor.shownFields(['minConfidence']), ['minConfidence']);
      await pictures.getByText('label, detections, metadata').waitFor();
      assert.equal(await editor.page.locator('#node-input-pictures').inputValue(), 'pictures');
      await editor.typeInto('node-input-pictures', '');
      await pictures.locator('> summary', { hasText: '1 to fix' }).waitFor();
      await editor.typeInto('node-input-pictures', 'payload.frames');
      await pictures.locator('> summary .vision-event-state-wrong').waitFor({ state: 'detached' });
      await pictures.locator('.red-ui-editableList-addButton').click();
      await editor.page.keyboard.type('camera');
      await pictures.locator('.vision-event-list-row .red-ui-typedInput-input').fill('gate 3');
      await editor.screenshot(`a list of pictures ${version}`);
      assert.deepEqual(await editor.nameless('roboflow-vision-event'), []);
      await editor.confirmDialog('node-dialog');
      const { valid: _validNow, ...after } = await editor.node('listed');
      assert.deepEqual(after, {
        ...before,
        pictures: 'payload.frames',
        picturesType: 'msg',
        pictureMetadata: [{ key: 'camera', value: 'gate 3', valueType: 'str' }],
      });
      assert.deepEqual(editor.pageErrors, []);
    });

    it('says in the heading of a section what is set and wrong inside, and opens it', async () => {
      const { editor } = session;
      await editor.openDialog('headings');
      const section = (name: string) => editor.page.locator(`[data-section="${name}"]`);
      assert.match(await section('delivery').locator('summary').innerText(), /1 to fix/);
      assert.equal(await section('delivery').getAttribute('open'), '');
      assert.match(await section('delivery').innerText(), /number of seconds/);
      assert.match(await section('metadata').locator('summary').innerText(), /1 set/);
      assert.equal(await section('metadata').getAttribute('open'), null);
      assert.equal(
        (await section('pictures').locator('> summary .vision-event-state').innerText()).trim(),
        '',
      );
      await editor.page.locator('#node-input-cooldown').fill('2');
      await section('delivery').locator('.vision-event-state-wrong').waitFor({ state: 'detached' });
    });

    it('points out what is accepted, but is probably a mistake, without marking the node', async () => {
      const { editor } = session;
      assert.deepEqual((await editor.node('hints')).validationErrors, []);
      await editor.openDialog('hints');
      const metadata = editor.page.locator('[data-section="metadata"]');
      assert.match(await metadata.locator('summary').innerText(), /1 to check/);
      await metadata.locator('summary').click();
      assert.match(await metadata.innerText(), /needs a name/);
      await metadata.locator('.vision-event-metadata-key').fill('line');
      await metadata.locator('.vision-event-state-doubtful').waitFor({ state: 'detached' });
    });

    it('unfolds a section by keyboard, and leads from a label into its field', async () => {
      const { editor } = session;
      await editor.openDialog('plain');
      const pictures = editor.page.locator('[data-section="pictures"]');
      await pictures.locator('> summary').focus();
      await editor.page.keyboard.press('Enter');
      assert.equal(await pictures.getAttribute('open'), '');
      await editor.page.locator('label[for="node-input-useCase"]').click();
      await editor.page.keyboard.press('Control+A');
      await editor.page.keyboard.type('by-label');
      assert.equal(await editor.page.locator('#node-input-useCase').inputValue(), 'by-label');
    });

    it('opens the workspace, whose key the page never gets', async () => {
      const { editor } = session;
      await editor.openDialog('plain');
      await editor.openWorkspace();
      assert.equal(await editor.page.locator('#node-config-input-apiKey').inputValue(), '__PWRD__');
      assert.deepEqual(editor.pageErrors, []);
    });

    it('runs no code out of names, classes, keys and labels', async () => {
      const { editor } = session;
      await editor.openDialog('hostile');
      for (const field of ['minConfidence', 'classes', 'format']) {
        await editor.page.locator(`#node-input-${field}`).hover();
      }
      await editor.typedInput('node-input-detections').hover();
      await editor.page.locator('[data-section="settings"] > summary').hover();
      await editor.page.locator('#node-input-imageWidth').hover();
      await editor.page.locator('.red-ui-popover').waitFor();
      assert.match(
        await editor.page.locator('[data-section="detections"]').innerText(),
        /valid message path/,
      );
      await editor.cancelDialogs();
      await editor.canvasNode('hostile').hover();
      assert.equal(await editor.page.locator('img[src="x"]').count(), 0);
      assert.equal(await editor.page.evaluate(() => 'hostileCodeRan' in globalThis), false);
      assert.deepEqual(editor.pageErrors, []);
    });
  });
}
