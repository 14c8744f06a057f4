import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { EVENT_COLUMNS, FEEDBACK_STATUSES } from '../../src/api/query';

const script = readFileSync(path.join(__dirname, '../../nodes/editor/filter-rows.js'), 'utf8');

/** A list that stands in the script of the dialog. */
function listInScript(name: string): string[] {
  const literal = new RegExp(`const ${name} = (\\[.*?\\]);`, 's').exec(script)?.[1];
  assert.ok(literal, `no ${name} in filter-rows.js`);
  return [...(vm.runInNewContext(literal) as string[])];
}

describe('the filters of a query in its dialog', () => {
  it('offer the columns and the feedback that the runtime knows', () => {
    assert.deepEqual(listInScript('COLUMNS'), EVENT_COLUMNS);
    assert.deepEqual(listInScript('FEEDBACK_STATUSES'), FEEDBACK_STATUSES);
  });
});
