import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import * as properties from '../../nodes/properties';
import { launchBrowser } from '../support/browser';
import { EditorPage, type EditorNode } from '../support/editor-page';
import { PROJECT_ROOT } from '../support/packed-package';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;

/** Of a dialog of 400 px, narrower than the editor's own limit: a small window cuts it. */
const NARROWEST_FORM_PX = 340;

const CONFIG_TYPE = 'vision-event-workspace';
const manifest = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};
const TYPES = Object.keys(manifest['node-red'].nodes);
const NODE_TYPES = TYPES.filter((type) => type !== CONFIG_TYPE);

const METADATA = [{ key: 'line', value: 'A1', valueType: 'str' }];

/** Beside the defaults: so that a dialog shows its lists with a row in them. */
const SET: Record<string, object> = {
  'vision-event': {
    metadata: METADATA,
    useCase: 'quality-line-1',
    outputImage: 'payload',
    outputImageType: 'msg',
  },
  'vision-event-image': { metadata: METADATA },
  'vision-event-bundle': { directory: '/media/usb' },
  'vision-event-query': {
    filters: [{ on: 'metadata', field: 'line', operator: 'eq', value: 'A1', valueType: 'str' }],
  },
};

describe('all dialogs in Node-RED 4.1', function () {
  this.timeout(SLOW_MS);
  let browser: Browser;
  let nodeRed: RealNodeRed;
  let editor: EditorPage;

  before(async function () {
    browser = await launchBrowser(this);
    nodeRed = await RealNodeRed.start('4.1');
    await nodeRed.deploy(oneOfEach());
    editor = await EditorPage.open(browser, nodeRed.url);
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  afterEach(async function () {
    if (editor && this.currentTest?.state === 'failed')
      await screenshot(editor, `failed-${this.currentTest.fullTitle()}`);
  });

  for (const type of TYPES) {
    // Each is opened once: that takes most of the time.
    describe(type, () => {
      let saved: EditorNode[];
      before(async () => {
        saved = await editor.nodes();
        await open(editor, type);
      });
      after(() => editor?.cancelDialogs());

      it('opens without an error and names every field and button, folded and unfolded', async () => {
        assert.deepEqual(await editor.nameless(type), []);
        await editor.openSections(type);
        await screenshot(editor, `${type}-4.1`);
        assert.deepEqual(await editor.nameless(type), []);
        assert.deepEqual(editor.pageErrors, []);
      });

      it('is gone through by Tab from top to bottom, nothing left out', async () => {
        const { visited, expected } = await tabThrough(editor, type);
        assert.ok(expected.length > 2, expected.join('\n'));
        assert.deepEqual(visited, expected);
      });

      it('fits into the narrowest dialog', async () => {
        assert.deepEqual(await editor.overflowing(type, NARROWEST_FORM_PX), []);
      });

      it('folds and unfolds each section by keyboard', async () => {
        for (const section of await editor.form(type).locator('details').all()) {
          const isOpen = () => section.evaluate((own: HTMLDetailsElement) => own.open);
          assert.equal(await isOpen(), true);
          await section.locator('> summary').focus();
          await editor.page.keyboard.press('Enter');
          assert.equal(await isOpen(), false);
          await editor.page.keyboard.press('Space');
          assert.equal(await isOpen(), true);
        }
      });

      it('is left by Ctrl+Escape with nothing changed', async () => {
        await editor.form(type).locator('input:visible').first().fill('not to be kept');
        await editor.page.keyboard.press('Control+Escape');
        await editor.form(type).waitFor({ state: 'detached' });
        await editor.trayAtRest();
        await editor.cancelDialogs();
        assert.deepEqual(await editor.nodes(), saved);
        assert.deepEqual(editor.pageErrors, []);
      });
    });
  }
});

describe('all dialogs in Node-RED 5.0', function () {
  this.timeout(SLOW_MS);
  let browser: Browser;
  let nodeRed: RealNodeRed;

  before(async function () {
    browser = await launchBrowser(this);
    nodeRed = await RealNodeRed.start('5.0');
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  it('open, named and without an error, in both themes', async () => {
    await nodeRed.deploy(oneOfEach());
    const editor = await EditorPage.open(browser, nodeRed.url);
    for (const type of TYPES) {
      await open(editor, type);
      await editor.openSections(type);
      assert.deepEqual(await editor.nameless(type), [], type);
      for (const theme of ['light', 'dark']) {
        await editor.page.evaluate(
          (dark) => document.documentElement.classList.toggle('nr-theme-dark', dark),
          theme === 'dark',
        );
        await screenshot(editor, `${type}-5.0-${theme}`);
      }
      await editor.cancelDialogs();
    }
    assert.deepEqual(editor.pageErrors, []);
  });
});

/** The workspace has no place in a flow: its dialog opens from that of a node which uses it. */
async function open(editor: EditorPage, type: string): Promise<void> {
  if (type !== CONFIG_TYPE) return editor.openDialog(type);
  await editor.openDialog('vision-event');
  await editor.page.locator('#node-input-btn-workspace-edit').click();
  await editor.form(CONFIG_TYPE).waitFor();
  await editor.trayAtRest();
}

/**
 * Presses Tab from the first field on until the focus leaves the dialog. Expected is everything that takes a click or
 * text, in the order of reading, whether the keyboard reaches it or not.
 */
async function tabThrough(
  editor: EditorPage,
  type: string,
): Promise<{ visited: string[]; expected: string[] }> {
  const form = editor.form(type);
  const expected = await form.evaluate((own) => {
    const clickable = 'input:not([type="hidden"]), select, textarea, summary, button, a, [role="button"]';
    const shown = [...own.querySelectorAll<HTMLElement>(clickable)].filter((element) =>
      element.checkVisibility(),
    );
    return shown.map((element, place) => {
      const name = element.getAttribute('aria-label') || element.id || element.className || element.innerText;
      element.dataset.place = `${place} ${element.tagName.toLowerCase()} ${name.trim()}`;
      return element.dataset.place;
    });
  });
  const visited: string[] = [];
  await form.locator('[data-place^="0 "]').focus();
  for (;;) {
    const place = await editor.page.evaluate(
      () => (document.activeElement as HTMLElement | null)?.dataset.place,
    );
    if (place === undefined || visited.includes(place)) return { visited, expected };
    visited.push(place);
    await editor.page.keyboard.press('Tab');
  }
}

/** For eyes: `SCREENSHOTS` names a folder to put it in. The window is as high as the dialog while it is taken. */
async function screenshot(editor: EditorPage, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  const size = editor.page.viewportSize() ?? { width: 1400, height: 1000 };
  await editor.page.setViewportSize({ ...size, height: 2400 });
  await editor.page.screenshot({
    path: path.join(process.env.SCREENSHOTS, `${name.replace(/[^\w.-]+/g, '-')}.png`),
  });
  await editor.page.setViewportSize(size);
}

/** The defaults of `vision-event-image` are declared as `visionEventImageDefaults`, and so on. */
function defaultsOf(type: string): object {
  const name = `${type.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())}Defaults`;
  const defaults = (properties as Record<string, unknown>)[name];
  assert.ok(defaults && typeof defaults === 'object', `nodes/properties.ts has no ${name}`);
  return defaults;
}

/** A node of each type, its type as its id. */
function oneOfEach(): FlowNode[] {
  const nodes = NODE_TYPES.map((type, place) => ({
    ...defaultsOf(type),
    workspace: 'workspace',
    ...SET[type],
    id: type,
    type,
    z: 'tab',
    x: 160,
    y: 60 + 60 * place,
    wires: [],
  }));
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    {
      ...properties.workspaceDefaults,
      id: 'workspace',
      type: CONFIG_TYPE,
      name: 'Plant A',
      credentials: { apiKey: 'a-key' },
    },
    ...nodes,
  ];
}
