import assert from 'node:assert/strict';
import type { QueryFilterRow } from '../../nodes/shared/properties';
import {
  assertFieldsOfActions,
  assertOpen,
  assertRefusals,
  nodesOf,
  type Refused,
} from '../support/dialog-checks';
import { EDITOR_DEADLINE_MS, useEditor } from '../support/editor-session';
import { flowOf, type NodeSettings } from '../support/flow-of';
import { NODE_RED_VERSIONS } from '../support/node-red-versions';

const query = { type: 'roboflow-vision-event-query', useCase: 'line-1' };
const useCase = { type: 'roboflow-vision-event-use-case' };
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
  {
    on: 'detection',
    field: '',
    operator: 'not_in',
    value: 'dent,scratch',
    valueType: 'str',
    confidence: '0.5',
    confidenceOperator: 'gt',
  },
  { on: 'hasWarnings', field: '', operator: 'eq', value: 'true', valueType: 'bool' },
  { on: 'feedbackStatus', field: '', operator: 'eq', value: 'incorrect,none', valueType: 'str' },
];

const NODES: Record<string, NodeSettings> = {
  query,
  queryTouched: { ...query, filters, eventTypes: 'custom' },
  useCase,
  deletion: { ...useCase, action: 'delete-events', useCase: 'line-1' },
};

const REFUSED: Record<string, Refused> = {
  noWorkspace: [{ ...query, workspace: '' }, /workspace/],
  noUseCase: [{ ...query, useCase: '' }, /use case/],
  noTime: [{ ...query, startTime: 'yesterday' }, /time before now/],
  noLimit: [{ ...query, limit: '1.5' }, /whole number/],
  twoFilters: [{ ...query, filters: [filter, filter] }, /one filter/],
  noField: [{ ...query, filters: [{ ...filter, on: 'metadata' }] }, /needs a field name/],
  noColumn: [
    { ...query, filters: [{ ...filter, on: 'eventField', field: 'itemCount' }] },
    /field of the event/,
  ],
  noSubject: [{ ...query, filters: [{ ...filter, on: 'colour' as never }] }, /cannot be filtered/],
  wrongOperator: [{ ...query, filters: [{ ...filter, operator: 'in' }] }, /comparison/],
  percent: [{ ...query, filters: [{ ...filter, on: 'detection', confidence: '80' }] }, /0 to 1/],
  halfAPicture: [
    { ...query, filters: [{ ...filter, on: 'imageCount', value: '0.5', valueType: 'num' }] },
    /whole number of pictures/,
  ],
  noValue: [{ ...query, filters: [{ ...filter, value: '' }] }, /value/],
  renameWithoutName: [{ ...useCase, action: 'rename', useCase: 'line-1' }, /name/],
  archiveNothing: [{ ...useCase, action: 'archive' }, /use case/],
  deleteNothing: [{ ...useCase, action: 'delete-events', useCase: 'line-1', eventIds: '' }, /ids/],
};

const FIELDS_OF_ACTION = {
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
    this.timeout(EDITOR_DEADLINE_MS);
    const session = useEditor(version, () => flowOf({ ...NODES, ...nodesOf(REFUSED) }));
    afterEach(() => session.editor.cancelDialogs());

    it('open without an error, with translated texts and named fields', () =>
      assertOpen(session.editor, ['useCase', 'deletion', 'queryTouched']));

    it('show the fields of the chosen action', () =>
      assertFieldsOfActions(session.editor, 'useCase', FIELDS_OF_ACTION));

    it('save what they show, and change nothing that was not touched', async () => {
      const { editor } = session;
      const { valid: _valid, ...before } = await editor.node('queryTouched');
      await editor.openDialog('queryTouched');
      await editor.page.getByLabel('quality check').check();
      await editor.page.locator('[data-section="filters"] > summary').click();
      const names = editor.page.locator('.vision-event-filter-name');
      assert.deepEqual([await names.nth(0).isVisible(), await names.nth(1).isVisible()], [false, true]);
      const confidences = editor.page.locator('.vision-event-filter-confidence');
      assert.deepEqual(
        [await confidences.nth(1).isVisible(), await confidences.nth(2).isVisible()],
        [false, true],
      );
      await editor.page.locator('[data-section="filters"] .red-ui-editableList-addButton').click();
      const row = editor.page.locator('.vision-event-filter-row').last();
      await row.locator('.vision-event-filter-on').selectOption('eventField');
      await row.locator('.vision-event-filter-column').selectOption({ label: 'Alert type' });
      await row.locator('.vision-event-filter-operator').selectOption('neq');
      await row.locator('.red-ui-typedInput-input').fill('fire');
      await editor.confirmDialog('node-dialog');
      const { valid: _validNow, ...after } = await editor.node('queryTouched');
      const added = {
        on: 'eventField',
        field: 'alert_type',
        operator: 'neq',
        value: 'fire',
        valueType: 'str',
      };
      assert.deepEqual(after, {
        ...before,
        eventTypes: 'quality_check,custom',
        filters: [...filters, added],
      });
      assert.deepEqual(editor.pageErrors, []);
    });

    it('have a red triangle exactly where the runtime would refuse, with the reason', () =>
      assertRefusals(session.editor, Object.keys(NODES), REFUSED));
  });
}
