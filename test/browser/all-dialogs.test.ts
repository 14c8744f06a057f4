import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { assertTranslated } from '../support/dialog-checks';
import type { EditorNode, EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, type NodeSettings } from '../support/flow-of';
import { PROJECT_ROOT } from '../support/packed-package';

const CONFIG_TYPE = 'roboflow-vision-event-workspace';
const manifest = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};
const TYPES = Object.keys(manifest['node-red'].nodes);
const NODE_TYPES = TYPES.filter((type) => type !== CONFIG_TYPE);

/** Of a tablet, or half of a screen. */
const NARROW_WINDOW_PX = 900;
/** Where a dialog is about as wide as that of a phone. */
const SMALL_WINDOW_PX = 640;

const METADATA = [{ key: 'line', value: 'A1', valueType: 'str' }];

/** Beside the defaults: so that a dialog shows its lists with a row in them. */
const SET: Record<string, object> = {
  'roboflow-vision-event': {
    metadata: METADATA,
    useCase: 'quality-line-1',
    outputImage: 'payload',
    outputImageType: 'msg',
  },
  'roboflow-vision-event-image': { metadata: METADATA },
  'roboflow-vision-event-bundle': { directory: '/media/usb' },
  'roboflow-vision-event-scene': {
    zones: [
      {
        name: 'gate',
        kind: 'line',
        points: [
          [0.2, 0.5],
          [0.8, 0.5],
        ],
        classes: '',
      },
    ],
  },
  'roboflow-vision-event-query': {
    filters: [{ on: 'metadata', field: 'line', operator: 'eq', value: 'A1', valueType: 'str' }],
  },
};

/** A node of each type, its type as its id. */
const ONE_OF_EACH: Record<string, NodeSettings> = Object.fromEntries(
  NODE_TYPES.map((type) => [type, { type, ...SET[type] }]),
);

describe('all dialogs in Node-RED 4.1', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  const session = useEditor('4.1', () => flowOf(ONE_OF_EACH));

  for (const type of TYPES) {
    // Each is opened once: that takes most of the time.
    describe(type, () => {
      let saved: EditorNode[];
      let editor: EditorPage;
      before(async () => {
        editor = session.editor;
        saved = await editor.nodes();
        await open(editor, type);
      });
      after(() => editor?.cancelDialogs());

      it('opens without an error and names every field and button, folded and unfolded', async () => {
        assert.deepEqual(await editor.nameless(type), []);
        await editor.openSections(type);
        // It shows an example by itself, and then has fields more.
        if (type === 'roboflow-vision-event') await editor.page.locator('.vision-event-verdict').waitFor();
        assertTranslated(await editor.form(type).innerText(), type);
        assert.deepEqual(await editor.nameless(type), []);
        assert.deepEqual(editor.pageErrors, []);
      });

      it('is gone through by Tab from top to bottom, nothing left out', async () => {
        const { visited, expected } = await tabThrough(editor, type);
        assert.ok(expected.length > 2, expected.join('\n'));
        assert.deepEqual(visited, expected);
      });

      it('fits into the narrowest dialog', async () => {
        assert.deepEqual(await editor.overflowing(type), []);
      });

      it('is not cut by a narrow window', async () => {
        assert.equal(await editor.isWholeInWindow(type, NARROW_WINDOW_PX), true);
      });

      it('gives its fields the room of their labels in a small window', async () => {
        assert.deepEqual(await editor.narrowFields(type, SMALL_WINDOW_PX), []);
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
        await editor.dialogsAtRest();
        await editor.cancelDialogs();
        assert.deepEqual(await editor.nodes(), saved);
        assert.deepEqual(editor.pageErrors, []);
      });
    });
  }
});

describe('all dialogs in Node-RED 5.0', function () {
  this.timeout(EDITOR_DEADLINE_MS);
  const session = useEditor('5.0', () => flowOf(ONE_OF_EACH));

  for (const type of TYPES) {
    it(`${type} opens without an error, translated and named, and fits into the narrowest dialog`, async () => {
      const { editor } = session;
      await open(editor, type);
      await editor.openSections(type);
      assert.deepEqual(await editor.nameless(type), []);
      assertTranslated(await editor.form(type).innerText(), type);
      assert.deepEqual(await editor.overflowing(type), []);
      for (const theme of ['light', 'dark'] as const) {
        await editor.useTheme(theme);
        await editor.screenshot(`${type}-5.0-${theme}`);
      }
      await editor.useTheme('light');
      await editor.cancelDialogs();
      assert.deepEqual(editor.pageErrors, []);
    });
  }
});

/** The workspace has no place in a flow: its dialog opens from that of a node which uses it. */
async function open(editor: EditorPage, type: string): Promise<void> {
  if (type !== CONFIG_TYPE) return editor.openDialog(type);
  await editor.openDialog('roboflow-vision-event');
  await editor.openWorkspace();
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
    const clickable =
      'input:not([type="hidden"]), select, textarea, summary, button:not([disabled]), a, [role="button"], [role="application"]';
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
