import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import {
  visionEventQueryDefaults,
  visionEventUseCaseDefaults,
  workspaceDefaults,
  type QueryFilterRow,
} from '../../nodes/properties';
import { launchBrowser } from '../support/browser';
import { EditorPage } from '../support/editor-page';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';
import { RealNodeRed, type FlowNode } from '../support/real-node-red';

/** Installing and starting take their time on a small machine with an empty npm cache. */
const SLOW_MS = 180_000;

const query = {
  type: 'vision-event-query',
  ...visionEventQueryDefaults,
  workspace: 'workspace',
  useCase: 'line-1',
};
const useCase = { type: 'vision-event-use-case', ...visionEventUseCaseDefaults, workspace: 'workspace' };
const filter: QueryFilterRow = {
  on: 'deviceId',
  field: '',
  operator: 'eq',
  value: 'cam-1',
  valueType: 'str',
};
const filters: QueryFilterRow[] = [
  filter,
  { on: 'metadata', field: 'belt speed', operator: 'gt', value: '1', valueType: 'num' },
];

const NODES: Record<string, object> = {
  query,
  queryTouched: { ...query, filters, eventTypes: 'custom' },
  useCase,
  deletion: { ...useCase, action: 'delete-events', useCase: 'line-1' },
};

/** What the runtime refuses, and the reason that the editor must give. */
const REFUSED: Record<string, [node: object, reason: RegExp]> = {
  noWorkspace: [{ ...query, workspace: '' }, /workspace/],
  noUseCase: [{ ...query, useCase: '' }, /use case/],
  noTime: [{ ...query, startTime: 'yesterday' }, /time before now/],
  noLimit: [{ ...query, limit: '1.5' }, /whole number/],
  twoFilters: [{ ...query, filters: [filter, filter] }, /one filter/],
  noField: [{ ...query, filters: [{ ...filter, on: 'metadata' }] }, /name of a field/],
  noValue: [{ ...query, filters: [{ ...filter, value: '' }] }, /value/],
  renameWithoutName: [{ ...useCase, action: 'rename', useCase: 'line-1' }, /name/],
  archiveNothing: [{ ...useCase, action: 'archive' }, /use case/],
  deleteNothing: [{ ...useCase, action: 'delete-events', useCase: 'line-1', eventIds: '' }, /ids/],
};

const FIELDS_OF_ACTION: Record<string, string[]> = {
  list: ['listStatus'],
  create: ['useCaseName'],
  rename: ['useCase', 'useCaseName'],
  archive: ['useCase'],
  unarchive: ['useCase'],
  schema: ['useCase', 'schemaOf'],
  'delete-events': ['useCase', 'eventIds'],
};

for (const version of NODE_RED_VERSIONS) {
  describe(`the dialogs for reading back and use cases in Node-RED ${version}`, function () {
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
      for (const id of ['useCase', 'deletion', 'queryTouched']) {
        await editor.openDialog(id);
        for (const section of await editor.page.locator('.vision-event-section:not([open]) > summary').all())
          await section.click();
        const text = await editor.page.locator('.vision-event-form').innerText();
        assert.doesNotMatch(text, /vision-event-(query|use-case)\.\w+|__\w+__|undefined/);
        if (id !== 'queryTouched') await editor.cancelDialogs();
      }
      assert.deepEqual(editor.pageErrors, []);
    });

    it('show the fields of the chosen action', async () => {
      await editor.openDialog('useCase');
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
      const { valid: _valid, ...before } = await editor.node('queryTouched');
      await editor.openDialog('queryTouched');
      await editor.page.getByLabel('quality check').check();
      await editor.page.locator('[data-section="filters"] > summary').click();
      const fields = editor.page.locator('.vision-event-filter-field');
      assert.deepEqual([await fields.nth(0).isVisible(), await fields.nth(1).isVisible()], [false, true]);
      await editor.page.locator('[data-section="filters"] .red-ui-editableList-addButton').click();
      const row = editor.page.locator('.vision-event-filter-row').nth(2);
      await row.locator('.vision-event-filter-on').selectOption('eventField');
      await row.locator('.vision-event-filter-field').fill('result');
      await row.locator('.vision-event-filter-operator').selectOption('neq');
      await row.locator('.red-ui-typedInput-input').fill('pass');
      await editor.confirmDialog('node-dialog-ok');
      const { valid: _validNow, ...after } = await editor.node('queryTouched');
      const added = { on: 'eventField', field: 'result', operator: 'neq', value: 'pass', valueType: 'str' };
      assert.deepEqual(after, {
        ...before,
        eventTypes: 'quality_check,custom',
        filters: [...filters, added],
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
