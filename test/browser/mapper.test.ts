import assert from 'node:assert/strict';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';

interface Unknown {
  name: string;
  payload: unknown;
  /** ways of what is pressed: the list, the class, the confidence, then the box */
  press: string[];
  convention?: string;
  mapping: object;
}

/** Payloads of detectors that nobody knows. */
const UNKNOWN: Unknown[] = [
  {
    name: 'four fields beside each other, percent',
    payload: { line: 3, seen: [{ kind: 'lid', sure: 91, l: 100, t: 50, w: 200, h: 120 }] },
    press: ['seen', 'seen[0].kind', 'seen[0].sure', 'seen[0].l', 'seen[0].t', 'seen[0].w', 'seen[0].h'],
    mapping: {
      list: 'seen',
      class: 'kind',
      confidence: 'sure',
      confidenceUnit: 'percent',
      box: { convention: 'corner', units: 'pixel', fields: ['l', 't', 'w', 'h'] },
    },
  },
  {
    name: 'a list of four fractions inside',
    payload: [{ what: { name: 'bolt', p: 0.8 }, at: [0.25, 0.25, 0.75, 0.75] }],
    press: ['', '[0].what.name', '[0].what.p', '[0].at'],
    convention: 'corners',
    mapping: {
      list: '',
      class: 'what.name',
      confidence: 'what.p',
      box: { convention: 'corners', units: 'fraction', fields: 'at' },
    },
  },
  {
    name: 'rows of numbers under a key with a dot',
    payload: { 'found.now': [['nut', 0.7, 320, 240, 64, 48]] },
    press: [
      "['found.now']",
      "['found.now'][0][0]",
      "['found.now'][0][1]",
      "['found.now'][0][2]",
      "['found.now'][0][3]",
      "['found.now'][0][4]",
      "['found.now'][0][5]",
    ],
    convention: 'center',
    mapping: {
      list: "['found.now']",
      class: '[0]',
      confidence: '[1]',
      box: { convention: 'center', units: 'pixel', fields: ['[2]', '[3]', '[4]', '[5]'] },
    },
  },
];

for (const version of NODE_RED_VERSIONS) {
  describe(`the mapper in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () =>
      flowOf({ custom: { type: 'roboflow-vision-event', useCase: 'quality-line-1', format: 'custom' } }),
    );
    afterEach(() => session.editor.cancelDialogs());

    for (const { name, payload, press, convention, mapping } of UNKNOWN) {
      it(`maps ${name} by mouse alone, and draws the box`, async () => {
        const { editor } = session;
        await editor.openDialog('custom');
        const mapper = editor.page.locator('.vision-event-mapper');
        await mapper.locator('textarea').fill(JSON.stringify(payload));
        for (const way of press) await mapper.locator(`button[data-way="${way}"]`).click();
        if (convention) await mapper.locator(`input[value="${convention}"]`).click();
        await mapper.locator('svg rect.vision-event-shape').waitFor();
        assert.deepEqual(await mappingOf(editor), mapping);
        await editor.screenshot(`mapper ${name} ${version}`);
        assert.deepEqual(await editor.overflowing('roboflow-vision-event'), []);
        assert.deepEqual(editor.pageErrors, []);
      });
    }

    it('works by keyboard, and says what cannot be picked', async () => {
      const { editor } = session;
      const { page } = editor;
      await editor.openDialog('custom');
      const mapper = page.locator('.vision-event-mapper');
      await mapper.locator('textarea').fill(JSON.stringify({ a: 1, seen: [{ kind: 'lid' }] }));
      await mapper.locator('textarea').focus();
      await editor.tabTo('button[data-way="a"]');
      await page.keyboard.press('Enter');
      await mapper.getByText('That is no list.').waitFor();
      await editor.tabTo('button[data-way="seen"]');
      await page.keyboard.press('Enter');
      await editor.tabTo('button[data-way="seen[0].kind"]');
      await page.keyboard.press('Enter');
      assert.deepEqual(await mappingOf(editor), { list: 'seen', class: 'kind' });
      assert.deepEqual(await editor.nameless('roboflow-vision-event'), []);
    });
  });
}

async function mappingOf(editor: EditorPage): Promise<unknown> {
  return JSON.parse(await editor.page.locator('#node-input-mapping').inputValue()) as unknown;
}
