import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import {
  visionEventBundleDefaults,
  visionEventImageDefaults,
  workspaceDefaults,
} from '../../nodes/properties';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;

const image = { type: 'vision-event-image', ...visionEventImageDefaults, workspace: 'workspace' };
const bundle = { type: 'vision-event-bundle', ...visionEventBundleDefaults, directory: '/media/usb' };

const NODES: Record<string, object> = {
  image,
  imageTouched: image,
  writer: bundle,
  uploader: { ...bundle, action: 'upload', workspace: 'workspace' },
};

/** What the runtime refuses, and the reason that the editor must give. */
const REFUSED: Record<string, [node: object, reason: RegExp]> = {
  noWorkspace: [{ ...image, workspace: '' }, /workspace/],
  noPicture: [{ ...image, image: '' }, /picture/],
  metadataKey: [{ ...image, metadata: [{ key: 'a.b', value: '1', valueType: 'str' }] }, /letters/],
  noFolder: [{ ...bundle, directory: '' }, /folder/],
  noFile: [{ ...bundle, outputImageType: 'file' }, /picture/],
  uploaderWithoutWorkspace: [{ ...bundle, action: 'upload' }, /workspace/],
};

const FIELDS_OF_ACTION: Record<string, string[]> = {
  write: ['directory', 'outputImage', 'inputImage', 'useCaseInBundle'],
  upload: ['directory', 'workspace', 'useCase'],
};

for (const version of NODE_RED_VERSIONS) {
  describe(`the dialogs for pictures and bundles in Node-RED ${version}`, function () {
    this.timeout(SLOW_MS);
    let browser: Browser;
    let nodeRed: RealNodeRed;
    let editor: EditorPage;

    before(async function () {
      browser = await launchBrowser(this);
      nodeRed = await RealNodeRed.start(version);
      await nodeRed.deploy(flow());
      editor = await EditorPage.open(browser, nodeRed.url);
    });
    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });
    afterEach(async function () {
      if (editor && process.env.SCREENSHOTS) {
        const name = `${this.currentTest?.title.slice(0, 30)} ${version}`.replace(/\W+/g, '-');
        await editor.page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
      }
      await editor?.cancelDialogs();
    });

    it('open without an error and without an untranslated text', async () => {
      for (const id of ['image', 'writer', 'uploader']) {
        await editor.openDialog(id);
        for (const section of await editor.page.locator('.vision-event-section:not([open]) > summary').all())
          await section.click();
        const text = await editor.page.locator('.vision-event-form').innerText();
        assert.doesNotMatch(text, /vision-event-(image|bundle)\.\w+|__\w+__|undefined/);
        const nameless = await editor.page.evaluate(() =>
          [...document.querySelectorAll<HTMLElement>('.vision-event-form :is(input, select)')]
            .filter((field) => field.offsetParent !== null && field.getAttribute('type') !== 'hidden')
            .filter(
              (field) =>
                !field.getAttribute('aria-label') && !document.querySelector(`label[for="${field.id}"]`),
            )
            .map((field) => field.outerHTML),
        );
        assert.deepEqual(nameless, []);
        if (id !== 'uploader') await editor.cancelDialogs();
      }
      assert.deepEqual(editor.pageErrors, []);
    });

    it('show the fields of the chosen action', async () => {
      await editor.openDialog('writer');
      const all = [...new Set(Object.values(FIELDS_OF_ACTION).flat())];
      for (const [action, fields] of Object.entries(FIELDS_OF_ACTION)) {
        await editor.page.locator('#node-input-action').selectOption(action);
        const visible: string[] = [];
        for (const field of all)
          if (await editor.page.locator(`label[for="node-input-${field}"]`).isVisible()) visible.push(field);
        assert.deepEqual(visible.sort(), [...fields].sort(), action);
      }
    });

    it('save what they show, and change nothing that was not touched', async () => {
      const { valid: _valid, ...before } = await editor.node('imageTouched');
      await editor.openDialog('imageTouched');
      await editor.page.locator('[data-section="metadata"] > summary').click();
      await editor.page.locator('[data-section="metadata"] .red-ui-editableList-addButton').click();
      await editor.page.keyboard.type('lens');
      await editor.page.locator('.vision-event-list-row .red-ui-typedInput-input').fill('8mm');
      await editor.chooseType('node-input-image', 'file');
      await editor.typeInto('node-input-image', '~/frame.jpg');
      await editor.confirmDialog('node-dialog-ok');
      const { valid: _validNow, ...after } = await editor.node('imageTouched');
      assert.deepEqual(after, {
        ...before,
        image: '~/frame.jpg',
        imageType: 'file',
        metadata: [{ key: 'lens', value: '8mm', valueType: 'str' }],
      });
      assert.deepEqual(editor.pageErrors, []);
    });

    it('have a red triangle exactly where the runtime would refuse, with the reason', async () => {
      for (const id of Object.keys(NODES)) assert.deepEqual((await editor.node(id)).validationErrors, [], id);
      for (const [id, [, reason]] of Object.entries(REFUSED)) {
        const { valid, validationErrors } = await editor.node(id);
        assert.equal(valid, false, id);
        assert.match(validationErrors.join('\n'), reason, id);
      }
    });
  });
}

function flow(): FlowNode[] {
  const refused = Object.entries(REFUSED).map(([id, [node]]) => [id, node] as const);
  const nodes = [...Object.entries(NODES), ...refused].map(([id, node], place) => ({
    ...node,
    id,
    z: 'tab',
    x: 140 + 220 * (place % 3),
    y: 60 + 60 * Math.floor(place / 3),
    wires: [[]],
  })) as unknown as FlowNode[];
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...workspaceDefaults,
      id: 'workspace',
      type: 'vision-event-workspace',
      name: 'Plant A',
      credentials: { apiKey: 'a-key' },
    },
    ...nodes,
  ];
}
