import assert from 'node:assert/strict';
import type { EditorPage } from '../support/editor-page';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';

interface Unknown {
  name: string;
  payload: unknown;
  /** ways of what is pressed: the list, the class, the confidence, then box or points */
  press: string[];
  /** what the box is, where it is not what is assumed */
  convention?: string;
  mapping: object;
  /** what is drawn of it */
  shape: 'rect' | 'polygon';
}

/** Payloads of detectors that nobody knows. */
const UNKNOWN: Unknown[] = [
  {
    name: 'a list inside objects, with four fields and percent',
    payload: {
      line: 3,
      result: { seen: [{ kind: 'lid', sure: 91, place: { l: 100, t: 50, w: 200, h: 120 } }] },
    },
    press: [
      'result.seen',
      'result.seen[0].kind',
      'result.seen[0].sure',
      ...['l', 't', 'w', 'h'].map((side) => `result.seen[0].place.${side}`),
    ],
    mapping: {
      list: 'result.seen',
      class: 'kind',
      confidence: 'sure',
      confidenceUnit: 'percent',
      box: { convention: 'corner', units: 'pixel', fields: ['place.l', 'place.t', 'place.w', 'place.h'] },
    },
    shape: 'rect',
  },
  {
    name: 'columns, with boxes of two corners in fractions',
    payload: { found: { places: [[0.25, 0.25, 0.75, 0.75]], names: ['bolt'], chances: [0.8] } },
    press: ['found.places', 'found.names[0]', 'found.chances[0]', 'found.places[0]'],
    convention: 'corners',
    mapping: {
      list: 'found.places',
      class: '/found.names[$i]',
      confidence: '/found.chances[$i]',
      box: { convention: 'corners', units: 'fraction', fields: '' },
    },
    shape: 'rect',
  },
  {
    name: 'several points for each part',
    payload: [
      {
        part: { name: 'bracket' },
        p: 0.9,
        ring: [
          { x: 100, y: 80 },
          { x: 300, y: 90 },
          { x: 280, y: 240 },
          { x: 110, y: 220 },
        ],
      },
    ],
    press: ['', '[0].part.name', '[0].p', '[0].ring'],
    mapping: {
      list: '',
      class: 'part.name',
      confidence: 'p',
      points: { path: 'ring', shape: 'xyObjects', units: 'pixel' },
    },
    shape: 'polygon',
  },
];

for (const version of NODE_RED_VERSIONS) {
  describe(`the mapper in Node-RED ${version}`, function () {
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () =>
      flowOf({ custom: { type: 'roboflow-vision-event', useCase: 'quality-line-1', format: 'custom' } }),
    );
    afterEach(() => session.editor.cancelDialogs());

    for (const { name, payload, press, convention, mapping, shape } of UNKNOWN) {
      it(`maps ${name} by mouse alone, and draws what it found`, async () => {
        const { editor } = session;
        await editor.openDialog('custom');
        const mapper = editor.page.locator('.vision-event-mapper');
        await mapper.locator('textarea').fill(JSON.stringify(payload));
        for (const way of press) await mapper.locator(`button[data-way="${way}"]`).click();
        if (convention) await mapper.locator(`input[value="${convention}"]`).click();
        await mapper.locator(`svg ${shape}.vision-event-shape`).waitFor();
        assert.deepEqual(await mappingOf(editor), mapping);
        await editor.screenshot(`mapper ${name} ${version}`);
        assert.deepEqual(await editor.overflowing('roboflow-vision-event'), []);
        assert.deepEqual(editor.pageErrors, []);
      });
    }

    it('maps by keyboard alone, and says what cannot be picked', async () => {
      const { editor } = session;
      const { page } = editor;
      await editor.openDialog('custom');
      const mapper = page.locator('.vision-event-mapper');
      await mapper.locator('textarea').focus();
      await page.keyboard.insertText(
        JSON.stringify({ a: 1, seen: [{ kind: 'lid', sure: 0.9, at: [200, 110, 200, 120] }] }),
      );
      const press = async (way: string) => {
        await editor.tabTo(`button[data-way="${way}"]`);
        await page.keyboard.press('Enter');
      };
      await press('a');
      await mapper.getByText('That is not a list.').waitFor();
      for (const way of ['seen', 'seen[0].kind', 'seen[0].sure', 'seen[0].at']) await press(way);
      await editor.tabTo('input[name="vision-event-mapper-convention"]');
      await page.keyboard.press('ArrowRight');
      await mapper.locator('svg rect.vision-event-shape').waitFor();
      assert.deepEqual(await mappingOf(editor), {
        list: 'seen',
        class: 'kind',
        confidence: 'sure',
        box: { convention: 'center', units: 'pixel', fields: 'at' },
      });
      assert.deepEqual(await editor.nameless('roboflow-vision-event'), []);
      assert.deepEqual(editor.pageErrors, []);
    });
  });
}

async function mappingOf(editor: EditorPage): Promise<unknown> {
  return JSON.parse(await editor.page.locator('#node-input-mapping').inputValue()) as unknown;
}
